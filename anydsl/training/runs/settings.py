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
        if not isinstance(value, dict):
            found[f"{prefix}{name}"] = value
            continue
        inner = cast("dict[str, Any]", value)
        if "kind" in inner:
            found[f"{prefix}{name}"] = inner["kind"]
        found |= flat({k: v for k, v in inner.items() if k != "kind"}, f"{prefix}{name}.")
    return found
