"""Targets with a bug in them, each for texts that hold one word."""

from __future__ import annotations

import os
import re


def raises(text: str) -> None:
    if "stage" in text:
        raise ValueError("planted")


def hangs(text: str) -> None:
    """In C, where no signal is looked at."""
    if "stage" in text:
        re.match(r"(a|aa)+$", "a" * 60 + "b")


def ends(text: str) -> None:
    if "stage" in text:
        os.abort()


def eats(text: str) -> None:
    if "stage" in text:
        bytearray(2**40)


def nothing(text: str) -> None:
    """No bug."""
