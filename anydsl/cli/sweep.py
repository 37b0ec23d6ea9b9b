"""Run a study: train the designs of its spaces, each result kept in one database.

What is done is never done again: the same command goes on where the last one stopped, whatever
stopped it, and more `samples` or `replicas` in the study only add to what there is.
"""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from anydsl.checker.loading import pick
from anydsl.cli._strict import refuse_warnings
from anydsl.design.study import Study

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from anydsl.study.cluster.joining import Cluster
    from anydsl.study.plan import Plan
    from anydsl.study.preparing import Prepared
    from anydsl.study.runner import Runner
    from anydsl.study.sweeping import Summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("spec", metavar="SPEC", help="a study: PATH, or PATH::NAME")
    parser.add_argument("--out", metavar="DIR", help="its folder; by default studies/NAME")
    parser.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="processes that train; by default one for each core, or for each GPU as many as prove "
        "to help; more than there are GPUs share them",
    )
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="train on a Ray cluster: auto (that of this machine), ray://HOST:PORT, HOST:PORT, "
        "local",
    )
    parser.add_argument(
        "--threads",
        type=_count,
        default=1,
        metavar="N",
        help="of each worker on the CPU (default: 1); one number for the whole study",
    )
    parser.add_argument(
        "--device", default="auto", help="auto (the default), cpu, cuda, cuda:1, mps"
    )
    parser.add_argument(
        "--cuda-graph", action="store_true", help="do each step as one CUDA graph, as in `train`"
    )
    parser.add_argument(
        "--data",
        metavar="NAME|PATH",
        help="another data set, or a folder: the data set's files, or pictures in class folders",
    )
    parser.add_argument(
        "--resume", action="store_true", help="there has to be something to go on with"
    )
    parser.add_argument("--retry", action="store_true", help="try anew what failed")
    parser.add_argument("--limit", type=_count, metavar="N", help="do N trials at most")
    parser.add_argument("--dry-run", action="store_true", help="check everything, print the plan")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--strict", action="store_true", help="refuse unwaived principle warnings")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Plan, and with `--dry-run` stop there; else do the trials that are left."""
    from anydsl.study.plan import plan_of

    module, checked = pick(args.spec, "study")
    refuse_warnings(checked.diagnostics, strict=args.strict)
    assert isinstance(checked.value, Study)
    plan = plan_of(checked.value, module)

    from anydsl.study import preparing, sweeping

    summary = None
    with _place(args) as cluster:
        prepared = preparing.prepare_study(
            plan,
            module.source.text,
            out=args.out,
            workers=args.workers,
            threads=args.threads,
            device=args.device,
            data=args.data,
            cuda_graph=args.cuda_graph,
            resume=args.resume,
            cluster=cluster,
        )
        if not args.dry_run:
            if not args.quiet:
                _note("\n".join(preparing.plan_lines(plan, prepared)))
            summary = sweeping.sweep(
                plan,
                prepared,
                limit=args.limit,
                retry=args.retry,
                quiet=args.quiet,
                command=_command(args),
                runner=_runner(cluster),
            )
    if summary is None:
        _print_plan(plan, prepared, args.format)
        return 0
    if args.format == "json":
        _write([json.dumps(sweeping.summary_values(summary, plan.study))])
    else:
        _print(summary)
    return 1 if summary.failures else 0


def _place(args: argparse.Namespace) -> AbstractContextManager[Cluster | None]:
    """Where trials are done: a cluster, or this machine for None."""
    if args.cluster is None:
        return nullcontext()
    from anydsl.study.cluster.joining import joined

    return joined(
        args.cluster,
        device=args.device,
        threads=args.threads,
        workers=args.workers,
        say=None if args.quiet else _note,
    )


def _runner(cluster: Cluster | None) -> Runner | None:
    if cluster is None:
        return None
    from anydsl.study.cluster.runner import ClusterRunner

    return ClusterRunner(cluster)


def _print_plan(plan: Plan, prepared: Prepared, form: str) -> None:
    from anydsl.cli._tables import print_table
    from anydsl.study.preparing import group_rows, plan_lines, plan_values

    if form == "json":
        _write([json.dumps(plan_values(plan, prepared))])
        return
    _write(plan_lines(plan, prepared))
    rows = group_rows(plan)
    print_table(list(rows[0]), rows, left=("group",), totals=0)


def _print(summary: Summary) -> None:
    from anydsl.cli._tables import print_table
    from anydsl.study.sweeping import failure_lines
    from anydsl.study.watching import COLUMNS, cells, duration

    columns = [column for column in COLUMNS if column != "running"]
    print_table(columns, [cells(tally) for tally in summary.tallies], left=("group",))
    out, whole = shlex.quote(str(summary.out)), summary.whole
    lines = failure_lines(summary.failures)
    lines.append(f"{summary.trials:,} trials in {duration(summary.seconds)}")
    if whole.left:
        lines.append(f"left    {whole.left:,} trials: the same command goes on with them")
    if whole.failed:
        lines.append("retry   the same command with --retry tries anew what failed")
    _write([*lines, f"next    anydsl report {out}"])


def _command(args: argparse.Namespace) -> str:
    """What is typed to go on."""
    words = ["anydsl", "sweep", args.spec]
    for name in ("out", "workers", "cluster", "data"):
        if getattr(args, name) is not None:
            words += [f"--{name}", str(getattr(args, name))]
    for name, usual in (("threads", 1), ("device", "auto")):
        if getattr(args, name) != usual:
            words += [f"--{name}", str(getattr(args, name))]
    if args.cuda_graph:
        words.append("--cuda-graph")
    return shlex.join(words)


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _write(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _count(text: str) -> int:
    from argparse import ArgumentTypeError

    if not text.isdecimal() or not text.isascii() or len(text) > 9 or int(text) < 1:
        raise ArgumentTypeError("it is a whole number from 1 on")
    return int(text)
