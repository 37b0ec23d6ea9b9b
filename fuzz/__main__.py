"""Looks for texts that break what reads a stranger's file: `python -m fuzz TARGET --seconds N`.

A finding is an exception, an end of the process, an answer that takes more than ten seconds or more
than 4 GB. Its text is kept in build/fuzz/; `python -m fuzz TARGET FILE` tries a text again.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import random
import subprocess
import sys
from pathlib import Path

TARGETS = ("parser", "formatter", "resolver", "checker", "sampler", "lsp")
FOLDER = Path("build/fuzz")


def main() -> int:
    """Run one target; 1 where there is a finding."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("target", help=f"{', '.join(TARGETS)}, or MODULE:FUNCTION of a text")
    parser.add_argument("file", nargs="?", type=Path, help="try this text, and no other one")
    parser.add_argument("--engine", choices=("hypothesis", "atheris"), default="hypothesis")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, help="default: another one each time")
    parser.add_argument("--slow", type=float, default=10, help="seconds that a text may take")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where findings are kept")
    args = parser.parse_args()
    if args.target not in TARGETS and ":" not in args.target:
        parser.error(f"there is no target {args.target}: there are {', '.join(TARGETS)}")
    if args.engine == "atheris" and importlib.util.find_spec("atheris") is None:
        parser.error("Atheris is not installed: pip install atheris, on Linux on x86-64")
    seed = random.randrange(1, 2**31) if args.seed is None else args.seed
    engine = "once" if args.file else args.engine
    args.folder.mkdir(parents=True, exist_ok=True)
    trying = args.folder / f"{args.target.replace(':', '.')}-{engine}.trying"
    trying.unlink(missing_ok=True)  # of a run that was interrupted
    if args.file:
        trying.write_bytes(args.file.read_bytes())
    sys.stdout.write(f"{args.target}, {engine}, seed {seed}: ")
    sys.stdout.flush()
    options = (args.target, engine, str(args.seconds), str(seed), str(args.slow), str(trying))
    status = subprocess.run([sys.executable, "-m", "fuzz.trying", *options]).returncode
    if not trying.exists():
        return status
    text = trying.read_bytes()
    kept = args.folder / f"{args.target}-{hashlib.sha256(text).hexdigest()[:8]}.anynet"
    trying.replace(kept)
    sys.stdout.write(f"a finding (status {status}); its text is in {kept}. To try it again:\n")
    sys.stdout.write(f"  {Path(sys.executable).name} -m fuzz {args.target} {kept}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
