"""What is wrong with a block or its use, each with its place in the block and at the stage."""

from __future__ import annotations

import pytest

from anydsl.checker.report import full
from anydsl.language.diagnostics import Diagnostic
from tests.design.texts import errors, marked, net

ONE = "block = f\nstage s1 { d = 1, w = 8 }"
USED = net("block = f\n‹stage s1› { d = 1, w = 8 }")


def placed(found: Diagnostic) -> list[tuple[str, str]]:
    """File and text of the finding, then of its labels."""
    spans = [found.at, *(label.at for label in found.labels)]
    return [(span.source.path.rsplit("/")[-1], span.text) for span in spans]


# ------------------------------------------------------------------------------- recursion


CIRCLES = {
    "directly": "block f(w, s = 1) { out = x -> f(w) }",
    "through three others": """
block f(w, s = 1) { out = x -> g1(w) }
block g1(w) { out = x -> g2(w) }
block g2(w) { out = x -> g3(w) }
block g3(w) { out = x -> f(w) }""",
    "through a default": "block f(w, s = 1, then = f) { out = x -> then(w) }",
    "through a default of another": """
block f(w, s = 1) { out = x -> g(w) }
block g(w, then = f(8)) { out = x -> then }""",
    "on the side that is not chosen": """
block f(w, s = 1) { out = x -> relu if w > 0 else x -> f(w) }""",
}


@pytest.mark.parametrize("way", CIRCLES)
def test_a_block_that_reaches_itself(way: str) -> None:
    """Whether it is used or not."""
    found = errors(CIRCLES[way])
    assert found and {d.kind.name for d in found} == {"wrong_block"}
    names = [d.message.partition(": ")[2].split(" -> ") for d in found]
    assert "f" in [name[0] for name in names]
    assert all(name[0] == name[-1] and len(name) > 1 for name in names)


@pytest.mark.parametrize("way", CIRCLES)
def test_it_is_said_once_of_a_block(way: str) -> None:
    text = CIRCLES[way] + USED.replace("‹", "").replace("›", "")
    found = errors(text)
    places = [d.at.start for d in found]
    assert len(set(places)) == len(places), full(found)


@pytest.mark.parametrize(
    "text",
    [
        "block f(w, s = 1, then) { out = x -> then(w) }",
        "block f(w, s = 1, then) { out = x -> g(w, then = then) }\n"
        "block g(w, then) { out = x -> then(w) }",
        "block f(w, s = 1, then) { out = x -> then }",
    ],
)
def test_a_block_that_reaches_itself_through_a_parameter(text: str) -> None:
    """Only the use shows it."""
    assert errors(text) == []
    argument = "f(w = 8, then = relu)" if text.endswith("then }") else "f"
    (found,) = errors(
        f"{text}\n" + net(f"block = f\nstage s1 {{ d = 1, w = 8, then = {argument} }}")
    )
    assert found.kind.name == "wrong_block" and "f -> " in found.message
    assert "stage s1" in [label.at.text for label in found.labels]


def test_two_uses_are_no_circle() -> None:
    text = (
        "block f(w, s = 1) { out = x -> g(w) -> g(w) }\nblock g(w) { out = x -> conv(w, k = 1) }\n"
    )
    assert errors(text + net("block = f\nstage s1 { d = 2, w = 8 }")) == []


# ------------------------------------------------------------------------- shapes and widths


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("out = ‹x + (x -> conv(w, k = 1))›", "3x32x32 and 8x32x32"),
        ("out = ‹x + (x -> maxpool(2))›", "3x32x32 and 3x16x16"),
        ("out = ‹x * (x -> maxpool(2))›", "3x32x32 and 3x16x16"),
        ("out = x -> ‹linear(w)›", "flatten"),
        ("out = x -> flatten -> ‹conv(w, k = 1)›", "flattened"),
        ("out = x -> flatten -> ‹bn›", "flattened"),
        ("out = x -> flatten -> ‹gap›", "flattened"),
        ("out = x -> flatten -> ‹maxpool(2)›", "flattened"),
        ("out = x -> ‹conv(w, k = 33, pad = 0)›", "shrunk"),
        ("out = x -> maxpool(16) -> ‹maxpool(3)›", "shrunk"),
        ("out = x -> gap -> ‹avgpool(2)›", "shrunk"),
        ("out = x -> ‹maxpool(3, pad = 2)›", "half"),
    ],
)
def test_shapes_that_do_not_meet(line: str, says: str) -> None:
    used = USED.replace("‹stage s1›", "«stage s1»")
    found = marked(f"block f(w, s = 1) {{ {line} }}\n{used}", "shape_mismatch")
    assert says in found.message and "stage `s1`" in found.message
    assert "`f`" in found.labels[0].message


