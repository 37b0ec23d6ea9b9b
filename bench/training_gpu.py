"""Training on a GPU: `anydsl bench training_gpu` on a machine with CUDA.

For each net and size: ours eager, in channels_last, in bfloat16, compiled and as a CUDA graph, the
peer being the best of three plain PyTorch loops over torchvision's model (for RegNetX-32, the
book's): channels_last, bfloat16, fused SGD, pictures on the GPU, eager or compiled or as one CUDA
graph. Beside each rate stands the share of the roofline: of the time that the multiply-adds take at
the peak of the tensor cores, or the bytes at the peak of the memory, whichever is longer. The bytes
are those that convolutions and products can't do without: their inputs and outputs, in the forward
pass and twice in the backward pass, all else fused into them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

import torch
from measuring import REGNETX, SMALL, Figure, Missing, per_second
from torch import nn
from torch.nn import functional
from training import _regnetx32

from anydsl.training.replaying import Replay
from anydsl.training.step import Step

NEEDS = ("torch", "torchvision", "lightning_fabric")
REGNETX_400MF = f"{REGNETX}::RegNetX_400MF_torchvision"
STEPS, ROUNDS, WARM = 50, 3, 8
LARGE = 8192

CARDS = {  # dense flop/s in bf16 and bytes/s, by NVIDIA's data sheets; the first that fits
    "H200": (989e12, 4.8e12),
    "H100 PCIe": (756e12, 2.0e12),
    "H100 NVL": (835e12, 3.9e12),
    "H100": (989e12, 3.35e12),
    "A100-SXM4-80GB": (312e12, 2.039e12),
    "A100 80GB": (312e12, 1.935e12),
    "A100": (312e12, 1.555e12),
}


@dataclass(frozen=True)
class Case:
    """One net at one size."""

    name: str
    spec: str
    shape: tuple[int, int, int]
    batch: int
    classes: int
    peer: Callable[[], nn.Module]


def figures() -> Iterator[Figure]:
    if not torch.cuda.is_available():
        raise Missing("no CUDA GPU here")
    device = torch.device("cuda")
    name = torch.cuda.get_device_name(device)
    known = next((peak for card, peak in CARDS.items() if card in name), None)
    peaks = _peaks(device)
    bound = known or peaks
    said = (
        f"A product of {LARGE:,} x {LARGE:,} matrices in bf16, the best of some. "
        f"The roofline is at {bound[0] / 1e12:,.0f} Tflop/s and {bound[1] / 1e12:,.2f} TB/s, "
        + ("by the data sheet." if known else "as measured, the card being in no table here.")
    )
    yield Figure(name, said, [peaks[0] / 1e12], "Tflop/s")
    yield Figure(f"{name}: memory", "A copy, the best of some.", [peaks[1] / 1e12], "TB/s")
    for case in CASES:
        yield from compared(case, device, bound)


def compared(case: Case, device: torch.device, bound: tuple[float, float]) -> Iterator[Figure]:
    """Our ways against the best plain loop."""
    network = _network(case)
    lasts = _last_seconds(case, bound)
    plain = {way: rate(theirs(case, device, way), case.batch, device) for way in PEERS}
    best = max((way for way in plain if plain[way]), key=lambda way: median(plain[way]))
    for way in OURS:
        found = rate(ours(network, case, device, way), case.batch, device)
        if not found:
            continue
        share = median(found) / case.batch * lasts
        yield Figure(
            f"{case.name}, {way}",
            f"{STEPS} steps of {case.batch} pictures, which is {share:.0%} of the roofline.",
            found,
            "pictures/s",
            f"plain loop, {best}",
            plain[best],
            target=1.0 if way == "cuda-graph" else None,
            at_least=True,
        )


OURS = ("eager", "channels_last", "bf16", "compile", "cuda-graph")
PEERS = ("eager", "compile", "cuda-graph")


def rate(steps: Callable[[int], None] | None, batch: int, device: torch.device) -> list[float]:
    """Pictures a second of some rounds; none where there is no such way."""
    if steps is None:
        return []
    steps(WARM)
    taken: list[float] = []
    for _ in range(ROUNDS):
        _wait(device)
        start = time.perf_counter()
        steps(STEPS)
        _wait(device)
        taken.append(time.perf_counter() - start)
    return per_second(batch * STEPS, taken)


def ours(network: Any, case: Case, device: torch.device, way: str) -> Callable[[int], None] | None:
    """What does so many steps as `anydsl train` does them."""
    from anydsl.blocks.measurement import measure
    from anydsl.design.optimizers import SGD
    from anydsl.design.recipe import Digits, Recipe
    from anydsl.design.schedules import Constant
    from anydsl.lowering.compiler import compile_network
    from anydsl.training.feeding.pictures import Pictures
    from anydsl.training.feeding.preparation import Data
    from anydsl.training.feeding.source import locate
    from anydsl.training.plan import Plan
    from anydsl.training.state import State

    if way == "cuda-graph" and device.type != "cuda":
        return None
    precision = "fp32" if way in ("eager", "channels_last") else "bf16"
    recipe = Recipe(
        data=Digits(),
        epochs=1,
        batch=case.batch,
        optimizer=SGD(lr=Fraction(1, 1000), momentum=Fraction(9, 10)),
        schedule=Constant(),
        precision=precision,
    )
    pictures = Pictures(*_pictures(case, device))
    names = tuple(str(n) for n in range(case.classes))
    each = (0.5,) * case.shape[0]
    source = locate(recipe.data)
    data = Data(source, names, pictures, None, lambda: pictures, each, each, "")
    module: nn.Module = compile_network(network, device=str(device), seed=0)
    if way == "eager":
        module = Contiguous(module)
    else:
        module.to(memory_format=torch.channels_last)
    plan = Plan(
        case.name,
        "",
        recipe,
        data,
        module,
        device,
        compiled=way == "compile",
        flops=measure(network).cost.flops,
        graphed=way == "cuda-graph",
    )
    state = State(module.train(), recipe, plan.steps_per_epoch)
    step = Replay(plan, state) if plan.graphed else Step(plan, state)

    def run(count: int) -> None:
        state.position = 0
        left = step.left()
        for _ in range(count):
            next(left)

    return run


def theirs(case: Case, device: torch.device, way: str) -> Callable[[int], None] | None:
    """The best plain loop that we know how to write."""
    if way == "cuda-graph" and device.type != "cuda":
        return None
    module = case.peer().to(device, memory_format=torch.channels_last).train()
    forward = torch.compile(module) if way == "compile" else module
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3, momentum=0.9, fused=True)
    images, labels = _pictures(case, device)
    order = torch.randperm(len(images), device=device).view(-1, case.batch)
    chosen = torch.zeros(case.batch, dtype=torch.int64, device=device)

    def step() -> None:
        x = images[chosen].to(torch.float32, memory_format=torch.channels_last)
        x = x.sub_(127.5).div_(127.5)
        with torch.autocast(device.type, torch.bfloat16):
            loss = functional.cross_entropy(forward(x), labels[chosen])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    do = step
    if way == "cuda-graph":
        stream, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
        with torch.cuda.stream(stream):
            for _ in range(WARM):
                step()
        torch.cuda.synchronize()
        with torch.cuda.graph(graph, stream=stream):
            step()
        do = graph.replay

    def run(count: int) -> None:
        for place in range(count):
            chosen.copy_(order[place % len(order)])
            do()

    return run


class Contiguous(nn.Module):
    """A net that is given its pictures channel by channel, as torch has them by default."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x.contiguous(memory_format=torch.contiguous_format))


