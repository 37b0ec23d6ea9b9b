"""Weights that another library fetches: only where the user has it, and only when asked for."""

from __future__ import annotations

import sys
from http.client import HTTPException
from importlib import import_module
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from anydsl.errors import UsageError, WeightsError
from anydsl.weights.files import state_of
from anydsl.weights.naming import Names, all_names

if TYPE_CHECKING:
    import torch

    from anydsl.graph.dataflow import Graph

_PREFIX = "torchvision:"


def is_download(source: str) -> bool:
    """Whether a source is written like weights to be fetched, not like a path."""
    return source.startswith(_PREFIX)


def fetch(graph: Graph, source: str) -> tuple[dict[str, torch.Tensor], Names, tuple[str, ...]]:
    """Weights of torchvision's model with the structure of a net.

    torchvision downloads them once, and keeps them in torch's cache.

    Args:
        graph: of the net.
        source: `torchvision:NAME`, as `IMAGENET1K_V2`, `DEFAULT`, `ResNet50_Weights.DEFAULT`.

    Returns:
        The tensors, the names they have, and what else is to be known of them.

    Raises:
        UsageError: the model has no weights of this name.
        WeightsError: torchvision has no such model, or can't fetch its weights.
    """
    names = all_names(graph, "torchvision")
    kind, _, wanted = source.removeprefix(_PREFIX).rpartition(".")
    offers = _offers(graph.cost().params)
    if not offers:
        raise WeightsError(
            f"torchvision has no weights for a net of {graph.cost().params:,} parameters"
        )
    model, known = offers[0]
    enum = next(iter(known.values())).__class__
    if enum.DEFAULT in known.values():
        known["DEFAULT"] = enum.DEFAULT
    if wanted not in known or kind not in ("", enum.__name__):
        raise UsageError(f"torchvision's weights for {model} are called {', '.join(known)}")
    chosen = known[wanted]
    try:
        content = chosen.get_state_dict(
            progress=sys.stderr.isatty(), check_hash=True, map_location="cpu", weights_only=True
        )
    except (UnpicklingError, EOFError) as error:
        lines = str(error).splitlines() or ["it is cut short"]
        raise WeightsError(f"{chosen.url}, or what torch's cache has of it: {lines[0]}") from None
    except (OSError, HTTPException, RuntimeError) as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsError(f"torchvision can't fetch {chosen.url}: {reason}") from None
    notes = (names.scheme.note,) if names.scheme.note else ()
    return state_of(content, chosen.url), names, notes


def _offers(params: int) -> list[tuple[str, dict[str, Any]]]:
    """The classifiers of torchvision with weights of so many parameters, and these by name."""
    models: Any = import_module("torchvision.models")  # it has no types
    found: list[tuple[str, dict[str, Any]]] = []
    for name in models.list_models(module=models):
        entries = models.get_model_weights(name)
        weights = {entry.name: entry for entry in entries if entry.meta["num_params"] == params}
        if weights:
            found.append((name, weights))
    return found
