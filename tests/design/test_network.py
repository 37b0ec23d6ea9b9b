"""What a net means: stages, defaults, settings, and what is wrong with one (LANGUAGE.md, 2)."""

from __future__ import annotations

import pytest

from anydsl.design.values import Groups, Symbol
from tests.design.texts import errors, findings, marked, net, network, stages

STAGE = "stage s1 { d = 2, w = 16 }"


def test_a_net() -> None:
    made = network(
        """
## A small one,
## of two stages.
net Small {
  input = 1x28x20
  stem { w = 8 }
  body {
    block = resnext
    g = 4
    stage s1 { d = 2, w = 16, s = 1 }
    stage s2 { d = 1, w = 24, act = silu }
  }
  head { classes = 10 }
}"""
    )
    assert (made.name, made.input, made.depth) == ("Small", (1, 28, 20), 3)
    assert made.doc == "A small one,\nof two stages."
    assert made.stem is not None and made.stem.block.name == "simple_stem"
    assert made.head is not None and made.head.block.name == "linear_head"
    one, two = made.stages
    assert one.settings == (("w", 16), ("s", 1), ("g", 4))
    assert two.get("act") == Symbol("silu")


def test_stem_and_head_may_be_missing() -> None:
    made = network(net(f"block = plain\n{STAGE}"))
    assert made.stem is None and made.head is None


def test_the_stride_is_the_first_blocks() -> None:
    (stage,) = network(net("block = plain\nstage s1 { d = 3, w = 16 }")).stages
    assert [stage.block_settings(i)["s"] for i in range(3)] == [2, 1, 1]
    (stage,) = network(net("block = plain\nstage s1 { d = 3, w = 16, s = 1 }")).stages
    assert [stage.block_settings(i)["s"] for i in range(3)] == [1, 1, 1]
    (stage,) = network(net("block = plain, s = 3\nstage s1 { d = 3, w = 16 }")).stages
    assert [stage.block_settings(i)["s"] for i in range(3)] == [3, 1, 1]
    (stage,) = network(net("block = plain\nstage s1 { d = 3, w = 16, s = [1, 2, 3] }")).stages
    assert [stage.block_settings(i)["s"] for i in range(3)] == [1, 2, 3]


def test_a_list_gives_each_block_its_own() -> None:
    body = "block = resnext\nb = 1\nstage s1 { d = 2, w = [16, 32], g = [4, 8] }"
    (stage,) = network(net(body)).stages
    assert [(g["w"], g["g"]) for g in map(stage.block_settings, range(2))] == [(16, 4), (32, 8)]


def test_a_list_of_groups_gives_each_block_its_own() -> None:
    body = "block = resnext\nb = 1\nstage s1 { d = 2, w = 16, groups = [1, 4] }"
    (stage,) = network(net(body)).stages
    assert [stage.block_settings(i)["g"] for i in range(2)] == [Groups(1), Groups(4)]


def test_lists_on_the_body() -> None:
    body = "block = plain\nw = [8, 16]\nstage s[1..2] { d = 2 }"
    assert stages(net(body), "w") == [("s1", (8, 16)), ("s2", (8, 16))]
    body = "block = plain\nw = «[8, 16]»\nstage s1 { d = 2 }\nstage s2 { d = 3 }"
    marked(net(body), "wrong_value")


@pytest.mark.parametrize("w", ["«[]»", "«[8]»", "«[8, 8, 8]»", "[8, «0»]", "[8, «1.5»]"])
def test_wrong_lists(w: str) -> None:
    marked(net(f"block = plain\nstage s1 {{ d = 2, w = {w} }}"), "wrong_value")


