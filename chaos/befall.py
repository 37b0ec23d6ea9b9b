"""Let all but kills befall runs and sweeps, mend it, go on, and hold their ends against others'.

    python chaos/befall.py --times 1 --only "full disk"

Full disks, folders that can't be written, a clock that jumps, two sweeps on one folder, pictures
that vanish, a device that is lost. Prints a table of what was tried; exit status 1 where a message
is not clear, anything acknowledged is lost, or an end is in other bits. Linux only.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos import ending
from chaos.mishaps import MISHAPS, Scene
from chaos.subjects import Run, Study, Subject

_SWEEPS = ("two sweeps at once",)
"""What befalls sweeps alone."""


def main(argv: list[str] | None = None) -> int:
    """Try all of it; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=1, help="how often each befalls each")
    parser.add_argument("--only", action="append", choices=[*MISHAPS], help="repeatable")
    parser.add_argument("--subject", action="append", choices=["train", "sweep"])
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args(argv)
    chance = random.Random(options.seed)
    table: list[str] = []
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        subjects: list[Subject] = []
        for kind in (Run, Study):
            if options.subject is None or kind.name in options.subject:
                (folder / kind.name).mkdir()
                subjects.append(kind(folder / kind.name))
        for subject in subjects:
            straight = folder / subject.name / "straight"
            found = ending.well(ending.end(ending.start(*subject.words(straight))))
            if found:
                print(f"the undisturbed {subject.name} failed: {found}")
                return 1
            for mishap in options.only or MISHAPS:
                if mishap in _SWEEPS and subject.name != "sweep":
                    continue
                lines, bad = _tries(mishap, subject, straight, options.times, chance)
                table.append(lines)
                wrong += bad
    print("\n" + "\n".join(table))
    return 1 if wrong else 0


def _tries(
    mishap: str, subject: Subject, straight: Path, times: int, chance: random.Random
) -> tuple[str, int]:
    """Try a mishap some times: a line for the table, and how many tries went wrong."""
    bad = stopped = 0
    started = time.monotonic()
    for number in range(1, times + 1):
        with tempfile.TemporaryDirectory(dir=straight.parent) as place:
            Path(place).chmod(0o755)
            scene = Scene(subject, straight, Path(place), chance)
            try:
                found = MISHAPS[mishap](scene)
            except Exception:  # it is the table that tells
                found = [traceback.format_exc()]
        bad += bool(found)
        stopped += scene.stopped
        said = "; ".join(found) or "all is well"
        print(f"{mishap}, {subject.name}, {number} of {times}: {said}", flush=True)
    seconds = time.monotonic() - started
    verdict = f"{bad} WRONG" if bad else "ok"
    line = f"{mishap:<20} {subject.name:<6} {times:>5} tries {stopped:>5} stopped"
    return f"{line} {seconds:>7.0f} s  {verdict}", bad


if __name__ == "__main__":
    sys.exit(main())
