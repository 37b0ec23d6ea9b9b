"""What a word of the language means: one `Setting` holds its kind, default, bounds and doc.

The resolver, "did you mean", the reference docs and later the editor and the samplers all read the
same declaration. This module declares the form; the words themselves stand beside what they set.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()
"""Stands for the default of a setting that has to be given."""


class Setting:
    """The declaration of one setting.

    Attributes:
        kind: `whole`, `number`, `numbers` (a list of them), `flag`, `text`, `size` (h x w),
            `shape` (c x h x w), `word` (one of `choices`), `words` (a list of them), `variant` (a
            call of one of `choices`), `variants` (a list of such calls) or `any`.
        default: the value where none is given, or `REQUIRED`.
        doc: one sentence for people, with the unit where there is one.
        low, high: inclusive bounds of a number, None where there is none.
        above: an exclusive lower bound.
        choices: words, or for a `variant` the record classes that may be called, by their names.
        symbol: how the RegNet paper writes it.
    """

    __slots__ = ("above", "choices", "default", "doc", "high", "kind", "low", "symbol")

    def __init__(
        self,
        kind: str,
        doc: str,
        *,
        default: Any = REQUIRED,
        low: float | None = None,
        high: float | None = None,
        above: float | None = None,
        choices: Collection[str] = (),
        symbol: str | None = None,
    ) -> None:
        self.kind = kind
        self.doc = doc
        self.default = default
        self.low = low
        self.high = high
        self.above = above
        self.choices = choices
        self.symbol = symbol

    def bounds(self) -> str:
        """The bounds in words, `""` where there are none."""
        above, low, high = map(_spoken, (self.above, self.low, self.high))
        if above:
            return f"above {above}" + (f" and at most {high}" if high else "")
        if low and high:
            return f"between {low} and {high}"
        if low:
            return f"at least {low}"
        return high and f"at most {high}"

    def allows(self, number: Any) -> bool:
        """Whether a number keeps the bounds."""
        return (
            (self.low is None or number >= self.low)
            and (self.high is None or number <= self.high)
            and (self.above is None or number > self.above)
        )


def _spoken(bound: Any) -> str:
    if bound is None:
        return ""
    return f"{bound:,}" if isinstance(bound, int) else f"{float(bound):g}"


def setting(kind: str, doc: str, **declared: Any) -> Any:
    """Declare a field of a record by its kind, its doc, and whatever else a `Setting` takes."""
    return Setting(kind, doc, **declared)
