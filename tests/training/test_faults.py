"""What goes wrong around a run: it says so in a line, and goes on when the cause is gone."""

from __future__ import annotations

import math
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from anydsl.design.recipe import ImageFolder, Recipe
from anydsl.errors import (
    DataError,
    DeviceError,
    DivergedError,
    RunError,
    UnwritableError,
    UsageError,
)
from anydsl.training.plan import Plan
from anydsl.training.runs.checkpoints import name_also, read, write
from anydsl.training.runs.folder import RunFolder
from anydsl.training.runs.keeping import Keeping
from anydsl.training.runs.resuming import recorded_keeping
from anydsl.training.state import State
from anydsl.training.train import run
from tests.training.processes import python

PlanFor = Callable[..., Plan]


def checkpoints(run: Path) -> dict[str, tuple[int, int]]:
    """The names of a run's checkpoints, with the epochs and steps that they stand at."""
    found = sorted((run / "checkpoints").glob("*.safetensors"))
    values = {file.stem: read(file)[1] for file in found}
    return {name: (v["epoch"], v.get("position", 0)) for name, v in values.items()}


def stopped_in(epoch: int, plan: Plan) -> Plan:
    """A plan whose net asks this process to stop in the first step of `epoch`, from 1."""
    steps = (epoch - 1) * plan.steps_per_epoch
    calls = 0

    def hook(module: torch.nn.Module, *_: object) -> None:
        nonlocal calls
        calls += module.training
        if calls == steps + 1 and module.training:
            os.kill(os.getpid(), signal.SIGTERM)

    plan.module.register_forward_hook(hook)
    return plan


def test_the_latest_checkpoints_are_kept(recipe: Recipe, plan_for: PlanFor, tmp_path: Path) -> None:
    recipe = recipe.replace(validation=0)
    run(plan_for(recipe), tmp_path / "r", keeping=Keeping(keep=3), quiet=True)
    assert checkpoints(tmp_path / "r") == {
        "epoch-0002": (2, 0),
        "epoch-0003": (3, 0),
        "epoch-0004": (4, 0),
        "last": (4, 0),
    }
    folder = tmp_path / "r" / "checkpoints"
    assert (folder / "last.safetensors").samefile(folder / "epoch-0004.safetensors")


