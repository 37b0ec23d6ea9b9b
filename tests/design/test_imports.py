"""Files that read files: relative and shipped ones, and never beyond the spec's own folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from anydsl.checker.engine import check_declaration, check_module
from anydsl.design.modules import Library
from anydsl.design.network import Network
from anydsl.errors import UsageError
from anydsl.language.diagnostics import Diagnostic
from tests.design.texts import MEANING

Write = Callable[..., None]

NET = """
net Base {
  input = 3x32x32
  body {
    block = plain
    stage s1 { d = 1, w = 8 }
  }
}
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".anynet")
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(f"anynet 1\n{text}\n", "utf-8")

    return write


def found(path: Path) -> list[Diagnostic]:
    return [d for d in check_module(Library().module(str(path)), MEANING) if d.level != "note"]


def network(path: Path, name: str) -> Network:
    module = Library().module(str(path))
    (block,) = (b for b in module.declared("net") if b.label and b.label.name.text == name)
    checked = check_declaration(module, block, MEANING)
    problems = [d.concise() for d in (*module.diagnostics, *checked.diagnostics)]
    assert not problems, "\n".join(problems)
    assert isinstance(checked.value, Network)
    return checked.value


def test_relative_paths(tmp_path: Path, write: Write) -> None:
    write(base=NET, main='from "base.anynet" import Base\nnet N extends Base {}')
    assert network(tmp_path / "main.anynet", "N").stages[0].get("w") == 8


def test_up_and_down_within_the_folder(tmp_path: Path, write: Write) -> None:
    write(
        parts__base=NET,
        deep__er__middle='from "../../parts/base.anynet" import Base\nnet M extends Base {}',
        main='from "deep/er/middle.anynet" import M\nnet N extends M {}',
    )
    assert network(tmp_path / "main.anynet", "N").input == (3, 32, 32)


def test_all_kinds_of_names(tmp_path: Path, write: Write) -> None:
    write(
        parts="""
width = 24
block mine(w, s = 1) { out = x -> conv(w, k = taps, s = s) }
taps = 5
recipe quick { epochs = 1 }
""",
        main="""
from "parts.anynet" import width, mine, quick
net N {
  input = 3x32x32
  body {
    block = mine
    stage s1 { d = 1, w = width }
  }
}
recipe quicker extends quick { batch = 2 }
""",
    )
    stage = network(tmp_path / "main.anynet", "N").stages[0]
    assert (stage.block.name, stage.get("w")) == ("mine", 24)
    assert found(tmp_path / "main.anynet") == []


def test_a_name_that_was_not_imported_is_not_there(tmp_path: Path, write: Write) -> None:
    write(parts="width = 24\nother = 8", main='from "parts.anynet" import width\na = other + 1')
    (one,) = found(tmp_path / "main.anynet")
    assert one.kind.name == "unknown_name" and one.at.text == "other"


def test_a_blocks_lines_see_their_own_file(tmp_path: Path, write: Write) -> None:
    """Each file has its own `taps`; the block uses the one beside it."""
    write(
        parts="block mine(w, s = 1) { out = x -> conv(w, k = taps, s = s) }\ntaps = 1",
        main=f'from "parts.anynet" import mine\ntaps = 7\n{NET.replace("plain", "mine")}',
    )
    from anydsl.blocks.measurement import measure

    assert measure(network(tmp_path / "main.anynet", "Base")).cost.params == 3 * 8


def test_shipped_files(tmp_path: Path, write: Write) -> None:
    write(main='from "std:regnet/regnety" import RegNetY_400MF\nnet N extends RegNetY_400MF {}')
    module = Library().module(str(tmp_path / "main.anynet"))
    checked = check_declaration(module, module.declared("net")[0])
    assert not module.diagnostics and checked.sound
    assert checked.measured is not None and checked.measured.cost.params == 4_344_144


def test_shipped_files_on_the_command_line() -> None:
    assert Library().module("std:regnet/regnetx").declared("net")
    with pytest.raises(UsageError, match="did you mean `std:regnet/"):
        Library().module("std:regnet/regnetz9")
    with pytest.raises(UsageError):
        Library().module("std:../pyproject")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("../outside.anynet", "out of the folder"),
        ("deep/../../outside.anynet", "out of the folder"),
        ("/etc/hostname", "out of the folder"),
        ("std:../pyproject", "out of the folder"),
        ("linked.anynet", "out of the folder"),
        ("folder/outside.anynet", "out of the folder"),
        ("main.anynet", "is a circle"),
        ("deep", "can't be read"),
        ("none.anynet", "can't be read"),
        ("loop.anynet", "can't be read"),
        ("", "can't be read"),
        ("std:none", "can't be read"),
    ],
)
def test_where_imports_do_not_lead(tmp_path: Path, write: Write, path: str, says: str) -> None:
    write(outside=NET, spec__main=f'from "{path}" import Base', spec__deep__inside=NET)
    spec = tmp_path / "spec"
    (spec / "linked.anynet").symlink_to(tmp_path / "outside.anynet")
    (spec / "folder").symlink_to(tmp_path)
    (spec / "loop.anynet").symlink_to(spec / "loop.anynet")
    (one,) = found(spec / "main.anynet")
    assert one.kind.name == "import_failed"
    assert one.at.text == f'"{path}"'
    assert says in one.message or (path == "" and "out of the folder" in one.message)


def test_links_within_the_folder(tmp_path: Path, write: Write) -> None:
    write(spec__base=NET, spec__main='from "linked.anynet" import Base\nnet N extends Base {}')
    (tmp_path / "spec/linked.anynet").symlink_to("base.anynet")
    (tmp_path / "elsewhere").symlink_to(tmp_path / "spec")
    assert network(tmp_path / "elsewhere/main.anynet", "N").input == (3, 32, 32)


