"""The command line: one command a file, found by this folder, which imports what it runs.

Results go to standard output, everything else to standard error. Not for logic: a command reads
its arguments, calls the function that does the work, and prints.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Protocol, cast

from anydsl import __version__
from anydsl.errors import AnydslError, SpecError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

# The extra that brings a library which may be missing.
_EXTRAS = {
    "torch": "torch",
    "torchvision": "torch",
    "lightning_fabric": "torch",
    "PIL": "torch",
    "safetensors": "torch",
    "sklearn": "torch",
    "tensorboard": "torch",
    "filelock": "torch",
    "scipy": "study",
    "statsmodels": "study",
    "pandas": "study",
    "matplotlib": "study",
    "jinja2": "study",
    "markupsafe": "study",
    "timm": "timm",
    "onnx": "export",
    "onnxscript": "export",
    "onnxruntime": "export",
    "ray": "cluster",
    "resvg_py": "draw",
    "pygls": "lsp",
    "lsprotocol": "lsp",
}


class Command(Protocol):
    """What a file of this folder holds; its docstring is the help."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the command takes."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it; return the exit status."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status: 0 fine, 1 an error in the spec or run, 2 wrong use."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that lacks a letter still shows the rest
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(arguments)
        sys.stdout.flush()
        return status
    except SpecError as error:
        from anydsl.checker.report import full

        sys.stderr.write(full(error.diagnostics, colour=colour(sys.stderr)))
        return error.exit_status
    except AnydslError as error:
        return _complain(str(error), error.exit_status)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRAS:
            raise
        extra = _EXTRAS[missing]
        return _complain(
            f"this needs {missing}, which is not installed: pip install 'anydsl[{extra}]'", 2
        )
    except BrokenPipeError:  # whoever read standard output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _complain(f"{error.strerror or error}{where}", 2)
    except KeyboardInterrupt:
        return _complain("interrupted", 1)


def colour(stream: object) -> bool:
    """Whether a stream takes colour: a terminal does, unless NO_COLOR is set."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and not os.environ.get("NO_COLOR")


def commands() -> list[str]:
    """The names of all commands."""
    files = os.listdir(os.path.dirname(__file__))
    stems = (os.path.splitext(file) for file in files)
    return sorted(s.rstrip("_") for s, suffix in stems if suffix == ".py" and s[0] != "_")


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help"):
        sys.stdout.write(_overview())
        return 0
    if name in ("-V", "--version"):
        from anydsl.language.edition import EDITION

        sys.stdout.write(f"anydsl {__version__}, edition {EDITION} of the language\n")
        return 0
    if name not in commands():
        from anydsl.language.diagnostics import nearest

        hint = nearest(name, commands()) or "anydsl --help lists the commands"
        raise UsageError(f"there is no command `{name}`; {hint}")
    found = command(name)

    from argparse import ArgumentParser

    class Parser(ArgumentParser):
        """Takes `-::NAME`, a declaration of standard input, for what it is, and no option."""

        def _parse_optional(self, arg_string: str) -> Any:
            return None if arg_string[:3] == "-::" else super()._parse_optional(arg_string)

    parser = Parser(prog=f"anydsl {name}", description=found.__doc__, allow_abbrev=False)
    found.add_arguments(parser)
    return found.run(parser.parse_args(arguments[1:]))


def command(name: str) -> Command:
    """The command of that name."""
    file = (
        name
        if os.path.exists(os.path.join(os.path.dirname(__file__), name + ".py"))
        else name + "_"
    )
    return cast("Command", import_module(f"anydsl.cli.{file}"))


def _overview() -> str:
    lines = [
        "usage: anydsl COMMAND …",
        "",
        "The language in which convolutional networks are designed.",
        "",
    ]
    for name in commands():
        summary = (command(name).__doc__ or "").splitlines()[0]
        lines.append(f"  {name:<12}{summary}")
    lines += [
        "",
        "anydsl COMMAND --help says more; SPEC is a path, - or a shipped spec (std:NAME),",
    ]
    lines += ["and SPEC::NAME picks one declaration when a file holds several.", ""]
    return "\n".join(lines)


def _complain(message: str, status: int) -> int:
    from anydsl.language.diagnostics import visible

    head = "\033[1;31merror\033[0m" if colour(sys.stderr) else "error"
    sys.stderr.write(f"{head}: {visible(message)}\n")
    return status