def test_a_long_epoch_is_saved_in_its_midst(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("anydsl.training.runs.keeping.time.monotonic", lambda: now)
    plan, seen = plan_for(recipe), []

    def hook(module: torch.nn.Module, *_: object) -> None:
        nonlocal now
        now += 40 * module.training
        last = tmp_path / "r" / "checkpoints" / "last.safetensors"
        if module.training:
            values = read(last)[1] if last.exists() else {"epoch": 0, "position": 0}
            seen.append((values["epoch"], values["position"]))

    plan.module.register_forward_hook(hook)
    run(plan, tmp_path / "r", keeping=Keeping(save_every=2), quiet=True)
    # Five steps an epoch, 40 seconds each: saved after the third and at the end.
    assert seen[:10] == [(0, 0)] * 3 + [(0, 3)] * 2 + [(1, 0)] * 3 + [(1, 3)] * 2


def test_a_run_that_goes_on_keeps_what_it_kept(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    for keeping in (Keeping(), Keeping(keep=3, save_every=math.inf)):
        name = f"r{keeping.keep}"
        run(plan_for(recipe.replace(epochs=1)), tmp_path / name, keeping=keeping, quiet=True)
        assert recorded_keeping(RunFolder.of(tmp_path / name)) == keeping
    with pytest.raises(UsageError, match="--keep 0: must be at least 1"):
        Keeping().changed(keep=0, save_every=None)
    with pytest.raises(UsageError, match="--save-every nan: must be at least 0"):
        Keeping().changed(keep=None, save_every=math.nan)


@pytest.mark.parametrize("harm", ["cut", "flip"])
def test_a_damaged_checkpoint_is_passed_over(
    recipe: Recipe,
    plan_for: PlanFor,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    harm: str,
) -> None:
    run(plan_for(recipe), tmp_path / "straight", quiet=True)
    with pytest.raises(RunError, match="interrupted"):
        run(stopped_in(3, plan_for(recipe)), tmp_path / "r", quiet=True)
    last = tmp_path / "r" / "checkpoints" / "last.safetensors"
    content = bytearray(last.read_bytes())
    if harm == "cut":
        del content[-100:]
    else:
        content[-100] ^= 1
    last.write_bytes(content)
    capsys.readouterr()
    run(plan_for(recipe), RunFolder.of(tmp_path / "r"))
    said = capsys.readouterr().err
    assert f"{last} is damaged" in said
    assert f"going on from {last.with_name('epoch-0002.safetensors')}" in said
    ours, theirs = (read(tmp_path / r / "checkpoints" / last.name)[0] for r in ("r", "straight"))
    assert all(ours[name].equal(theirs[name]) for name in theirs)


def test_where_links_are_unknown_the_second_name_is_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    write(one, {"a": torch.ones(3)}, {"epoch": 1})

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    name_also(one, two)
    assert read(two)[1] == {"epoch": 1} and not two.samefile(one)


def test_weights_that_overflowed_are_not_saved(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    folder = RunFolder.create(tmp_path / "r", "r")
    state = State(plan_for(recipe).module, recipe, 5)
    folder.checkpoints.save(state)
    state.epoch, state.position = 1, 2
    with torch.no_grad():
        next(state.module.parameters())[0] = math.inf
    with pytest.raises(DivergedError, match=r"`model\.0\.weight` .* after step 7, with learning r"):
        folder.checkpoints.save(state)
    assert checkpoints(tmp_path / "r") == {"last": (0, 0)}


def test_a_folder_that_turns_into_a_file_is_said_and_mended(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    plan = plan_for(recipe)
    place, aside = tmp_path / "r" / "checkpoints", tmp_path / "aside"

    def hook(module: torch.nn.Module, *_: object) -> None:
        if not aside.exists() and (place / "last.safetensors").exists():
            place.rename(aside)
            place.write_text("")

    plan.module.register_forward_hook(hook)
    with pytest.raises(UnwritableError) as caught:
        run(plan, tmp_path / "r", quiet=True)
    assert str(caught.value).startswith(f"{place}/")
    assert "can't be written: Not a directory; when that is mended, `anydsl train --resume" in str(
        caught.value
    )
    place.unlink()
    aside.rename(place)
    run(plan_for(recipe), RunFolder.of(tmp_path / "r"), quiet=True)
    assert checkpoints(tmp_path / "r")["last"] == (4, 0)


def test_pictures_that_are_deleted_in_mid_run_are_said_and_the_run_goes_on_with_them(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path, pictures: Callable[..., Path]
) -> None:
    root = pictures({"train/a": 6, "train/b": 6, "test/a": 2, "test/b": 2})
    recipe = recipe.replace(data=ImageFolder(path=str(root)), batch=4, epochs=2)
    plan = plan_for(recipe, (3, 8, 8), 2)
    kept = tmp_path / "kept"

    def hook(module: torch.nn.Module, *_: object) -> None:
        if not kept.exists():
            shutil.move(root, kept)

    plan.module.register_forward_hook(hook)
    with pytest.raises(DataError) as caught:
        run(plan, tmp_path / "r", quiet=True)
    assert str(root) in str(caught.value)
    assert "when that is mended, `anydsl train --resume" in str(caught.value)
    assert "\n" not in str(caught.value)
    shutil.move(kept, root)
    run(plan_for(recipe, (3, 8, 8), 2), RunFolder.of(tmp_path / "r"), quiet=True)
    assert (tmp_path / "r" / "summary.json").exists()


def test_a_device_that_is_lost_is_said_and_the_run_goes_on_in_the_same_bits(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    run(plan_for(recipe), tmp_path / "straight", quiet=True)
    plan, steps = plan_for(recipe), 0

    def hook(module: torch.nn.Module, *_: object) -> None:
        nonlocal steps
        steps += module.training
        if steps > 2 * plan.steps_per_epoch + 1:
            raise torch.AcceleratorError("CUDA error: unspecified launch failure")

    plan.module.register_forward_hook(hook)
    with pytest.raises(DeviceError) as caught:
        run(plan, tmp_path / "r", quiet=True)
    assert "when that is mended, `anydsl train --resume" in str(caught.value)
    assert checkpoints(tmp_path / "r")["last"] == (2, 0)
    run(plan_for(recipe), RunFolder.of(tmp_path / "r"), quiet=True)
    ours, theirs = (
        read(tmp_path / r / "checkpoints" / "last.safetensors")[0] for r in ("r", "straight")
    )
    assert all(ours[name].equal(theirs[name]) for name in theirs)


def test_a_clock_that_jumps_changes_nothing(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [2e9]

    def jumping() -> float:
        clock[0] -= 10**6
        return clock[0]

    monkeypatch.setattr(time, "time", jumping)
    result: Any = run(plan_for(recipe), tmp_path / "r", quiet=True)
    assert 0 < result.seconds < 600 and result.images_per_second > 0


FULL = """
import resource, sys
import anydsl.training.train
from anydsl.cli import main

limit = int(sys.argv[1])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
sys.exit(main(["train", *sys.argv[2:], "--device", "cpu", "--quiet"]))
"""

SPEC = """\
anynet 1

net Small {
  input = 1x8x8
  stem { w = 16, s = 1 }
  body {
    block = resnext
    b = 1
    g = 8
    stage s1 { d = 1, w = 16 }
  }
  head { classes = 10 }
}

recipe quick {
  data = digits
  epochs = 2
  batch = 256
}
"""


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(tmp_path: Path) -> None:
    (tmp_path / "small.anynet").write_text(SPEC)
    # All but checkpoints is smaller than 8 KiB.
    full = python(FULL, "8192", "small.anynet", "--out", "r", cwd=tmp_path)
    assert full.returncode == 1, full.stderr
    (line,) = full.stderr.splitlines()
    assert line.startswith("error: r/checkpoints/")
    assert line.endswith(
        "can't be written: File too large; when that is mended, `anydsl train --resume r` goes on"
    )
    assert list((tmp_path / "r" / "checkpoints").iterdir()) == []
    mended = python(FULL, "0", "--resume", "r", cwd=tmp_path)
    assert mended.returncode == 0, mended.stderr
    assert checkpoints(tmp_path / "r")["last"] == (2, 0)
