"""Settings of a recipe by the names that `--set` has for them."""

from __future__ import annotations

from typing import Any, cast


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings as one level of dotted names: `optimizer`, `optimizer.lr`.

    Args:
        values: a recipe as JSON, in which what is called by name says so as `kind`.
        prefix: goes before each name.
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list):
            value = [_called(item) for item in cast("list[Any]", value)]
        if not isinstance(value, dict):
            found[f"{prefix}{name}"] = value
            continue
        inner = cast("dict[str, Any]", value)
        if "kind" in inner:
            found[f"{prefix}{name}"] = inner["kind"]
        found |= flat({k: v for k, v in inner.items() if k != "kind"}, f"{prefix}{name}.")
    return found


def _called(item: Any) -> Any:
    """One of a list: `crop(padding = 4)`, in one word."""
    if not isinstance(item, dict):
        return item
    settings = cast("dict[str, Any]", item)
    kind = settings.get("kind", "")
    given = [f"{k} = {_said(v)}" for k, v in settings.items() if k != "kind" and v is not None]
    return f"{kind}({', '.join(given)})" if given else kind


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
