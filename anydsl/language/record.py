"""Frozen values: what `@dataclass(frozen=True, slots=True)` gives, at next to no start-up cost.

Importing `dataclasses` and decorating the project's classes takes longer than the rest of
`anydsl lint` together; here the methods of a class are made when it is first used. Differences:
fields called `span` and `scope` say where a value was written and are no part of it, so equality
and hashing pass them over; a default may be a `setting(…)` that declares what the field means.

A class must stand in a module with `from __future__ import annotations`, and its fields without
a default must come first.
"""

from __future__ import annotations

from typing import Any, Self, cast, dataclass_transform

from anydsl.language.declaration import REQUIRED, Setting, setting

_APART = ("span", "scope")


@dataclass_transform(frozen_default=True, field_specifiers=(setting,))
class RecordType(type):
    """Turns annotations into slots, and defaults into declarations."""

    __fields__: tuple[str, ...]
    __defaults__: dict[str, Any]
    __settings__: dict[str, Setting]

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> RecordType:
        """Collect the fields of the class and of its bases."""
        annotations = cast("dict[str, str]", namespace.get("__annotations__", {}))
        own = tuple(f for f, kind in annotations.items() if not kind.startswith("ClassVar"))
        inherited = [base for base in bases if isinstance(base, RecordType)]
        defaults = {k: v for base in inherited for k, v in base.__defaults__.items()}
        settings = {k: v for base in inherited for k, v in base.__settings__.items()}
        for field in own:
            value = namespace.pop(field, REQUIRED)
            if isinstance(value, Setting):
                settings[field] = value
                value = value.default
            if value is not REQUIRED:
                defaults[field] = value
        fields = (*(f for base in inherited for f in base.__fields__), *own)
        namespace["__slots__"] = own
        namespace["__fields__"] = namespace["__match_args__"] = fields
        namespace["__defaults__"] = defaults
        namespace["__settings__"] = settings
        namespace["__init__"] = _first
        return super().__new__(mcls, name, bases, namespace)


def _first(self: Record, *args: Any, **kwargs: Any) -> None:
    """Stand in for `__init__` until a class makes its first instance."""
    cls = type(self)
    _compile(cls)
    cls.__init__(self, *args, **kwargs)


def _compile(cls: RecordType) -> None:
    fields, defaults = cls.__fields__, cls.__defaults__
    scope: dict[str, Any] = {f"_{f}": value for f, value in defaults.items()}
    scope |= {f"_set_{f}": getattr(cls, f).__set__ for f in fields}
    head = ", ".join(["self", *(f"{f}=_{f}" if f in defaults else f for f in fields)])
    body = "; ".join(f"_set_{f}(self, {f})" for f in fields) or "pass"
    key = "".join(f"self.{f}, " for f in fields if f not in _APART)
    exec(f"def __init__({head}): {body}\ndef _key(self): return ({key})", scope)
    for method in ("__init__", "_key"):
        setattr(cls, method, scope[method])


class Record(metaclass=RecordType):
    """A frozen value with named fields; subclasses only declare them."""

    def _key(self) -> tuple[Any, ...]:
        raise AssertionError  # replaced when the class makes its first instance

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other):
            return NotImplemented
        return self._key() == cast("Record", other)._key()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._key()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{f}={getattr(self, f)!r}" for f in self.__fields__ if f not in _APART)
        return f"{type(self).__name__}({shown})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: `replace` makes a changed copy")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, f) for f in self.__fields__)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with the named fields changed.

        Raises:
            TypeError: a name is not one of the fields.
        """
        return type(self)(**{f: getattr(self, f) for f in self.__fields__} | changes)
