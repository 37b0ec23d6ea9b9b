"""Tensors by name from files: safetensors, and those of `torch.save` without running any code."""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from anydsl.errors import UsageError, WeightsError

if TYPE_CHECKING:
    import torch

_WRAPPERS = ("state_dict", "model_state", "model", "model_state_dict")
"""Where checkpoints keep their weights, beside an optimizer and so on."""

_PREFIXES = ("module.", "_orig_mod.")
"""What wrapping a model, to train it on several devices or compiled, puts before its names."""


def read_tensors(path: str) -> dict[str, torch.Tensor]:
    """The tensors of a file.

    Args:
        path: a safetensors file, or one of `torch.save` that holds nothing but tensors, numbers and
            texts; a state dict as such or within a checkpoint.

    Raises:
        UsageError: the file is missing or unreadable.
        WeightsError: it is none of these, or cut short.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(9)
        # safetensors begin with the length of a JSON object, 8 bytes
        if head[:2] == b"PK" or (head[:1] == b"\x80" and head[8:] != b"{"):
            return state_of(_read_torch(path), path)
        return state_of(_read_safetensors(path), path)
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror or error}") from None


def state_of(content: object, path: str) -> dict[str, torch.Tensor]:
    """The tensors by name in what a file holds, without wrappers around them or before their names.

    Raises:
        WeightsError: there are none, or some that are no plain numbers.
    """
    import torch

    state: Any = content
    if isinstance(state, Mapping):
        holder = cast("Mapping[str, Any]", state)
        inner = [holder[key] for key in _WRAPPERS if isinstance(holder.get(key), Mapping)]
        state = cast("Mapping[Any, Any]", inner[0] if inner else holder)
    if not isinstance(state, Mapping) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor)
        for name, tensor in cast("Mapping[Any, Any]", state).items()
    ):
        raise WeightsError(f"{path} holds no weights: tensors by their names are what is needed")
    tensors = dict(cast("Mapping[str, torch.Tensor]", state))
    for name, tensor in tensors.items():
        plain = tensor.layout == torch.strided and not tensor.is_quantized and not tensor.is_meta
        if not plain or tensor.is_complex():
            raise WeightsError(f"{path}: {name} holds no plain real numbers")
    for prefix in _PREFIXES:
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return tensors


def _read_safetensors(path: str) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType]

    try:
        return load_file(path)
    except SafetensorError as error:
        raise WeightsError(
            f"{path} is a file neither of safetensors nor of torch, or cut short: {error}"
        ) from None


def _read_torch(path: str) -> object:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickle's protocols: a file is read, or is not
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if found := re.search(r"unsupported global:? (?:global )?([\w.]+)", str(error), re.I):
            raise WeightsError(
                f"{path} holds {found[1]}, not weights alone, and reading that could run any code: "
                "save `model.state_dict()`"
            ) from None
        raise _broken(path) from None
    except Exception:  # it could be opened, so whatever torch stumbles over in a broken file
        raise _broken(path) from None


def _broken(path: str) -> WeightsError:
    return WeightsError(f"{path} is no file of weights, or cut short")
