"""`anydsl lint` of a file of 1 MB, as a process: time, growth and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measuring import ROOT, Figure, anydsl, seconds, take_turns

NEEDS = ()
LARGE = 1_000_000
PARTS = 4
CLEAN = """
## Net number {0}.
net N{0} {{
  input = 3x32x32
  stem {{ w = 16 }}
  body {{
    block = resnext
    g = 8
    stage s1 {{ d = 1, w = 24 }}
    stage s2 {{ d = 2, w = {1} }}
  }}
  head {{ classes = 10 }}

  require params <= 10M
}}
"""
BROKEN = """
constant{0} = 3
net N{0} {{
  input = 3x32x32
  stem {{ w = 16 }}
  body {{
    block = resnext
    g = 8
    stage s1 {{ d = 1, w = 24, g = 8, act = relu }}
    stage s2 {{ d = 2, w = 16, act = relu }}
  }}
  head {{ classes = 10 }}
  require params <= 10M and flops <= 10G
}}
"""


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        for what, pattern in (("1 MB", CLEAN), ("1 MB of findings", BROKEN)):
            paths = [Path(folder, f"{size}.anynet") for size in (LARGE // PARTS, LARGE)]
            for path, size in zip(paths, (LARGE // PARTS, LARGE), strict=True):
                path.write_text(text(pattern, size))
            little, much = take_turns(
                3, *(lambda path=path: seconds(lambda: lint(path)) for path in paths)
            )
            said = f"A file of {what}, as a process."
            yield Figure(what, said, much, "s", target=10)
            peer = f"{LARGE // PARTS // 1000} KB"
            said = f"The same against a quarter of it; if time grew with size, it would be {PARTS}."
            yield Figure(f"{what}: growth", said, much, "s", peer, little, target=PARTS * 1.25)
            said = "The most memory that the process held."
            yield Figure(f"{what}: memory", said, [lint(paths[1])], "MB", target=200)


def text(pattern: str, size: int) -> str:
    """So many nets, no two alike, that a file has about that size."""
    number = size // len(pattern.format(1000, 100))
    nets = (pattern.format(i, 40 + 8 * (i % 60)) for i in range(number))
    return "anynet 1\n" + "".join(nets)


def lint(path: Path) -> float:
    """Lint a file; how many MB the process took at most."""
    with tempfile.TemporaryFile() as out:
        command = [sys.executable, *anydsl(), "lint", "--isolated", str(path)]
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=out, stderr=out
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{command} failed")
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return usage.ru_maxrss / scale
