"""Checks a file: syntax, meaning, costs, then what the designs say of themselves and the rules."""

from __future__ import annotations

from anydsl.blocks.definitions import check_definition
from anydsl.blocks.faults import SHAPE, WIDTH
from anydsl.blocks.measurement import Measurement, examine
from anydsl.checker.compared import compare, factorial_faults
from anydsl.checker.extending import outside_of_space
from anydsl.checker.judging import Judge, diagnosed
from anydsl.checker.outcomes import REQUIREMENT, UNUSED_WAIVER
from anydsl.checker.rule import Declaration, FileRule, Subject
from anydsl.checker.selection import USUAL, Selection
from anydsl.design.faults import TOO_LARGE
from anydsl.design.modules import Module
from anydsl.design.network import Network, Resolved, Space
from anydsl.design.reading import constant
from anydsl.design.recipe import Recipe
from anydsl.design.recipes import resolve_recipe, resolve_study
from anydsl.design.resolving import resolve, resolve_space
from anydsl.design.study import Study
from anydsl.language import tree
from anydsl.language.diagnostics import ERROR, SPELLING, Diagnostic, Edit, Fault, Fix
from anydsl.language.record import Record

_SURE = (REQUIREMENT, UNUSED_WAIVER, SHAPE, WIDTH)
"""Errors that leave no doubt about which name stands for what."""

MOST = {"stages": 10_000, "blocks": 50_000, "operations": 25_000}
"""How much the nets and spaces of a file may come to in all, by what `Library` counts.

A label makes a thousand stages, and a stage ten thousand blocks. Operations of blocks that are
alike are worked out once, and count once. Each word of the file adds one: a long file has no limit
but its length, unless few of its words make much.
"""

Meaning = Network | Space | Recipe | Study


class Checked(Record):
    """A declaration that has been checked.

    Attributes:
        value: what it means; None where errors leave nothing.
        measured: what it costs, if it is a network whose blocks fit together.
        diagnostics: what was found in it.
    """

    name: str
    kind: str
    value: Meaning | None
    measured: Measurement | None
    diagnostics: tuple[Diagnostic, ...]
    resolved: Resolved | None = None

    @property
    def sound(self) -> bool:
        """Whether there is no error."""
        return all(d.level != "error" for d in self.diagnostics)


def check_module(module: Module, selection: Selection = USUAL) -> list[Diagnostic]:
    """Everything that is to be said of a file, in the order of its text."""
    return check_each(module, selection)[0]


def check_each(
    module: Module, selection: Selection = USUAL
) -> tuple[list[Diagnostic], list[Checked]]:
    """Everything that is to be said of a file, and what its declarations came to."""
    found = list(module.diagnostics)
    declared: list[Checked] = []
    file = _File(module, selection)
    for statement in module.file.statements:
        match statement:
            case tree.Assign():
                found += _check_constant(module, statement)
            case tree.Block(label=tree.Label()):
                declared.append(file.check(statement))
                found += declared[-1].diagnostics
            case _:
                pass
    if all(d.level != ERROR or d.kind in _SURE for d in found):
        for rule in selection.rules():
            if isinstance(rule, FileRule):
                found += [diagnosed(rule, remark) for remark in rule.check(module)]
    unique = selection.apply(dict.fromkeys(map(_spelt, found)))
    unique.sort(key=lambda d: (d.at.source.path != module.source.path, d.position))
    return unique, declared


def check_declaration(module: Module, block: tree.Block, selection: Selection = USUAL) -> Checked:
    """Check one net, space, block, recipe or study."""
    checked = _File(module, selection).check(block)
    found = selection.apply(map(_spelt, checked.diagnostics))
    return checked.replace(diagnostics=tuple(found))


