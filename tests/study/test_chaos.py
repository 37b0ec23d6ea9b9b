"""A small share of `make chaos`: kills of a sweep and of its workers leave no trace in the rows."""

from __future__ import annotations

import pytest

from chaos import kill_sweep


def test_killed_sweeps_end_in_the_same_rows(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--kills", "2", "--samples", "4", "--between", "1", "--seed", "6", "--workers", "1"]
    status = kill_sweep.main(words)
    said = capfd.readouterr().out
    assert status == 0, said
    assert "8 trials are the same after 2 kills" in said
