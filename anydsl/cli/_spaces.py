"""A space on the terminal and as plain data: its draws, what it requires, its size."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from anydsl.cli._tables import print_table
from anydsl.design.draws import write_draw
from anydsl.design.network import Part, Space, Waiver
from anydsl.design.predicates import write
from anydsl.design.values import spoken
from anydsl.spaces.counting import Size, size
from anydsl.spaces.describing import plain
from anydsl.spaces.plan import is_draw

if TYPE_CHECKING:
    from anydsl.design.network import Stage


def print_space(space: Space, form: str) -> None:
    """Print a space as text or as JSON."""
    counted = size(space)
    if form == "json":
        sys.stdout.write(json.dumps(_described(space, counted), ensure_ascii=False) + "\n")
        return
    sys.stdout.write(f"{space.name}  {'x'.join(map(str, space.input))}\n")
    rows = list(_rows(space))
    print_table(["part", "block", "settings"], rows, left=("settings",), totals=0)
    for rule in space.rules:
        more = "" if rule not in counted.uncounted else "  (not counted)"
        by = f"  {rule.owner}" if rule.inherited else ""
        sys.stdout.write(f"{rule.kind:<8} {write(rule.predicate)}{by}{more}\n")
    for waiver in space.waivers:
        sys.stdout.write(f"waived   {_waived(waiver)}: {waiver.because}\n")
    exact = "" if counted.draws is None else f" ({counted.draws:,})"
    sys.stdout.write(f"size     {counted.rounded} draws{exact}\n")


def _rows(space: Space) -> list[dict[str, str]]:
    """What is drawn once, the generator, then each stage; stages that are alike share a row."""
    own = dict(space.own)
    rows: list[dict[str, str]] = []
    once: dict[str, str] = {}
    stages: list[tuple[str, dict[str, str]]] = []
    for stage in space.stages:
        said = _stage(space, stage)
        for key in space.shared:
            if key not in own.get(stage.name, ()) and key in said:
                once[key] = said.pop(key)
        stages.append((stage.name, said))
    if space.stem is not None:
        rows.append(_row("stem", _part(space.stem)))
    if space.generator:
        fixed = {k: v for k, v in stages[0][1].items() if k not in ("d", "w")}
        rows.append(_row("body", fixed | once))
        given = {key: _text(value) for key, value in space.generator}
        rows.append(_row("stages", {"block": "quantized_linear"} | given))
    else:
        if once:
            rows.append(_row("body", once))
        for name, said in stages:
            row = _row(name, said)
            if rows and rows[-1] | {"part": name} == row:
                rows[-1]["part"] = f"{rows[-1]['part'].partition('..')[0]}..{name}"
            else:
                rows.append(row)
    if space.head is not None:
        rows.append(_row("head", _part(space.head)))
    return rows


def _row(part: str, said: dict[str, str]) -> dict[str, str]:
    settings = ", ".join(f"{key} {value}" for key, value in said.items() if key != "block")
    return {"part": part, "block": said.get("block", ""), "settings": settings}


def _stage(space: Space, stage: Stage) -> dict[str, str]:
    block = dict(space.blocks).get(stage.name)
    said = {"block": stage.block.name if block is None else _text(block), "d": _text(stage.d)}
    return said | {key: _text(value) for key, value in stage.settings}


def _part(part: Part) -> dict[str, str]:
    return {"block": part.block.name} | {key: _text(value) for key, value in part.settings}


def _text(value: Any) -> str:
    return f"~ {write_draw(value)}" if is_draw(value) else f"= {spoken(value)}"


def _waived(waiver: Waiver) -> str:
    return write(waiver.predicate) if waiver.predicate is not None else waiver.rule


def _described(space: Space, counted: Size) -> dict[str, Any]:
    own = dict(space.own)
    return {
        "name": space.name,
        "kind": "space",
        "input": list(space.input),
        "stem": _plain_part(space.stem),
        "generator": {key: _plain(value) for key, value in space.generator} or None,
        "stages": [
            {
                "name": stage.name,
                "block": _plain(dict(space.blocks).get(stage.name, stage.block.name)),
                "d": _plain(stage.d),
                **{key: _plain(value) for key, value in stage.settings},
                "once": [k for k in space.shared if k not in own.get(stage.name, ())],
            }
            for stage in space.stages
        ],
        "head": _plain_part(space.head),
        "rules": [
            {
                "kind": rule.kind,
                "predicate": write(rule.predicate),
                "because": rule.because,
                "owner": rule.owner,
                "counted": rule in counted.counted,
            }
            for rule in space.rules
        ],
        "waivers": [{"what": _waived(w), "because": w.because} for w in space.waivers],
        "size": {
            "draws": counted.draws,
            "rounded": counted.rounded,
            "not_counted": [write(rule.predicate) for rule in counted.uncounted],
        },
    }


def _plain_part(part: Part | None) -> dict[str, Any] | None:
    if part is None:
        return None
    return {"block": part.block.name} | {key: _plain(value) for key, value in part.settings}


def _plain(value: Any) -> Any:
    return {"draw": write_draw(value)} if is_draw(value) else plain(value)
