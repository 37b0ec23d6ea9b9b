"""Print what makes a shell complete commands, options and files.

bash: eval "$(anydsl completion bash)" in ~/.bashrc
zsh:  anydsl completion zsh > FOLDER/_anydsl, where FOLDER is one of $fpath
fish: anydsl completion fish > ~/.config/fish/completions/anydsl.fish
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

_SHELLS = ("bash", "zsh", "fish")
_SPECS = ("SPEC", "NET", "SPACE", "A", "B")
_FILES = ("FILE", "FILE.html", "PATH", "NAME|PATH", "SOURCE")
_BY_NAME = {"spec": "SPEC", "run": "DIR"}
"""What arguments take that are shown by their own name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("shell", choices=_SHELLS, help="which shell")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    sys.stdout.write(shtab.complete(_everything(), args.shell) + "\n")
    return 0


def _everything() -> argparse.ArgumentParser:
    """One parser of all commands, whose arguments know what they take."""
    from argparse import ArgumentParser

    import shtab

    from anydsl.checker.registry import kinds
    from anydsl.cli import command, commands

    takes = {"DIR": shtab.DIRECTORY}
    takes |= dict.fromkeys(_SPECS, shtab.glob("*.anynet")) | dict.fromkeys(_FILES, shtab.FILE)

    class Marking(ArgumentParser):
        def add_argument(self, *names: str, **options: Any) -> argparse.Action:
            action: argparse.Action = super().add_argument(*names, **options)
            shown = action.metavar or _BY_NAME.get(action.dest)
            if action.dest == "rule":
                action.choices = [kind.name for kind in kinds()]
            elif isinstance(shown, str) and shown in takes:
                vars(action)["complete"] = takes[shown]  # where shtab looks for it
            return action

    parser = ArgumentParser(prog="anydsl")
    parser.add_argument("-V", "--version", action="store_true", help="print the version")
    subparsers = parser.add_subparsers(parser_class=Marking)
    for name in commands():
        found = command(name)
        summary = (found.__doc__ or "").splitlines()[0]
        found.add_arguments(subparsers.add_parser(name, help=summary, description=summary))
    return parser