def _spelt(found: Diagnostic) -> Diagnostic:
    """Where another word is offered for one that stands alone: a fix that puts it there."""
    offered = SPELLING.fullmatch(found.help)
    if offered is None or found.fixes or found.level != ERROR or not found.at.text.isidentifier():
        return found
    word = offered[1]
    return found.replace(fixes=(Fix(f"write `{word}`", (Edit(found.at, word),)),))


def _check_constant(module: Module, assign: tree.Assign) -> list[Diagnostic]:
    """A constant is any value; what a bare word in it means is for the reader to say."""
    try:
        constant(module, assign)
    except Fault as fault:
        return [fault.diagnostic]
    return []


class _File:
    """Checks the declarations of one file, each of its networks once."""

    def __init__(self, module: Module, selection: Selection) -> None:
        self.module = module
        self.selection = selection
        self.networks: dict[int, Checked] = {}
        self.before = {what: getattr(module.library, what) for what in MOST}

    def check(self, block: tree.Block) -> Checked:
        assert block.label is not None
        name, kind = block.label.name.text, block.kind.text
        value: Meaning | None = None
        match kind:
            case "net":
                return self.network(block)
            case "space":
                value, found = None, self._beyond(block)
                if not found:
                    value, found = resolve_space(self.module, block)
                if value is not None:
                    from anydsl.spaces.consistency import contradictions  # for spaces alone

                    judge = self._judge(block, value)
                    judge.space(value)
                    found += [*judge.found, *contradictions(value)]
            case "recipe":
                value, found = resolve_recipe(self.module, block)
                if value is not None:
                    judge = self._judge(block, value)
                    judge.recipe(value, self._subjects)
                    found += judge.found
            case "study":
                value, found = resolve_study(self.module, block)
                if value is not None:
                    judge = self._judge(block, value)
                    compared = compare(value, self.module)
                    judge.study(compared)
                    found += [*judge.found, *factorial_faults(compared)]
            case "block":
                found = check_definition(block, self.module)
            case _:
                found = []  # the module has said that there is no such thing
        return Checked(name, kind, value, None, tuple(found))

    def network(self, block: tree.Block) -> Checked:
        known = self.networks.get(id(block))
        if known is None:
            known = self.networks[id(block)] = self._network(block)
        return known

    def _network(self, block: tree.Block) -> Checked:
        assert block.label is not None
        name = block.label.name.text
        if found := self._beyond(block):
            return Checked(name, "net", None, None, tuple(found))
        resolved, found = resolve(self.module, block)
        if resolved is None:
            return Checked(name, "net", None, None, tuple(found))
        measured, more = examine(resolved, self.module.library)
        found += more
        if measured is not None:
            judge = self._judge(block, resolved.network, measured)
            judge.network(resolved, measured)
            found += [*judge.found, *outside_of_space(self.module, block, resolved, measured)]
            used = judge.waivers.used
            waivers = tuple(w for w in resolved.network.waivers if w in used)
            resolved = resolved.replace(network=resolved.network.replace(waivers=waivers))
        return Checked(name, "net", resolved.network, measured, tuple(found), resolved)

    def _beyond(self, block: tree.Block) -> list[Diagnostic]:
        """Whether those before are all that can be resolved in a short time."""
        for what, most in MOST.items():
            if getattr(self.module.library, what) - self.before[what] > most + self.module.tokens:
                limit = f"{most:,} {what} and one for each word"
                message = f"the nets and spaces before are beyond the limit of {limit}"
                return [Diagnostic(TOO_LARGE, message, block.head, help="make it two files")]
        return []

    def _judge(
        self, block: tree.Block, value: Meaning, measured: Measurement | None = None
    ) -> Judge:
        return Judge(Declaration(self.module, block, value, measured), self.selection)

    def _subjects(self) -> tuple[Subject, ...]:
        """The networks of the file, those that fit together."""
        checked = [self.network(block) for block in self.module.declared("net")]
        return tuple(
            Subject(c.value, c.measured)
            for c in checked
            if isinstance(c.value, Network) and c.measured is not None
        )
