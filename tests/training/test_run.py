from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from anydsl.design.augmentation import ColorJitter, Crop, CutMix, Cutout, MixUp, RandAugment
from anydsl.design.recipe import SGD, Constant, Digits, Recipe
from anydsl.errors import RunError, UsageError
from anydsl.training.plan import Plan
from anydsl.training.runs.checkpoints import read
from anydsl.training.runs.folder import RunFolder
from anydsl.training.train import Result, run

PlanFor = Callable[[Recipe], Plan]


def rows(run: str | Path) -> list[dict[str, Any]]:
    lines = (Path(run) / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_run_leaves_all_that_it_should(recipe: Recipe, plan_for: PlanFor, tmp_path: Path) -> None:
    result = run(plan_for(recipe), tmp_path / "r", quiet=True)
    folder = tmp_path / "r"
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*")) == [
        ".lock",
        "checkpoints/best.safetensors",
        "checkpoints/epoch-0004.safetensors",
        "checkpoints/last.safetensors",
        "data.json",
        "environment.json",
        next((folder / "events").iterdir()).relative_to(folder).as_posix(),
        "loggers.json",
        "metrics.jsonl",
        "recipe.json",
        "spec.anynet",
        "summary.json",
    ]
    assert [list(row) for row in rows(folder)] == [
        [
            "epoch",
            "step",
            "train_loss",
            "train_accuracy",
            "val_loss",
            "val_accuracy",
            "lr",
            "seconds",
            "images_per_second",
        ]
    ] * 4
    assert [(row["epoch"], row["step"]) for row in rows(folder)] == [
        (1, 5),
        (2, 10),
        (3, 15),
        (4, 20),
    ]
    assert json.loads((folder / "recipe.json").read_text())["optimizer"] == {
        "kind": "sgd",
        "lr": 0.1,
        "momentum": 0.9,
        "weight_decay": 0,
        "nesterov": False,
        "norm_weight_decay": None,
        "bias_weight_decay": None,
    }
    environment = json.loads((folder / "environment.json").read_text())
    assert environment["versions"]["torch"] and environment["device"] == "cpu"
    assert result == Result(
        run=str(folder),
        epochs=4,
        steps=20,
        train_loss=rows(folder)[-1]["train_loss"],
        val_accuracy=max(row["val_accuracy"] for row in rows(folder)),
        test_accuracy=result.test_accuracy,
        images_per_second=result.images_per_second,
        seconds=sum(row["seconds"] for row in rows(folder)),
        params=sum(p.numel() for p in plan_for(recipe).module.parameters()),
    )
    assert rows(folder)[0]["train_loss"] > rows(folder)[-1]["train_loss"]
    assert result.test_accuracy > 0.15


