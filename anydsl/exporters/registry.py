"""Which exporters there are, and how a file is written by one."""

from __future__ import annotations

import os
import tempfile
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from anydsl.errors import RunError, UsageError
from anydsl.language.diagnostics import nearest

if TYPE_CHECKING:
    from anydsl.lowering.compilation import Compilation


class Exporter(Protocol):
    """What a file of this folder holds, but for those whose names begin with `_`.

    Attributes:
        SUFFIX: of the files that it writes. Where several exporters write one suffix, a path
            means the first of them by name.
    """

    SUFFIX: str

    def write(self, net: Compilation, path: str) -> None:
        """Write the network to a path, and what belongs to it beside that."""
        ...


def names() -> list[str]:
    """The formats, by the names of their files."""
    stems = (os.path.splitext(file) for file in os.listdir(os.path.dirname(__file__)))
    return sorted(s for s, suffix in stems if suffix == ".py" and s[0] != "_" and s != "registry")


def find(name: str | None, path: str | None) -> Exporter:
    """The exporter of a name, else of a path's suffix.

    Raises:
        UsageError: there is none.
    """
    if name is not None:
        if name not in names():
            hint = nearest(name, names()) or f"there are {', '.join(names())}"
            raise UsageError(f"no exporter is called `{name}`; {hint}")
        return _load(name)
    suffix = os.path.splitext(path or "")[1]
    exporters = {exporter.SUFFIX: exporter for exporter in map(_load, reversed(names()))}
    if suffix not in exporters:
        raise UsageError(
            f"no form has the suffix `{suffix}`: there are {', '.join(sorted(exporters))}"
        )
    return exporters[suffix]


def export(exporter: Exporter, net: Compilation, path: str) -> None:
    """Write a network; its files appear whole or not at all.

    Raises:
        UsageError: the path can't be written.
        RunError: the format can't hold the network.
    """
    if os.path.isdir(path):
        raise UsageError(f"can't write {path}: it is a folder")
    folder = os.path.dirname(os.path.abspath(path))
    try:
        with tempfile.TemporaryDirectory(prefix=".anydsl-", dir=folder) as workplace:
            beside = os.path.join(workplace, os.path.basename(path))
            exporter.write(net, beside)
            main = os.path.basename(path)
            for file in sorted(
                os.listdir(workplace), key=main.__eq__
            ):  # the one that was named last
                os.chmod(os.path.join(workplace, file), 0o666 & ~_umask())
                os.replace(os.path.join(workplace, file), os.path.join(folder, file))
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror or error}") from None
    except RuntimeError as error:
        raise RunError(f"can't write {path}: {error}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _load(name: str) -> Exporter:
    return cast("Exporter", import_module(f"anydsl.exporters.{name}"))
