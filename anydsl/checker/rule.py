"""What a lint rule is: one class for each sort of thing that a rule can look at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from fractions import Fraction
from typing import ClassVar

from anydsl.blocks.measurement import Measurement
from anydsl.design.modules import Module
from anydsl.design.network import Network, Space
from anydsl.design.outline import Outline, outline
from anydsl.design.predicates import Ordered, Predicate, Shared, blame
from anydsl.design.recipe import Dataset, Recipe
from anydsl.design.study import Study
from anydsl.design.values import Groups, Value
from anydsl.language import tree
from anydsl.language.diagnostics import Fix, Kind, Label
from anydsl.language.record import Record
from anydsl.language.source import Span

# --------------------------------------------------------------------------- what is looked at


class Subject(Record):
    """A network and what it measures."""

    network: Network
    measured: Measurement


class Training(Record):
    """A recipe and the networks of its file.

    Attributes:
        given: the paths of the settings that were written, such as `batch` and `optimizer.lr`.
    """

    recipe: Recipe
    given: frozenset[str]
    networks: tuple[Subject, ...]


class Member(Record):
    """A space or a network that a study compares.

    Attributes:
        classes: how many it tells apart; None where it has no head, or that is not known.
    """

    name: str
    value: Space | Network
    input: tuple[int, int, int]
    classes: int | None


class Comparison(Record):
    """A study, its spaces and networks, and the data of its recipe.

    Attributes:
        members: those that have no errors.
        data: None where the recipe says nothing of it, or has errors.
    """

    study: Study
    members: tuple[Member, ...]
    data: Dataset | None


class Declaration(Record):
    """One declaration as it is written, and what it means.

    Attributes:
        measured: what it costs, if it is a network.
    """

    module: Module
    block: tree.Block
    value: Network | Space | Recipe | Study
    measured: Measurement | None = None

    def outline(self) -> Outline:
        """A net or a space merged with what it extends."""
        return outline(self.module, self.block)

    def parent(self) -> tuple[Module, tree.Block] | None:
        """What it extends, and where that stands."""
        base = self.block.base
        found = self.module.find(base.text) if base is not None else None
        if found is None or not isinstance(found[1], tree.Block):
            return None
        return found[0], found[1]


# ------------------------------------------------------------------------------ what is found


class SetValue(Record):
    """Give another value to what stands at a field path."""

    path: str
    value: Value
    safe: bool = False


class Finding(Record):
    """What a rule finds, at a field path such as `s2.w`.

    Attributes:
        other, other_message: a second value that the finding speaks of.
        severity: where it differs from the rule's own.
        help: the way out.
        remedy: a change of the design that ends it.
    """

    path: str
    message: str
    other: str = ""
    other_message: str = ""
    severity: str = ""
    help: str = ""
    remedy: SetValue | None = None


class Remark(Record):
    """What a rule finds in what is written."""

    at: Span
    message: str
    labels: tuple[Label, ...] = ()
    help: str = ""
    fixes: tuple[Fix, ...] = ()


# ------------------------------------------------------------------------------------- rules

SAFE, UNSAFE = "safe", "unsafe"


class Rule(ABC):
    """A lint rule: final subclasses stand alone in a file of `rules`, their docstring is the page.

    The first line of the page is the rule in one sentence. `failing` and `passing` are whole specs
    that the tests run. The file has the rule's name.

    Attributes:
        on: whether it is on where nobody selects rules.
        fix: how safe its fixes are, empty where it has none; a safe one leaves the network as it
            is.
        fixed: what the fixes make of the examples of `failing`, one by one.
    """

    name: ClassVar[str]
    code: ClassVar[str]
    severity: ClassVar[str]
    on: ClassVar[bool] = True
    fix: ClassVar[str] = ""
    failing: ClassVar[tuple[str, ...]]
    passing: ClassVar[tuple[str, ...]]
    fixed: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def kind(cls) -> Kind:
        """The kind of this rule's findings."""
        known = _KINDS.get(cls.name)
        if known is None:
            lines = (cls.__doc__ or "").splitlines()
            page = "\n".join([lines[0], *(line.removeprefix("    ") for line in lines[1:])])
            known = _KINDS[cls.name] = Kind(
                cls.name, cls.code, cls.severity, page.strip(), cls.fix, cls.on
            )
        return known


_KINDS: dict[str, Kind] = {}


class NetworkRule(Rule):
    """A rule over a measured network, from whatever it came; it never sees text."""

    predicate: ClassVar[Predicate | None] = None

    @abstractmethod
    def check(self, subject: Subject) -> Iterable[Finding]:
        """Find what breaks the rule."""


class Principle(NetworkRule):
    """A principle of RegNet: a `prefer` that every network is held to."""

    fix = UNSAFE

    def check(self, subject: Subject) -> Iterable[Finding]:
        """Blame the narrowest values that break the predicate."""
        assert self.predicate is not None
        for found in blame(self.predicate, subject.measured):
            finding = Finding(found.path, found.message, found.other, found.other_message)
            yield finding.replace(remedy=self._as_the_other(finding, subject))

    def _as_the_other(self, finding: Finding, subject: Subject) -> SetValue | None:
        """Give the value that is to blame that of the stage it clashes with."""
        if not isinstance(self.predicate, (Shared, Ordered)) or not finding.other:
            return None
        stage, _, key = finding.other.rpartition(".")
        value = dict(subject.measured.values(key)).get(stage)
        if isinstance(value, (int, Fraction, Groups)) and not isinstance(value, bool):
            return SetValue(finding.path, value)
        return None


class RecipeRule(Rule):
    """A rule over a recipe and the networks beside it."""

    @abstractmethod
    def check(self, subject: Training) -> Iterable[Finding]:
        """Find what breaks the rule, at paths such as `optimizer.lr`."""


class StudyRule(Rule):
    """A rule over a study and its spaces."""

    @abstractmethod
    def check(self, subject: Comparison) -> Iterable[Finding]:
        """Find what breaks the rule, at paths such as `spaces`."""


class DeclarationRule(Rule):
    """A rule over how a net, a space, a recipe or a study is written."""

    @abstractmethod
    def check(self, subject: Declaration) -> Iterable[Remark]:
        """Find what breaks the rule."""


class FileRule(Rule):
    """A rule over a whole file as it is written."""

    @abstractmethod
    def check(self, subject: Module) -> Iterable[Remark]:
        """Find what breaks the rule."""


BASES: tuple[type[Rule], ...] = (
    Rule,
    NetworkRule,
    Principle,
    RecipeRule,
    StudyRule,
    DeclarationRule,
    FileRule,
)
"""The classes that are no rules themselves."""
