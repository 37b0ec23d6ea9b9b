"""The specs that come with anydsl: where they are, and what they are called."""

from __future__ import annotations

import os
import re

SUFFIX = ".anynet"
DECLARED = ("net", "space", "block", "recipe", "study")

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_TOP_LEVEL = re.compile(r"^(?:(?:" + "|".join(DECLARED) + r")[ \t]+(\w+)|(\w+)[ \t]*=)", re.M)


def shipped() -> str:
    """The folder of the shipped specs: in the wheel, or beside the package in a checkout."""
    inside = os.path.join(_PACKAGE, "specs")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(_PACKAGE), "specs")


def names_beneath(root: str) -> list[str]:
    """The specs beneath a folder, as they follow `std:`."""
    return sorted(
        os.path.relpath(os.path.join(folder, file), root).removesuffix(SUFFIX)
        for folder, _, files in os.walk(root)
        for file in files
        if file.endswith(SUFFIX)
    )


def declared_in(folder: str) -> dict[str, str]:
    """Name to file, by a look at the first words of lines: only what is used is parsed."""
    found: dict[str, str] = {}
    for file in sorted(os.listdir(folder)):
        path = os.path.join(folder, file)
        with open(path, encoding="utf-8") as opened:
            for match in _TOP_LEVEL.finditer(opened.read()):
                found[match[1] or match[2]] = path
    return found
