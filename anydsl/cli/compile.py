"""Compile a net: print its torch.fx graph, or write it in another form."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from anydsl.checker.loading import pick
from anydsl.cli._numbers import seed
from anydsl.cli._stages import STAGES, show_stage
from anydsl.cli._strict import refuse_warnings
from anydsl.design.network import Network
from anydsl.errors import UsageError

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("spec", metavar="SPEC", help="a net: PATH, std:NAME, or either with ::NAME")
    parser.add_argument(
        "-o",
        dest="out",
        metavar="PATH",
        help="write a file; its suffix picks the form: .py .onnx .pt2 .json .safetensors",
    )
    parser.add_argument(
        "--to", metavar="FORM", help="the form, where the suffix doesn't say: python, onnx, …"
    )
    parser.add_argument("--stop-at", choices=STAGES, help="print what a step of the compiler makes")
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="weights in place of initial ones: safetensors or .pth, named by anydsl, torchvision, "
        "timm or pycls; torchvision:NAME fetches them",
    )
    parser.add_argument(
        "--names",
        metavar="LIBRARY",
        help="names for the tensors of a .safetensors: torchvision, timm, pycls",
    )
    parser.add_argument(
        "--for-inference",
        action="store_true",
        help="fold batch norm into convolutions, leave dropout out",
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="seed of the initial weights"
    )
    parser.add_argument("--strict", action="store_true", help="refuse unwaived principle warnings")


def run(args: argparse.Namespace) -> int:
    """Check, then compile."""
    module, checked = pick(args.spec, "net")
    refuse_warnings(checked.diagnostics, strict=args.strict)
    network = checked.value
    assert isinstance(network, Network)
    writes = args.out is not None or args.to is not None
    if writes and args.stop_at:
        raise UsageError("--stop-at prints a step; it can't be written with -o or --to")
    if args.weights and not writes:
        raise UsageError("--weights needs a file to write: -o PATH")
    if args.names and not writes:
        raise UsageError("--names needs a file to write: -o NAME.safetensors")
    if args.names and args.for_inference:
        raise UsageError("--names has no names for what --for-inference makes")
    from anydsl.lowering.compilation import Compilation

    net = Compilation(network, module.file, seed=args.seed, for_inference=args.for_inference)
    if not writes:
        sys.stdout.write(show_stage(args.stop_at or "fx", net) + "\n")
        return 0
    from anydsl.exporters.registry import export, find

    exporter = find(args.to, args.out)
    if args.names:
        from anydsl.weights.writing import RenamedWeights

        if exporter.SUFFIX != RenamedWeights.SUFFIX:
            raise UsageError(f"--names is for {RenamedWeights.SUFFIX}, not for {exporter.SUFFIX}")
        exporter = RenamedWeights(args.names)
    path = args.out or f"{network.name.lower()}{exporter.SUFFIX}"
    if args.weights is not None:
        from anydsl.weights.loading import load_weights

        for note in load_weights(net.initialized, net.built, args.weights):
            sys.stderr.write(f"note: {note}\n")
    export(exporter, net, path)
    sys.stderr.write(f"wrote {path}\n")
    return 0
