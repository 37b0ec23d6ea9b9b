"""All faults, one after the other, and a table of what was tried: `make chaos`.

    python chaos/run.py --kills 10 --times 1

Exit status 1 where anything went wrong. Linux only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10, help="of runs, and of sweeps")
    parser.add_argument("--times", type=int, default=1, help="how often all else is tried")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    kills, seed = str(options.kills), str(options.seed)
    between = ("--samples", str(4 * options.kills), "--between", "4")
    plan = {
        f"{kills} kills of a run": ("kill_training", "--kills", kills),
        "3 kills of two ranks": ("kill_training", "--kills", "3", "--processes", "2"),
        f"{3 * options.kills} kills of a run that saves": (
            "kill_checkpointing",
            *("--kills", str(3 * options.kills)),
        ),
        f"{kills} kills of a sweep": ("kill_sweep", "--kills", kills, *between),
        "all else": ("befall", "--times", str(options.times)),
    }
    table: list[str] = []
    wrong = 0
    for what, (script, *words) in plan.items():
        print(f"\n{what}\n", flush=True)
        started = time.monotonic()
        done = subprocess.run([sys.executable, HERE / f"{script}.py", *words, "--seed", seed])
        wrong += done.returncode != 0
        verdict = "WRONG" if done.returncode else "ok"
        table.append(f"{what:<34} {time.monotonic() - started:>6.0f} s  {verdict}")
    print("\n" + "\n".join(table))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
