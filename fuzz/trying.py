"""One engine on one target, in a process that may end in any way; `fuzz/__main__.py` waits for it.

A text that is being tried stands in a file, so that it is there whatever becomes of the process.
"""

from __future__ import annotations

import faulthandler
import os
import pkgutil
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

MEMORY = 4 * 2**30
"""Bytes of addresses that a text may take; beyond them is a MemoryError, hence a finding."""
INSTRUMENTED = 10
"""How much slower code may be whose every branch and comparison is watched."""


class Trial:
    """Hands texts to a target, one after the other.

    What takes too long ends the process, and the threads' stacks are shown: also where nothing
    comes back from C.
    """

    def __init__(self, target: Callable[[str], object], file: Path, slow: float) -> None:
        self.target, self.file, self.slow = target, file, slow
        self.count = 0

    def __call__(self, text: str) -> None:
        """Try a text."""
        self.file.write_bytes(text.encode("utf-8", "surrogatepass"))
        faulthandler.dump_traceback_later(self.slow, exit=True)
        try:
            self.target(text)
        finally:
            faulthandler.cancel_dump_traceback_later()
        self.file.unlink()
        self.count += 1


def with_hypothesis(trial: Trial, seconds: float, seed: int) -> None:
    """Texts of `texts`, until the time is over; a finding shrinks and is raised."""
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings
    from hypothesis import seed as seeded

    from fuzz.texts import texts

    end = time.monotonic() + seconds
    found = False

    @settings(
        max_examples=100,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(texts())
    def one(text: str) -> None:
        nonlocal found
        if time.monotonic() > end and trial.count and not found:
            return
        try:
            trial(text)
        except BaseException:
            found = True
            raise

    while time.monotonic() < end or not trial.count:
        seeded(seed)(one)()
        seed += 1


def with_atheris(trial: Trial, seconds: float, seed: int) -> None:
    """What libFuzzer makes of the known specs, guided by the code that its texts reach."""
    import atheris

    from fuzz.texts import KNOWN, MARKS, NUMBERS, WORDS

    corpus = trial.file.with_suffix(".corpus")
    corpus.mkdir(exist_ok=True)
    for number, text in enumerate(KNOWN):
        (corpus / str(number)).write_bytes(text.encode())
    words = trial.file.with_suffix(".words")
    entries = (piece.encode() for piece in [*MARKS, *NUMBERS, *WORDS])
    words.write_text("".join('"' + "".join(f"\\x{b:02x}" for b in e) + '"\n' for e in entries))
    end = time.monotonic() + seconds

    def one(data: bytes) -> None:
        if time.monotonic() > end and trial.count:
            _done(trial)
        trial(data.decode("utf-8", "replace"))

    options = [f"-seed={seed}", f"-dict={words}", f"-artifact_prefix={corpus}/", "-max_len=6000"]
    unlimited = ["-timeout=86400", "-rss_limit_mb=0"]  # `Trial` sets the limits
    atheris.Setup([sys.argv[0], *options, *unlimited, str(corpus)], one)
    atheris.Fuzz()


def _done(trial: Trial) -> None:
    sys.stdout.write(f"{trial.count:,} texts, no finding\n")
    sys.stdout.flush()
    os._exit(0)  # libFuzzer never returns


def _target(name: str) -> Callable[[str], object]:
    return pkgutil.resolve_name(name if ":" in name else f"fuzz.targets:{name}")


def main(name: str, engine: str, seconds: str, seed: str, slow: str, file: str) -> None:
    """Try texts on a target; what is found ends the process with another status than 0.

    Args:
        name: one of `fuzz.targets`, or `MODULE:FUNCTION`.
        engine: `hypothesis`, `atheris`, or `once` for the text that the file holds.
        seconds: how long.
        seed: of the engine.
        slow: seconds that one text may take.
        file: where the text stands that is being tried.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    at = Path(file)
    if engine == "atheris":
        import atheris

        with atheris.instrument_imports(include=["anydsl"]):
            trial = Trial(_target(name), at, INSTRUMENTED * float(slow))
            with_atheris(trial, float(seconds), int(seed))
    trial = Trial(_target(name), at, float(slow))
    if engine == "once":
        trial(at.read_bytes().decode("utf-8", "replace"))
    else:
        with_hypothesis(trial, float(seconds), int(seed))
    _done(trial)


if __name__ == "__main__":
    main(*sys.argv[1:])
