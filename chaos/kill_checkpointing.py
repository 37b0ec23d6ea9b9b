"""Kill a run while it writes checkpoints: what is left must be whole, and the run must go on.

    python chaos/kill_checkpointing.py --kills 50

Every step is saved, so that hardly anything but saving happens; the kill comes when a temporary
file is seen. Exit status 1 where a checkpoint can't be read, or the run ends in other bits than one
that was never killed.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["OMP_NUM_THREADS"] = "1"  # before torch, which must have no threads when it is forked

import sklearn.datasets  # noqa: F401 - so that no child has to
import torch

from anydsl.cli import main as anydsl
from anydsl.training import train  # noqa: F401 - likewise
from anydsl.training.runs.checkpoints import write_whole
from chaos import victim
from chaos.subjects import unreadable

MORE = ("--keep", "2", "--quiet", "--logger", "none")
EVERY_STEP, NEVER = ("--save-every", "0"), ("--save-every", "inf")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--width", type=int, default=512, help="of the net: how long saving takes")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        return attack(Path(name), chance, options.kills, options.width)


def attack(folder: Path, chance: random.Random, kills: int, width: int) -> int:
    file = victim.spec(folder, width=width, epochs=4 + kills // 2, batch=256)
    straight, run = folder / "straight", folder / "run"
    wait(begin(file, straight, *NEVER))
    last = straight / "checkpoints" / "last.safetensors"
    size, length = last.stat().st_size, writing(last.read_bytes(), folder / "probe")
    print(f"a checkpoint of {size / 2**20:.0f} MiB takes about {length * 1000:.0f} ms")
    done = halves = wrong = 0
    while done < kills and not (run / "summary.json").exists():
        wanted = chance.choice((".", ".epoch", ".last"))
        process = begin(file, run, *EVERY_STEP)
        if not seen(process, run / "checkpoints", wanted):
            continue  # it ended, or saved nothing of the sort
        time.sleep(chance.uniform(0, length))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        done += 1
        left = [entry.name for entry in (run / "checkpoints").glob(".*")]
        halves += bool(left)
        found = unreadable(run)
        wrong += bool(found)
        print(
            f"kill {done}: left half-written {', '.join(left) or 'nothing'}; "
            f"{'; '.join(found) or 'all else is whole'}",
            flush=True,
        )
    wait(begin(file, run, *NEVER))
    found = victim.differences(straight, run)
    print(f"{done} kills, {halves} within a file; {wrong} left an unreadable run")
    print(f"the run went on to its end: {', '.join(found) or 'the same bits as never killed'}")
    return 1 if wrong or found or done < kills else 0


def writing(content: bytes, file: Path) -> float:
    """Seconds that a checkpoint takes to be written, which is when its temporary file is there."""
    times: list[float] = []
    for _ in range(3):
        started = time.perf_counter()
        write_whole(file, content)
        times.append(time.perf_counter() - started)
    return min(times)


def begin(file: Path, run: Path, *more: str) -> int:
    """Start a run in a fork of this process, which has imported all that it needs."""
    process = os.fork()
    if process:
        return process
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os._exit(anydsl(victim.arguments(file, run, *MORE, *more)))


def wait(process: int) -> None:
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if status:
        raise RuntimeError(f"a run ended with status {status}")


def seen(process: int, folder: Path, wanted: str) -> bool:
    """Wait for a temporary file whose name begins so; whether it came before the run's end."""
    while os.waitpid(process, os.WNOHANG) == (0, 0):
        if folder.exists() and any(name.startswith(wanted) for name in os.listdir(folder)):
            return True
        time.sleep(0.0005)
    return False


if __name__ == "__main__":
    sys.exit(main())
