"""What a stranger's file can reach: the commands that are asked about each hostile spec."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.made import MADE

STORED = Path(__file__).parents[1] / "cases" / "hostile"

_COMMANDS: dict[str, tuple[str, ...]] = {
    "lint": ("--isolated",),
    "fmt": ("--check",),
    "show": (),
    "expand": (),
    "compile": ("--stop-at", "graph"),
    "sample": ("-n", "3"),
    "sweep": ("--dry-run", "--quiet"),
}
"""Each with its options; the first of them has to refuse every spec that is not for another one."""


def names() -> list[str]:
    """All hostile specs, stored and made."""
    return [*sorted(path.stem for path in STORED.glob("*.anynet")), *MADE]


def spec(name: str, folder: Path) -> Path:
    """A hostile spec, made in an empty folder if it is not stored."""
    return MADE[name](folder) if name in MADE else STORED / f"{name}.anynet"


def refuses(name: str) -> str:
    """The command that has to refuse a spec: that of its name, else `lint`."""
    first = name.partition("_")[0]
    return first if first in ("sample", "sweep") and name not in MADE else "lint"


def commands(name: str, path: Path) -> dict[str, list[str]]:
    """What is asked about a spec, command by command; a study is planned only if it is about one.

    The configuration beside a spec counts where the spec is about it.
    """
    found: dict[str, list[str]] = {}
    for command, options in _COMMANDS.items():
        if command == "sweep" and refuses(name) != command:
            continue
        given = [] if command == "lint" and name.startswith("configuration") else options
        found[command] = [command, str(path), *given]
    return found
