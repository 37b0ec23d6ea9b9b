"""No block, however hostile, hangs the tool or breaks it (LANGUAGE.md, section 7)."""

from __future__ import annotations

import pytest

from anydsl.blocks.evaluator import MOST_OPERATIONS
from tests.design.test_limits import in_time
from tests.design.texts import errors, measured, net

__all__ = ["in_time"]  # a fixture for every test of this file too

USED = "\n" + net("block = p0\nstage s1 { d = 1, w = 8 }")


def links(line: str, number: int, last: str) -> str:
    """Blocks p0, p1, …, each of which uses the next one."""
    text = "".join(f"block p{i}(w) {{ out = {line.format(i + 1)} }}\n" for i in range(number))
    return f"{text}block p{number}(w) {{ out = {last} }}\n"


@pytest.mark.parametrize("number", [500, 3000])
@pytest.mark.parametrize("used", [False, True])
def test_long_chains_of_blocks(number: int, used: bool) -> None:
    text = links("x -> p{}(w)", number, "x -> conv(w, k = 1)")
    found = errors(text + USED if used else text)
    assert {d.kind.name for d in found} <= {"too_large", "wrong_block"}


def test_long_circles_of_blocks() -> None:
    found = errors(links("x -> p{}(w)", 1000, "x -> p0(w)"))
    assert found and {d.kind.name for d in found} <= {"too_large", "wrong_block"}


def test_layers_of_blocks() -> None:
    """Of two blocks a layer, 2^40 ways lead through forty layers."""
    text = "".join(
        f"block {name}{i}(w) {{ out = x -> p{i + 1}(w) -> q{i + 1}(w) }}\n"
        for i in range(40)
        for name in "pq"
    )
    text += "block p40(w) { out = x -> conv(w, k = 1) }\nblock q40(w) { out = x }\n"
    assert errors(text) == []
    assert {d.kind.name for d in errors(text + USED)} == {"too_large"}


@pytest.mark.parametrize("last", ["x", "x -> conv(w, k = 1)", "x -> when(w == 0, relu)"])
def test_blocks_that_double(last: str) -> None:
    found = errors(links("x -> p{0}(w) -> p{0}(w)", 60, last) + USED)
    assert {d.kind.name for d in found} == {"too_large"}


def test_operations_that_double() -> None:
    """A chain of operations is an operation, so that it can be put into itself."""
    lines = "".join(f"a{i + 1} = a{i} -> a{i}\n" for i in range(60))
    text = f"block p0(w) {{\na0 = relu\n{lines}out = x -> a60\n}}"
    assert {d.kind.name for d in errors(text + USED)} == {"too_large"}


def test_lists_that_double() -> None:
    lines = "".join(f"a{i + 1} = [a{i}, a{i}]\n" for i in range(60))
    text = f"block p0(w) {{\na0 = [1]\n{lines}out = x -> conv(a60, k = 1)\n}}"
    assert errors(text + USED)


def test_numbers_that_double() -> None:
    lines = "".join(f"a{i + 1} = a{i} * a{i}\n" for i in range(60))
    text = f"block p0(w) {{\na0 = 3\n{lines}out = x -> conv(a60, k = 1)\n}}"
    assert {d.kind.name for d in errors(text + USED)} == {"too_large"}


def test_many_operations() -> None:
    """Counted before they are built, whether blocks are alike or not."""
    text = f"block p0(s = 1) {{ out = x{' -> relu' * 90} }}\n"
    body = "block = p0\nstage s1 {{ d = {} }}"
    for block in (text, text.replace("x -> relu", "x -> when(i >= 0, relu)")):
        assert errors(block + net(body.format(MOST_OPERATIONS // 95))) == []
        found = errors(block + net(body.format(MOST_OPERATIONS // 90 + 1)))
        assert {d.kind.name for d in found} == {"too_large"}


def test_deep_stages_cost_no_time() -> None:
    body = "block = resnext, g = 1, s = 1\nstage s1 { d = 4000, w = 8 }"
    one = measured(net(body.replace("4000", "2")))
    many = measured(net(body))
    first, second = (block.cost.params for block in one.stages[0].blocks)
    assert many.cost.params == first + 3999 * second


def test_long_lines() -> None:
    text = "block p0(w) { out = x" + " -> conv(w, k = 1)" * 2000 + " }"
    assert {d.kind.name for d in errors(text + USED)} <= {"too_large"}
    text = "block p0(w) { out = x" + " + x" * 2000 + " }"
    assert {d.kind.name for d in errors(text + USED)} <= {"too_large"}
    params = ", ".join(f"a{i} = 1" for i in range(5000))
    assert errors(f"block p0(w, {params}) {{ out = x -> conv(w, k = 1) }}" + USED) == []
