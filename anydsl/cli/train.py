"""Train a net as its recipe says."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from anydsl.checker.loading import pick, recipes
from anydsl.cli._strict import refuse_warnings
from anydsl.design.expansion import expand
from anydsl.design.network import Network
from anydsl.design.recipe import Recipe
from anydsl.design.recipes import recipe_with
from anydsl.errors import UsageError

if TYPE_CHECKING:
    import argparse

_NEWEST = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("spec", nargs="?", help="the net; with --resume, by default the run's own")
    parser.add_argument("--recipe", metavar="NAME", help="which recipe, if the file has several")
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="change a setting of the recipe, as in optimizer.lr=0.1 or data=digits; repeatable",
    )
    parser.add_argument(
        "--data",
        metavar="NAME|PATH",
        help="another data set, a folder (its files, or pictures in class folders), or an .npz or "
        ".safetensors file",
    )
    parser.add_argument("--download", action="store_true", help="fetch the data if it is missing")
    parser.add_argument("--epochs", type=int, metavar="N", help="passes over the pictures")
    parser.add_argument(
        "--device", default="auto", help="auto (the default), cpu, cuda, cuda:1, mps"
    )
    parser.add_argument("--precision", metavar="P", help="auto (the default), fp32 or bf16")
    parser.add_argument("--compile", action="store_true", help="train through torch.compile")
    parser.add_argument(
        "--cuda-graph",
        action="store_true",
        help="do each step as one CUDA graph: for small nets and pictures that a GPU holds",
    )
    parser.add_argument(
        "--deterministic", action="store_true", help="the same bits every time, also on a GPU"
    )
    parser.add_argument(
        "--out", metavar="DIR", help="the run's folder; by default runs/NAME-DATE-TIME"
    )
    parser.add_argument(
        "--resume",
        nargs="?",
        const=_NEWEST,
        metavar="DIR",
        help="go on with a run, by default that in --out, or the newest unfinished under runs/",
    )
    parser.add_argument(
        "--keep", type=int, metavar="N", help="checkpoints of epochs to keep, by default 1"
    )
    parser.add_argument(
        "--save-every",
        type=float,
        metavar="MINUTES",
        help="save within an epoch, too, by default every 10; inf for never",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="seed of every random choice")
    parser.add_argument(
        "--logger",
        metavar="NAME",
        action="append",
        help="where curves go beside the run's folder: tensorboard (the default), wandb, mlflow, "
        "none; repeatable",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="threads that read pictures; by default one a CPU"
    )
    parser.add_argument(
        "--stream", action="store_true", help="read every batch anew, however much memory there is"
    )
    parser.add_argument("--dry-run", action="store_true", help="check everything, print the plan")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--strict", action="store_true", help="refuse unwaived principle warnings")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Train, or with `--dry-run` say what would be done.

    Raises:
        AnydslError: see `anydsl.training.train.train`.
    """
    if not _launched():
        return _run(args)
    from anydsl.training.ranks import one_voice

    with one_voice():
        return _run(args)


def _run(args: argparse.Namespace) -> int:
    from anydsl.training import describing, plan, train
    from anydsl.training.feeding.placing import Reading

    if args.workers is not None and args.workers < 0:
        raise UsageError(f"--workers {args.workers}: must be at least 0")
    if args.resume == _NEWEST:
        args.resume = args.out or True
    network, recipe = _design(args)
    changes = {name: getattr(args, name) for name in ("data", "epochs", "precision", "seed")}
    if args.dry_run:
        task = plan.task_of(network, recipe, **changes, device=args.device)
        reading = Reading(args.workers, args.stream)
        planned = plan.plan_of(
            task,
            device=args.device,
            compiled=args.compile,
            graphed=args.cuda_graph,
            download=args.download,
            reading=reading,
        )
        if args.format == "json":
            _write(json.dumps(describing.plan_values(planned)))
        else:
            _write(*describing.plan_lines(planned))
        return 0
    result = train.train(
        network,
        recipe,
        **changes,
        download=args.download,
        device=args.device,
        compile=args.compile,
        cuda_graph=args.cuda_graph,
        deterministic=args.deterministic,
        out=args.out,
        resume=args.resume,
        keep=args.keep,
        save_every=args.save_every,
        loggers=args.logger,
        workers=args.workers,
        stream=args.stream,
        quiet=args.quiet,
    )
    if args.format == "json":
        _write(json.dumps({name: getattr(result, name) for name in type(result).__fields__}))
    else:
        _write(*describing.result_lines(result))
    return 0


def _design(args: argparse.Namespace) -> tuple[Network, Recipe]:
    """Find out what is trained and how: from SPEC, or from the run that is gone on with."""
    if args.spec is None:
        from anydsl.training.runs.folder import RunFolder
        from anydsl.training.runs.resuming import recorded_design

        if args.resume is None:
            raise UsageError("what is to be trained? give a SPEC, or --resume")
        newest = args.resume is True
        if not newest and os.path.isfile(args.resume):
            raise UsageError(
                f"--resume {args.resume}: not a run's folder; a SPEC goes before --resume"
            )
        folder = RunFolder.newest_unfinished() if newest else RunFolder.of(args.resume)
        args.resume = folder.path
        network, recipe = recorded_design(folder)
    else:
        module, checked = pick(args.spec, "net")
        refuse_warnings(checked.diagnostics, strict=args.strict)
        network = checked.value
        assert isinstance(network, Network)
        recipe = _chosen(network, recipes(module), args)
    return network, recipe_with(recipe, args.set)


def _chosen(network: Network, recipes: dict[str, Recipe], args: argparse.Namespace) -> Recipe:
    """Return the recipe that was named, or the only one, or the default one."""
    if args.recipe is not None:
        if args.recipe not in recipes:
            there = ", ".join(recipes) or "it has none"
            raise UsageError(f"--recipe {args.recipe}: not in {args.spec} ({there})")
        return recipes[args.recipe]
    if len(recipes) > 1:
        raise UsageError(f"{args.spec} has several recipes: choose by --recipe {'|'.join(recipes)}")
    if recipes:
        return next(iter(recipes.values()))
    from anydsl.training.describing import recipe_lines

    settings = ", ".join(recipe_lines(expand(network, Recipe())))
    if _speaks():
        sys.stderr.write(f"{args.spec} has no recipe: training by the default one ({settings})\n")
    return Recipe()


def _write(*lines: str) -> None:
    if _speaks():
        sys.stdout.write("".join(f"{line}\n" for line in lines))


def _launched() -> bool:
    """Whether torchrun started this process; asked here without torch, which takes its time."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def _speaks() -> bool:
    """Whether this is the process that says what all have to say."""
    return not _launched() or os.environ.get("RANK", "0") == "0"