def test_labels_with_a_range() -> None:
    body = "block = plain\nstage s[1..3] { d = 1, w = 8 }\nstage x[10..10] { d = 2, w = 8 }"
    assert stages(net(body), "d") == [("s1", 1), ("s2", 1), ("s3", 1), ("x10", 2)]
    n = "n = 2\n" + net("block = plain\nstage s[1..n] { d = 1, w = 8 }")
    assert len(stages(n)) == 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("block = plain\nstage s[«2..1»] { d = 1, w = 8 }", "wrong_value"),
        ("block = plain\nstage s[«0.5..2»] { d = 1, w = 8 }", "wrong_value"),
        ("block = plain\nstage s[«1..4 step 2»] { d = 1, w = 8 }", "wrong_value"),
        ("block = plain\nstage s[«1..1G»] { d = 1, w = 8 }", "wrong_value"),
        (
            "block = plain\n‹stage s2› { d = 1, w = 8 }\nstage «s[1..2]» { d = 1, w = 8 }",
            "duplicate",
        ),
        ("block = plain\nstage «stem» { d = 1, w = 8 }", "duplicate"),
        ("block = plain\nstage «input» { d = 1, w = 8 }", "duplicate"),
        ("block = plain\n«stage» { d = 1, w = 8 }", "missing"),
        ("block = plain\n«stgae» s1 { d = 1, w = 8 }\nstage s2 { d = 1, w = 8 }", "unknown_name"),
        ("block = plain\n«stage s1» { w = 8 }", "missing"),
        ("block = plain\n«stage s1» { d = 1 }", "missing"),
        ("«stage s1» { d = 1, w = 8 }", "missing"),
        ("block = «plian»\nstage s1 { d = 1, w = 8 }", "unknown_name"),
        ("block = «relu»\nstage s1 { d = 1, w = 8 }", "unknown_name"),
        ("block = «plain(8)»\nstage s1 { d = 1, w = 8 }", "unknown_name"),
        ("block = plain\nstage s1 { d = «0», w = 8 }", "wrong_value"),
        ("block = plain\nstage s1 { d = 1, w = «0» }", "wrong_value"),
        ("block = plain\nstage s1 { d = 1, w = 8, s = «0» }", "wrong_value"),
        ("block = plain\nstage s1 { d = 1, w = 8, «q» = 3 }", "unknown_name"),
        ("block = plain\nstage s1 { d = 1, ‹w› = 8, «w» = 9 }", "duplicate"),
        ("block = plain, «c» = 3\nstage s1 { d = 1, w = 8 }", "unknown_name"),
        ('block = resnext\ng = «"8"»\nstage s1 { d = 1, w = 8 }', "wrong_value"),
        ("block = resnext\ng = 8\nse = «-1»\nstage s1 { d = 1, w = 8 }", "wrong_value"),
        ("block = plain\nact = «rleu»\nstage s1 { d = 1, w = 8 }", "unknown_name"),
        ("block = plain\nstage s1 { d = 1, w = 8\n«require depth == 1»\n}", "wrong_value"),
        ("block = plain\nstage s1 { d = 1, w = 8\n«stage» s2 { d = 1 }\n}", "unknown_name"),
        ("block = plain\nstage s1 { d = 1, w = «8x8» }", "wrong_value"),
        ("block = plain\nstage s1 { d = 1, w = «wide» }", "unknown_name"),
    ],
)
def test_wrong_bodies(body: str, kind: str) -> None:
    marked(net(body), kind)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("«net N» { body { block = plain\nstage s1 { d = 1, w = 8 } } }", "missing"),
        ("«net N» { input = 3x8x8 }", "missing"),
        ("net N { input = 3x8x8\n«body» { block = plain } }", "missing"),
        ("net N { input = «8x8»\n{} }", "wrong_value"),
        ("net N { input = «0x8x8»\n{} }", "wrong_value"),
        ("net N { input = «8»\n{} }", "wrong_value"),
        ("net N { input = 3x8x8\n«w» = 3\n{} }", "unknown_name"),
        ("net N { input = 3x8x8\n«haed» { classes = 3 }\n{} }", "unknown_name"),
        ("net N { input = 3x8x8\n«head» { }\n{} }", "missing"),
        ("net N { input = 3x8x8\n‹stem› { w = 8 }\n«stem» { w = 8 }\n{} }", "duplicate"),
        ("net N { input = 3x8x8\nstem «a» { w = 8 }\n{} }", "wrong_value"),
        ("net N { input = 3x8x8\n«stage» s0 { d = 1, w = 8 }\n{} }", "wrong_value"),
        ("«net N(a)» { input = 3x8x8\n{} }", "wrong_value"),
        ("net N[«1..2»] { input = 3x8x8\n{} }", "wrong_value"),
        ("«net» { input = 3x8x8\n{} }", "missing"),
        ("«nte» N { input = 3x8x8\n{} }", "unknown_name"),
        ("«require depth == 1»", "wrong_value"),
    ],
)
def test_wrong_nets(text: str, kind: str) -> None:
    marked(text.replace("{}", "body { block = plain\nstage s1 { d = 1, w = 8 } }"), kind)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("blok = plain\nstage s1 { d = 1, w = 8, block = plain }", "block"),
        ("block = resnxt\nstage s1 { d = 1, w = 8, g = 8 }", "resnext"),
        ("block = plain\nstage s1 { d = 1, w = 8, atc = relu }", "act"),
        ("block = plain\nact = rleu\nstage s1 { d = 1, w = 8 }", "relu"),
        ("block = resnext\ngroup = 2\nstage s1 { d = 1, w = 8, g = 1 }", "groups"),
        ("block = plain\nstgae s1 { d = 1, w = 8 }", "stage"),
        ("block = plain\nstages quantised_linear { d = 1 }", "quantized_linear"),
        (
            "block = plain\nstage s1 { d = 1, w = heigth }\n}\n}\nheight = 3\nnet M { body {",
            "height",
        ),
    ],
)
def test_did_you_mean(body: str, word: str) -> None:
    assert f"did you mean `{word}`?" in [d.help for d in errors(net(body))]


