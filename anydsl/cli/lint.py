"""Check specs against the language, their own rules and the RegNet principles."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from anydsl.checker import report
from anydsl.checker.configuration import Settings
from anydsl.checker.linting import Changed, Linter, spec_files
from anydsl.cli import colour
from anydsl.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from anydsl.language.diagnostics import Diagnostic

_FORMATS = ("full", "concise", "json", "sarif", "github", "gitlab", "junit")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("specs", nargs="+", metavar="SPEC", help="a file, a folder, - or std:NAME")
    for option, words in (
        ("--select", "the rules that are on: names, codes, beginnings of codes, ALL"),
        ("--extend-select", "rules that are on beside the others"),
        ("--ignore", "rules that are off"),
    ):
        parser.add_argument(option, action="append", metavar="RULES", help=words)
    parser.add_argument("--fix", action="store_true", help="apply the fixes that are safe")
    parser.add_argument(
        "--unsafe-fixes", action="store_true", help="apply fixes that change the design as well"
    )
    parser.add_argument(
        "--diff", action="store_true", help="write nothing; print what --fix would change"
    )
    parser.add_argument("--statistics", action="store_true", help="count findings by rule")
    parser.add_argument("--strict", action="store_true", help="warnings are errors")
    parser.add_argument("--watch", action="store_true", help="check again whenever a file changes")
    parser.add_argument(
        "--output-format",
        choices=_FORMATS,
        help="full by default, github where GitHub Actions runs it",
    )
    parser.add_argument(
        "--stdin-filename", metavar="PATH", default="", help="the file that - stands for"
    )
    parser.add_argument("--config", metavar="PATH", default="", help="the pyproject.toml to read")
    parser.add_argument("--isolated", action="store_true", help="read no pyproject.toml")


def run(args: argparse.Namespace) -> int:
    """Lint; 1 where there is an error or a warning, or with --diff a change."""
    if not args.watch:
        return _Run(args).run()
    if "-" in args.specs:
        raise UsageError("--watch needs files: standard input is read once")
    from anydsl.cli._watching import watch

    return watch(args.specs, lambda: _Run(args))


class _Run:
    """One run of the command."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.settings = Settings(
            selected=_words(args.select),
            more=_words(args.extend_select),
            ignored=_words(args.ignore),
            config=args.config,
            isolated=args.isolated,
        )
        if args.stdin_filename and "-" not in args.specs:
            raise UsageError("--stdin-filename names what - stands for, and there is no -")
        self.files = spec_files(args.specs)
        self.linter = Linter(self.settings, args.stdin_filename)

    def run(self) -> int:
        """Fix, lint and print; return the exit status."""
        args = self.args
        changed: list[Changed] = []
        if args.fix or args.unsafe_fixes or args.diff:
            changed = self.linter.fix(self.files, unsafe=args.unsafe_fixes)
            for file in changed:
                for found, reason in file.fixed.left:
                    sys.stderr.write(f"not fixed: {found.concise()} ({reason})\n")
            changed = [file for file in changed if file.fixed.text != file.before]
        if args.diff:
            return self._diff(changed)
        found = self.linter.lint(self.files, self._apply(changed))
        if args.strict:
            found = [d.replace(severity="error") if d.level == "warning" else d for d in found]
        fixes = sum(len(file.fixed.done) for file in changed)
        self._print(found, fixes, sys.stderr if self._prints_text else sys.stdout)
        return 1 if any(d.level != "note" for d in found) else 0

    def read(self) -> list[str]:
        """The files that have been read."""
        return self.linter.library.files()

    @property
    def _prints_text(self) -> bool:
        """Whether standard output is taken by the fixed text of standard input."""
        fixing = self.args.fix or self.args.unsafe_fixes
        return fixing and not self.args.diff and "-" in self.files

    def _apply(self, changed: Sequence[Changed]) -> dict[str, Changed]:
        """Write what has changed; a text from standard input goes to standard output."""
        from anydsl.checker.loading import split

        texts = {file.spec: file for file in changed}
        for file in changed:
            path, _ = split(file.spec)
            if path != "-":
                from anydsl.cli._files import write

                write(path, file.fixed.text)
        if self._prints_text:
            known = texts.get("-")
            text = known.fixed.text if known is not None else self.linter.stdin_text()
            sys.stdout.write(text)
        return {spec: file for spec, file in texts.items() if spec == "-"}

    def _diff(self, changed: Sequence[Changed]) -> int:
        from anydsl.cli._files import print_diff

        for file in changed:
            print_diff(file.path, file.before, file.fixed.text)
        fixes = sum(len(file.fixed.done) for file in changed)
        said = f"would fix {_findings(fixes)} in {_count(len(changed), 'file')}"
        sys.stderr.write((said if changed else "nothing to fix") + "\n")
        return 1 if changed else 0

    def _print(self, found: list[Diagnostic], fixes: int, out: object) -> None:
        stream = sys.stderr if out is sys.stderr else sys.stdout
        chosen = self.args.output_format
        actions = os.environ.get("GITHUB_ACTIONS") == "true"
        name = chosen or ("github" if actions else "full")
        if self.args.statistics:
            stream.write(report.statistics(found, as_json=name == "json"))
        elif name == "full":
            text = report.full(found, colour=colour(stream))
            stream.write(text + "\n" if text else "")
        elif name == "concise":
            stream.write(report.concise(found))
        else:
            from importlib import import_module

            paths = [self.linter.shown(file) for file in self.files]
            stream.write(import_module(f"anydsl.checker.formats.{name}").write(found, paths))
        if name in ("full", "concise", "github"):
            if fixes:
                sys.stderr.write(f"fixed {_findings(fixes)}\n")
            sys.stderr.write(report.summary(found, len(self.files)) + "\n")


def _words(given: list[str] | None) -> list[str] | None:
    """Options may be repeated, and hold several words with commas between them."""
    if given is None:
        return None
    return [word.strip() for words in given for word in words.split(",") if word.strip()]


def _findings(number: int) -> str:
    return _count(number, "finding")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
