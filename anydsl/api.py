"""The verbs of the Python interface; the command line calls what they call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anydsl.blocks.measurement import measure
from anydsl.checker import loading
from anydsl.design.network import Network, Space

if TYPE_CHECKING:
    import torch
    from torch import fx

    from anydsl.design.recipe import Recipe
    from anydsl.language.diagnostics import Diagnostic
    from anydsl.training.runs.result import Result


def _display(network: Network) -> str | None:
    """How a network shows itself: what draws is imported when something is to be drawn."""
    from anydsl.drawing.writers.notebook import shown

    return shown(network)


Network.display = _display

__all__ = ["check", "compile", "for_inference", "load", "measure", "sample", "train"]


def load(spec: str) -> Network | Space:
    """Read and check the net or the space of a spec.

    Args:
        spec: a path, or a shipped spec such as `std:regnet/regnetx`; `::NAME` picks one declaration
            where a file holds several.

    Raises:
        UsageError: the file is missing, or it is not clear which declaration is meant.
        SpecError: the spec has errors; its `diagnostics` say where.
    """
    _, checked = loading.pick(str(spec), "net", "space")
    assert isinstance(checked.value, (Network, Space))
    return checked.value


def check(spec: str) -> list[Diagnostic]:
    """Everything that is to be said of a file; never raises for what stands in it.

    Raises:
        UsageError: the file is missing or unreadable.
    """
    return loading.check(str(spec))


def compile(
    network: Network, *, device: str | torch.device = "cpu", seed: int = 0
) -> fx.GraphModule:
    """Compile a network to an initialized torch.fx.GraphModule.

    Args:
        network: as `load` gives it.
        device: where the parameters are made; on `meta` they have shapes only.
        seed: of the initialization, the same on every device.

    Raises:
        SpecError: the blocks of the network don't fit together.
    """
    from anydsl.lowering.compiler import compile_network

    return compile_network(network, device=device, seed=seed)


def sample(space: Space, n: int = 1, seed: int = 0) -> list[Network]:
    """Draw designs of a space; design i under a seed is the same whatever n.

    The networks lint clean: principles that they miss are waived as "drawn from" the space.

    Raises:
        AnydslError: the space is met too rarely to be sampled.
        SpecError: no design can meet it.
    """
    from anydsl.checker.drawn import as_net
    from anydsl.spaces.sampling import Sampler

    designs = Sampler(space, seed).designs(n)
    return [as_net(design.network(), space.name) for design in designs]


def for_inference(network: Network, module: fx.GraphModule) -> fx.GraphModule:
    """Fold batch norm into convolutions, and leave dropout out.

    Args:
        network: what the module was compiled from.
        module: with its weights; it stays as it is.

    Returns:
        Another module, in eval mode, with the outputs that the first has there.
    """
    from anydsl.blocks.graphing import build_graph
    from anydsl.lowering.inference import for_inference as fold

    return fold(module, build_graph(network))


def train(network: Network, recipe: Recipe | None = None, **options: Any) -> Result:
    """Train a network; the same as the command, whose options it takes by name.

    Raises:
        DataError: the data is missing or doesn't fit the network.
        RunError: the run can't start or go on.
    """
    from anydsl.training.train import train as run

    return run(network, recipe, **options)
