"""Numbers of several blocks that share a picture: one number where they agree, else a symbol."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from anydsl.drawing.content.flow import Flow
from anydsl.graph.operations import Shape

_LETTERS = ("m", "n", "p", "q", "u", "v", "y", "z")
_LARGEST_FACTOR = 64


class Numbers:
    """Writes the numbers of blocks of one kind.

    `w` is what a block puts out and `x.w` what comes into it, as in the language; other widths are
    these times a factor that all blocks share, or get a letter of their own.

    Attributes:
        members: the blocks, no two alike.
        symbols: what stands for numbers that differ, with its number in each member.
    """

    def __init__(self, members: Sequence[Flow]) -> None:
        self.members = members
        self.symbols: dict[str, tuple[int, ...]] = {}
        self._widths = {
            "w": tuple(flow.output[0] for flow in members),
            "x.w": tuple(flow.input[0] for flow in members),
        }

    @property
    def agree(self) -> bool:
        """Whether there is but one block."""
        return len(self.members) == 1

    def width(self, values: Sequence[int]) -> str:
        """A number of channels."""
        if same(values):
            return str(values[0])
        known = self._widths | {k: v for k, v in self.symbols.items() if k in _LETTERS}
        exact = [name for name, widths in known.items() if widths == tuple(values)]
        if exact:
            return exact[0]
        for name, widths in known.items():
            factors = {Fraction(a, b) for a, b in zip(values, widths, strict=True)}
            factor = factors.pop()
            if not factors and max(factor.numerator, factor.denominator) <= _LARGEST_FACTOR:
                return _times(factor, name)
        free = (letter for letter in _LETTERS if letter not in self.symbols)
        return self.named(next(free, f"m{len(self.symbols)}"), values)

    def named(self, name: str, values: Sequence[int]) -> str:
        """A number that has a symbol where it is not one and the same."""
        if same(values):
            return str(values[0])
        taken = self.symbols.get(name)
        if taken is not None and taken != tuple(values):
            return self.named(f"{name}′", values)
        self.symbols[name] = tuple(values)
        return name

    def ends(self) -> tuple[str, str]:
        """The shapes of the input and the output."""
        ins, outs = [f.input for f in self.members], [f.output for f in self.members]
        if same(ins) and same(outs):
            return shape(ins[0]), shape(outs[0])
        before, after = self.width([s[0] for s in ins]), self.width([s[0] for s in outs])
        if any(len(s) != 3 for s in (*ins, *outs)):
            return before, after
        if same([s[1:] for s in ins]) and same([s[1:] for s in outs]):
            return f"{before}×{shape(ins[0][1:])}", f"{after}×{shape(outs[0][1:])}"
        strides = {flow.stride for flow in self.members}
        r = "r′" if len(strides) > 1 else f"r/{max(strides)}" if max(strides) > 1 else "r"
        if any(s[1] != s[2] for s in (*ins, *outs)):
            return f"{before}×r", f"{after}×{r}"
        return f"{before}×r×r", f"{after}×{r}×{r}"


def same(values: Sequence[object]) -> bool:
    """Whether all values are equal."""
    return all(value == values[0] for value in values)


def shape(of: Shape) -> str:
    """A shape with the sign for times, as print has it."""
    return "×".join(map(str, of))


def several(values: Sequence[int]) -> str:
    """Different numbers in a row, the middle ones left out where there are many."""
    unique = list(dict.fromkeys(values))
    return ", ".join(map(str, unique)) if len(unique) <= 3 else f"{unique[0]} … {unique[-1]}"


def _times(factor: Fraction, name: str) -> str:
    above = name if factor.numerator == 1 else f"{factor.numerator}{'·' * (len(name) > 1)}{name}"
    return above if factor.denominator == 1 else f"{above}/{factor.denominator}"
