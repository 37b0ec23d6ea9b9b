"""What loggers are told, with small stand-ins for the libraries that may not be here."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from anydsl.design.recipe import SGD, Constant, Recipe
from anydsl.errors import RunError, UsageError
from anydsl.training.loggers.logger import LoggedRun, Numbers
from anydsl.training.loggers.together import chosen, recorded
from anydsl.training.plan import Plan
from anydsl.training.runs.folder import RunFolder
from anydsl.training.train import run

PlanFor = Callable[[Recipe], Plan]


class Told:
    """A logger that keeps what it is told, and fails at some of it."""

    def __init__(self, fails: str = "") -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.fails = fails

    def begin(self, run: LoggedRun, config: Mapping[str, Any]) -> str:
        self._told("begin", run, dict(config))
        return "abc"

    def epoch(self, row: Numbers) -> None:
        self._told("epoch", row)

    def end(self, summary: Mapping[str, Any] | None) -> None:
        self._told("end", summary)

    def _told(self, *call: Any) -> None:
        self.calls.append(call)
        if call[0] == self.fails:
            raise ConnectionError("the server is gone\nlong story")


def rows(run: str | Path) -> list[dict[str, Any]]:
    lines = (Path(run) / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    """What TensorBoard itself shows of a run."""
    import tensorboard.backend.event_processing.event_accumulator as accumulator

    seen = accumulator.EventAccumulator(str(folder))
    seen.Reload()
    return [(event.step, event.value) for event in seen.Scalars(tag)]


def interrupted(plan: Plan, call: int) -> Plan:
    """A plan whose process gets SIGTERM in the training step `call`, from 1."""
    calls = iter(range(1, 10**6))

    def hook(module: Any, *_: object) -> None:
        if module.training and next(calls) == call:
            os.kill(os.getpid(), signal.SIGTERM)

    plan.module.register_forward_hook(hook)
    return plan


def test_a_logger_hears_of_the_beginning_every_epoch_and_the_end(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    told = Told()
    result = run(plan_for(recipe), tmp_path / "r", loggers={"told": told}, quiet=True)
    (begin, begun, config), *epochs, (end, summary) = told.calls
    assert (begin, end) == ("begin", "end")
    assert begun == LoggedRun(tmp_path / "r", (), "")
    assert config["optimizer"] == "sgd" and config["optimizer.lr"] == 0.1
    assert config["data"] == "digits" and config["data.augment"] == ["crop", "flip"]
    assert (config["net"], config["params"], config["device"]) == ("tiny", 418, "cpu")
    assert config["recipe"] == "default" and not {"name", "doc"} & set(config)
    assert list(epochs) == [("epoch", row) for row in rows(tmp_path / "r")]
    assert summary["test_accuracy"] == result.test_accuracy
    assert recorded(RunFolder.of(tmp_path / "r")) == ("told",)


def test_what_is_not_known_is_not_logged(recipe: Recipe, plan_for: PlanFor, tmp_path: Path) -> None:
    told = Told()
    recipe = recipe.replace(epochs=1, validation=0)
    run(plan_for(recipe), tmp_path / "r", loggers={"told": told}, quiet=True)
    assert "val_accuracy" not in told.calls[1][1]


def test_a_run_that_goes_on_is_known_again(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    first, second = Told(), Told()
    plan = interrupted(plan_for(recipe), 8)
    with pytest.raises(RunError, match="interrupted in epoch 2"):
        run(plan, tmp_path / "r", loggers={"told": first}, quiet=True)
    assert first.calls[-1] == ("end", None)
    folder = RunFolder.of(tmp_path / "r")
    run(plan_for(recipe), folder, loggers={"told": second}, quiet=True)
    (_, begun, _), *epochs, _ = second.calls
    assert (begun.identity, list(begun.history)) == ("abc", rows(tmp_path / "r")[:1])
    assert [call[1]["epoch"] for call in epochs] == [2, 3, 4]


@pytest.mark.parametrize("moment", ["epoch", "end"])
def test_a_logger_that_fails_is_left_out_and_said_once(
    moment: str,
    recipe: Recipe,
    plan_for: PlanFor,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad, good = Told(fails=moment), Told()
    run(plan_for(recipe), tmp_path / "r", loggers={"bad": bad, "good": good})
    said = capsys.readouterr().err
    assert said.count("bad fails, and is left out") == 1
    assert "(ConnectionError: the server is gone)" in said
    assert [call[0] for call in good.calls] == ["begin", *["epoch"] * 4, "end"]
    assert [call[0] for call in bad.calls].count(moment) == 1
    assert (tmp_path / "r" / "summary.json").exists()


def test_a_logger_that_cannot_begin_stops_the_run_before_it_trains(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="--logger bad can't begin: ConnectionError: the server"):
        run(plan_for(recipe), tmp_path / "r", loggers={"bad": Told("begin")}, quiet=True)
    assert rows(tmp_path / "r") == []
    first, second = Told(), Told("begin")
    with pytest.raises(RunError, match="--logger second can't begin"):
        loggers = {"first": first, "second": second}
        run(plan_for(recipe), tmp_path / "s", loggers=loggers, quiet=True)
    assert [call[0] for call in first.calls] == ["begin", "end"]


def test_a_loss_that_is_no_number_ends_the_loggers_too(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    told = Told()
    wild = recipe.replace(optimizer=SGD(lr=10**30), schedule=Constant())
    with pytest.raises(RunError, match="the loss is nan"):
        run(plan_for(wild), tmp_path / "r", loggers={"told": told}, quiet=True)
    assert told.calls[-1] == ("end", None)
    noted = json.loads((tmp_path / "r" / "diverged.json").read_text())
    assert noted["message"].startswith("the loss is nan at step 2")


def test_names_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(chosen(None)) == ["tensorboard"]
    with pytest.raises(UsageError, match="--logger comet: one of tensorboard, wandb, mlflow, none"):
        chosen(["comet"])
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(UsageError, match="needs wandb, which is not installed: pip install wandb"):
        chosen(["tensorboard", "wandb"])


def test_no_logger_is_remembered_and_no_loggers_leave_no_trace(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    recipe = recipe.replace(epochs=1)
    run(plan_for(recipe), tmp_path / "r", loggers=chosen(["none"]), quiet=True)
    assert not (tmp_path / "r" / "events").exists()
    assert recorded(RunFolder.of(tmp_path / "r")) == ("none",)
    run(plan_for(recipe), tmp_path / "s", loggers={}, quiet=True)  # as other ranks do
    assert not (tmp_path / "s" / "loggers.json").exists()


def test_tensorboard_shows_a_run_that_went_on_as_one(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    plan = interrupted(plan_for(recipe), 13)
    with pytest.raises(RunError, match="interrupted in epoch 3"):
        run(plan, tmp_path / "r", quiet=True)
    events = tmp_path / "r" / "events"
    (first,) = events.iterdir()
    content = first.read_bytes()
    # As if the process had been killed after the checkpoint, in the middle of the second event.
    first.rename(events / "events.out.tfevents.1.1").write_bytes(content[:-30])
    run(plan_for(recipe), RunFolder.of(tmp_path / "r"), quiet=True)
    assert len(list(events.iterdir())) == 2
    expected = [(row["step"], pytest.approx(row["train_loss"])) for row in rows(tmp_path / "r")]
    assert scalars(events, "train_loss") == expected


def test_tensorboard_forgets_what_the_checkpoint_does_not_know(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    """A run that falls back to an older checkpoint repeats epochs: they are shown once."""
    (logger,) = chosen(["tensorboard"]).values()
    logger.begin(LoggedRun(tmp_path, (), ""), {})
    history = [{"epoch": float(n), "step": float(n), "train_loss": 9.0 + n} for n in (1, 2, 3)]
    for row in history:
        logger.epoch(row)
    (first,) = (tmp_path / "events").iterdir()
    first.rename(tmp_path / "events" / "events.out.tfevents.1.1")
    (logger,) = chosen(["tensorboard"]).values()
    logger.begin(LoggedRun(tmp_path, tuple(history[:1]), ""), {})
    for row in history[1:]:
        logger.epoch(row | {"train_loss": 0.0})
    assert scalars(tmp_path / "events", "train_loss") == [(1, 10.0), (2, 0.0), (3, 0.0)]


def test_wandb_is_offline_unless_asked(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, Any]] = []
    summary: dict[str, Any] = {}
    session = SimpleNamespace(
        log=lambda row, step: calls.append(("log", (step, row["val_accuracy"]))),
        summary=summary,
        finish=lambda exit_code: calls.append(("finish", exit_code)),
    )
    fake: Any = ModuleType("wandb")
    fake.init = lambda **options: calls.append(("init", options)) or session
    fake.Settings = lambda **options: options
    monkeypatch.setitem(sys.modules, "wandb", fake)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    plan = interrupted(plan_for(recipe), 8)
    with pytest.raises(RunError, match="interrupted"):
        run(plan, tmp_path / "r", loggers=chosen(["wandb"]), quiet=True)
    assert calls[-1] == ("finish", 1)
    options = calls[0][1]
    assert (options["mode"], options["project"], options["name"]) == ("offline", "anydsl", "r")
    assert (options["resume"], options["dir"]) == ("allow", str(tmp_path / "r"))
    assert options["config"]["batch"] == 256
    calls.clear()
    monkeypatch.setenv("WANDB_MODE", "online")
    folder = RunFolder.of(tmp_path / "r")
    run(plan_for(recipe), folder, loggers=chosen(recorded(folder)), quiet=True)
    assert calls[0][1]["mode"] == "online"
    assert calls[0][1]["id"] == options["id"]
    logged = [("log", (row["step"], row["val_accuracy"])) for row in rows(tmp_path / "r")[1:]]
    assert calls[1:] == [*logged, ("finish", 0)]
    assert summary["epochs"] == 4


def test_mlflow_gets_parameters_metrics_and_an_end(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, ...]] = []

    class Client:
        def get_experiment_by_name(self, name: str) -> None:
            calls.append(("find", name))

        def create_experiment(self, name: str) -> str:
            return "7"

        def create_run(self, experiment: str, run_name: str) -> Any:
            calls.append(("create", experiment, run_name))
            return SimpleNamespace(info=SimpleNamespace(run_id="r1"))

        def log_param(self, *call: Any) -> None:
            calls.append(("param", *call))

        def log_metric(self, identity: str, name: str, value: float, step: int) -> None:
            calls.append(("metric", identity, name, value, step))

        def update_run(self, identity: str, status: str) -> None:
            calls.append(("status", identity, status))

        def set_terminated(self, identity: str, status: str) -> None:
            calls.append(("end", identity, status))

    fake: Any = ModuleType("mlflow")
    fake.MlflowClient = Client
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "9")
    plan = interrupted(plan_for(recipe), 8)
    with pytest.raises(RunError, match="interrupted"):
        run(plan, tmp_path / "r", loggers=chosen(["mlflow"]), quiet=True)
    assert calls[:2] == [("find", "anydsl"), ("create", "7", "r")]
    assert ("param", "r1", "optimizer.momentum", 0.9) in calls
    assert calls[-1] == ("end", "r1", "KILLED")
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "9"
    calls.clear()
    result = run(
        plan_for(recipe), RunFolder.of(tmp_path / "r"), loggers=chosen(["mlflow"]), quiet=True
    )
    assert calls[0] == ("status", "r1", "RUNNING")
    losses = [call[3:] for call in calls if call[2] == "train_loss"]
    assert losses == [(row["train_loss"], row["step"]) for row in rows(tmp_path / "r")[1:]]
    assert ("metric", "r1", "final.test_accuracy", result.test_accuracy, 20) in calls
    assert calls[-1] == ("end", "r1", "FINISHED")
