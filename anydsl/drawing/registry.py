"""Which forms a drawing can have, and how a file is written."""

from __future__ import annotations

import os
import tempfile
from importlib import import_module
from typing import Protocol, cast

from anydsl.drawing.content.figure import Figure
from anydsl.errors import UsageError

_FORMS = ("svg", "html", "dot", "png")


class Writer(Protocol):
    """What makes a form of a figure.

    Attributes:
        SUFFIX: of the files that have it.
    """

    SUFFIX: str

    def write(self, figure: Figure, scale: float = 1) -> bytes:
        """The content of the file; `scale` is for forms that are made of pixels."""
        ...


def writer(path: str | None) -> Writer:
    """What writes the form that a path's suffix names; SVG where there is no path.

    Raises:
        UsageError: the suffix names none.
    """
    suffix = ".svg" if path is None else os.path.splitext(path)[1]
    form = suffix.lower().removeprefix(".")
    if form not in _FORMS:
        forms = ", ".join(f".{name}" for name in _FORMS)
        raise UsageError(f"a drawing can't have the suffix `{suffix}`: there are {forms}")
    return cast("Writer", import_module(f"anydsl.drawing.writers.{form}"))


def save(content: bytes, path: str) -> None:
    """Write a file whole or not at all.

    Raises:
        UsageError: it can't be written.
    """
    folder, name = os.path.split(os.path.abspath(path))
    try:
        with tempfile.TemporaryDirectory(prefix=".anydsl-", dir=folder) as workplace:
            beside = os.path.join(workplace, name)
            with open(beside, "wb") as file:
                file.write(content)
            os.replace(beside, path)
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror or error}") from None
