"""The dataflow graph as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import fx

    from anydsl.graph.dataflow import Graph

SUFFIX = ".json"


def write(module: fx.GraphModule, graph: Graph, path: str) -> None:
    """Write operations, settings, shapes and edges; the weights are no part of it."""
    del module
    with open(path, "w", encoding="utf-8") as file:
        json.dump(graph.to_json(), file, indent=1)
        file.write("\n")
