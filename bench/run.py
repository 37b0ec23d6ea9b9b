"""The benchmark table: each figure with its peer in the same run, their ratio and the target.

`python bench/run.py [FILE…]` runs all, or the files named (without `.py`). Exits 1 where a target
is missed. The machine should have little else to do.
"""

from __future__ import annotations

import platform
import sys
from importlib import import_module
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

FILES = (
    "lint_process",
    "lint_files",
    "lint_large",
    "lsp",
    "compile_process",
    "compile_inside",
    "inference",
    "training",
    "population",
    "sampling",
    "report",
    "sweep",
)


def main(files: list[str]) -> int:
    print(f"Python {platform.python_version()}, {platform.machine()}; medians, rivals in turns\n")
    print(f"{'':<30}{'anydsl':>12}  {'peer':<54}{'ratio':>14}  target")
    missed = 0
    for file in files or FILES:
        for figure in import_module(file).figures():
            ratio = f"{figure.ratio:,.2f}{figure.unit}" if figure.unit else f"{figure.ratio:.0f}"
            sign = ">=" if figure.at_least else "<="
            bound = "" if figure.target is None else f"{sign} {figure.target:.3g}"
            verdict = "" if figure.met else "  MISSED"
            print(
                f"{figure.what:<30}{figure.ours:>12}  {figure.peer:<54}{ratio:>14}  "
                f"{bound}{verdict}",
                flush=True,
            )
            missed += not figure.met
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
