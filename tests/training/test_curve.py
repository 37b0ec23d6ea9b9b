"""The losses of two small runs, kept in `curve.json`: a change of the loop must not change them.

`pytest tests/training/test_curve.py --update-golden` writes the file anew; only do so when
a run is meant to go another way.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from anydsl.checker.loading import pick
from anydsl.design.augmentation import Crop, Flip
from anydsl.design.network import Network
from anydsl.design.recipe import SGD, AdamW, Cosine, Digits, Recipe
from anydsl.training.train import train

STORED = Path(__file__).with_name("curve.json")
SPEC = """
anynet 1
net Tiny {
  input = 1x8x8
  stem { w = 16, s = 1 }
  body {
    block = resnext
    b = 1
    g = 8
    stage s1 { d = 1, w = 24 }
    stage s2 { d = 2, w = 40 }
  }
  head { classes = 10 }
}
"""
BASE = Recipe(
    data=Digits(augment=(Crop(), Flip())),
    epochs=2,
    batch=128,
    optimizer=SGD(lr=Fraction(1, 20), momentum=Fraction(9, 10), weight_decay=Fraction(5, 10**4)),
    schedule=Cosine(warmup=Fraction(1, 2)),
    precision="fp32",
)
RECIPES = {
    "sgd": BASE,
    "adamw-ema": BASE.replace(
        optimizer=AdamW(lr=Fraction(3, 1000)),
        ema=Fraction(9, 10),
        label_smoothing=Fraction(1, 10),
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_loss_falls_as_it_always_did(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    (tmp_path / "tiny.anynet").write_text(SPEC)
    network = pick(str(tmp_path / "tiny.anynet"), "net")[1].value
    assert isinstance(network, Network)
    train(network, RECIPES[name], device="cpu", out=tmp_path / "r", quiet=True)
    rows = [
        json.loads(line) for line in (tmp_path / "r" / "metrics.jsonl").read_text().splitlines()
    ]
    curve = [{key: row[key] for key in ("train_loss", "val_loss", "lr")} for row in rows]
    stored: dict[str, Any] = json.loads(STORED.read_text()) if STORED.exists() else {}
    if request.config.getoption("--update-golden"):
        STORED.write_text(json.dumps({**stored, name: curve}, indent=2) + "\n")
    else:
        assert curve == [pytest.approx(row, abs=1e-4) for row in stored[name]]
