"""Kill a study again and again, and see that its results are those of a study left in peace.

A small study is run on the CPU twice: once undisturbed, and once with SIGKILLs at random moments,
of workers and of the process that started them, which is then started again. Both databases must
tell the same of every trial: seed, error, losses. What was recorded at the moment of a kill must be
there for good, and workers must not outlive their parent.

    python chaos/kill_sweep.py --kills 20 --seed 0

Exit status 0 if all is the same, 1 if not; the differences are printed. Linux only: children are
found in /proc.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos import study

ENDED = 20.0
"""Seconds in which workers must notice that their parent is gone."""
MOMENT = 1.0
"""Seconds within which a kill comes, from when it could."""


class Sweep:
    """The study in one folder, started as often as it takes."""

    def __init__(self, spec: Path, out: Path, workers: int) -> None:
        words = ["sweep", str(spec), "--out", str(out), "--workers", str(workers)]
        self.command = [sys.executable, "-m", "anydsl", *words, "--device", "cpu", "--quiet"]
        self.out = out
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.command, stdout=subprocess.DEVNULL)

    def over(self) -> bool:
        """Whether the parent ended; by itself, since a kill starts another one."""
        return self.process.poll() is not None

    def wait_for(self, trials: int) -> None:
        """Wait until so many trials more are recorded and one is running, or the sweep is over."""
        enough = len(self.recorded()) + trials
        while not self.over():
            rows = self.rows().values()
            if any(row[2] == "running" for row in rows) and len(self.recorded()) >= enough:
                return
            time.sleep(0.05)

    def kill_worker(self, chance: random.Random) -> bool:
        """Kill one of the workers there are; False if there is none."""
        workers = children(self.process.pid)
        if workers:
            kill(chance.choice(workers))
        return bool(workers)

    def kill_parent(self) -> list[int]:
        """Kill the parent and start another; returns workers that did not end with it."""
        workers = children(self.process.pid)
        self.process.kill()
        self.process.wait()
        until = time.monotonic() + ENDED
        while any(map(running, workers)) and time.monotonic() < until:
            time.sleep(0.02)
        left = [worker for worker in workers if running(worker)]
        self.process = self._start()
        return left

    def rows(self) -> study.Rows:
        """What the database tells of each trial, by its place."""
        return study.rows(self.out)

    def recorded(self) -> study.Rows:
        """The trials that are done."""
        return study.recorded(self.out)


def children(parent: int) -> list[int]:
    """The processes that a process started."""
    try:
        return [int(x) for x in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except OSError:
        return []


def running(process: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(process: int) -> None:
    """Send SIGKILL to a process that may be gone."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def disturbed(sweep: Sweep, kills: int, between: int, chance: random.Random) -> list[str]:
    """Kill at random moments, then let the study end; returns what was wrong."""
    wrong: list[str] = []
    done = 0
    while done < kills:
        if chance.random() < 0.8:  # in the midst of its work; else it may well be starting
            sweep.wait_for(chance.randint(0, between))
        time.sleep(chance.uniform(0, MOMENT))
        if sweep.over():
            wrong.append(f"the study ended after {done} of {kills} kills: it is too small")
            break
        before = sweep.recorded()
        if chance.random() < 0.5:
            if not sweep.kill_worker(chance):
                continue
            what = "a worker"
        else:
            left = sweep.kill_parent()
            wrong += [f"worker {process} outlived its parent" for process in left]
            what = "the parent"
        done += 1
        after = sweep.recorded()
        lost = [place for place, row in before.items() if after.get(place) != row]
        wrong += [f"{place} was recorded and is lost" for place in lost]
        print(f"kill {done}/{kills} of {what}, {len(after)} trials recorded", flush=True)
    if sweep.process.wait():
        wrong.append(f"the last sweep ended with status {sweep.process.returncode}")
    return wrong


def main(argv: list[str] | None = None) -> int:
    """Run both studies and compare them; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--samples", type=int, default=60, help="designs of each of two spaces")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--between", type=int, default=8, help="trials between two kills, at most")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = study.spec(folder, samples=args.samples)
        peace = Sweep(spec, folder / "peace", args.workers)
        if peace.process.wait():
            print("the undisturbed study failed")
            return 1
        war = Sweep(spec, folder / "war", args.workers)
        wrong = disturbed(war, args.kills, args.between, random.Random(args.seed))
        expected, found = peace.rows(), war.rows()
        for place in sorted(expected.keys() | found.keys()):
            if expected.get(place) != found.get(place):
                wrong.append(f"{place}: {expected.get(place)} undisturbed, {found.get(place)}")
        files = [
            sorted(file.name for file in (folder / which / "weights").iterdir())
            for which in ("peace", "war")
        ]
        if files[0] != files[1]:
            wrong.append(f"weights are kept of {files[0]} undisturbed, of {files[1]}")
    print("\n".join(wrong) or f"{len(found)} trials are the same after {args.kills} kills")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
