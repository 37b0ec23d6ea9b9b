"""Kill runs at random moments, go on with them, and hold their ends against a run never killed.

    python chaos/kill_training.py --kills 20 --processes 2

Exit status 1 where a bit of the final weights, or a number of the metrics, is another one.
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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos import victim

MORE = ("--keep", "2", "--save-every", "0.005", "--quiet")
ALONE = 4
"""Of so many kills of several ranks, one hits one rank alone."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--processes", type=int, default=1, help="ranks, under torchrun and gloo")
    parser.add_argument("--epochs", type=int, default=40, help="of each run")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        return attack(Path(name), chance, options.kills, options.processes, options.epochs)


def attack(folder: Path, chance: random.Random, kills: int, processes: int, epochs: int) -> int:
    file = victim.spec(folder, width=16, epochs=epochs, batch=32)
    straight = folder / "straight"
    started = time.monotonic()
    victim.finish(victim.start(file, straight, *MORE, processes=processes))
    length = time.monotonic() - started
    print(f"never killed: {epochs} epochs on {processes} process(es) in {length:.1f} s")
    done = runs = wrong = 0
    while done < kills:
        runs += 1
        run = folder / f"run{runs}"
        while not (run / "summary.json").exists():
            process = victim.start(file, run, *MORE, processes=processes)
            if done == kills:
                victim.finish(process)
                break
            moment = chance.uniform(0, length)
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                alone = processes > 1 and chance.randrange(ALONE) == 0
                hit = kill_one(process, chance) if alone else victim.kill(process)
                done += hit
                what = "one rank" if alone else "all"
                print(
                    f"kill {done}: {what} after {moment:.1f} s, "
                    f"{victim.epochs(run)} epochs recorded in {run.name}"
                    if hit
                    else f"{run.name} ended before it was killed",
                    flush=True,
                )
            else:
                victim.finish(process)
        found = victim.differences(straight, run)
        wrong += bool(found)
        print(f"{run.name}: {', '.join(found) or 'ended in the same bits'}", flush=True)
    print(f"{done} kills, {runs} runs, {wrong} ended differently")
    return 1 if wrong else 0


def kill_one(process: subprocess.Popen[str], chance: random.Random) -> bool:
    """Kill one rank, or torchrun where it has none yet; the others end by themselves."""
    ranks = [number for number in victim.descendants(process.pid) if victim.is_rank(number)]
    if not ranks:
        return victim.kill(process)
    os.kill(chance.choice(ranks), signal.SIGKILL)
    process.communicate()
    return process.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
