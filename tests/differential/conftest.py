from __future__ import annotations

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Threads that wait for each other take longer than these small pictures."""
    torch.set_num_threads(1)
