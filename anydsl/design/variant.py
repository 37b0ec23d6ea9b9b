"""What a setting of a recipe is given by name, such as `sgd(lr = 0.1)`."""

from __future__ import annotations

from fractions import Fraction

from anydsl.language.record import Record

Number = int | float | Fraction


class Variant(Record):
    """A value that is called by its name; its fields are what stands in the brackets."""

    def conflict(self) -> tuple[str, str] | None:
        """The setting that does not go with the others and why; None where all go together."""
        return None