def test_no_guess_where_nothing_is_close() -> None:
    found = marked(net("block = plain\nstage s1 { d = 1, w = 8, «zzz» = relu }"), "unknown_name")
    assert "did you mean" not in found.help
    assert "plain(w, s = 1, act = relu)" in found.help, "but what the block takes"


def test_missing_settings_name_the_signature() -> None:
    found = marked(net("block = resnext\n«stage s1» { d = 1, w = 8 }"), "missing")
    assert "`g`" in found.message
    assert "resnext(w, s = 1, b = 1, g, se = 0, act = relu)" in found.help


def test_nine_mistakes_are_nine_messages() -> None:
    text = """
a = 1 / 0
net N {
  input = 3x32
  stem { w = 8, k = 3 }
  body {
    block = resnext
    g = 0
    stage s1 { d = 0, w = 8 }
    stage s2 { d = 1, w = -8 }
    stgae s3 { d = 1 }
  }
  head { clases = 10, classes = 0.5 }
  require nondecresing(w)
}"""
    found = errors(text)
    assert len(found) == 10, "\n".join(d.concise() for d in found)
    assert len({d.at.start for d in found}) == 10


def test_a_block_may_lack_a_width() -> None:
    """The width of a stage is then what its last block puts out."""
    text = "block twice(s = 1) { out = x -> conv(x.w * 2, k = 3, s = s) }\n"
    body = "block = twice\nstage s1 { d = 2 }\nstage s2 { d = 1 }"
    made = network(text + net(body, "require last(w) == 24\nrequire first(w) == 12"))
    assert made.stages[0].get("w") is None


def test_d_on_the_body() -> None:
    body = "block = plain, d = 2\nstage s1 { w = 8 }\nstage s2 { w = 8, d = 3 }"
    assert stages(net(body), "d") == [("s1", 2), ("s2", 3)]


def test_a_wide_group_is_cut_with_a_note_and_kept_as_written() -> None:
    text = net("block = resnext, g = 64\nstage s1 { d = 1, w = 16 }")
    assert stages(text, "g") == [("s1", 64)]
    (note,) = findings(text)
    assert (note.level, note.kind.name, note.at.text) == ("note", "adjusted", "64")
    assert "64" in note.message and "16" in note.message
