"""The dataflow graph as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anydsl.lowering.compilation import Compilation

SUFFIX = ".json"


def write(net: Compilation, path: str) -> None:
    """Write operations, settings, shapes and edges; the weights are no part of it."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(net.graph.to_json(), file, indent=1)
        file.write("\n")
