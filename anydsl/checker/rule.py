"""What a lint rule is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from anydsl.blocks.measurement import Measurement
from anydsl.design.network import Network
from anydsl.design.predicates import Predicate, blame
from anydsl.language.diagnostics import Kind
from anydsl.language.record import Record


class Subject(Record):
    """What a rule looks at: a network and what it measures."""

    network: Network
    measured: Measurement


class Finding(Record):
    """What a rule finds, at a field path such as `s2.w`.

    Attributes:
        other, other_message: a second value that the finding speaks of.
        severity: where it differs from the rule's own.
    """

    path: str
    message: str
    other: str = ""
    other_message: str = ""
    severity: str = ""


class Rule(ABC):
    """A lint rule: final subclasses stand alone in a file of `rules`, their docstring is the page.

    The first line of the page is the rule in one sentence. `failing` and `passing` are whole specs
    that the tests run.
    """

    name: ClassVar[str]
    code: ClassVar[str]
    severity: ClassVar[str]
    failing: ClassVar[tuple[str, ...]]
    passing: ClassVar[tuple[str, ...]]
    predicate: ClassVar[Predicate | None] = None

    @classmethod
    def kind(cls) -> Kind:
        """The kind of this rule's findings."""
        lines = (cls.__doc__ or "").splitlines()
        page = "\n".join([lines[0], *(line.removeprefix("    ") for line in lines[1:])]).strip()
        return Kind(cls.name, cls.code, cls.severity, page)

    @abstractmethod
    def check(self, subject: Subject) -> Iterable[Finding]:
        """Find what breaks the rule."""


class Principle(Rule):
    """A principle of RegNet: a `prefer` that every network is held to."""

    predicate: ClassVar[Predicate]  # type: ignore[misc]

    def check(self, subject: Subject) -> Iterable[Finding]:
        """Blame the narrowest values that break the predicate."""
        for found in blame(self.predicate, subject.measured):
            yield Finding(found.path, found.message, found.other, found.other_message)
