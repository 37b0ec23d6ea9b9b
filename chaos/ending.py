"""How a command ended that met a fault, and whether it said so as it should."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

from chaos import faults

PATIENCE = 300.0


class Ended(NamedTuple):
    """A command that is over: its exit status, and what it said on standard error."""

    status: int
    said: str


def start(*words: str, fault: str = "", before: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Start `anydsl` with these words; `before` are words of what starts it."""
    return subprocess.Popen(
        [*before, sys.executable, "-m", "anydsl", *words],
        env=faults.environment(fault),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> Ended:
    """Wait for its end."""
    _, said = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, said.strip())


def well(ended: Ended) -> list[str]:
    """What is wrong with a command that was to succeed."""
    return [] if ended.status == 0 else [f"status {ended.status}: {ended.said}"]


def clear(ended: Ended, *wanted: str) -> list[str]:
    """What is wrong with what a command said that met a fault.

    One line says what is wrong; it holds one of the words `wanted`.
    """
    found = [] if ended.status in (1, 2) else [f"status {ended.status}"]
    lines = ended.said.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    if len(errors) != 1 or "Traceback" in ended.said:
        found.append(f"not one clear line: {ended.said}")
    elif not any(word in errors[0] for word in wanted):
        found.append(f"says nothing of {' or '.join(wanted)}: {errors[0]}")
    return found


def bound() -> list[str] | None:
    """Words before a command that make it heed permissions; None where none would do.

    The superuser heeds none, unless it gives up the right to override them.
    """
    if os.geteuid():
        return []
    rights = "-dac_override,-dac_read_search,-fowner"
    words = ["setpriv", "--bounding-set", rights, "--inh-caps", rights]
    try:
        subprocess.run([*words, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return words
