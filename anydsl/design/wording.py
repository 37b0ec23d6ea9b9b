"""Declarations in words, for people: what a setting takes, its default, how a thing is called."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from anydsl.design.values import spoken
from anydsl.language.declaration import REQUIRED, Setting

KINDS = {
    "whole": "whole number",
    "number": "number",
    "numbers": "list of numbers",
    "flag": "`true` or `false`",
    "text": "text",
    "size": "height x width",
    "shape": "channels x height x width",
    "any": "any value",
}


def takes(setting: Setting) -> str:
    """What a setting takes: its kind, bounds and choices, in Markdown."""
    choices = ", ".join(f"`{choice}`" for choice in setting.choices)
    match setting.kind:
        case "word" | "variant":
            return f"one of {choices}"
        case "words" | "variants":
            return f"list of {choices}"
        case _:
            text = KINDS.get(setting.kind, setting.kind)
            bounds = _bounds(setting)
            return text + (f", {bounds}" if bounds else "") + (f", or {choices}" if choices else "")


def default(setting: Setting) -> str:
    """The default as it is written; empty where there is none or nothing to write."""
    value: Any = setting.default
    if value is REQUIRED:
        return ""
    match value:
        case None:
            return "none"
        case () | "":
            return ""
        case str():
            return value
        case int() | Fraction() if value == 0 or value >= Fraction(1, 1000):
            return spoken(value)
        case float() | Fraction():
            value = float(value)
            return f"{value:g}".replace("e-0", "e-")
        case _:
            table: Any = setting.choices
            return next(name for name, cls in table.items() if isinstance(value, cls))


def signature(word: str, declared: Mapping[str, Setting]) -> str:
    """`conv(w, k, s = 1, …)`: a word with what can stand in its brackets."""
    return f"{word}({', '.join(parameters(declared))})" if declared else word


def parameters(declared: Mapping[str, Setting]) -> list[str]:
    """Each of the settings as it stands in a signature: `w`, `s = 1`."""
    written: list[str] = []
    for name, setting in declared.items():
        plain = default(setting)
        written.append(name if plain in ("", "none") else f"{name} = {plain}")
    return written


def doc(cls: type) -> str:
    """The docstring of a declared class, on one line."""
    return " ".join((cls.__doc__ or "").split())


def _bounds(setting: Setting) -> str:
    high = float(setting.high) if isinstance(setting.high, Fraction) else setting.high
    return Setting("number", "", low=setting.low, high=high, above=setting.above).bounds()


def scaled(number: int) -> str:
    """A count in three figures: `930`, `19.3 K`, `4.34 M`, `1.5 G`."""
    if number < 1000:
        return str(number)
    letters = iter("KMGTPE")
    value = float(number)
    letter = ""
    while value >= 999.5 and (following := next(letters, "")):
        value, letter = value / 1000, following
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {letter}".rstrip()
