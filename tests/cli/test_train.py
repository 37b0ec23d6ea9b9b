"""`anydsl train` and `anydsl eval`, as they are typed."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import anydsl
from anydsl.cli import main
from anydsl.training import plan
from anydsl.training.runs.checkpoints import read

NET = """anynet 1

net Small {
  input = 1x8x8
  stem { w = 8, s = 1 }
  body {
    block = resnext
    b = 1
    g = 8
    stage s1 { d = 1, w = 8 }
    stage s2 { d = 1, w = 16 }
  }
  head { classes = 10 }
}
"""
RECIPE = """
recipe quick {
  data = digits
  epochs = 3
  batch = 128
  optimizer = sgd(lr = 0.1, momentum = 0.9)
}
"""
KEYS = [
    "run",
    "epochs",
    "steps",
    "train_loss",
    "val_accuracy",
    "test_accuracy",
    "images_per_second",
    "seconds",
    "params",
]
TIMED = ("run", "images_per_second", "seconds")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setenv("ANYDSL_DATA", str(tmp_path / "no-data"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    Path("s.anynet").write_text(NET + RECIPE)
    Path("bare.anynet").write_text(NET)
    Path("two.anynet").write_text(NET + RECIPE + RECIPE.replace("quick", "slow"))
    Path("shrinking.anynet").write_text(
        NET.replace("w = 16", "w = 8").replace("d = 1, w = 8", "d = 2, w = 16", 1) + RECIPE
    )


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = capsys.readouterr().out.splitlines()
    return json.loads(line)


def untimed(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in TIMED}


def test_json_is_one_line_with_the_agreed_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "s.anynet", "--format", "json", "--out", "r"]) == 0
    output = capsys.readouterr()
    (line,) = output.out.splitlines()
    values = json.loads(line)
    assert list(values) == KEYS
    assert (values["run"], values["epochs"], values["steps"]) == ("r", 3, 30)
    assert values["test_accuracy"] > 0.5
    assert output.err.count("\nepoch ") == 3
    assert values == {key: json.loads(Path("r/summary.json").read_text())[key] for key in KEYS}


def test_the_end_says_the_accuracy_and_what_to_type_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", "s.anynet", "--quiet", "--epochs", "1"]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    (run,) = Path("runs").iterdir()
    assert run.name.startswith("Small-")
    assert output.out.startswith("test accuracy ")
    assert f"\nnext    anydsl eval runs/{run.name}\n" in output.out


@pytest.mark.parametrize(
    "changes",
    [
        ["seed=3"],
        ["optimizer=lamb(lr = 1/300, norm_weight_decay = 0)", "schedule=multi_step([1/3, 2])"],
        ["schedule=one_cycle(div_factor = 7)", "ema=0.97", "clip_norm=1/3", "precise_bn=300"],
        ["data.augment=[flip, crop]", "label_smoothing=1/7", "validation=1/9"],
    ],
    ids=["seed", "lamb", "averages", "data"],
)
def test_the_run_holds_a_spec_that_trains_the_same(
    capsys: pytest.CaptureFixture[str], changes: list[str]
) -> None:
    words = [word for change in changes for word in ("--set", change)]
    assert main(["train", "s.anynet", "--quiet", "--format", "json", *words, "--out", "a"]) == 0
    first = result(capsys)
    assert main(["train", "a/spec.anynet", "--quiet", "--format", "json", "--out", "b"]) == 0
    assert untimed(result(capsys)) == untimed(first)
    assert Path("a/spec.anynet").read_text() == Path("b/spec.anynet").read_text()


def test_lamb_without_timm_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "timm.optim.lamb", None)
    assert main(["train", "s.anynet", "--quiet", "--set", "optimizer=lamb", "--out", "r"]) == 2
    assert "anydsl[timm]" in capsys.readouterr().err
    assert not Path("r").exists()


def test_python_does_the_same_as_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    network = anydsl.load("s.anynet")
    assert main(["train", "bare.anynet", "--epochs", "1", "--format", "json", "--quiet"]) == 0
    known = anydsl.train(network, epochs=1, out="python", quiet=True)
    assert untimed({key: getattr(known, key) for key in KEYS}) == untimed(result(capsys))


def test_a_file_without_a_recipe_says_what_it_is_trained_by(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", "bare.anynet", "--dry-run"]) == 0
    said = capsys.readouterr().err
    assert "bare.anynet has no recipe: training by the default one (data = digits, epochs" in said


def test_a_dry_run_prints_the_plan_and_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--set", "optimizer.lr=0.5", "--set", "batch=64", "--epochs", "7", "--seed", "5"]
    assert main(["train", "s.anynet", "--dry-run", *flags]) == 0
    text = capsys.readouterr().out
    assert "digits: 1,294 pictures to train on, 144 to validate, 10 classes" in text
    assert "steps   140: 7 epochs of 20, 64 pictures each" in text
    assert "optimizer = sgd(lr = 0.5, momentum = 0.9)" in text
    assert "seed = 5" in text
    assert main(["train", "s.anynet", "--dry-run", *flags, "--format", "json"]) == 0
    values = result(capsys)
    assert (values["steps"], values["data"]["train"], values["recipe"]["seed"]) == (140, 1294, 5)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ("none.anynet", 2, "none.anynet"),
        ("", 2, "give a SPEC"),
        ("s.anynet --recipe slow", 2, "--recipe slow: not in s.anynet (quick)"),
        ("two.anynet", 2, "choose by --recipe quick|slow"),
        ("s.anynet --epochs 0", 2, "--epochs 0: must be at least 1"),
        ("s.anynet --precision fp16", 2, "--precision fp16: one of auto, fp32, bf16"),
        ("s.anynet --seed -1", 2, "--seed -1: must be between 0"),
        ("s.anynet --device abacus", 2, "--device abacus: not on this machine"),
        ("s.anynet --data nothing", 2, "error: nothing: neither a data set, a folder nor a file"),
        ("s.anynet --data fashion_mnist", 1, "--download"),
        ("s.anynet --set lr=1", 2, "there is no `lr`"),
        ("s.anynet --set data=digits(resize=16x16)", 1, "set `data = digits(resize = 8x8)`"),
        ("s.anynet --out s.anynet", 1, "s.anynet can't be made: File exists"),
        ("s.anynet --out full", 1, "full is not empty"),
        ("--resume", 2, "no unfinished run in runs/"),
        ("--resume s.anynet", 2, "a SPEC goes before --resume"),
        ("--resume full", 2, "full is no run folder"),
        ("s.anynet --resume --out full", 2, "full is no run folder"),
        ("s.anynet --resume a --out b", 2, "stays in its folder, a"),
        ("shrinking.anynet --strict", 1, "nondecreasing(w)"),
    ],
)
def test_what_is_wrong_is_said_with_its_exit_status(
    arguments: str, status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("full").mkdir()
    Path("full/x").touch()
    assert main(["train", *arguments.split(), "--quiet"]) == status
    output = capsys.readouterr()
    assert message in output.err
    assert output.out == ""
    assert not Path("runs").exists()


def test_a_flag_that_is_no_number_is_wrong_use() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", "s.anynet", "--epochs", "many"])
    assert caught.value.code == 2


def test_principle_warnings_are_said_and_no_hindrance(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "shrinking.anynet", "--dry-run"]) == 0
    assert "shrinking.anynet" in capsys.readouterr().err


@pytest.mark.parametrize("spec", [["s.anynet"], []], ids=["spec", "no-spec"])
def test_ctrl_c_leaves_a_run_that_resume_continues(
    spec: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--quiet", "--format", "json"]
    main(["train", "s.anynet", *flags, "--out", "straight"])
    straight = result(capsys)
    compile_network = plan.compile_network

    def interrupted(*arguments: Any, **options: Any) -> torch.nn.Module:
        module = compile_network(*arguments, **options)
        calls = iter(range(100))
        module.register_forward_hook(
            lambda *_: os.kill(os.getpid(), signal.SIGINT) if next(calls) == 14 else None
        )
        return module

    with monkeypatch.context() as patch:
        patch.setattr(plan, "compile_network", interrupted)
        assert main(["train", "s.anynet", *flags]) == 1
    output = capsys.readouterr()
    (run,) = Path("runs").iterdir()
    assert f"`anydsl train --resume {Path('runs') / run.name}` goes on from here" in output.err
    assert output.out == ""
    assert main(["train", *spec, "--resume", *flags]) == 0
    assert untimed(result(capsys)) == untimed(straight)
    ours, theirs = (read(Path(r, "checkpoints/last.safetensors"))[0] for r in (run, "straight"))
    assert all(ours[name].equal(theirs[name]) for name in theirs)
    # A finished run has nothing left to do, and says its result again.
    assert main(["train", *spec, "--resume", str(run), *flags]) == 0
    assert untimed(result(capsys)) == untimed(straight)


def test_resuming_with_another_recipe_says_what_differs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", "s.anynet", "--quiet", "--epochs", "1", "--out", "r"]) == 0
    capsys.readouterr()
    assert main(["train", "s.anynet", "--resume", "r", "--set", "batch=64"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.strip() for line in said[1:-1]] == [
        "-  epochs = 1",
        "-  batch = 128",
        "+  epochs = 3",
        "+  batch = 64",
    ]
    assert "`anydsl train --resume r` goes on" in said[-1]


def test_eval_finds_what_train_found(capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", "s.anynet", "--quiet", "--format", "json", "--out", "r"])
    trained = result(capsys)
    assert main(["eval", "r", "--format", "json"]) == 0
    values = result(capsys)
    keys = ["run", "data", "split", "weights", "pictures", "loss", "top1", "top5"]
    assert list(values)[:8] == keys
    assert values["top1"] == trained["test_accuracy"] <= values["top5"]
    assert values["pictures"] == 359
    assert main(["eval", "r", "--format", "json", "--split", "val"]) == 0
    values = result(capsys)
    assert (values["top1"], values["pictures"]) == (trained["val_accuracy"], 144)
    assert main(["eval", "r", "--weights", "r/checkpoints/last.safetensors"]) == 0
    assert "weights r/checkpoints/last.safetensors" in capsys.readouterr().out
    Path("r/checkpoints/best.safetensors").write_bytes(b"x" * 100)
    assert main(["eval", "r"]) == 1
    assert "best.safetensors is damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ("none", 2, "none is no run folder"),
        ("r --device abacus", 2, "not on this machine"),
        ("r --data nothing", 2, "neither a data set, a folder nor a file"),
        ("r --data cifar10", 1, "--download"),
        ("r --split val", 1, "`validation = 0`"),
        ("r --weights none", 1, "none does not exist"),
        ("r --weights s.anynet", 1, "no safetensors file"),
        ("r --weights other.safetensors", 1, "has the weights of another net"),
        ("empty", 1, "has no weights yet"),
    ],
)
def test_what_eval_cannot_do_is_said(
    arguments: str, status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors.torch import save_file

    main(["train", "s.anynet", "--quiet", "--epochs", "1", "--set", "validation=0", "--out", "r"])
    save_file({"a": torch.zeros(2)}, "other.safetensors")
    Path("empty").mkdir()
    for name in ("spec.anynet", "data.json"):
        Path("empty", name).write_bytes(Path("r", name).read_bytes())
    capsys.readouterr()
    assert main(["eval", *arguments.split()]) == status
    output = capsys.readouterr()
    assert message in output.err
    assert output.out == ""


def test_help_needs_no_torch() -> None:
    code = (
        "import sys; from anydsl.cli import main\n"
        "try: main([sys.argv[1], '--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'numpy', 'rich'} & set(sys.modules)"
    )
    for command in ("train", "eval", "runs"):
        subprocess.run(
            [sys.executable, "-c", code, command],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(anydsl.__file__).parents[1])},
        )


def fashion(root: Path) -> None:
    """Fashion-MNIST's files with a few pictures, all of them noise."""
    raw = root / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, count in (("train", 40), ("t10k", 20)):
        sizes = struct.pack(">3I", count, 28, 28)
        images = bytes((0, 0, 8, 3)) + sizes + os.urandom(count * 28 * 28)
        (raw / f"{name}-images-idx3-ubyte").write_bytes(images)
        labels = bytes((0, 0, 8, 1)) + sizes[:4] + bytes(i % 10 for i in range(count))
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(labels)


