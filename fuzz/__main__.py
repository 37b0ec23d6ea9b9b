"""Changes known specs at random and hands them to a target: `python -m fuzz TARGET --seconds N`.

A finding is an exception, or an answer that takes more than ten seconds; its text is written to
`fuzz-TARGET.anynet`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from anydsl.checker.engine import check_module
from anydsl.design.modules import Library
from anydsl.language.parser import parse
from anydsl.language.printer import format_text
from anydsl.language.source import Source

ROOT = Path(__file__).parents[1]
SLOW = 10.0


def formatter(text: str) -> None:
    """Whatever can be read can be formatted, and means the same; `format_text` proves it."""
    if not parse(Source("fuzz", text)).diagnostics:
        format_text(text)


TARGETS: dict[str, Callable[[str], object]] = {
    "parser": lambda text: parse(Source("fuzz", text)),
    "formatter": formatter,
    "resolver": lambda text: Library().text(text),
    "checker": lambda text: check_module(Library().text(text)),
}


def changed(chance: random.Random, corpus: list[str]) -> str:
    """A text with some pieces cut, doubled, or replaced by those of another."""
    text, other = chance.choice(corpus), chance.choice(corpus)
    for _ in range(chance.randint(1, 6)):
        a = chance.randint(0, len(text))
        b = min(len(text), a + chance.choice((0, 1, 3, 40)))
        c = chance.randint(0, len(other))
        new = chance.choice(("", text[a:b] * 2, other[c : c + chance.choice((1, 9, 60))]))
        text = text[:a] + new + text[b:]
    return text


def main() -> int:
    """Run one target; 1 where there is a finding."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    files = [*(ROOT / "specs").rglob("*.anynet"), *(ROOT / "tests/cases").rglob("*.anynet")]
    corpus = [file.read_bytes().decode("utf-8", "replace")[:20_000] for file in sorted(files)]
    chance = random.Random(args.seed)
    end, count = time.monotonic() + args.seconds, 0
    while time.monotonic() < end:
        text = changed(chance, corpus)
        begin = time.process_time()
        try:
            TARGETS[args.target](text)
            slow = time.process_time() - begin > SLOW
        except BaseException:
            Path(f"fuzz-{args.target}.anynet").write_text(text, encoding="utf-8", newline="")
            raise
        if slow:
            Path(f"fuzz-{args.target}.anynet").write_text(text, encoding="utf-8", newline="")
            sys.stdout.write("slow\n")
            return 1
        count += 1
    sys.stdout.write(f"{args.target}: {count:,} texts, no finding\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
