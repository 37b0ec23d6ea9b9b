"""`anydsl lint` of 1,000 small files in one process."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measuring import SMALL, Figure, per_second, seconds, take_turns

NEEDS = ()
FILES = 1000


def figures() -> Iterator[Figure]:
    from anydsl.cli import main

    text = Path(SMALL).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(FILES):  # no two alike, so that nothing can be remembered
            path = Path(folder, f"net{number:03}.anynet")
            path.write_text(
                text.replace("RegNetX32", f"Net{number}").replace(
                    "80", str(80 + 16 * (number % 50))
                )
            )

        def lint() -> float:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                return seconds(lambda: main(["lint", folder]))

        (taken,) = take_turns(3, lint)
    yield Figure(
        f"{FILES:,} files in one process",
        "A folder of nets of a stem, two stages and a head, no two alike.",
        per_second(FILES, taken),
        "files/s",
        target=300,
        at_least=True,
    )