def test_circles(tmp_path: Path, write: Write) -> None:
    write(
        a='from "b.anynet" import B\nnet A extends B {}',
        b='from "c.anynet" import C\nnet B extends C {}',
        c='from "a.anynet" import A\nnet C extends A {}',
    )
    problems = [d for d in found(tmp_path / "a.anynet") if d.kind.name == "import_failed"]
    (one,) = (d for d in problems if "circle" in d.message)
    assert "a.anynet -> b.anynet -> c.anynet -> a.anynet" in one.message
    assert one.at.source.path.endswith("c.anynet")


def test_two_ways_to_one_file_are_no_circle(tmp_path: Path, write: Write) -> None:
    write(
        base=NET,
        left='from "base.anynet" import Base\nnet L extends Base {}',
        right='from "base.anynet" import Base\nnet R extends Base {}',
        main='from "left.anynet" import L\nfrom "right.anynet" import R\nnet N extends R {}',
    )
    assert found(tmp_path / "main.anynet") == []


def test_long_chains_end_in_an_error(tmp_path: Path, write: Write) -> None:
    files = {f"n{i}": f'from "n{i + 1}.anynet" import a{i + 1}\na{i} = a{i + 1}' for i in range(99)}
    write(**files, n99="a99 = 1")
    problems = found(tmp_path / "n0.anynet")
    assert any("limit" in d.message and d.kind.name == "import_failed" for d in problems)


def test_many_files_end_in_an_error(tmp_path: Path, write: Write) -> None:
    write(**{f"n{i}": f"a{i} = 1" for i in range(300)})
    lines = [f'from "n{i}.anynet" import a{i}' for i in range(300)]
    write(main="\n".join(lines))
    assert any("limit" in d.message for d in found(tmp_path / "main.anynet"))


@pytest.mark.parametrize(
    ("line", "at", "hint"),
    [
        ('from "base.anynet" import Bsae', "Bsae", "did you mean `Base`?"),
        ('from "base" import Base', '"base"', 'did you mean "base.anynet"?'),
        ('from "std:regnet/regnetx.anynet" import RegNetX', '"std:regnet/regnetx.anynet"', ""),
    ],
)
def test_did_you_mean(tmp_path: Path, write: Write, line: str, at: str, hint: str) -> None:
    write(base=NET, main=line)
    (one,) = found(tmp_path / "main.anynet")
    assert (one.kind.name, one.at.text) == ("import_failed", at)
    assert hint in one.help


def test_errors_of_an_imported_file_are_told_with_its_path(tmp_path: Path, write: Write) -> None:
    write(base=NET.replace("w = 8", "w = "), main='from "base.anynet" import Base\na = 1')
    (one,) = found(tmp_path / "main.anynet")
    assert one.at.source.path == str(tmp_path / "base.anynet")
    assert one.kind.name == "syntax"


def test_labels_lead_across_files(tmp_path: Path, write: Write) -> None:
    write(
        base=NET.replace("w = 8", "w = 32"),
        main='from "base.anynet" import Base\n'
        "net N extends Base { body { stage s2 { d = 1, w = 24 } } }",
    )
    (one,) = found(tmp_path / "main.anynet")
    (label,) = one.labels
    assert one.kind.name == "nondecreasing_width"
    assert (one.at.text, Path(one.at.source.path).name) == ("24", "main.anynet")
    assert (label.at.text, Path(label.at.source.path).name) == ("32", "base.anynet")


def test_a_name_is_imported_or_declared_once(tmp_path: Path, write: Write) -> None:
    write(base=NET, main=f'from "base.anynet" import Base\n{NET}')
    (one,) = found(tmp_path / "main.anynet")
    assert one.kind.name == "duplicate"
    assert "base.anynet" in one.labels[0].message


def test_own_names_come_before_the_librarys(tmp_path: Path, write: Write) -> None:
    write(main=f"block plain(w, s = 1) {{ out = x -> conv(w, k = 1, s = s) }}\n{NET}")
    block = network(tmp_path / "main.anynet", "Base").stages[0].block
    assert block.span.source.path == str(tmp_path / "main.anynet")


@pytest.mark.parametrize("first", ["main.anynet", "sub/inner.anynet"])
def test_what_was_read_before_changes_nothing(tmp_path: Path, write: Write, first: str) -> None:
    """`lint a b` says of each file what `lint` of it alone says: its folder is the limit."""
    write(
        base=NET,
        sub__inner='from "../base.anynet" import Base\nnet I extends Base {}',
        main='from "sub/inner.anynet" import I\nnet N extends I {}',
    )
    library = Library()
    library.module(str(tmp_path / first))
    inner = check_module(library.module(str(tmp_path / "sub/inner.anynet")))
    assert [d.kind.name for d in inner if d.level == "error"][:1] == ["import_failed"]
    main = check_module(library.module(str(tmp_path / "main.anynet")))
    assert [d for d in main if d.level == "error"] == []


def test_missing_files_are_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't read"):
        Library().module(str(tmp_path / "none.anynet"))
    with pytest.raises(UsageError, match="can't read"):
        Library().module(str(tmp_path))


def test_files_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "binary.anynet"
    path.write_bytes(b"anynet 1\nw = \xff\xfe\n")
    (one,) = found(path)
    assert "UTF-8" in one.message and one.at.source.position(one.at.start) == (2, 5)
    path.write_bytes(b"anynet 1\n" + b"#" * 2**20)
    (one,) = found(path)
    assert one.kind.name == "too_large"