def test_a_picture_that_shrinks_below_a_pixel() -> None:
    body = "block = f\nstage s[1..4] { d = 1, w = 8 }\nstage s5 { d = 1, w = 8 }"
    block = "block f(w, s = 2) { out = x -> conv(w, k = 3, s = s, pad = 0) }\n"
    found = errors(block + net(body))
    (one,) = found
    assert one.kind.name == "shape_mismatch"
    assert "stage `s5`" in one.message and one.at.text == "stage s5"


def test_in_the_stem_and_the_head() -> None:
    body = "block = plain\nstage s1 { d = 1, w = 8 }"
    (found,) = errors(net(body, head="stem { block = patch_stem, w = 8, k = 40 }"))
    assert placed(found) == [
        ("spec.anynet", "stem"),
        ("stems", "conv(w, k = k, s = k, pad = 0, bias = true)"),
    ]
    text = "block flat(classes) { out = x -> linear(classes) }\n"
    (found,) = errors(text + net(body, head="head { block = flat, classes = 3 }"))
    assert placed(found) == [("spec.anynet", "head"), ("spec.anynet", "linear(classes)")]


def test_across_blocks_the_innermost_place_is_told() -> None:
    text = """
block f(w, s = 1) { out = x -> g(w) }
block g(w) { out = ‹x + (x -> conv(w, k = 1))› }
""" + USED.replace("‹stage s1›", "«stage s1»")
    marked(text, "shape_mismatch")


@pytest.mark.parametrize(
    ("body", "before", "after"),
    [
        ("block = resnext, g = 8\nstage s1 {{ d = 2, w = {} }}", 20, (16, 24)),
        ("block = resnext, g = 8, b = 2\nstage s1 {{ d = 1, w = {} }}", 40, (32, 48)),
        ("block = resnext, groups = 6\nstage s1 {{ d = 1, w = {} }}", 32, (30, 36)),
        ("block = resnext, b = 3, groups = 1\nstage s1 {{ d = 1, w = {} }}", 20, (18, 21)),
        ("block = bottleneck\nstage s1 {{ d = 1, w = {} }}", 30, (28, 32)),
        ("block = resnext, groups = 6\nstage s1 {{ d = 1, w = {} }}", 5, (None, 6)),
        ("block = resnext_linear, g = 48\nstage s1 {{ d = 1, w = {} }}", 16, (12, 24)),
    ],
)
def test_widths_that_do_not_divide(body: str, before: int, after: tuple[int | None, int]) -> None:
    """The nearest legal widths above and below are the fixes, and they do mend it."""
    (found,) = errors(net(body.format(before)))
    assert found.kind.name == "incompatible_width"
    assert placed(found)[0] == ("spec.anynet", str(before))
    assert placed(found)[1][0] == "blocks", "the library's file"
    assert [fix.edits[0].text for fix in found.fixes] == [str(w) for w in after if w]
    for fix in found.fixes:
        (edit,) = fix.edits
        assert edit.at == found.at and not fix.safe
        assert errors(net(body.format(edit.text))) == []
    legal = [w for w in range(1, 100) if not errors(net(body.format(w)))]
    assert max((w for w in legal if w < before), default=None) == after[0]
    assert min(w for w in legal if w > before) == after[1]


def test_a_width_that_was_inherited_is_mended_where_it_stands() -> None:
    text = """
net Base {
  input = 3x32x32
  body {
    block = resnext, g = 8
    stage s1 { d = 1, w = 16 }
  }
}
net N extends Base { body { stage s1 { w = «20» } } }"""
    plain = text.replace("«", "").replace("»", "")
    (found,) = errors(plain)
    assert (found.kind.name, found.at.text) == ("incompatible_width", "20")


