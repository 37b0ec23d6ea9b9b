"""The principles of RegNet blame the narrowest value, with what it clashes with beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from anydsl.checker.engine import check_module
from anydsl.checker.report import as_json
from anydsl.design.modules import Library
from tests.design.texts import findings, marked, net

BODY = """
block = resnext
b = 1
stage s1 { d = 1, w = 32, g = 8 }
stage s2 { d = 1, w = ‹32›, g = 8 }
stage s3 { d = 1, w = «24», g = 8 }
"""


def test_a_width_that_falls() -> None:
    found = marked(net(BODY), "nondecreasing_width", level="warning")
    assert found.message == "`w` falls from 32 in s2 to 24 in s3"
    assert found.labels[0].message == "it falls from this"
    assert "waive nondecreasing(w)" in found.help


def test_each_fall_is_a_finding() -> None:
    body = "block = plain\nstage s1 { d = 1, w = 64 }\nstage s2 { d = 1, w = 32 }\n"
    body += "stage s3 { d = 1, w = 48 }\nstage s4 { d = 1, w = 40 }"
    found = findings(net(body), "warning")
    assert [(d.at.text, d.labels[0].at.text) for d in found] == [("32", "64"), ("40", "48")]


def test_groups_that_differ() -> None:
    body = BODY.replace("‹32›", "32").replace("«24»", "40").replace("g = 8 }", "g = ‹8› }", 1)
    body = body.replace("w = 40, g = 8", "w = 40, g = «4»")
    marked(net(body), "shared_groups", level="warning")


def test_a_ratio_against_the_bodys() -> None:
    body = "block = resnext\ng = 4\nb = ‹1›\nstage s1 { d = 1, w = 32 }\n"
    body += "stage s2 { d = 1, w = 32, b = «0.5» }"
    found = marked(net(body), "shared_bottleneck", level="warning")
    assert found.message == "`b` is 0.5 in s2 but 1 in s1"


def test_a_ratio_that_is_a_blocks_default() -> None:
    """What is nowhere written is blamed at the stage."""
    body = (
        "block = resnext\ng = 4\nstage s1 { d = 1, w = 32, b = ‹2› }\n«stage s2» { d = 1, w = 32 }"
    )
    marked(net(body), "shared_bottleneck", level="warning")


def test_one_ratio_written_in_two_ways_is_shared() -> None:
    body = "block = resnext\ng = 4\nstage s1 { d = 1, w = 32, b = 1/2 }\n"
    assert findings(net(body + "stage s2 { d = 1, w = 32, b = 0.5 }"), "warning") == []
    assert findings(net(body.replace("1/2", "1") + "stage s2 { d = 1, w = 32 }"), "warning") == []


def test_groups_may_be_shared_in_place_of_g() -> None:
    body = "block = resnext\ngroups = 4\nstage s1 { d = 1, w = 32 }\nstage s2 { d = 1, w = 64 }"
    assert findings(net(body), "warning") == []


def test_a_shared_g_is_judged_as_written() -> None:
    """Cutting it to a narrow stage breaks no rule, and leaves a note."""
    body = "block = resnext\ng = 24\nstage s1 { d = 1, w = 12 }\nstage s2 { d = 1, w = 48 }"
    (found,) = findings(net(body))
    assert (found.kind.name, found.level) == ("adjusted", "note")


def depths(*ds: int) -> str:
    stages = "".join(f"stage s{i} {{ d = {d}, w = 8 }}\n" for i, d in enumerate(ds, 1))
    return net(f"block = plain\ns = 1\n{stages}")


@pytest.mark.parametrize(
    ("ds", "levels"),
    [
        ((1, 2, 3), []),
        ((1, 3, 2), ["note"]),
        ((2, 1), ["note"]),
        ((2, 1, 2), ["warning"]),
        ((3, 2, 1), ["warning", "warning"]),
        ((1,), []),
    ],
)
def test_a_shallow_last_stage_is_a_note(ds: tuple[int, ...], levels: list[str]) -> None:
    found = findings(depths(*ds))
    assert [d.level for d in found] == levels
    assert {d.kind.name for d in found} <= {"nondecreasing_depth"}


def test_notes_need_no_waiver_and_take_one() -> None:
    text = depths(1, 3, 2)
    (note,) = findings(text)
    assert "waive" not in note.help
    waived = text[: text.rindex("}")] + 'waive nondecreasing(d) because "as published"\n}'
    assert findings(waived) == []


def test_the_strict_form_of_anynetx_e() -> None:
    text = depths(1, 3, 2)
    required = text[: text.rindex("}")] + "require nondecreasing(d)\n}"
    (found,) = findings(required)
    assert (found.kind.name, found.level, found.at.text) == ("requirement", "error", "2")
    loose = text[: text.rindex("}")] + "require nondecreasing(d, except_last = true)\n}"
    assert [d.level for d in findings(loose)] == ["note"]


def test_generated_stages_are_blamed_at_the_generator() -> None:
    body = "block = plain\n«stages quantized_linear» { d = 12, w0 = 8, wa = 8, wm = 2.5 }"
    found = findings(net(body.replace("«", "").replace("»", "")))
    assert [(d.level, d.at.text) for d in found] == [("note", "stages quantized_linear")]


def test_widths_are_those_put_out() -> None:
    text = "block f(s = 1, c) { out = x -> conv(c, k = 1, s = s) }\n"
    body = "block = f\n«stage s2» { d = 1, c = 8 }".replace("«stage s2»", "stage s2")
    body = body.replace("block = f", "block = f\nstage s1 { d = 1, c = 16 }")
    (found,) = findings(text + net(body))
    assert (found.kind.name, found.at.text) == ("nondecreasing_width", "stage s2")


def test_positions_in_json() -> None:
    text = "anynet 1\nnet N {\n  input = 3x32x32\n  body {\n    block = plain\n"
    text += "    stage s1 { d = 1, w = 32 }\n    stage s2 { d = 1, w = 24 }\n  }\n}\n"
    (found,) = as_json(check_module(Library().text(text, "spec.anynet")))
    assert found["rule"] == "nondecreasing_width" and found["severity"] == "warning"
    assert (found["line"], found["column"], found["end_line"], found["end_column"]) == (
        7,
        27,
        7,
        29,
    )
    (label,) = found["labels"]
    assert (label["line"], label["column"], label["end_column"]) == (6, 27, 29)


def test_across_files(tmp_path: Path) -> None:
    (tmp_path / "base.anynet").write_text(
        "anynet 1\nnet Base {\ninput = 3x32x32\nbody {\nblock = plain\n"
        "stage s1 { d = 1, w = 32 }\n}\n}\n"
    )
    main = tmp_path / "main.anynet"
    main.write_text(
        'anynet 1\nfrom "base.anynet" import Base\n'
        "net N extends Base {\nbody {\nstage s2 { d = 1, w = 24 }\n}\n}\n"
    )
    (found,) = as_json(check_module(Library().module(str(main))))
    (label,) = found["labels"]
    assert (Path(found["path"]).name, found["line"], found["column"]) == ("main.anynet", 5, 23)
    assert (Path(label["path"]).name, label["line"], label["column"]) == ("base.anynet", 6, 23)
