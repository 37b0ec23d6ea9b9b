"""How wide a text is, before anybody has chosen the font that draws it.

The widths are those of DejaVu Sans in hundredths of its size. It is wider than Helvetica, Arial and
their like, so that what fits by this table fits in them.
"""

from __future__ import annotations

from unicodedata import combining, east_asian_width

# fmt: off
_ASCII = (
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79,
    60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63,
    63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
)
# fmt: on
_OTHERS = {"×": 84, "·": 32, "–": 50, "…": 100, "′": 23}
_WIDE, _USUAL, _BOLD = 100, 84, 1.1


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a line of text."""
    return sum(map(_letter, text)) * size / 100 * (_BOLD if bold else 1)


def wrapped(text: str, size: float, most: float) -> list[str]:
    """A text in lines no wider than that; a word that is wider is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= most:
            lines[-1] = longer
        else:
            lines.append(clipped(word, size, most))
    return lines


def clipped(text: str, size: float, most: float, *, bold: bool = False) -> str:
    """A text that is no wider than that, its end left out where it has to be."""
    if width(text, size, bold=bold) <= most:
        return text
    while text and width(f"{text}…", size, bold=bold) > most:
        text = text[:-1]
    return f"{text}…"


def _letter(letter: str) -> int:
    code = ord(letter)
    if 32 <= code < 127:
        return _ASCII[code - 32]
    if combining(letter):
        return 0
    return _OTHERS.get(letter, _WIDE if east_asian_width(letter) in "WF" else _USUAL)
