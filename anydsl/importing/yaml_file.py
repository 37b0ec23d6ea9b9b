"""A YAML file as nodes that know their lines: read safely, and only as deep as it is asked."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any

from anydsl.design.faults import UNKNOWN_NAME, WRONG_VALUE
from anydsl.errors import SpecError, UsageError
from anydsl.language.complaints import SYNTAX, TOO_LARGE
from anydsl.language.diagnostics import Diagnostic, Kind, nearest
from anydsl.language.source import STDIN, Source, Span

LARGEST_YAML = 2**17
"""Bytes; YAML is read slowly, and a configuration of pycls has 2,000."""

_MOST_NAMED = 16
_MOST_FOUND = 50
_TAG = "tag:yaml.org,2002:"
_TAGS = ("null", "bool", "int", "float", "str")

Scalar = bool | int | Fraction | str | None


class YamlFile:
    """Two levels of mappings: sections and their keys, as pycls configures with.

    Nothing is constructed but the scalars and the flat lists of scalars that are asked for, so that
    neither tags nor aliases can do anything.

    Attributes:
        source: the text.
        sections: by name, where the name stands and its keys, by name; a value beside the sections
            has no keys.
        found: what is wrong with what has been asked for so far.
    """

    def __init__(self, source: Source) -> None:
        import yaml

        self.source = source
        self.found: list[Diagnostic] = []
        root: Any = None
        try:
            self._loader: Any = yaml.SafeLoader(source.text)
            root = self._loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            message = error.problem or error.context or "this is no YAML"
            self._stop(SYNTAX, f"YAML: {message}", mark.index if mark else 0)
        except yaml.YAMLError as error:
            self._stop(SYNTAX, f"YAML: {str(error).splitlines()[0]}", 0)
        except RecursionError:
            self._stop(TOO_LARGE, "this YAML is nested beyond any limit", 0)
        self._yaml: Any = yaml
        self.sections: dict[str, tuple[Span, dict[str, tuple[Span, Any]]]] = {}
        if not isinstance(root, yaml.MappingNode):
            self._stop(SYNTAX, "this is no configuration of pycls: it has no sections", 0)
        for name, at, value in self._pairs(root):
            inner = self._pairs(value) if isinstance(value, yaml.MappingNode) else []
            self.sections[name] = at, {key: (place, node) for key, place, node in inner}
        self.end()

    def has(self, section: str, key: str) -> bool:
        """Whether a key is given."""
        return section in self.sections and key in self.sections[section][1]

    def at(self, section: str, key: str = "") -> Span:
        """Where a key's value stands; the section, or the file, where there is none."""
        if section not in self.sections:
            return Span(self.source, 0, 1)
        place, keys = self.sections[section]
        return self._span(keys[key][1]) if key in keys else place

    def value(self, section: str, key: str, default: Any = None) -> Any:
        """A scalar, or a list of scalars as a list; `default` where the key is not given."""
        if not self.has(section, key):
            return default
        return self._constructed(self.sections[section][1][key][1])

    def say(self, kind: Kind, message: str, at: Span, *, hint: str = "") -> None:
        """Remember that something is wrong."""
        self.found.append(Diagnostic(kind, message, at, help=hint))

    def unknown(self, what: str, word: str, known: list[str], at: Span) -> None:
        """Remember that a word is not known."""
        spelt = {other.lower(): other for other in known}
        close = nearest(word.lower(), spelt)
        hint = close and f"did you mean `{spelt[close.split('`')[1]]}`?"
        if not hint and len(known) <= _MOST_NAMED:
            hint = f"known are {', '.join(known)}"
        self.say(UNKNOWN_NAME, f"{what} `{word[:40]}`", at, hint=hint)

    def end(self) -> None:
        """Raise what has been found, if anything was.

        Raises:
            SpecError: something was.
        """
        if self.found:
            found = sorted(dict.fromkeys(self.found), key=lambda d: d.position)
            raise SpecError(found[:_MOST_FOUND])

    def _pairs(self, mapping: Any) -> list[tuple[str, Span, Any]]:
        pairs: dict[str, tuple[str, Span, Any]] = {}
        for key, value in mapping.value:
            at = self._span(key)
            if not isinstance(key, self._yaml.ScalarNode):
                self.say(WRONG_VALUE, "a key has to be a word", at)
            elif key.value in pairs:
                self.say(WRONG_VALUE, f"`{key.value}` is given twice", at)
            else:
                pairs[key.value] = key.value, at, value
        return list(pairs.values())

    def _constructed(self, node: Any) -> Any:
        if isinstance(node, self._yaml.SequenceNode):
            return [self._scalar(item) for item in node.value]
        return self._scalar(node)

    def _scalar(self, node: Any) -> Scalar:
        if not isinstance(node, self._yaml.ScalarNode):
            self.say(WRONG_VALUE, "this has to be a single value", self._span(node))
            return None
        try:
            if node.tag.removeprefix(_TAG) in _TAGS:
                return _exact(self._loader.construct_object(node))
        except (self._yaml.YAMLError, ValueError, OverflowError):
            pass
        self.say(WRONG_VALUE, f"`{node.value[:40]}` can't be read", self._span(node))
        return None

    def _span(self, node: Any) -> Span:
        start, end = node.start_mark.index, node.end_mark.index
        line_end = self.source.text.find("\n", start)
        if 0 <= line_end < end:
            end = line_end
        return Span(self.source, start, max(end, start + 1))

    def _stop(self, kind: Kind, message: str, offset: int) -> Any:
        raise SpecError([Diagnostic(kind, message, Span(self.source, offset, offset + 1))])


def read_yaml(path: str) -> YamlFile:
    """Read a file, or standard input for `-`.

    Raises:
        UsageError: it is missing, unreadable or beyond the limit.
        SpecError: it is no YAML of sections.
    """
    name = STDIN if path == "-" else path
    try:
        if path == "-":
            data = sys.stdin.buffer.read(LARGEST_YAML + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(LARGEST_YAML + 1)
    except OSError as error:
        raise UsageError(f"can't read {name}: {error.strerror or error}") from None
    if len(data) > LARGEST_YAML:
        raise UsageError(f"{name} is beyond the limit of {LARGEST_YAML:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8 text") from None
    return YamlFile(Source(name, text, None))


def _exact(value: Any) -> Scalar:
    """A scalar as the language has it: decimals as they are written, `5e-5` a number as well."""
    match value:
        case bool() | int() | None:
            return value
        case float():
            return _whole(Fraction(repr(value)))
        case str():
            try:
                return _whole(Fraction(repr(float(value))))
            except ValueError:
                return value
        case _:
            return str(value)


def _whole(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value
