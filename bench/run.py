"""The figures of one file, each as a line of JSON: what `anydsl bench` starts for each file.

`python bench/run.py NAME`. A file of this folder is a benchmark where it declares NEEDS, the
modules without which it can't run, and `figures()`. Its docstring is for readers of the page.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path


def main(name: str) -> int:
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # what else is printed is no figure
    here = Path(__file__).resolve().parent
    roots = [here.parent, here.parent.parent]  # of a checkout, of a wheel
    root = next(root for root in roots if (root / "anydsl").is_dir())
    sys.path.insert(0, str(root))  # this folder is there already
    from measuring import Missing

    try:
        for figure in import_module(name).figures():
            out.write(json.dumps(asdict(figure)) + "\n")
    except Missing as missing:
        out.write(json.dumps({"left_out": str(missing)}) + "\n")
    except KeyboardInterrupt:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
