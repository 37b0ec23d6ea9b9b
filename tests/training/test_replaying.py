"""Steps as a CUDA graph, as far as that can be tried without a GPU.

Two stand-ins. A tape records torch's operations with all of their values, as a graph does, and does
them again: what Python decides anew at every step would show in the losses. And fake tensors, which
have a device and a shape but no values, go the way of a GPU through the step: whatever had to wait
for a value, or came from the processor's memory, would raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from anydsl.checker.loading import pick
from anydsl.design.augmentation import (
    Augment,
    ColorJitter,
    Crop,
    CutMix,
    Cutout,
    Flip,
    MixUp,
    RandAugment,
    ResizedCrop,
)
from anydsl.design.network import Network
from anydsl.design.optimizers import SGD, Adam, AdamW, Lamb, Optimizer, RMSprop
from anydsl.design.recipe import Digits, Recipe
from anydsl.errors import RunError, UsageError
from anydsl.lowering.modules import DropPath
from anydsl.training import capturing, replaying
from anydsl.training.capturable import check_capturable, check_resident
from anydsl.training.feeding.pictures import Pictures
from anydsl.training.feeding.placing import Reading
from anydsl.training.loop import Callbacks, fit
from anydsl.training.plan import Plan, plan_of, task_of
from anydsl.training.replaying import Replay
from anydsl.training.state import State
from anydsl.training.train import train
from tests.training.conftest import tiny
from tests.training.test_curve import RECIPES, SPEC

PlanFor = Callable[[Recipe], Plan]
CUDA = torch.device("cuda")
GEOMETRIC: tuple[Augment, ...] = (ResizedCrop(), Flip(), RandAugment(), Cutout())
COLOURED: tuple[Augment, ...] = (ColorJitter(hue=Fraction(1, 10)), Crop())


WAITING = (
    torch.ops.aten._local_scalar_dense.default,
    torch.ops.aten.nonzero.default,
    torch.ops.aten.masked_select.default,
    torch.ops.aten._unique2.default,
    torch.ops.aten.is_nonzero.default,
)


class Tape(TorchDispatchMode):
    """Records operations while it is entered, with everything that they were given."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func not in WAITING, f"{func} would wait for the GPU"
        made = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, made))
        return made

    @torch.no_grad()
    def replay(self) -> None:
        """Do all of it again, each result where it was before."""
        for func, args, kwargs, before in self.calls:
            now = func(*args, **kwargs)
            for old, new in zip(tree_leaves(before), tree_leaves(now), strict=True):
                if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


class Recorder:
    """In the place of `captured`: some calls, a recording, and replays of that."""

    def __init__(self) -> None:
        self.replays = 0

    def __call__(self, function: Callable[[], None], device: torch.device) -> Callable[[], None]:
        del device
        tape, calls = Tape(), 0

        def do() -> None:
            nonlocal calls
            calls += 1
            if calls <= capturing.WARM_UP:
                function()
            elif not tape.calls:
                with tape:
                    function()
            else:
                self.replays += 1
                tape.replay()

        return do


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    found = Recorder()
    monkeypatch.setattr(replaying, "captured", found)
    return found


def fitted(plan: Plan, state: State | None = None, callbacks: Callbacks | None = None) -> State:
    state = state or State(plan.module, plan.recipe, plan.steps_per_epoch)
    for group in state.optimizer.param_groups:  # as on a GPU, with or without a graph
        group["lr"] = torch.tensor(float(group["lr"]))
    fit(plan, state, callbacks or Callbacks())
    return state


def augmented(*declared: Augment, **changes: Any) -> Recipe:
    return RECIPES["sgd"].replace(data=Digits(augment=declared), **changes)


@pytest.mark.parametrize(
    "recipe",
    [
        *RECIPES.values(),
        augmented(*GEOMETRIC, clip_norm=1, ema=Fraction(9, 10)),
        augmented(*COLOURED, optimizer=Adam(), label_smoothing=Fraction(1, 10)),
        augmented(Crop(), MixUp(), CutMix(), precise_bn=200),
        augmented(batch=5000, epochs=6),
        augmented(precision="bf16", optimizer=SGD(momentum=0)),
    ],
    ids=["sgd", "adamw ema", "geometry", "colours", "mixed", "one batch", "bf16"],
)
def test_replays_are_the_steps_to_the_last_bit(
    recipe: Recipe, plan_for: PlanFor, recorder: Recorder
) -> None:
    usual, replayed = (
        fitted(plan_for(recipe).replace(graphed=graphed)) for graphed in (False, True)
    )
    steps = recipe.epochs * len(usual.losses)
    assert recorder.replays == steps - capturing.WARM_UP - 1 > 0
    ours, theirs = replayed.tensors(), usual.tensors()
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not ours[name].equal(theirs[name])] == []
    for one, other in zip(usual.history, replayed.history, strict=True):
        assert one.train_loss == other.train_loss
        assert one.train_accuracy == other.train_accuracy
        assert (one.val_loss, one.val_accuracy) == (other.val_loss, other.val_accuracy)


