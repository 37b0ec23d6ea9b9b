"""A small study for faults to befall, and what its database tells."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

Rows = dict[tuple[Any, ...], tuple[Any, ...]]

STUDY = """anynet 1

space Free {{
  input = 1x8x8
  stem {{ w = 8, s = 1 }}
  body {{
    block = resnext
    stage s[1..2] {{
      d ~ uniform(1..2)
      w ~ uniform(8..24 step 8)
      b ~ choice(1, 2)
      g ~ choice(4, 8)
    }}
  }}
  head {{ classes = 10 }}
}}

## Free with rising widths.
space Rising extends Free {{ require nondecreasing(w) }}

recipe short {{
  data = digits
  epochs = 2
  batch = 64
  optimizer = sgd(lr = 0.1, momentum = 0.9)
  schedule = cosine
  seed = 0
}}

study chaos {{
  spaces = [Free, Rising]
  recipe = short
  samples = {samples}
  seed = 1
}}
"""
PLACE = '"group", "index", replica'
COLUMNS = f"{PLACE}, id, seed, status, error, train_loss, curve, diverged, weights"


def spec(folder: Path, *, samples: int) -> Path:
    """Write the spec of the study: so many designs of each of two spaces."""
    file = folder / "chaos.anynet"
    file.write_text(STUDY.format(samples=samples))
    return file


def rows(out: Path, columns: str = COLUMNS) -> Rows:
    """What the database of the study in a folder tells of each trial, by its place."""
    database = out / "study.db"
    if not database.exists():
        return {}
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)
    try:
        found = connection.execute(f"SELECT {columns} FROM results").fetchall()
    except sqlite3.OperationalError:  # the tables are not made yet, or the folder is read-only
        found = []
    finally:
        connection.close()
    return {row[:3]: row[3:] for row in found}


def recorded(out: Path) -> Rows:
    """The trials that are done; without their weights, of which only the best stay."""
    return {place: row[:-1] for place, row in rows(out).items() if row[2] == "done"}