def pictures(root: Path) -> None:
    """Ten folders of pictures of one grey each."""
    image = pytest.importorskip("PIL.Image")
    for label in range(10):
        (root / str(label)).mkdir(parents=True)
        for i in range(5):
            image.new("L", (8, 8), 25 * label).save(root / str(label) / f"{i}.png")


@pytest.mark.parametrize(
    ("make", "name", "test"), [(fashion, "fashion_mnist", 20), (pictures, "image_folder", 10)]
)
def test_a_folder_given_as_data_is_found_again(
    make: Callable[[Path], None], name: str, test: int, capsys: pytest.CaptureFixture[str]
) -> None:
    make(Path("my data"))
    flags = ["--set", "data=digits(resize = 8x8)", "--data", "my data", "--format", "json"]
    assert main(["train", "s.anynet", "--epochs", "1", "--out", "r", *flags]) == 0
    accuracy = result(capsys)["test_accuracy"]
    assert main(["eval", "r", "--format", "json"]) == 0
    values = result(capsys)
    assert (values["data"], values["pictures"], values["top1"]) == (name, test, accuracy)
    Path("r/summary.json").unlink()
    assert main(["train", "--resume", "r", "--format", "json"]) == 0
    assert result(capsys)["test_accuracy"] == accuracy
    Path("my data").rename("elsewhere")
    assert main(["eval", "r"]) == 1
    assert "my data" in capsys.readouterr().err
    assert main(["eval", "r", "--data", "elsewhere"]) == 0