def test_the_second_block_counts_too() -> None:
    """A width that fits the first block of a stage, and not the ones after it."""
    text = "block f(w, s = 1) { out = x -> conv(w, k = 1, s = s, groups = 3) }\n"
    assert errors(text + net("block = f\nstage s1 { d = 1, w = 9 }")) == []
    text = "block f(w, s = 1) { out = x -> conv(2 * w, k = 1, s = s) -> conv(w, k = 1, g = x.w) }\n"
    (found,) = errors(text + net("block = f\nstage s1 { d = 2, w = 5 }"))
    assert found.kind.name == "incompatible_width"


@pytest.mark.parametrize("line", ["conv(w * g, k = 1)", "conv(w + g, k = 1)", "conv(-g, k = 1)"])
def test_a_number_of_groups_is_no_width(line: str) -> None:
    body = "block = f, groups = 2\nstage s1 { d = 1, w = 8 }"
    (found,) = errors(f"block f(w, s = 1, g) {{ out = x -> {line} }}\n{net(body)}")
    assert "number of groups" in found.message


@pytest.mark.parametrize("operator", ["==", "!=", ">", "in 1.."])
def test_a_number_of_groups_does_not_compare_with_a_width(operator: str) -> None:
    """`g == 2` is not silently false where `groups = 2` was given."""
    number = "2" if operator != "in 1.." else "4"
    line = f"x -> relu if g {operator} {number} else x -> conv(w, k = 1)".replace(".. ", "..")
    body = "block = f, {} = 2\nstage s1 {{ d = 1, w = 8 }}"
    text = f"block f(w, s = 1, g) {{ out = {line} }}\n"
    assert errors(text + net(body.format("g"))) == []
    assert len(errors(text + net(body.format("groups")))) == 1


@pytest.mark.parametrize("part", ["stem { w = «[8]» }", "head { classes = «[8]» }"])
def test_a_stem_and_a_head_have_no_list_of_blocks(part: str) -> None:
    marked(net("block = plain\nstage s1 { d = 1, w = 8 }", head=part), "wrong_value")


# -------------------------------------------------------------------------------- definitions


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        ("block f(w, s = 1) { out = x -> «cnov»(w, k = 3) }", "unknown_name"),
        ("block f(w, s = 1) { out = x -> conv(«ww», k = 3) }", "unknown_name"),
        ("block f(w, s = 1) { a = «b» -> relu\nb = x\nout = a }", "wrong_block"),
        ("block f(w, s = 1) { ‹a› = x\n«a» = x\nout = a }", "duplicate"),
        ("block f(‹w›, «w») { out = x }", "duplicate"),
        ("block f(‹w›) { «w» = 3\nout = x }", "duplicate"),
        ("block f(w) { «x» = 3\nout = x }", "duplicate"),
        ("block f(w) { «depth» = 3\nout = x }", "duplicate"),
        ("«block f(w)» { main = x }", "missing"),
        ("block f(w) { out = x\n«require depth == 1» }", "wrong_value"),
        ("block f(w) { out = x\n«stage s { }» }", "wrong_value"),
        ("block f(w) extends «basic» { out = x }", "wrong_value"),
        ("block f(w = «hight») { out = x }", "unknown_name"),
    ],
)
def test_wrong_definitions_are_found_without_a_use(block: str, kind: str) -> None:
    marked(block, kind)


