"""Imported by Python at its start, where this folder is on its path: plants what CHAOS names."""

import os

from chaos.faults import NAME, plant

plant(os.environ.get(NAME, ""))
