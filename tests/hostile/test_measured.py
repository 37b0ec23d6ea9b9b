"""Each command on each hostile spec, in a process of its own: two seconds and 500 MB are enough.

Seconds are of the processor, so that other work on the machine makes nothing slower.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.asking import commands, names, refuses, spec

SECONDS, BYTES = 2.0, 500_000_000

_MEASURED = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (4 * {BYTES}, 4 * {BYTES}))
from anydsl.cli import main
try:
    status = main(sys.argv[1:])
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    sys.stderr.write("\\nUSED %f %d\\n" % (used.ru_utime + used.ru_stime, used.ru_maxrss * 1024))
sys.exit(status)
"""


@pytest.mark.giant
@pytest.mark.parametrize("name", names())
def test_time_and_memory(name: str, tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_AS)
    for command, argv in commands(name, spec(name, tmp_path)).items():
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, *argv], capture_output=True, timeout=60
        )
        assert b"Traceback" not in done.stderr, command
        assert done.returncode in ((1, 2) if command == refuses(name) else (0, 1, 2)), command
        seconds, memory = done.stderr.rsplit(b"USED", 1)[1].split()
        assert float(seconds) < SECONDS, command
        assert int(memory) < BYTES, command
