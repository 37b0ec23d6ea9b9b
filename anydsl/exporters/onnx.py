"""ONNX, by torch's own exporter, with a batch of any size, checked against ONNX Runtime.

The input is called `x`, the output `y`, their first dimension `batch`. What has more than 1.8 GB of
weights keeps them in a second file, `NAME.onnx.data`, as the format holds no more than 2 GiB.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

from anydsl.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Generator

    import torch
    from torch import fx

    from anydsl.lowering.compilation import Compilation

SUFFIX = ".onnx"
LARGEST = 1_800_000_000
"""How many bytes of weights one file holds."""

TOLERANCE = 1e-4
"""How far ONNX Runtime's outputs may be from torch's, relative to the largest of them."""

_MOST_FLOPS = 20_000_000_000  # beyond that a batch of 1 has to do, and one of 2 is not tried


def write(net: Compilation, path: str) -> None:
    """Write the model, and run it.

    Raises:
        RunError: ONNX Runtime can't run it, or computes something else.
    """
    for library in ("onnxscript", "onnxruntime"):
        import_module(library)  # torch's exporter needs the first, and says so less clearly
    import torch

    example = torch.zeros(2, *net.graph.input)
    batch = torch.export.Dim("batch", min=1)
    with _silence():
        program: Any = torch.onnx.export(  # pyright: ignore[reportUnknownMemberType]
            net.module,
            (example,),
            input_names=["x"],
            output_names=["y"],
            dynamo=True,
            dynamic_shapes={"x": {0: batch}},
            verbose=False,
        )
        program.model.graph.name = net.graph.name
        program.model.metadata_props["net"] = net.graph.name
        for node in program.model.graph:
            node.metadata_props.pop("pkg.torch.onnx.stack_trace", None)  # paths of this machine
        size = sum(t.numel() * t.element_size() for t in net.module.state_dict().values())
        program.save(path, external_data=size > LARGEST)
    del program
    large = net.graph.cost().flops > _MOST_FLOPS
    _check(net.module, net.graph.input, path, (1,) if large else (1, 2))


def _check(
    module: fx.GraphModule, shape: tuple[int, ...], path: str, batches: tuple[int, ...]
) -> None:
    """Compare ONNX Runtime with torch on random pictures.

    Raises:
        RunError: they differ by more than TOLERANCE, or ONNX Runtime can't run the file.
    """
    import torch

    onnxruntime: Any = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    generator = torch.Generator().manual_seed(0)
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        for batch in batches:
            x = torch.randn(batch, *shape, generator=generator)
            (found,) = session.run(["y"], {"x": x.numpy()})
            with torch.no_grad():
                expected = module(x)
            off = _distance(torch.as_tensor(found), expected)
            if not off <= TOLERANCE:
                raise RunError(
                    f"ONNX Runtime computes something else: on {batch} x {shape} its outputs are "
                    f"off by {off:.1e} of the largest, {TOLERANCE:g} is allowed"
                )
    except RunError:
        raise
    except Exception as error:  # onnxruntime's own share no base class
        raise RunError(f"ONNX Runtime can't run the file: {error}") from None


def _distance(found: torch.Tensor, expected: torch.Tensor) -> float:
    """How far outputs are off; those beyond all numbers have to be so in both."""
    finite = expected.isfinite()
    if found.shape != expected.shape or not finite.equal(found.isfinite()):
        return float("inf")
    found, expected = found[finite], expected[finite]
    if not len(expected):
        return 0.0
    return float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-12))


@contextlib.contextmanager
def _silence() -> Generator[None]:
    """Keep what torch's exporter says of its progress to itself; errors are raised all the same."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
