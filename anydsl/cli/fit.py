"""Fit a net's stages: the quantized linear parameters (RegNet's) that come nearest to them."""

from __future__ import annotations

import json
import os
import sys
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from anydsl.checker.fitting import NetworkFit, fit_network
from anydsl.checker.loading import pick
from anydsl.cli._tables import print_table
from anydsl.errors import UsageError

if TYPE_CHECKING:
    import argparse

_FORMS = (".svg", ".png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("spec", metavar="NET", help="a net: PATH, std:NAME, or either with ::NAME")
    parser.add_argument(
        "-o",
        dest="out",
        metavar="PATH",
        help="draw the widths of the blocks and the function: a .svg or a .png",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Print the parameters, the error, and the stages beside each other."""
    form = os.path.splitext(args.out)[1].lower() if args.out is not None else ""
    if args.out is not None and form not in _FORMS:
        raise UsageError(f"a fit is drawn as {' or '.join(_FORMS)}, not as `{form}`")
    _, checked = pick(args.spec, "net")
    assert checked.measured is not None
    fitted = fit_network(checked.measured)
    if args.format == "json":
        sys.stdout.write(json.dumps(fitted.to_json(), ensure_ascii=False) + "\n")
    else:
        _print(fitted)
    if args.out is not None:
        _draw(fitted, args.out, form)
    return 0


def _print(fitted: NetworkFit) -> None:
    verdict = "exact" if fitted.exact else f"e_fit {fitted.fit.error:.4f}"
    sys.stdout.write(f"{fitted.name}: {verdict}\n{fitted.text}\n")
    rows: list[dict[str, Any]] = []
    for place, (given, made) in enumerate(zip_longest(fitted.given, fitted.fit.stages), 1):
        row: dict[str, Any] = {"stage": f"s{place}"}
        if given is not None:
            row |= {"d": given[0], "w": given[1]}
        if made is not None:
            row |= {"d fitted": made[0], "w fitted": made[1]}
        rows.append(row)
    print_table(["stage", "d", "w", "d fitted", "w fitted"], rows, left=["stage"], totals=0)
    if not fitted.adjusted:
        sys.stdout.write("stages don't share b and g: widths are not made to fit them\n")


def _draw(fitted: NetworkFit, path: str, form: str) -> None:
    from anydsl.drawing.fits import fit_scene
    from anydsl.drawing.registry import save
    from anydsl.drawing.writers.svg import svg

    made = fitted.fit.generator
    verdict = "exact" if fitted.exact else f"e_fit {fitted.fit.error:.4f}"
    scene = fit_scene(
        fitted.name,
        f"{fitted.text}: {verdict}",
        fitted.widths,
        [w for d, w in fitted.fit.stages for _ in range(d)],
        float(made.w0),
        float(made.wa),
    )
    if form == ".png":
        from anydsl.drawing.writers.png import png

        content = png(scene, fitted.name, 2)
    else:
        content = ('<?xml version="1.0" encoding="UTF-8"?>\n' + svg(scene, fitted.name)).encode()
    save(content, path)
    sys.stderr.write(f"wrote {path}\n")
