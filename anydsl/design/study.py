"""Studies: which spaces are compared, and how. Running one is another layer's work."""

from __future__ import annotations

from anydsl.language.declaration import setting
from anydsl.language.record import Record


class Study(Record):
    """`study NAME { … }`: spaces, sampled and trained alike (Radosavovic et al. 2020, sec. 3.1)."""

    name: str
    doc: str = ""
    spaces: tuple[str, ...] = setting("spaces", "the design spaces that are compared", default=())
    recipe: str = setting("recipe", "how each design is trained", default="")
    samples: int = setting("whole", "designs drawn of each space", default=100, low=1, high=10**6)
    seed: int = setting("whole", "seed of every random choice", default=0, low=0, high=2**32 - 1)
