"""What a study's database says in JSON, held to what reports and sweeps expect of it."""

from __future__ import annotations

from typing import Any, cast

from anydsl.training.runs.noted import parsed

_TEXTS = ("study", "doc", "text", "recipe")
_LISTS = ("groups", "factorial")
_PARTS = ("data", "environment", "broken")


def checked(name: str, value: Any) -> Any:
    """Return a fact of the study as a whole as it is.

    Raises:
        ValueError: it is of another kind than the fact of that name is.
    """
    if name in _TEXTS:
        _need(isinstance(value, str), "no text")
    elif name in _LISTS:
        _need(_is_names(value), "no list of names")
    elif name in _PARTS:
        _need(isinstance(value, dict), "no object")
        part = cast("dict[str, Any]", value)
        match name:
            case "broken":
                _need(all(map(_is_names, part.values())), "no lists of names")
            case "environment":
                _need(isinstance(part.get("versions") or {}, dict), "no versions")
            case _:
                counts = [part.get("train", 0), part.get("val", 0)]
                _need(all(isinstance(count, int) for count in counts), "no numbers of pictures")
    elif name == "override":
        _need(isinstance(value, str | None), "no path")
    return value


def objects(text: object, *kinds: type) -> list[dict[str, Any]]:
    """Return a JSON list of objects with values of these kinds.

    Raises:
        ValueError: it is none.
    """
    value = parsed(text)
    _need(isinstance(value, list), "no list")
    for one in cast("list[Any]", value):
        _need(isinstance(one, dict), "no list of objects")
        for name, inner in cast("dict[str, Any]", one).items():
            _need(isinstance(inner, kinds), f"`{name}` is of another kind")
    return cast("list[dict[str, Any]]", value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(name, str) for name in cast("list[Any]", value)
    )


def _need(met: bool, what: str) -> None:
    if not met:
        raise ValueError(what)