def test_a_run_changes_over_in_mid_epoch(plan_for: PlanFor, recorder: Recorder) -> None:
    """What was begun without a graph goes on with one, and ends the same."""
    recipe = RECIPES["adamw-ema"]
    straight = fitted(plan_for(recipe))
    saved: list[tuple[dict[str, torch.Tensor], dict[str, Any]]] = []

    def keep(state: State) -> None:
        tensors = {name: value.clone() for name, value in state.tensors().items()}
        saved.append((tensors, state.values()))

    fitted(plan_for(recipe), callbacks=Callbacks(due=lambda: not saved, save=keep))
    assert saved[0][1]["position"] == 1
    plan = plan_for(recipe).replace(graphed=True)
    state = State(plan.module, plan.recipe, plan.steps_per_epoch)
    state.restore(*saved[0])
    fitted(plan, state)
    assert recorder.replays
    ours, theirs = state.tensors(), straight.tensors()
    assert [name for name in ours if not ours[name].equal(theirs[name])] == []


def test_the_tape_would_notice_what_python_decides(
    plan_for: PlanFor, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SGD's first update is another one: recorded at once, it would forget its momentum."""
    recipe = RECIPES["sgd"]
    usual = fitted(plan_for(recipe))
    monkeypatch.setattr(capturing, "WARM_UP", 0)
    replayed = fitted(plan_for(recipe).replace(graphed=True))
    assert not replayed.losses.equal(usual.losses) or usual.history != replayed.history
    assert usual.history[-1].train_loss != replayed.history[-1].train_loss


class OnDevice(TorchDispatchMode):
    """Raises where an operation takes anything but single numbers from outside of the GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        fused = func.__name__.startswith("_fused_")  # of which fake tensors know nothing
        made = None if fused else func(*args, **(kwargs or {}))
        for value in tree_leaves((args, kwargs, made)):
            if isinstance(value, torch.Tensor) and value.ndim:
                assert value.device.type == "cuda", f"{func} has a tensor on {value.device}"
        self.count += 1
        return made


def one_rank(device: torch.device, precision: str) -> Any:
    """Alone, without Fabric, which looks for the GPU."""
    return SimpleNamespace(count=1, rank=0, wrapped=lambda module: module, autocast=nullcontext)


@pytest.fixture
def fake() -> Iterator[FakeTensorMode]:
    with FakeTensorMode() as mode:
        yield mode


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize(
    ("optimizer", "augment"),
    [
        (SGD(momentum=Fraction(9, 10), nesterov=True, norm_weight_decay=0), GEOMETRIC),
        (Adam(), COLOURED),
        (AdamW(), (MixUp(), CutMix())),
        (RMSprop(momentum=Fraction(9, 10)), (Crop(), MixUp())),
        (RMSprop(centered=True), ()),
    ],
    ids=["sgd", "adam", "adamw", "rmsprop", "rmsprop without momentum"],
)
@pytest.mark.parametrize("deterministic", [False, True])
def test_nothing_in_a_step_waits_for_the_gpu(
    optimizer: Optimizer,
    augment: tuple[Augment, ...],
    deterministic: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("anydsl.training.plan.join", one_rank)
    monkeypatch.setattr(  # drawn outside of the graph; fake tensors don't know of it
        "anydsl.training.feeding.augmentation.mixing._beta",
        lambda alpha, count, device: torch.rand(count, device=device),
    )
    known = OnDevice()

    def do(function: Callable[[], None], device: torch.device) -> Callable[[], None]:
        assert device == CUDA

        def call() -> None:
            with known:
                function()

        return call

    monkeypatch.setattr(replaying, "captured", do)
    recipe = Recipe(
        data=Digits(augment=augment),
        optimizer=optimizer,
        batch=16,
        clip_norm=1,
        label_smoothing=Fraction(1, 10),
        precision="fp32",
    )
    images = torch.zeros(80, 3, 8, 8, dtype=torch.uint8, device=CUDA)
    pictures = Pictures(images, torch.zeros(80, dtype=torch.int64, device=CUDA))
    data: Any = SimpleNamespace(
        train=pictures,
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
        classes=range(10),
        workers=0,
        source=SimpleNamespace(dataset=recipe.data),
    )
    with CUDA:
        module = nn.Sequential(tiny(3), DropPath(0.1))
    plan = Plan("tiny", "", recipe, data, module, CUDA, graphed=True)
    state = State(module, recipe, plan.steps_per_epoch)

    def backward(_: torch.Tensor) -> None:  # autograd itself asks for a GPU
        for weight in module.parameters():
            weight.grad = torch.empty_like(weight)

    monkeypatch.setattr(torch.Tensor, "backward", backward)
    torch.use_deterministic_algorithms(deterministic)
    try:
        done = sum(1 for _ in Replay(plan, state).left())
    finally:
        torch.use_deterministic_algorithms(False)
    assert done == 5
    assert known.count > 100
    with pytest.raises(DataDependentOutputException):
        state.losses[0].item()


def test_where_there_can_be_no_graph(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "tiny.anynet").write_text(SPEC)
    network = pick(str(tmp_path / "tiny.anynet"), "net")[1].value
    assert isinstance(network, Network)
    with pytest.raises(UsageError, match="the device is cpu: leave it out"):
        train(network, recipe, device="cpu", cuda_graph=True, out=tmp_path / "r", quiet=True)
    assert not (tmp_path / "r").exists()
    with pytest.raises(UsageError, match="not of 2: leave out one, or torchrun"):
        check_capturable(recipe, CUDA, processes=2)
    with pytest.raises(UsageError, match="not together with --compile"):
        check_capturable(recipe, CUDA, compiled=True)
    with pytest.raises(UsageError, match="lamb counts its steps in Python"):
        check_capturable(recipe.replace(optimizer=Lamb()), CUDA)
    check_capturable(recipe, CUDA)
    plan = plan_of(task_of(network, recipe), device="cpu", reading=Reading(0, stream=True))
    with pytest.raises(UsageError, match="but every batch is read anew, by the training thread"):
        check_resident(plan.data)
    check_resident(plan_of(task_of(network, recipe), device="cpu").data)


class Graphs:
    """In the place of torch.cuda: it notes what it is asked to do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failure: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._failure = failure
        current = self._stream("current")
        for name, value in {
            "Stream": lambda device: self._stream("own", device),
            "current_stream": lambda device: current,
            "stream": self._within,
            "CUDAGraph": lambda: SimpleNamespace(replay=lambda: self.asked.append("replay")),
            "graph": lambda graph, stream: self._within(stream, "record"),
        }.items():
            monkeypatch.setattr(torch.cuda, name, value)

    def _stream(self, name: str, device: Any = None) -> Any:
        def wait(other: Any) -> None:
            self.asked.append(f"{name} waits for {other.name}")

        return SimpleNamespace(name=name, device=device, wait_stream=wait)

    def _within(self, stream: Any, what: str = "on") -> Any:
        @contextmanager
        def within() -> Iterator[None]:
            self.asked.append(f"{what} {stream.name}")
            try:
                yield
            finally:
                if what == "record" and self._failure:
                    raise RuntimeError("the recording is invalid")

        return within()


def test_what_is_asked_of_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three calls on the stream that records, then a recording, then replays alone."""
    graphs = Graphs(monkeypatch)
    do = capturing.captured(lambda: graphs.asked.append("work"), CUDA)
    for _ in range(6):
        do()
    warm = ["own waits for current", "on own", "work", "current waits for own"]
    assert graphs.asked == [*warm * 3, "record own", "work", "replay", "replay", "replay"]


def test_a_recording_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for failure, expected, said in (
        (RuntimeError("not permitted\nat all"), RunError, r"\(not permitted\): leave out `--cuda"),
        (torch.OutOfMemoryError("too much"), torch.OutOfMemoryError, "too much"),
    ):
        Graphs(monkeypatch, failure)
        calls = iter([None, None, None, failure])

        def work(calls: Iterator[Exception | None] = calls) -> None:
            if error := next(calls):
                raise error

        do = capturing.captured(work, CUDA)
        for _ in range(3):
            do()
        with pytest.raises(expected, match=said):
            do()
