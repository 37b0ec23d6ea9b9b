"""A net on its way down the staircase: each step is made when it is first asked for.

So are the imports of what makes it: the syntax tree needs neither networkx nor torch.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import fx

    from anydsl.design.network import Network
    from anydsl.graph.dataflow import Graph
    from anydsl.language import tree


class Compilation:
    """What becomes of a net: what only the graph is needed for makes no weights.

    Attributes:
        network: what is compiled.
        file: the syntax tree of the file that it stands in, if it came from one.
        seed: of the initial weights.
        for_inference: whether `graph` and `module` are the form for inference.
    """

    def __init__(
        self,
        network: Network,
        file: tree.File | None = None,
        *,
        seed: int = 0,
        for_inference: bool = False,
    ) -> None:
        self.network = network
        self.file = file
        self.seed = seed
        self.for_inference = for_inference

    @cached_property
    def built(self) -> Graph:
        """The dataflow graph as the spec says it."""
        from anydsl.blocks.graphing import build_graph

        return build_graph(self.network)

    @cached_property
    def initialized(self) -> fx.GraphModule:
        """The module of that graph, in eval mode, for weights to be loaded into."""
        from anydsl.lowering.compiler import compile_graph

        return compile_graph(self.built, seed=self.seed).eval()

    @cached_property
    def graph(self) -> Graph:
        """The dataflow graph that is asked for."""
        if not self.for_inference:
            return self.built
        from anydsl.graph.folding import fold

        return fold(self.built).graph

    @cached_property
    def module(self) -> fx.GraphModule:
        """The module that is asked for, in eval mode."""
        if not self.for_inference:
            return self.initialized
        from anydsl.lowering.inference import for_inference

        return for_inference(self.initialized, self.built)

    def block_doc(self, path: str) -> str:
        """The doc comment of the block that is used at a path; empty if there is none."""
        net = self.network
        parts = {"stem": net.stem, "head": net.head, **{s.name: s for s in net.stages}}
        part = parts.get(path.split(".")[0])
        name = self.built.blocks.get(path)
        found = part.block.scope.find(name) if part is not None and name else None
        return getattr(found[1], "doc", "") if found else ""
