"""What the words of a recipe do in a run: averages, clipping, measured batch norms."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from timm.utils import ModelEmaV2
from torch import distributed, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from anydsl.design.optimizers import SGD
from anydsl.design.recipe import Recipe
from anydsl.training.optimization.averaging import Average
from anydsl.training.optimization.norms import measure_norms
from anydsl.training.plan import Plan
from anydsl.training.runs.checkpoints import read
from anydsl.training.train import run
from tests.training.conftest import tiny

PlanFor = Callable[[Recipe], Plan]


def wander(module: nn.Module, step: int) -> None:
    """Change every number of a module, as training does."""
    generator = torch.Generator().manual_seed(step)
    with torch.no_grad():
        for value in module.state_dict().values():
            noise = torch.rand(value.shape, generator=generator) * 10
            value.add_(noise.to(value.dtype))


def test_the_average_is_timms_and_torchs_once_it_is_warm() -> None:
    module = tiny()
    ours = Average(module, 0.9)
    timms = ModelEmaV2(module, decay=0.9)
    torchs = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    torchs.update_parameters(module)  # the first one copies
    for step in range(100, 110):  # (1 + 100) / (10 + 100) is above 0.9
        wander(module, step)
        ours.update(step)
        timms.update(module)
        torchs.update_parameters(module)
    for name, value in ours.module.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(value, timms.module.state_dict()[name])
            torch.testing.assert_close(value, torchs.module.state_dict()[name])
        else:
            assert torch.equal(value, module.state_dict()[name])


def batches(count: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(16, 1, 8, 8, generator=generator) * (i + 1) for i in range(count)]


def test_measured_norms_are_the_averages_of_means_and_variances() -> None:
    """Computed directly, layer by layer, from what goes into each batch norm."""
    module = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)
    ).eval()
    wander(module, 0)
    before = {name: value.clone() for name, value in module.named_parameters()}
    images = batches(4)
    inputs: dict[nn.Module, list[torch.Tensor]] = {}
    for layer in module:
        layer.register_forward_hook(
            lambda m, x, _: inputs.setdefault(m, []).append(x[0].detach().clone())
        )
    measure_norms(module, images, "fp32")
    for norm in (module[1], module[4]):
        means = torch.stack([x.mean((0, 2, 3)) for x in inputs[norm]])
        variances = torch.stack([x.var((0, 2, 3)) for x in inputs[norm]])
        assert len(means) == 4
        torch.testing.assert_close(norm.running_mean, means.mean(0))
        torch.testing.assert_close(norm.running_var, variances.mean(0))
        assert norm.momentum == 0.1
    assert not module.training
    assert all(torch.equal(before[name], value) for name, value in module.named_parameters())


def test_measuring_again_gives_the_same() -> None:
    module = tiny()
    for _ in range(2):
        torch.manual_seed(0)  # dropout
        measure_norms(module, batches(3), "fp32")
    first = module[1].running_mean.clone()
    torch.manual_seed(0)
    measure_norms(tiny_like := tiny(), batches(3), "fp32")
    assert torch.equal(first, tiny_like[1].running_mean)
    measure_norms(nn.Linear(2, 2), [torch.zeros(1)], "fp32")  # has none: nothing is computed


def measured_in(rank: int, folder: str) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    module = tiny()
    module[3].p = 0.0
    measure_norms(module, batches(4)[rank::2], "fp32")
    torch.save(module[1].running_var, f"{folder}/{rank}")
    distributed.destroy_process_group()


def test_processes_average_over_all_their_batches(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(measured_in, (str(tmp_path),), nprocs=2)
    module = tiny()
    module[3].p = 0.0
    measure_norms(module, batches(4), "fp32")
    for rank in range(2):
        found = torch.load(tmp_path / str(rank), weights_only=True)
        torch.testing.assert_close(found, module[1].running_var)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return read(folder / "checkpoints" / "last.safetensors")[0]


def test_precise_bn_changes_what_is_evaluated_and_nothing_that_is_trained(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    run(plan_for(recipe), tmp_path / "plain", quiet=True)
    run(plan_for(recipe.replace(precise_bn=512)), tmp_path / "precise", quiet=True)
    plain, precise = weights(tmp_path / "plain"), weights(tmp_path / "precise")
    differing = {name for name in plain if not torch.equal(plain[name], precise[name])}
    assert differing == {
        "model.1.running_mean",
        "model.1.running_var",
        "model.1.num_batches_tracked",
    }
    assert precise["model.1.num_batches_tracked"] == 2


def test_precise_bn_measures_the_average_under_its_own_weights(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    recipe = recipe.replace(
        precise_bn=10_000, ema=Fraction(9, 10), data=recipe.data.replace(augment=())
    )
    plan = plan_for(recipe)
    run(plan, tmp_path / "r", quiet=True)
    found = weights(tmp_path / "r")
    module = tiny()
    module.load_state_dict({n[4:]: v for n, v in found.items() if n.startswith("ema.")})
    images = list(plan.batches.training(plan.data.train, recipe.epochs - 1))
    assert len(images) == 5
    # The first layer's statistics need no dropout to be the same.
    with torch.no_grad():
        into = [module[0](batch) for batch, _ in images]
    expected = torch.stack([x.mean((0, 2, 3)) for x in into]).mean(0)
    torch.testing.assert_close(found["ema.1.running_mean"], expected)
    expected = torch.stack([x.var((0, 2, 3)) for x in into]).mean(0)
    torch.testing.assert_close(found["ema.1.running_var"], expected)
    assert found["model.1.num_batches_tracked"] == 20


def test_without_validation_norms_are_measured_once_before_the_test(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    recipe = recipe.replace(precise_bn=256, validation=0)
    run(plan_for(recipe), tmp_path / "r", quiet=True)
    assert weights(tmp_path / "r")["model.1.num_batches_tracked"] == 1


def test_gradients_are_clipped_as_by_torch(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    """With plain SGD the weights move by lr times the clipped gradient at most."""
    recipe = recipe.replace(
        epochs=1, batch=1024, optimizer=SGD(lr=1), clip_norm=Fraction(1, 100), validation=0
    )
    plan = plan_for(recipe)
    before = {n: v.clone() for n, v in plan.module.named_parameters()}
    run(plan, tmp_path / "r", quiet=True)
    moved = torch.cat([(v - before[n]).flatten() for n, v in plan.module.named_parameters()])
    (row,) = (tmp_path / "r" / "metrics.jsonl").read_text().splitlines()
    values = json.loads(row)
    assert values["step"] == 1
    assert moved.norm().item() == pytest.approx(values["lr"] * 0.01, rel=1e-3)
