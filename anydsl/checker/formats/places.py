"""Where findings stand, as other tools want it: paths from the present folder, fingerprints."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

from anydsl.language.diagnostics import Diagnostic
from anydsl.language.source import Source


def relative(source: Source) -> str:
    """A file's path from the present folder, with `/`; absolute where it is not beneath it."""
    if source.file is None:
        return source.path
    path = os.path.relpath(source.file, os.path.realpath(os.getcwd()))
    return (source.file if path.startswith("..") else path).replace(os.sep, "/")


def fingerprints(found: Sequence[Diagnostic]) -> list[str]:
    """What each finding is known by when lines move: its file, its rule and the line's text.

    Of findings that are alike in all of these the first, the second, … are told apart.
    """
    seen: dict[tuple[str, str, str], int] = {}
    made: list[str] = []
    for d in found:
        line, _ = d.at.source.position(d.at.start)
        text = " ".join(d.at.source.line(line).split())
        key = (relative(d.at.source), d.kind.name, text)
        seen[key] = seen.get(key, 0) + 1
        joined = "\n".join((*key, str(seen[key])))
        made.append(hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return made
