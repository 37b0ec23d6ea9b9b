"""`[tool.anydsl]` of pyproject.toml: what is linted, and how strictly.

The nearest pyproject.toml that has the table, from a file's folder upwards, is the one that counts
for it; what stands further up does not.
"""

from __future__ import annotations

import os
import re
from typing import Any, cast

from anydsl.checker.selection import Selection, ignorable, matching, select
from anydsl.errors import UsageError
from anydsl.language.diagnostics import ERROR, NOTE, WARNING, nearest
from anydsl.language.files import LARGEST_FILE, read_bytes
from anydsl.language.record import Record

FILE = "pyproject.toml"
KEYS = ("select", "extend-select", "ignore", "per-file-ignores", "severities")

_LIKELY = re.compile(
    rb"""^[ \t]*(?:\[[ \t]*["']?tool["']?[ \t]*(?:\]|\.[ \t]*["']?anydsl)|tool\b)""", re.M
)
"""A text in which this does not match has no such table, and need not be parsed."""

_LEVELS = (ERROR, WARNING, NOTE)


class Configuration(Record):
    """One `[tool.anydsl]`.

    Attributes:
        folder: of the pyproject.toml, from which its patterns are taken.
        select, more, ignore: its selectors.
        per_file: pattern and the names of the kinds that are off for files like it.
        severities: name of a kind and its severity.
    """

    folder: str
    select: tuple[str, ...] | None = None
    more: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file: tuple[tuple[str, frozenset[str]], ...] = ()
    severities: tuple[tuple[str, str], ...] = ()
    path: str = FILE

    def ignored(self, file: str) -> frozenset[str]:
        """The names of the kinds that are off for a file."""
        if not self.per_file:
            return frozenset()
        from fnmatch import fnmatch

        relative = os.path.relpath(file, self.folder).replace(os.sep, "/")
        name = os.path.basename(file)
        found = [
            kinds
            for pattern, kinds in self.per_file
            if fnmatch(relative, pattern) or fnmatch(name, pattern)
        ]
        return frozenset(name for kinds in found for name in kinds)


class Settings:
    """What the command line says, over what the configuration of each file says.

    Args:
        selected: of `--select`; it takes the place of all that a configuration selects or ignores.
        more: of `--extend-select`.
        ignored: of `--ignore`, on top of what a configuration ignores.
        config: a pyproject.toml for all files.
        isolated: whether configurations are left alone.

    Raises:
        UsageError: a selector names no rule, or the configuration is wrong.
    """

    def __init__(
        self,
        *,
        selected: list[str] | None = None,
        more: list[str] | None = None,
        ignored: list[str] | None = None,
        config: str = "",
        isolated: bool = False,
    ) -> None:
        self.selected, self.more, self.ignored = selected, more or [], ignored or []
        self.isolated = isolated
        self.config = read(config) if config and not isolated else None
        if config and not isolated and self.config is None:
            raise UsageError(f"{config} has no table `tool.anydsl`")
        self._found: dict[str, Configuration | None] = {}
        self._selections: dict[int, Selection] = {}
        self._plain = select(selected, self.ignored, more=self.more)

    def selection(self, file: str | None) -> Selection:
        """Which rules are on for a file; None is a text that is no file, in the present folder."""
        config = self.config
        if config is None and not self.isolated:
            config = self._nearest(os.path.dirname(file) if file else os.getcwd())
        if config is None:
            return self._plain
        made = self._selections.get(id(config))
        if made is None:
            made = self._selections[id(config)] = self._over(config)
        return made.without(config.ignored(file)) if file else made

    def _over(self, config: Configuration) -> Selection:
        if self.selected is not None:
            made = self._plain
        elif not (config.select or config.more or config.ignore):
            made = self._plain if config.select is None else select([], self.ignored)
        else:
            ignored = [*config.ignore, *self.ignored]
            more = [*config.more, *self.more]
            made = select(config.select, ignored, more=more)
        return made.replace(severities=config.severities)

    def _nearest(self, folder: str) -> Configuration | None:
        if folder not in self._found:
            path = os.path.join(folder, FILE)
            config = read(path) if os.path.isfile(path) else None
            above = os.path.dirname(folder)
            if config is None and above != folder:
                config = self._nearest(above)
            self._found[folder] = config
        return self._found[folder]


def read(path: str) -> Configuration | None:
    """Read the `[tool.anydsl]` of a pyproject.toml; None where it has none.

    Raises:
        UsageError: it can't be read, or says what it can't say.
    """
    try:
        data = read_bytes(path)
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror or error}") from None
    if len(data) > LARGEST_FILE:
        raise UsageError(f"{path} is beyond the limit of {LARGEST_FILE:,} bytes")
    if not _LIKELY.search(data):
        return None
    import tomllib

    try:
        document = tomllib.loads(data.decode("utf-8"))
    except RecursionError:
        raise UsageError(f"{path} is nested too deep") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no TOML: {error}") from None
    tool = document.get("tool", {})
    table = cast("dict[str, Any]", tool).get("anydsl") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise UsageError(f"{path}: `tool.anydsl` is a table")
    return _Reader(path).configuration(cast("dict[str, Any]", table))


class _Reader:
    def __init__(self, path: str) -> None:
        self.path = path

    def configuration(self, table: dict[str, Any]) -> Configuration:
        for key in table:
            if key not in KEYS:
                hint = nearest(key, KEYS) or f"its keys are {', '.join(KEYS)}"
                raise UsageError(f"{self.path}: `tool.anydsl` has no key `{key}`; {hint}")
        selected = self._words(table["select"], "select") if "select" in table else None
        more = self._words(table.get("extend-select", []), "extend-select")
        ignore = self._words(table.get("ignore", []), "ignore")
        for key, words in (("select", selected or ()), ("extend-select", more)):
            for word in words:
                matching(word, self._where(key))
        for word in ignore:
            ignorable(word, self._where("ignore"))
        return Configuration(
            os.path.dirname(os.path.abspath(self.path)),
            selected,
            more,
            ignore,
            tuple(self._per_file(table.get("per-file-ignores", {}))),
            tuple(self._severities(table.get("severities", {}))),
            self.path,
        )

    def _per_file(self, table: object) -> list[tuple[str, frozenset[str]]]:
        key = "per-file-ignores"
        found: list[tuple[str, frozenset[str]]] = []
        for pattern, words in self._table(table, key).items():
            kinds = [
                k.name
                for word in self._words(words, f"{key}.{pattern}")
                for k in ignorable(word, self._where(key))
            ]
            found.append((pattern.removeprefix("./"), frozenset(kinds)))
        return found

    def _severities(self, table: object) -> list[tuple[str, str]]:
        key = "severities"
        found: list[tuple[str, str]] = []
        for word, level in self._table(table, key).items():
            if level not in _LEVELS:
                raise UsageError(f"{self._where(key)}: `{word}` is one of {', '.join(_LEVELS)}")
            found += [(kind.name, level) for kind in ignorable(word, self._where(key))]
        return found

    def _words(self, value: object, key: str) -> tuple[str, ...]:
        items = cast("list[object]", value) if isinstance(value, list) else None
        if items is None or not all(isinstance(item, str) for item in items):
            raise UsageError(f'{self._where(key)} is a list of rules, as in `["P001", "R"]`')
        return tuple(str(item) for item in items)

    def _table(self, value: object, key: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise UsageError(f"{self._where(key)} is a table")
        return cast("dict[str, Any]", value)

    def _where(self, key: str) -> str:
        return f"{self.path}: `tool.anydsl.{key}`"
