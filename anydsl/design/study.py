"""Studies: which spaces are compared, and how. Running one is another layer's work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.design.predicates import Ordered, Predicate, Shared
from anydsl.language.declaration import setting
from anydsl.language.record import Record

if TYPE_CHECKING:
    from anydsl.design.modules import Module
    from anydsl.language.source import Span

PRINCIPLES: dict[str, Predicate] = {
    "b": Shared("b"),
    "g": Shared("g"),
    "w": Ordered("w"),
    "d": Ordered("d"),
}
"""The design principles (Radosavovic et al. 2020, sec. 3.2), by the setting that each is about."""


class Study(Record):
    """`study NAME { … }`: spaces, sampled and trained alike (Radosavovic et al. 2020, sec. 3.1).

    Attributes:
        scope: by word, the file in which it was given and where; also `spaces.NAME` and
            `factorial.LETTER`. Nothing for a study that was never text.
    """

    name: str
    doc: str = ""
    spaces: tuple[str, ...] = setting("spaces", "the design spaces that are compared", default=())
    recipe: str = setting("recipe", "how each design is trained", default="")
    samples: int = setting("whole", "designs drawn of each space", default=100, low=1, high=10**6)
    seed: int = setting("whole", "seed of every random choice", default=0, low=0, high=2**32 - 1)
    paired: bool = setting(
        "flag", "whether designs with one number come of the same random numbers", default=False
    )
    factorial: tuple[str, ...] = setting(
        "words",
        "principles that are kept and broken in every combination, over one space; each "
        "combination is compared as a space of its own, all at the same flops",
        default=(),
        choices=tuple(PRINCIPLES),
    )
    replicas: int = setting(
        "whole",
        "how often each design is trained, each time with another seed",
        default=1,
        low=1,
        high=1000,
    )
    budget: int | None = setting(
        "whole",
        "multiply-adds of all training together that may be spent; fewer designs are drawn, of "
        "each space alike, where `samples` would cost more",
        default=None,
        low=1,
        high=2**63 - 1,
    )
    scope: dict[str, tuple[Module, Span]] | None = None

    def place(self, path: str) -> Span | None:
        """Where a word, or a name in its list, was given: `spaces`, `factorial.b`; else None."""
        scope = self.scope or {}
        found = scope.get(path) or scope.get(path.partition(".")[0]) or scope.get("")
        return None if found is None else found[1]

    def home(self, word: str, module: Module) -> Module:
        """The file in which a word was given; that of the study where nothing else is known."""
        found = (self.scope or {}).get(word)
        return module if found is None else found[0]