def test_tensorboard_reads_the_events(recipe: Recipe, plan_for: PlanFor, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing import event_file_loader as loader

    run(plan_for(recipe), tmp_path / "r", quiet=True)
    (file,) = (tmp_path / "r" / "events").iterdir()
    events = list(loader.LegacyEventFileLoader(str(file)).Load())
    assert events[0].file_version == "brain.Event:2"
    scalars = [
        (event.step, value.simple_value)
        for event in events
        for value in event.summary.value
        if value.tag == "train_loss"
    ]
    expected = [(row["step"], pytest.approx(row["train_loss"])) for row in rows(tmp_path / "r")]
    assert scalars == expected


def test_a_run_does_not_touch_the_callers_randomness(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    plan = plan_for(recipe.replace(epochs=1))
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    run(plan, tmp_path / "r", quiet=True)
    assert torch.rand(3).equal(expected)


def test_other_seeds_give_other_runs(recipe: Recipe, plan_for: PlanFor, tmp_path: Path) -> None:
    recipe = recipe.replace(epochs=1, validation=0)
    losses = [
        run(plan_for(recipe.replace(seed=seed)), tmp_path / str(place), quiet=True).train_loss
        for place, seed in enumerate((0, 0, 1))
    ]
    assert losses[0] == losses[1] != losses[2]


def test_the_test_split_is_read_once_after_all_training(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    plan = plan_for(recipe)
    known: list[int] = []

    def counted() -> Any:
        known.append(len(rows(tmp_path / "r")))
        return plan.data.test()

    run(plan.replace(data=plan.data.replace(test=counted)), tmp_path / "r", quiet=True)
    assert known == [4]


def test_the_best_epochs_weights_are_tested(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anydsl.training import train
    from anydsl.training.evaluation import Scores

    # The tiny net's validation is made to be best after the second epoch.
    accuracies = iter([0.1, 0.9, 0.9, 0.2])
    monkeypatch.setattr(
        "anydsl.training.loop.evaluate", lambda *_: Scores(1.0, next(accuracies), None, 1)
    )
    tested: dict[str, torch.Tensor] = {}

    def evaluate(module: torch.nn.Module, *_: object) -> Scores:
        tested.update({name: value.clone() for name, value in module.state_dict().items()})
        return Scores(1.0, 0.5, None, 1)

    monkeypatch.setattr(train, "evaluate", evaluate)
    result = run(plan_for(recipe), tmp_path / "r", quiet=True)
    best, values = read(tmp_path / "r" / "checkpoints" / "best.safetensors")
    last, _ = read(tmp_path / "r" / "checkpoints" / "last.safetensors")
    assert values == {"epoch": 3, "val_accuracy": 0.9}
    assert result.val_accuracy == 0.9
    assert all(tested[name].equal(value) for name, value in best.items())
    assert not all(last[f"model.{name}"].equal(value) for name, value in best.items())


def test_without_validation_the_last_weights_are_tested(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    result = run(plan_for(recipe.replace(validation=0)), tmp_path / "r", quiet=True)
    assert result.val_accuracy is None
    assert not (tmp_path / "r" / "checkpoints" / "best.safetensors").exists()
    assert [row["val_accuracy"] for row in rows(tmp_path / "r")] == [None] * 4


def test_a_loss_that_is_no_number_stops_the_run(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    wild = recipe.replace(optimizer=SGD(lr=10**30), schedule=Constant())
    with pytest.raises(RunError, match=r"the loss is nan at step 2 \(epoch 1\).*1e\+30.*`lr`"):
        run(plan_for(wild), tmp_path / "r", quiet=True)


def test_settings_that_torch_refuses_are_an_error(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    wrong = recipe.replace(optimizer=SGD(nesterov=True))
    with pytest.raises(RunError, match=r"`optimizer = sgd\(…\)` can't be made: Nesterov"):
        run(plan_for(wrong), tmp_path / "r", quiet=True)


def test_bf16_trains_on_the_cpu_too(recipe: Recipe, plan_for: PlanFor, tmp_path: Path) -> None:
    recipe = recipe.replace(epochs=1)
    one = run(plan_for(recipe), tmp_path / "fp32", quiet=True)
    two = run(plan_for(recipe.replace(precision="bf16")), tmp_path / "bf16", quiet=True)
    assert one.train_loss != two.train_loss == pytest.approx(one.train_loss, abs=0.1)


def test_a_full_or_impossible_out_folder_is_refused(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(RunError, match="full is not empty"):
        run(plan_for(recipe), tmp_path / "full", quiet=True)
    with pytest.raises(RunError, match="x/r can't be made: Not a directory"):
        run(plan_for(recipe), tmp_path / "full" / "x" / "r", quiet=True)


def test_runs_are_named_and_found(recipe: Recipe, plan_for: PlanFor, tmp_path: Path) -> None:
    recipe = recipe.replace(epochs=1)
    with pytest.raises(UsageError, match="no unfinished run in runs/"):
        RunFolder.newest_unfinished()
    names = [run(plan_for(recipe), None, quiet=True).run for _ in range(2)]
    assert all(name.startswith("runs/tiny-20") for name in names)
    assert names[0] != names[1]
    for place, name in enumerate(names):
        (Path(name) / "summary.json").unlink()
        os.utime(Path(name) / "spec.anynet", (place, place))
    assert str(RunFolder.newest_unfinished().path) == names[1]
    (Path(names[0]) / "spec.anynet").write_text("this one")
    os.utime(Path(names[0]) / "spec.anynet", (0, 0))
    assert str(RunFolder.newest_unfinished("this one").path) == names[0]
    with pytest.raises(UsageError, match="is no run folder"):
        RunFolder.of(tmp_path)


def test_lines_of_progress(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(plan_for(recipe.replace(epochs=2)), tmp_path / "r")
    output = capsys.readouterr()
    assert output.out == ""
    lines = output.err.splitlines()
    assert lines[0].startswith(
        "tiny: 418 parameters on cpu in fp32; digits: 1,294 pictures to train on"
    )
    assert [line[:11] for line in lines[1:]] == ["epoch 1/2  ", "epoch 2/2  "]
    run(plan_for(recipe.replace(epochs=2)), tmp_path / "quiet", quiet=True)
    assert capsys.readouterr().err == ""


def test_the_bar_ends_as_lines(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    texts = []
    for place, colour in enumerate(("", "1")):
        monkeypatch.setenv("NO_COLOR", colour)
        monkeypatch.setattr(sys, "stderr", terminal := Terminal())
        run(plan_for(recipe.replace(epochs=2)), tmp_path / str(place))
        texts.append(terminal.getvalue())
    assert "\x1b[" in texts[0] and "epoch 2/2" in texts[0] and "━" in texts[0]
    assert "\x1b[" not in texts[1] and "epoch 2/2" in texts[1]


def test_a_run_with_all_changes_learns_and_is_the_same_again(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    """Shares of classes in place of classes: loss, smoothing, autocast and accuracy take them."""
    changes = (Crop(), ColorJitter(), RandAugment(), Cutout(size=2), MixUp(alpha=1), CutMix())
    recipe = recipe.replace(
        data=Digits(augment=changes), precision="bf16", label_smoothing=0.1, epochs=2
    )
    for name in ("first", "again"):
        run(plan_for(recipe), tmp_path / name, quiet=True)
    first, again = rows(tmp_path / "first"), rows(tmp_path / "again")
    assert [row["train_loss"] for row in first] == [row["train_loss"] for row in again]
    assert first[1]["train_loss"] < first[0]["train_loss"]
    assert 0 < first[1]["train_accuracy"] < 1
    assert 0 < first[1]["val_accuracy"] <= 1


def test_runs_that_begin_at_once_have_a_folder_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda _: "20260101-000000")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: RunFolder.create(None, "N").path.name, range(16)))
    assert sorted(made) == sorted(f"N-20260101-000000{s}" for s in ("", *range(-2, -17, -1)))
