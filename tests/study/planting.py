"""Studies whose results are known beforehand: stores with planted errors, nothing trained."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from anydsl.study.plan import Group, Plan
from anydsl.study.store import Store

PRINCIPLES = ("b", "g", "w", "d")
CELLS = [c for size in range(5) for c in combinations(PRINCIPLES, size)]
RECIPE = "anynet 1\n\nrecipe quick {\n  data = digits\n  epochs = 4\n}\n"
FACTS = {
    "recipe": RECIPE,
    "data": {"name": "digits", "train": 1150, "val": 288},
    "environment": {"started": "2026-03-01T12:00:00+0000", "versions": {"torch": "2.11.0"}},
}
_STAGE = "    stage s{n} {{ d = {d}, w = {w}, b = {b}, g = {g} }}\n"


def plant(
    folder: Path,
    errors: Mapping[str, Sequence[float | None]],
    *,
    broken: Mapping[str, Sequence[str]] | None = None,
    factorial: Sequence[str] = (),
    replicas: int = 1,
    failing: Mapping[str, str] | None = None,
    epochs: int = 3,
    text: str = "study s\n",
    **facts: Any,
) -> Store:
    """A study in which designs have these errors; None stands for one that is not done.

    Errors come replica by replica, then design by design. `failing` has the reason of each trial
    that failed, by `GROUP:INDEX`.
    """
    rng = np.random.default_rng(5)
    trials = [
        _trial(rng, group, place // replicas, place % replicas)
        for group, own in errors.items()
        for place in range(len(own))
    ]
    groups = tuple(Group(name, name, tuple((broken or {}).get(name, ()))) for name in errors)
    samples = max(map(len, errors.values())) // replicas
    plan: Any = Plan(
        "planted",
        None,  # pyright: ignore[reportArgumentType]
        0,
        samples,
        samples,
        replicas,
        groups,
        tuple(trials),  # pyright: ignore[reportArgumentType]
        factorial=tuple(factorial),
        paired=facts.pop("paired", False),
        doc=facts.pop("doc", ""),
    )
    store = Store(folder, new=True)
    store.adopt(plan, text, FACTS | facts)
    flat = [error for own in errors.values() for error in own]
    done = [
        (error, _curve(error, epochs), trial.id)
        for trial, error in zip(trials, flat, strict=True)
        if error is not None
    ]
    with store.database.transaction():
        store.database.insert(
            "UPDATE trials SET status = 'done', error = ?, curve = ?, train_loss = 0.5, "
            "seconds = 2, device = 'cpu', attempts = 1 WHERE id = ?",
            done,
        )
        for place, reason in (failing or {}).items():
            group, _, index = place.partition(":")
            store.database.change(
                "UPDATE trials SET status = 'failed', error = NULL, reason = ? WHERE id = ?",
                (reason, f"{group}{index}.0"),
            )
    return store


def factorial(
    costs: Mapping[str, float], n: int = 30, noise: float = 0.01, seed: int = 8
) -> dict[str, list[float | None]]:
    """Errors of the 16 cells, in which breaking a principle adds its cost."""
    rng = np.random.default_rng(seed)
    return {
        name_of(cell): list(0.2 + sum(costs[p] for p in cell) + rng.normal(0, noise, n))
        for cell in CELLS
    }


def name_of(cell: Sequence[str]) -> str:
    return f"breaks_{''.join(cell)}" if cell else "keeps_all"


BROKEN = {name_of(cell): cell for cell in CELLS}


def diverge(store: Store, *trials: str) -> None:
    with store.database.transaction():
        for trial in trials:
            store.database.change(
                "UPDATE trials SET diverged = 1, error = 0.9, train_loss = NULL WHERE id = ?",
                (trial,),
            )


def _trial(rng: np.random.Generator, group: str, index: int, replica: int) -> Any:
    stages = [
        {
            "d": int(rng.integers(1, 5)),
            "w": int(2 ** rng.integers(4, 8)),
            "b": int(2 ** rng.integers(0, 3)),
            "g": 4,
        }
        for _ in range(3)
    ]
    body = "".join(_STAGE.format(n=n, **stage) for n, stage in enumerate(stages, 1))
    net = (
        f"anynet 1\n\nnet {group}_{index} {{\n  input = 1x8x8\n  stem {{ w = 8, s = 1 }}\n"
        f"  body {{\n    block = resnext\n{body}  }}\n  head {{ classes = 10 }}\n}}\n"
    )
    size = float(rng.uniform(1, 3))
    return SimpleNamespace(
        id=f"{group}{index}.{replica}",
        group=group,
        index=index,
        replica=replica,
        seed=replica,
        net=net,
        settings=[{**stage, "block": "resnext"} for stage in stages],
        params=int(10_000 * size * rng.uniform(0.7, 1.4)),
        flops=int(50_000 * size),
        acts=int(4_000 * size * rng.uniform(0.7, 1.4)),
    )


def _curve(error: float, epochs: int) -> str:
    return json.dumps(
        [
            {
                "train_loss": 2.0 / epoch,
                "train_acc": 1 - error,
                "val_loss": 1.0,
                "val_acc": 1 - error - 0.3 * (1 / epoch - 1 / epochs),
            }
            for epoch in range(1, epochs + 1)
        ]
    )
