"""Ray, told to be quiet: the only file that imports it."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

# Nothing is reported to anybody; read by Ray when it is imported, and by what it starts.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

ray: Any = import_module("ray")
"""The package; as it declares few types, it is taken without any."""

ERRORS: tuple[type[Exception], ...] = (ray.exceptions.RayError, ConnectionError)
"""What Ray raises; the second when a client has lost its server."""
