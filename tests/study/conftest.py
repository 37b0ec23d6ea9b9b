"""Plans of trials that are not trained, and the stores made of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from anydsl.study.plan import Group, Plan
from anydsl.study.store import Store

MakePlan = Callable[..., Plan]


@pytest.fixture
def planned() -> MakePlan:
    """A plan of some designs of each group, whose seeds count up over all of them."""

    def make(designs: int = 3, groups: tuple[str, ...] = ("A", "B"), *, salt: str = "") -> Plan:
        trials = [
            SimpleNamespace(
                id=f"{salt}{group}{index}",
                group=group,
                index=index,
                replica=0,
                seed=index * len(groups) + place,
                net=f"net {group}{index}",
                settings=[{"d": 1, "w": 8}],
                params=10,
                flops=100 + index,
                acts=5,
            )
            for index in range(designs)
            for place, group in enumerate(groups)
        ]
        parts = [Group(name, name) for name in groups]
        rest: Any = ("s", None, 0, designs, designs, 1, tuple(parts), tuple(trials))
        return Plan(*rest)

    return make


@pytest.fixture
def stored(tmp_path: Path, planned: MakePlan) -> Callable[..., Store]:
    """A store of such a plan in `tmp_path / "s"`."""

    def make(*args: Any, **options: Any) -> Store:
        store = Store(tmp_path / "s", new=True)
        store.adopt(cast("Plan", planned(*args, **options)), "study s\n", {"recipe": "r"})
        return store

    return make
