"""The spaces that ship: what their names promise."""

from __future__ import annotations

from itertools import pairwise

import pytest

from anydsl.checker.engine import check_declaration, check_module
from anydsl.checker.loading import pick
from anydsl.design.draws import Choice, LogUniform, Uniform
from anydsl.design.modules import Library
from anydsl.design.network import Space
from anydsl.design.predicates import write
from anydsl.design.study import Study
from anydsl.design.values import Range
from anydsl.study.plan import plan_of

PRINCIPLES = {
    "B": "shared(b)",
    "G": "shared(g)",
    "W": "nondecreasing(w)",
    "D": "nondecreasing(d)",
}
CHAINS = {
    "std:std/spaces": "AnyNetX",
    "std:studies/principles_cifar10": "Cifar",
    "std:studies/principles_fashion": "Fashion",
    "std:studies/principles_digits": "Digits",
}
STUDIES = (
    "principles_cifar10",
    "principles_digits",
    "principles_fashion",
    "vionet_cifar10",
    "vionet_digits",
)


def space(file: str, name: str) -> Space:
    module = Library().module(file)
    block = next(b for b in module.declared("space") if b.label and b.label.name.text == name)
    checked = check_declaration(module, block)
    assert isinstance(checked.value, Space), checked.diagnostics
    return checked.value


def required(of: Space) -> list[str]:
    return [write(rule.predicate) for rule in of.rules if rule.kind == "require"]


@pytest.mark.parametrize("file", CHAINS)
def test_each_of_a_chain_requires_one_principle_more(file: str) -> None:
    found = [required(space(file, CHAINS[file] + letter)) for letter in "ABCDE"]
    assert [len(rules) for rules in found] == [1, 2, 3, 4, 5]
    assert found[0][0].startswith("flops in ")
    assert found[-1][1:] == list(PRINCIPLES.values())
    for fewer, more in pairwise(found):
        assert more[:-1] == fewer


def test_the_draws_of_the_papers_first_space() -> None:
    stages = space("std:std/spaces", "AnyNetXA").stages
    assert [stage.name for stage in stages] == ["s1", "s2", "s3", "s4"]
    for stage in stages:
        assert stage.get("w") == LogUniform(Range(8, 1024, 8))
        assert stage.get("b") == Choice((1, 2, 4))
        assert stage.get("g") == Choice((1, 2, 4, 8, 16, 32))


def test_regnet() -> None:
    x, y = space("std:std/spaces", "RegNetX"), space("std:std/spaces", "RegNetY")
    assert dict(x.generator)["d"] == dict(y.generator)["d"] == Uniform(Range(12, 28, 1))
    assert required(x) == required(y) == ["stages == 4"]


@pytest.mark.parametrize("name", STUDIES)
def test_studies_can_be_planned(name: str) -> None:
    """Each file has one study of its name: that is what `anydsl sweep FILE` runs."""
    module, checked = pick(f"std:studies/{name}", "study")
    assert checked.name == name
    study = checked.value
    assert isinstance(study, Study)
    plan = plan_of(study.replace(samples=1), module)
    assert len(plan.groups) == (16 if name.startswith("vionet") else 5)
    assert len(plan.trials) == len(plan.groups)


def test_the_library_is_in_scope_everywhere() -> None:
    module = Library().text(
        "anynet 1\n\nnet N extends AnyNetXE {\n  input = 3x64x64\n"
        "  body { d = 2, b = 1, g = 8, stage s1 { w = 32 }, stage s2 { w = 64 }, "
        "stage s3 { w = 128 }, stage s4 { w = 512 } }\n"
        '  waive flops in 360M..400M because "small pictures"\n}\n'
    )
    assert [d.concise() for d in check_module(module) if d.level != "note"] == []