def work(module: nn.Module, shape: tuple[int, int, int]) -> tuple[int, int]:
    """Flops, and elements that must be moved, of a training step for one picture."""
    counted = [0, 0]

    def count(layer: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        positions = output[0, 0].numel() if output.ndim == 4 else 1
        counted[0] += 2 * layer.weight.numel() * positions
        counted[1] += inputs[0].numel() + output.numel()

    for layer in module.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(count)
    module.to("meta").eval()(torch.empty((1, *shape), device="meta"))
    return 3 * counted[0], 3 * counted[1]


def _last_seconds(case: Case, bound: tuple[float, float]) -> float:
    """The least seconds that a step can take, in bf16."""
    flops, moved = work(case.peer(), case.shape)
    return case.batch * max(flops / bound[0], 2 * moved / bound[1])


def _peaks(device: torch.device, size: int = LARGE) -> tuple[float, float]:
    """Flop/s of a product of bf16 matrices and bytes/s of a copy, the best of some."""
    a = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    b = torch.empty_like(a)
    product, copy = (
        min(_seconds(action, device) for _ in range(10))
        for action in (lambda: torch.mm(a, a, out=b), lambda: b.copy_(a))
    )
    return 2 * size**3 / product, 2 * a.numel() * a.element_size() / copy


def _seconds(action: Callable[[], object], device: torch.device) -> float:
    _wait(device)
    start = time.perf_counter()
    action()
    _wait(device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _pictures(case: Case, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    count = case.batch * max(STEPS, WARM)
    shape = (count, *case.shape)
    images = torch.randint(256, shape, dtype=torch.uint8, device=device)
    return images, torch.arange(count, device=device) % case.classes


def _network(case: Case) -> Any:
    import anydsl

    return anydsl.load(case.spec).replace(input=case.shape)


def _torchvision() -> nn.Module:
    from torchvision.models import regnet_x_400mf

    return regnet_x_400mf()


CASES = (
    Case("X-32 96x96", SMALL, (1, 96, 96), 128, 10, _regnetx32),
    Case("X-400MF 32x32", REGNETX_400MF, (3, 32, 32), 256, 1000, _torchvision),
    Case("X-400MF 224x224", REGNETX_400MF, (3, 224, 224), 128, 1000, _torchvision),
)
