"""`anydsl lint` of a file of 1 MB, as a process: time, growth and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measuring import Figure, anydsl, seconds

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
            taken: list[float] = []
            for size in (LARGE // PARTS, LARGE):
                path = Path(folder, f"{size}.anynet")
                path.write_text(text(pattern, size))
                taken.append(seconds(lambda path=path: lint(path)))
            yield Figure(f"lint, {what}", f"{taken[1]:.2f} s", "", taken[1], 10, unit=" s")
            peer = f"{LARGE // PARTS // 1000} KB: {taken[0]:.2f} s; linear would be {PARTS}"
            yield Figure("  growth", "", peer, taken[1] / taken[0], PARTS * 1.25)
            yield Figure("  memory", "", "", lint(path), 200, unit=" MB")


def text(pattern: str, size: int) -> str:
    """So many nets, no two alike, that a file has about that size."""
    number = size // len(pattern.format(1000, 100))
    nets = (pattern.format(i, 40 + 8 * (i % 60)) for i in range(number))
    return "anynet 1\n" + "".join(nets)


def lint(path: Path) -> float:
    """Lint a file; how many MB the process took at most."""
    with tempfile.TemporaryFile() as out:
        command = [sys.executable, *anydsl(), "lint", "--isolated", str(path)]
        root = str(Path(__file__).parent.parent)
        process = subprocess.Popen(
            command, cwd=root, env={**os.environ, "PYTHONPATH": root}, stdout=out, stderr=out
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{command} failed")
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return usage.ru_maxrss / scale
