"""Weights into a module, under our names or those of another library: all of them or none."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from anydsl.errors import WeightsError
from anydsl.weights.downloads import fetch, is_download
from anydsl.weights.files import read_tensors
from anydsl.weights.naming import Names, candidates

if TYPE_CHECKING:
    import torch
    from torch import nn

    from anydsl.graph.dataflow import Graph

_SHOWN = 3
_COUNTER = "num_batches_tracked"
"""Batches that a batch norm has seen: many files lack it, and nothing depends on it."""


def load_weights(module: nn.Module, graph: Graph, source: str) -> tuple[str, ...]:
    """Load parameters and buffers into a compiled net.

    Args:
        module: what `graph` was compiled to.
        graph: of the net; its structure says what other libraries call its tensors.
        source: the path of a file under our names or those of another library, or
            `torchvision:NAME` for weights that torchvision fetches.

    Returns:
        What is worth knowing of the weights, in words.

    Raises:
        UsageError: the file is missing or unreadable, or there are no such weights.
        WeightsError: it holds no weights, or tensors are missing, left over or of another shape;
            nothing is loaded then.
    """
    if is_download(source) and not os.path.exists(source):
        tensors, names, notes = fetch(graph, source)
        loaded = load_tensors(module, graph, tensors, source, names)
        return (*notes, *loaded)
    return load_tensors(module, graph, read_tensors(source), source)


def load_tensors(
    module: nn.Module,
    graph: Graph,
    tensors: dict[str, torch.Tensor],
    source: str,
    names: Names | None = None,
) -> tuple[str, ...]:
    """Load tensors into a compiled net; `source` is what messages call them.

    Without `names` they are the ones, ours or another library's, that fit the tensors best.

    Raises:
        WeightsError: tensors are missing, left over or of another shape; nothing is loaded then.
    """
    own = module.state_dict()
    notes: list[str] = []
    if names is None:
        names = _best(graph, own, tensors)
    tensors = dict(tensors)
    theirs: Callable[[str], str] = names.tensor if names else str
    if names:
        tensors = _today(names, tensors)
        if ignored := [name for name in tensors if _ignored(names, name)]:
            notes.append(f"{source}: {len(ignored)} tensors for training alone are left out")
            tensors = {name: tensor for name, tensor in tensors.items() if name not in ignored}
    fitted: dict[str, torch.Tensor] = {}
    missing: list[str] = []
    other: list[str] = []
    for name, tensor in own.items():
        known = theirs(name)
        spoken = known if known == name else f"{known} ({name})"
        if known in tensors:
            given = tensors.pop(known)
            if _sides(given) != _sides(tensor):
                other.append(f"{spoken} is {_shape(given)} and should be {_shape(tensor)}")
            else:
                fitted[name] = given.reshape(tensor.shape)
        elif name.endswith(_COUNTER):
            fitted[name] = tensor.new_zeros(tensor.shape)
        else:
            missing.append(spoken)
    problems = _some("missing ", missing) + _some("left over ", list(tensors)) + _some("", other)
    if problems:
        style = f", in {names.library}'s names," if names else ""
        raise WeightsError(f"{source}{style} doesn't fit the net: {'; '.join(problems)}")
    module.load_state_dict(fitted)
    return tuple(notes)


def _best(
    graph: Graph, own: dict[str, torch.Tensor], tensors: dict[str, torch.Tensor]
) -> Names | None:
    """The names that most of the tensors have; None for our own."""
    best, most = None, sum(name in own for name in tensors)
    if most == len(tensors):
        return None
    for names in candidates(graph):
        current = _today(names, tensors)
        if (fitting := sum(names.tensor(name) in current for name in own)) > most:
            best, most = names, fitting
    return best


def _today(names: Names, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors of an older file under the names that their library uses now."""
    for pattern, name in names.scheme.older:
        tensors = {re.sub(pattern, name, old): tensor for old, tensor in tensors.items()}
    return tensors


def _ignored(names: Names, name: str) -> bool:
    return bool(names.scheme.ignored and re.match(names.scheme.ignored, name))


def _some(kind: str, items: list[str]) -> list[str]:
    """The first few of a kind of problem in words, the others counted."""
    if not items:
        return []
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return [kind + ", ".join(items[:_SHOWN]) + more]


def _sides(tensor: torch.Tensor) -> list[int]:
    """A shape without ones at its end: a 1x1 convolution has the weights of a linear layer."""
    sides = list(tensor.shape)
    while sides and sides[-1] == 1:
        sides.pop()
    return sides


def _shape(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single number"
