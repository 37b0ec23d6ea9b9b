"""Two processes and one run."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anydsl.errors import RunError
from anydsl.training.runs.holding import held
from tests.hostile.harming import said, state
from tests.training.processes import environment

_SPEC = """anynet 1

net T {
  input = 1x8x8
  body {
    block = plain
    stage s1 { d = 1, w = 8 }
  }
  head { classes = 10 }
}

recipe r {
  data = digits
  epochs = 100000
  batch = 512
}
"""


def test_a_run_that_is_trained_is_not_resumed_and_a_killed_one_is(tmp_path: Path) -> None:
    Path("t.anynet").write_text(_SPEC)
    command = [sys.executable, "-m", "anydsl", "train", "t.anynet", "--out", "run", "--quiet"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment()) as first:
        try:
            ended = time.monotonic() + 120
            while not Path("run/checkpoints/last.safetensors").exists():
                assert first.poll() is None and time.monotonic() < ended
                time.sleep(0.05)
            first.send_signal(signal.SIGSTOP)  # so that it changes no file meanwhile
            time.sleep(0.2)
            before = state(Path("run"))
            status, text = said("train", "--resume", "run", "--quiet")
            assert status == 1
            assert text.startswith("error: run is being trained by another process: ")
            assert state(Path("run")) == before
        finally:
            first.kill()
    assert first.returncode == -signal.SIGKILL
    with held(Path("run")):
        pass


def test_who_holds_lets_go_at_the_end(tmp_path: Path) -> None:
    with held(tmp_path):
        with pytest.raises(RunError, match="another process"), held(tmp_path):
            pytest.fail("two hold it")
        with pytest.raises(RunError, match="another process"), held(tmp_path):
            pytest.fail("two hold it")
    with held(tmp_path):
        pass
