"""What a run ran on: versions, device, command."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from datetime import datetime
from importlib import metadata
from typing import Any

import torch

from anydsl.training.devices import device_name

_PACKAGES = (
    "anydsl",
    "torch",
    "torchvision",
    "lightning-fabric",
    "scikit-learn",
    "safetensors",
    "numpy",
)


def environment(
    device: torch.device,
    *,
    compiled: bool = False,
    graphed: bool = False,
    deterministic: bool = False,
    ranks: int = 1,
) -> dict[str, Any]:
    """Describe this process, as JSON."""
    return {
        # To fractions of a second: small runs follow each other faster than that.
        "started": datetime.now().astimezone().isoformat(timespec="milliseconds"),
        "command": shlex.join(sys.argv),
        "device": str(device),
        "device_name": device_name(device),
        "compile": compiled,
        "cuda_graph": graphed,
        "deterministic": deterministic,
        "processes": ranks,
        "threads": torch.get_num_threads(),
        "cpus": os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "cuda": torch.version.cuda if device.type == "cuda" else None,
        "versions": {name: _version(name) for name in _PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
