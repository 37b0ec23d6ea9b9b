"""Trials for workers to do in place of training; each is named by `Work.trial`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from anydsl.errors import DataError, DeviceError
from anydsl.study.rows import Claim, Outcome
from anydsl.study.runner import Done, Work

Do = Callable[[Claim], Done]


def error_of(seed: int) -> float:
    """What these trials have as their error."""
    return (seed * 7919 % 1000) / 1000


def trivial(work: Work, facts: Mapping[str, Any]) -> Do:
    return lambda claim: Done(Outcome(error_of(claim.seed)))


def slow(work: Work, facts: Mapping[str, Any]) -> Do:
    def do(claim: Claim) -> Done:
        time.sleep(0.1)
        return Done(Outcome(error_of(claim.seed)))

    return do


def hung(work: Work, facts: Mapping[str, Any]) -> Do:
    def do(claim: Claim) -> Done:
        time.sleep(600)
        raise AssertionError

    return do


def raising(work: Work, facts: Mapping[str, Any]) -> Do:
    """Seed 3 raises always, seed 4 the first time."""

    def do(claim: Claim) -> Done:
        if claim.seed == 3 or (claim.seed == 4 and claim.attempts == 1):
            raise ValueError(f"no luck with {claim.seed}")
        return Done(Outcome(error_of(claim.seed)))

    return do


def always_raising(work: Work, facts: Mapping[str, Any]) -> Do:
    def do(claim: Claim) -> Done:
        raise ValueError("no luck")

    return do


def crashing(work: Work, facts: Mapping[str, Any]) -> Do:
    """Seed 3 takes the process with it, always."""

    def do(claim: Claim) -> Done:
        if claim.seed == 3:
            sys.stdout.write("the end is near\n")
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGSEGV)
        return Done(Outcome(error_of(claim.seed)))

    return do


def killed(work: Work, facts: Mapping[str, Any]) -> Do:
    """Seed 3 is killed from outside until its fourth attempt."""

    def do(claim: Claim) -> Done:
        if claim.seed == 3 and claim.attempts < 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return Done(Outcome(error_of(claim.seed)))

    return do


def losing(work: Work, facts: Mapping[str, Any]) -> Do:
    """Seed 3 loses the device, seed 4 the first time; then nothing goes in this process."""
    lost = False

    def do(claim: Claim) -> Done:
        nonlocal lost
        lost = lost or claim.seed == 3 or (claim.seed == 4 and claim.attempts == 1)
        if lost:
            raise DeviceError(f"cuda:0 has failed with {claim.seed}")
        return Done(Outcome(error_of(claim.seed)))

    return do


def without_pictures(work: Work, facts: Mapping[str, Any]) -> Do:
    """From seed 3 on there are none."""

    def do(claim: Claim) -> Done:
        if claim.seed >= 3:
            raise DataError("pictures/a.png can't be read: No such file or directory")
        return Done(Outcome(error_of(claim.seed)))

    return do


def broken(work: Work, facts: Mapping[str, Any]) -> Do:
    os._exit(7)