def test_did_you_mean() -> None:
    found = marked("block f(w) { out = x -> «cnov»(w, k = 3) }", "unknown_name")
    assert found.help == "did you mean `conv`?"
    found = marked("block f(w) { out = x -> «sqeeze_excite»(w) }", "unknown_name")
    assert found.help == "did you mean `squeeze_excite`?"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("out = x -> «conv(w)»", "missing"),
        ("out = x -> «conv(w, k = 3, kk = 1)»", "unknown_name"),
        ("out = x -> «conv(w, 3, w = 3)»", "wrong_value"),
        ("out = x -> «relu(3)»", "wrong_value"),
        ("out = x -> «conv(w, k = 0)»", "wrong_value"),
        ("out = x -> «conv(w, k = 1.5)»", "wrong_value"),
        ("out = x -> «conv(w, k = 1, bias = 1)»", "wrong_value"),
        ('out = x -> «conv(w, k = 1, pad = "same")»', "wrong_value"),
        ("out = x -> «conv(w, k = 1, g = 1, groups = 1)»", "wrong_value"),
        ("out = x -> «dropout(2)»", "wrong_value"),
        ("out = x -> «bn(eps = 0)»", "wrong_value"),
        ("out = x -> «squeeze_excite»", "missing"),
        ("out = x -> «squeeze_excite(4, 5, 6, 7)»", "wrong_value"),
        ("out = x -> «squeeze_excite(4, widht = 3)»", "unknown_name"),
        ("out = x -> «w»", "wrong_block"),
        ("out = x -> «x»", "wrong_block"),
        ("out = w -> «relu»", "wrong_block"),
        ("out = «relu» + x", "wrong_value"),
        ("out = «x - x»", "wrong_value"),
        ("out = w + «x»", "wrong_value"),
        ("out = x -> «when(true)»", "wrong_block"),
        ("out = x -> when(«w», relu)", "wrong_value"),
        ("out = x -> when(true, «w»)", "wrong_block"),
        ("out = x if «x» else x", "wrong_value"),
        ("out = x if «x» == x else x", "wrong_value"),
        ("out = x -> conv(«x.h», k = 1)", "wrong_value"),
        ("out = x -> conv(«w.w», k = 1)", "wrong_value"),
        ("out = x -> conv(«w / 0», k = 1)", "wrong_value"),
        ("out = x -> «x»(3)", "wrong_block"),
        ("out = x -> conv(«true» + 1, k = 1)", "wrong_value"),
    ],
)
def test_wrong_lines(line: str, kind: str) -> None:
    """The place is in the block; the label says which stage used it."""
    found = errors(
        f"block f(w, s = 1) {{ {line.replace('«', '').replace('»', '')} }}\n"
        + USED.replace("‹", "").replace("›", "")
    )
    assert [d.kind.name for d in found] == [kind], full(found)
    expected = line.partition("«")[2].partition("»")[0]
    assert found[0].at.text == expected, full(found)
    assert [label.at.text for label in found[0].labels] == ["stage s1"]


@pytest.mark.parametrize(
    "line", ["out = w", "out = relu", "out = when(true, relu)", "out = 3", "out = [1]"]
)
def test_a_result_that_is_no_value(line: str) -> None:
    (found,) = errors(f"block f(w, s = 1) {{ {line} }}\n" + USED.replace("‹", "").replace("›", ""))
    assert found.kind.name == "missing" and found.at.text == "block f(w, s = 1)"


# -------------------------------------------------------------------------------------- paths


@pytest.mark.parametrize(
    "lines",
    [
        "conv1 = x -> conv(w, k = 1)\nout = conv1 -> «conv(w, k = 1)»",
        "relu2 = x -> conv(w, k = 1) -> relu\nout = relu2 -> relu -> «relu»",
        "inner1 = x -> conv(w, k = 1)\nout = inner1 -> «inner»",
        "out = x " + "-> conv(w, k = 1) " * 11 + "-> «conv1(w)»",
    ],
)
def test_paths_that_clash(lines: str) -> None:
    """Two things of one path would be one module in the compiled graph."""
    text = f"block f(w, s = 1) {{ {lines} }}\n{USED}\n"
    text += "block inner() { out = x -> relu }\nblock conv1(w) { out = x -> conv(w, k = 1) }"
    found = marked(text, "wrong_block")
    assert "path" in found.message


def test_words_that_torch_has_taken() -> None:
    """`s1.b1.half.conv1` can't be a path where `half` is a method of every module."""
    for word in ("half", "training", "forward", "type", "graph", "class", "lambda"):
        text = f"block f(w, s = 1) {{ {word} = x -> conv(w, k = 1)\nout = {word} -> relu }}\n"
        found = errors(text + USED.replace("‹", "").replace("›", ""))
        assert len(found) <= 1, full(found)
        if not found:
            check_it_runs(text + USED.replace("‹", "").replace("›", ""))
    for word in ("training", "forward", "graph", "class", "code", "eval", "state_dict"):
        text = net(f"block = plain\nstage {word} {{ d = 1, w = 8 }}")
        if not errors(text):
            check_it_runs(text)


def check_it_runs(text: str) -> None:
    import torch

    from anydsl.lowering.compiler import compile_network
    from tests.design.texts import network

    module = compile_network(network(text)).eval()
    assert module(torch.zeros(1, 3, 32, 32)).shape[1] == 8
    assert not module.training and callable(module.state_dict)
