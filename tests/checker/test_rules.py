"""Every rule runs its own examples, and every kind of finding has a page."""

from __future__ import annotations

import pytest

from anydsl.checker.engine import check_module
from anydsl.checker.registry import kinds, rules
from anydsl.checker.rule import Principle, Rule
from anydsl.cli import main
from anydsl.design.modules import Library
from anydsl.design.predicates import write
from anydsl.language.diagnostics import ERROR, NOTE, WARNING, Kind

RULES = rules()
KINDS = kinds()
EXAMPLES = [(r, text) for r in RULES for text in (*r.failing, *r.passing)]


def names(text: str) -> list[str]:
    return [d.kind.name for d in check_module(Library().text(text, "spec.anynet"))]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_examples(rule: Rule) -> None:
    assert rule.failing and rule.passing
    for text in rule.failing:
        assert set(names(text)) == {rule.name}
    for text in rule.passing:
        assert names(text) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_can_be_waived(rule: Rule) -> None:
    """By its predicate, and by its name."""
    for text in rule.failing:
        ways = [rule.name]
        if rule.predicate is not None:
            ways.append(write(rule.predicate))
        for way in ways:
            before, _, after = text.rpartition("}")
            assert names(f'{before}  waive {way} because "so"\n}}{after}') == []


def test_the_prelude() -> None:
    """LANGUAGE.md, section 4: what every net is held to."""
    principles = {write(r.predicate): r for r in RULES if isinstance(r, Principle)}
    assert set(principles) == {"shared(b)", "shared(g)", "nondecreasing(w)", "nondecreasing(d)"}
    assert {r.severity for r in principles.values()} == {WARNING}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_pages(kind: Kind, capsys: pytest.CaptureFixture[str]) -> None:
    first, *rest = kind.page.splitlines()
    assert first.endswith(".") and rest[:1] == [""], "a sentence, then what there is to say"
    assert kind.severity in (ERROR, WARNING, NOTE)
    for word in (kind.name, kind.code, kind.code.lower(), kind.name.replace("_", "-")):
        assert main(["explain", word]) == 0
        out = capsys.readouterr().out
        assert kind.page in out and kind.code in out


def test_codes_and_names_are_unique() -> None:
    assert len({k.code for k in KINDS}) == len({k.name for k in KINDS}) == len(KINDS)
    letters = {ERROR: "E", WARNING: "WP", NOTE: "N"}
    assert all(kind.code[0] in letters[kind.severity] for kind in KINDS)
    assert [k.code for k in KINDS] == sorted(k.code for k in KINDS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_pages_of_rules_teach(rule: Rule) -> None:
    page = rule.kind().page
    for heading in ("## Why", "## Example", "## Use instead"):
        assert heading in page
    assert "```anynet" in page


def test_the_examples_on_the_pages_are_in_the_language() -> None:
    from anydsl.language.parser import parse
    from anydsl.language.source import Source

    for kind in KINDS:
        for example in kind.page.split("```anynet\n")[1:]:
            text = example.partition("```")[0]
            inside = f"anynet 1\nnet N {{\nbody {{\n{text}\n}}\n}}\n"
            top = f"anynet 1\n{text}\n"
            found = [parse(Source("page", way)).diagnostics for way in (inside, top)]
            assert [] in [list(d) for d in found], f"{kind.name}: {text}"
