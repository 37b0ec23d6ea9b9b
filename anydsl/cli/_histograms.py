"""Histograms on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

_LONGEST = 40
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def print_histograms(marginals: Mapping[str, Sequence[tuple[str, int]]]) -> None:
    """Print one histogram for each key: its bins from top to bottom, as bars and counts."""
    for key, bins in marginals.items():
        most = max(count for _, count in bins)
        wide = max(len(name) for name, _ in bins)
        sys.stdout.write(f"{key}\n")
        for name, count in bins:
            bar = _bar(count / most * _LONGEST)
            sys.stdout.write(f"  {name:>{wide}} {bar}{' ' if bar else ''}{count:,}\n")
        sys.stdout.write("\n")


def _bar(length: float) -> str:
    eighths = round(length * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
