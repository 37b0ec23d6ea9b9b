"""A spec may come from a stranger: nothing it says hangs the tool or breaks it (LANGUAGE.md, 7).

Each of these texts took more than a minute, more memory than there is, or ended in a traceback.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from tests.design.texts import errors, findings, net

SECONDS = 10  # far more than any of these needs


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail(f"this takes more than {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


ONE = "block = plain\nstage s1 {{ d = 1, w = {} }}"


def test_long_chains_of_constants() -> None:
    links = "".join(f"a{i} = a{i + 1} + 1\n" for i in range(5000))
    assert {d.kind.name for d in errors(f"{links}a5000 = 1")} == {"too_large"}
    backwards = "".join(f"a{i + 1} = a{i} + 1\n" for i in range(5000))
    assert errors(f"a0 = 1\n{backwards}") == []


def test_constants_that_double() -> None:
    doubling = "".join(f"a{i + 1} = [a{i}, a{i}]\n" for i in range(60))
    assert errors(f"a0 = [1, 1]\n{doubling}{net(ONE.format('a60'))}")
    doubling = "".join(f"a{i + 1} = relu(a{i}, a{i})\n" for i in range(60))
    assert errors(f"a0 = relu\n{doubling}{net(ONE.format('a60'))}")
    assert errors(f"a0 = relu\n{doubling}{net(ONE.format('8, act = a60'))}")


def test_growing_numbers() -> None:
    squares = "".join(f"a{i + 1} = a{i} * a{i}\n" for i in range(40))
    assert {d.kind.name for d in errors(f"a0 = 3\n{squares}")} == {"too_large"}
    assert {d.kind.name for d in errors(f"a0 = 1/3\n{squares}")} == {"too_large"}


def test_settings_that_do_not_exist() -> None:
    """Time grows with the text, not with its square."""
    lines = "".join(f"z{i} = 1\n" for i in range(8_000))
    found = errors(net(lines + ONE.format(8)))
    assert len(found) == 8_000
    found = errors(net(ONE.format(8), "".join(f"require zz{i} < 1\n" for i in range(5000))))
    assert len(found) == 5000


def test_names_that_do_not_exist() -> None:
    lines = "".join(f"a{i} = round(b{i})\n" for i in range(8_000))
    assert len(errors(lines)) == 8_000


def test_many_stages() -> None:
    assert errors(net("block = plain\ns = 1\nstage s[1..1000] { d = 10, w = 8 }")) == []
    found = errors(net("block = plain\ns = 1\nstage s[1..1000] { d = 11, w = 8 }"))
    assert {d.kind.name for d in found} == {"too_large"}
    text = "".join(f"stage a{i} {{ d = 1, w = 8 }}\n" for i in range(2000))
    assert errors(net(f"block = plain\ns = 1\n{text}"))
    many = "d = 1000, w0 = 8, wa = 8, wm = 1.0001"
    found = findings(net(f"block = plain\ns = 1\nstages quantized_linear {{ {many} }}"))
    assert found == [] or {d.kind.name for d in found} <= {"too_large", "adjusted", "wrong_value"}


@pytest.mark.parametrize("wm", ["1.00000000000000000001", "1.0000000000000001", "64"])
@pytest.mark.parametrize("w0", ["1e-19", "1", "1048576"])
def test_generators_at_their_bounds(w0: str, wm: str) -> None:
    text = f"stages quantized_linear {{ d = 9, w0 = {w0}, wa = 1048576, wm = {wm} }}"
    findings(net(f"block = plain\ns = 1\n{text}"))


def test_deep_nesting() -> None:
    for text in ("(" * 9999 + "1" + ")" * 9999, "-" * 9999 + "1", "[" * 9999 + "]" * 9999):
        assert {d.kind.name for d in errors(f"a = {text}")} == {"too_large"}
    assert errors("a = " + "1 + " * 9999 + "1")
    assert errors(net(ONE.format(8), "require " + "not " * 9999 + "shared(w)"))
    assert errors("net N {" * 9999)


def test_large_ranges() -> None:
    assert errors("a = 5 in 1..9e18 step 0.000001") == []
    text = "space S {\ninput = 3x8x8\nbody { block = plain\nstage s1 { d = 1, w ~ PARENT } }\n}\n"
    text += "space T extends S { body { stage s1 { w ~ CHILD } } }"
    for parent, child in (
        ("uniform(1..1000000)", "uniform(1..1000000)"),
        ("choice(1, 2)", "uniform(1..1000000)"),
        ("uniform(1..1000000 step 3)", "log_uniform(1..1000000 step 7)"),
    ):
        findings(text.replace("PARENT", parent).replace("CHILD", child))


def test_large_pictures_and_widths() -> None:
    text = net(ONE.format(1048576), shape="65536x65536x65536")
    assert {d.kind.name for d in errors(text)} <= {"too_large"}
    body = "block = bottleneck\ns = 1\nstage s1 { d = 9000, w = 1048576 }"
    found = errors(net(body, shape="65536x65536x65536"))
    assert {d.kind.name for d in found} == {"too_large"}


def test_long_words() -> None:
    assert errors(net(f"{'z' * 100_000} = 3\n" + ONE.format(8)))
    assert errors(net(ONE.format("b" * 100_000)))
    assert errors(net(ONE.format(f'"{"b" * 100_000}"')))
    assert errors(f"recipe r {{ data = {'digits' * 10_000} }}")
