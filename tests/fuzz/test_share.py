"""A few seconds of each fuzzer, the same texts each time; `make fuzz` takes its time."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from anydsl.language.parser import parse
from anydsl.language.source import Source
from fuzz.targets import TARGETS
from fuzz.texts import KNOWN, ROOT, changed, texts, written


@pytest.mark.parametrize("target", TARGETS)
def test_a_share(target: str) -> None:
    @settings(
        max_examples=15 if target == "lsp" else 30,
        derandomize=True,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(texts())
    def one(text: str) -> None:
        TARGETS[target](text)

    for spec in ("specs/studies/principles_digits.anynet", "specs/d2l/regnetx32.anynet"):
        TARGETS[target]((ROOT / spec).read_text(encoding="utf-8"))
    one()


def test_the_grammar_writes_what_can_be_read() -> None:
    """But for the mistakes that stand in the place of ERROR, and names of numbers."""
    found: set[bool] = set()

    @settings(max_examples=60, derandomize=True, deadline=None)
    @given(written("_statement"))
    def one(text: str) -> None:
        found.add(not parse(Source("x", text)).diagnostics)

    one()
    assert found == {True, False}


@given(st.data())
@settings(max_examples=20, derandomize=True, deadline=None)
def test_changes_keep_most_of_a_spec(data: st.DataObject) -> None:
    text = data.draw(changed())
    assert any(line in text for spec in KNOWN for line in spec.splitlines() if line) or not text
