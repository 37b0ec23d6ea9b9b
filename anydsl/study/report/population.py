"""What a study has found so far: its designs by group, with their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from anydsl.language.record import Record
from anydsl.study.rows import DONE, FAILED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from anydsl.study.rows import Row, Tally
    from anydsl.study.store import Store

    Numbers = NDArray[np.float64]


class Design(Record):
    """A design, with the trainings of it that are done.

    Attributes:
        group: that it was drawn for.
        index: its number in the group.
        error: on the validation split, averaged over `rows`; guessing's where training diverged.
        rows: one for each replica, one or more.
    """

    group: str
    index: int
    error: float
    rows: tuple[Row, ...]

    @property
    def first(self) -> Row:
        """One of its rows, for what all of them have: net, costs, settings."""
        return self.rows[0]


class Population(Record):
    """A study as its database has it.

    Attributes:
        facts: what is known of the study as a whole, by name.
        groups: their names, in the order of the study.
        rows: every trial in its places, group by group.
        designs: of each group those with a training that is done, in their order. Trials that
            failed are not among them; those that diverged are, with the error of guessing.
        tallies: of each group how far it is, and of the study under the empty name.
    """

    facts: dict[str, Any]
    groups: tuple[str, ...]
    rows: tuple[Row, ...]
    designs: dict[str, tuple[Design, ...]]
    tallies: dict[str, Tally]

    @property
    def study(self) -> str:
        """The name of the study."""
        return str(self.facts.get("study", ""))

    @property
    def factorial(self) -> tuple[str, ...]:
        """The letters of the principles, if the groups are the cells of a factorial."""
        return tuple(self.facts.get("factorial", ()))

    @property
    def paired(self) -> bool:
        """Whether designs of one number belong together over the groups."""
        return bool(self.facts.get("paired", False))

    @property
    def whole(self) -> Tally:
        """How far the study is."""
        return self.tallies[""]

    @property
    def finished(self) -> bool:
        """Whether no trial is left to be done."""
        return not self.whole.left

    @property
    def every(self) -> tuple[Design, ...]:
        """The designs of all groups."""
        return tuple(design for name in self.groups for design in self.designs[name])

    @property
    def failed(self) -> tuple[Row, ...]:
        """The trials that failed, each once."""
        return tuple({row.id: row for row in self.rows if row.status == FAILED}.values())

    def part(self, fact: str) -> dict[str, Any]:
        """A fact that has parts of its own, such as `data`; empty where it is not known."""
        found = self.facts.get(fact)
        return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]

    def broken(self, group: str) -> frozenset[str]:
        """The principles that a cell of a factorial breaks."""
        return frozenset(self.part("broken").get(group, ()))

    def errors(self, group: str) -> Numbers:
        """The errors of a group's designs."""
        return np.array([design.error for design in self.designs[group]], dtype=np.float64)

    def aligned(self, group: str) -> Numbers:
        """Errors by the number of the design, over all groups; NaN where there is none."""
        errors = np.full(1 + max((d.index for d in self.every), default=-1), np.nan)
        for design in self.designs[group]:
            errors[design.index] = design.error
        return errors


def population_of(store: Store) -> Population:
    """Read a study.

    Raises:
        RunError: the database is damaged.
    """
    facts = store.facts()
    groups = tuple(facts.get("groups", ()))
    rows = tuple(store.rows())
    found: dict[str, dict[int, list[Row]]] = {name: {} for name in groups}
    for row in rows:
        if row.status == DONE and row.group in found:
            found[row.group].setdefault(row.index, []).append(row)
    return Population(
        facts=facts,
        groups=groups,
        rows=rows,
        designs={
            name: tuple(_design(name, index, own) for index, own in sorted(of.items()))
            for name, of in found.items()
        },
        tallies={tally.group: tally for tally in store.tallies()},
    )


def _design(group: str, index: int, rows: list[Row]) -> Design:
    errors = [row.outcome.error for row in rows if row.outcome is not None]
    return Design(group, index, sum(errors) / len(errors), tuple(rows))
