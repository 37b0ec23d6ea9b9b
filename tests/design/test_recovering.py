"""Parameters of the quantized linear function from the stages that it makes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anydsl.blocks.measurement import setting
from anydsl.checker.engine import check_declaration
from anydsl.design.modules import Library
from anydsl.design.network import Network
from anydsl.design.quantized import compatible, quantized_linear
from anydsl.design.recovering import Recovery
from anydsl.design.vocabulary import QuantizedLinear


def made(generator: QuantizedLinear, b: Fraction | int, g: int | None) -> list[tuple[int, int]]:
    runs = quantized_linear(generator)
    return [(d, compatible(w, b, g, None, "pycls")) for d, w in runs]


def published() -> list[Network]:
    found: list[Network] = []
    for spec in ("std:regnet/regnetx", "std:regnet/regnety", "std:regnet/regnetz"):
        module = Library().module(spec)
        for block in module.declared("net"):
            value = check_declaration(module, block).value
            assert isinstance(value, Network)
            if not value.name.endswith("torchvision"):  # fitted to their groups in another way
                found.append(value)
    return found


@pytest.mark.parametrize("net", published(), ids=lambda net: net.name)
def test_published_networks(net: Network) -> None:
    stages = [(stage.d, stage.get("w")) for stage in net.stages]
    b, g = setting(net.stages[0], "b"), setting(net.stages[0], "g")
    found = Recovery(stages, b, g, None).best()
    assert found is not None
    assert made(found, b, g) == stages


@given(
    st.integers(12, 28),
    st.integers(1, 40).map(lambda n: 8 * n),
    st.integers(800, 25600).map(lambda n: Fraction(n, 100)),
    st.integers(200, 300).map(lambda n: Fraction(n, 100)),
    st.sampled_from([None, 8, 16, 24]),
)
def test_what_the_paper_draws_is_found(
    d: int, w0: int, wa: Fraction, wm: Fraction, g: int | None
) -> None:
    stages = made(QuantizedLinear(d, w0, wa, wm), 1, g)
    widths = [w for _, w in stages]
    if len(stages) < 2 or widths != sorted(set(widths)):
        return
    found = Recovery(stages, 1, g, None).best()
    assert found is not None
    assert made(found, 1, g) == stages


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 60)), min_size=2, max_size=6))
def test_what_is_found_is_exact(pairs: list[tuple[int, int]]) -> None:
    widths = sorted({8 * w for _, w in pairs})
    stages = [(d, w) for (d, _), w in zip(pairs, widths, strict=False)]
    if len(stages) < 2:
        return
    found = Recovery(stages, 1, 8, None).best()
    assert found is None or made(found, 1, 8) == stages


@pytest.mark.parametrize("stages", [[(3, 256), (4, 512), (6, 1024), (3, 2048)]])
def test_what_is_not_linear_is_not_found(stages: list[tuple[int, int]]) -> None:
    """The widths of ResNet-50 double while its depths do not."""
    assert Recovery(stages, 4, None, None).best() is None
