"""Every rule runs its own examples and fixes, and every kind of finding has a page."""

from __future__ import annotations

import pytest

from anydsl.blocks.graphing import build_graph
from anydsl.checker.engine import check_declaration, check_module
from anydsl.checker.fixing import fix
from anydsl.checker.registry import files, kinds, rules, usual
from anydsl.checker.rule import (
    SAFE,
    UNSAFE,
    DeclarationRule,
    FileRule,
    NetworkRule,
    Principle,
    RecipeRule,
    Rule,
)
from anydsl.checker.selection import USUAL, Selection, select
from anydsl.cli import main
from anydsl.design.modules import Library, Module
from anydsl.design.network import Network
from anydsl.design.predicates import write
from anydsl.language.diagnostics import ERROR, NOTE, WARNING, Diagnostic, Kind
from anydsl.language.printer import format_text

RULES = rules()
KINDS = kinds()
GROUPS = {"principles": "P", "compatibility": "C", "hardware": "H", "redundancy": "R"}
GROUPS |= {"training": "T"}

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def selection(rule: Rule) -> Selection:
    return USUAL if rule.on else select(None, more=[rule.name])


def found(text: str, rule: Rule) -> list[Diagnostic]:
    return check_module(Library().text(text, "spec.anynet"), selection(rule))


def names(text: str, rule: Rule) -> list[str]:
    return [d.kind.name for d in found(text, rule)]


def graphs(text: str) -> dict[str, list[object]]:
    """Each net's operations and how they are wired."""
    module = Library().text(text, "spec.anynet")
    values = (check_declaration(module, block).value for block in module.declared("net"))
    return {v.name: list(build_graph(v)) for v in values if isinstance(v, Network)}


@each_rule
def test_examples(rule: Rule) -> None:
    assert rule.failing
    assert rule.passing
    for text in rule.failing:
        assert set(names(text, rule)) == {rule.name}
    for text in rule.passing:
        assert names(text, rule) == []


@each_rule
def test_fixes(rule: Rule) -> None:
    """A fix gives the text that the rule shows; that lints clean and formats to itself."""

    def check(module: Module) -> list[Diagnostic]:
        return check_module(module, selection(rule))

    offered = [fix for text in rule.failing for d in found(text, rule) for fix in d.fixes]
    assert bool(offered) == bool(rule.fixed)
    if not rule.fixed:
        return
    assert all(fix.safe == (rule.fix == SAFE) for fix in offered)
    for text, expected in zip(rule.failing, rule.fixed, strict=True):
        kept = fix(text, check, path="spec.anynet")
        if rule.fix == UNSAFE and text != expected:
            assert kept.text != expected, "an unsafe fix waits to be asked for"
        fixed = fix(text, check, path="spec.anynet", unsafe=True)
        assert fixed.left == ()
        assert fixed.text == expected
        assert text == expected or names(expected, rule) == []
        assert format_text(expected) == expected
        if rule.fix == SAFE:
            assert graphs(text) == graphs(expected)


@each_rule
def test_rules_say_what_their_fixes_are(rule: Rule) -> None:
    page = rule.kind().page
    assert rule.fix in ("", SAFE, UNSAFE)
    if rule.fix:
        words = page.partition("## Fix\n")[2].lower()
        assert words.startswith(f"{rule.fix}:")
    else:
        assert "## Fix" not in page


@each_rule
def test_each_rule_can_be_waived(rule: Rule) -> None:
    """By its predicate and by its name, where the finding is in something that takes waivers."""
    if isinstance(rule, FileRule):
        return
    kind = "recipe" if isinstance(rule, RecipeRule) else ""
    for text in rule.failing:
        ways = [rule.name]
        if isinstance(rule, NetworkRule) and rule.predicate is not None:
            ways.append(write(rule.predicate))
        for way in ways:
            waived = text
            blamed = {
                block
                for d in found(text, rule)
                for block in Library().text(text, "spec.anynet").file.statements
                if block.span.start <= d.at.start < block.span.end
            }
            for block in sorted(blamed, key=lambda b: -b.span.start):
                assert not kind or block.span.text.startswith(kind)
                end = block.span.end - 1
                line = f'\n  waive {way} because "so"\n'
                waived = waived[:end].rstrip() + line + waived[end:]
            assert names(waived, rule) == []


def test_a_waiver_is_as_good_where_its_rule_is_off() -> None:
    rule = next(r for r in RULES if r.name == "padded_width")
    text = rule.failing[0].rpartition("}")[0] + '  waive padded_width because "so"\n}\n'
    assert [d.kind.name for d in check_module(Library().text(text, "spec.anynet"))] == []
    clean = text.replace("36", "32")
    (idle,) = check_module(Library().text(clean, "spec.anynet"))
    assert idle.kind.name == "unused_waiver"


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
    assert [k.code for k in KINDS] == sorted(k.code for k in KINDS)
    letters = {ERROR: "E", WARNING: "W", NOTE: "N"}
    for kind in KINDS:
        if kind.name not in files():
            assert kind.code[0] == letters[kind.severity]


@each_rule
def test_a_rule_stands_in_the_file_and_the_group_of_its_name(rule: Rule) -> None:
    group = files()[rule.name].split(".")[-2]
    assert rule.code[0] == GROUPS[group]
    assert rule in usual() if rule.on else rule not in usual()
    assert rule.on or group == "hardware" or rule.name == "default_setting"
    assert rule.on == (group != "hardware") or rule.name == "default_setting"


@each_rule
def test_pages_of_rules_teach(rule: Rule) -> None:
    page = rule.kind().page
    for heading in ("## Why", "## Example", "## Use instead"):
        assert heading in page
    assert "```anynet" in page


def test_rules_over_networks_meet_networks_without_a_text() -> None:
    """Sampled and imported networks have no text: the rules judge them all the same."""
    from anydsl.blocks.measurement import measure
    from anydsl.checker.rule import Subject

    for rule in RULES:
        if isinstance(rule, NetworkRule) and not isinstance(rule, DeclarationRule):
            module = Library().text(rule.failing[0], "spec.anynet")
            value = check_declaration(module, module.declared("net")[0]).value
            assert isinstance(value, Network)
            assert list(rule.check(Subject(value, measure(value))))


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
