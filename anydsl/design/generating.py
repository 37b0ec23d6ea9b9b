"""Stages that a generator makes: `stages quantized_linear { … }`."""

from __future__ import annotations

from typing import Any

from anydsl.design import reading
from anydsl.design.entries import EntryReader
from anydsl.design.faults import ADJUSTED, MISSING, TOO_LARGE, UNKNOWN_NAME, WRONG_VALUE
from anydsl.design.outline import Entry, Section
from anydsl.design.quantized import compatible, quantized_linear
from anydsl.design.values import BlockDef, spoken
from anydsl.design.vocabulary import GENERATORS, SETTINGS, QuantizedLinear
from anydsl.language.declaration import REQUIRED
from anydsl.language.diagnostics import Fault, nearest


def read_generator(
    section: Section, shared: dict[str, Entry], reader: EntryReader
) -> dict[str, Any] | None:
    """The settings of a generator, some of them drawn in a space; None where there are errors."""
    assert section.label is not None
    label = section.label
    if label.text not in GENERATORS:
        hint = nearest(label.text, GENERATORS)
        reader.report(UNKNOWN_NAME, f"no generator is called `{label.text}`", label.span, hint=hint)
        return None
    declared = QuantizedLinear.__settings__
    given: dict[str, Any] = {}
    sound = True
    for name, entry in section.entries.items():
        if name in declared:
            given[name] = reader.value(entry, declared[name])
            sound = sound and given[name] is not None
        else:
            hint = nearest(name, declared) or "settings of all stages stand on the body"
            message = f"{label.text} has no `{name}`"
            reader.report(UNKNOWN_NAME, message, entry.name.span, hint=hint)
            sound = False
    for name, setting in declared.items():
        if setting.default is REQUIRED and name not in given:
            reader.report(MISSING, f"`{name}` is missing: {setting.doc}", section.span)
            sound = False
    for key in ("d", "w"):
        if key in shared:
            reader.report(WRONG_VALUE, f"`{key}` comes from {label.text}", shared[key].name.span)
            sound = False
    return given if sound else None


def generate(
    given: dict[str, Any],
    section: Section,
    shared: dict[str, Entry],
    block: BlockDef | None,
    reader: EntryReader,
) -> list[tuple[int, int]]:
    """Depth and width of each stage; widths are made to fit `b` and `g`, and that is noted."""
    generator = QuantizedLinear(**given)
    try:
        runs = quantized_linear(generator)
    except OverflowError:
        reader.report(TOO_LARGE, "these widths are beyond any limit", section.span)
        return []
    b = _shared("b", shared, block, reader) or 1
    groups = _shared("groups", shared, block, reader)
    g = None if groups else _shared("g", shared, block, reader)
    stages = [(depth, compatible(width, b, g, groups, generator.rounding)) for depth, width in runs]
    changed = [
        f"{width} to {fitted} in s{place}"
        for place, ((_, width), (_, fitted)) in enumerate(zip(runs, stages, strict=True), 1)
        if width != fitted
    ]
    if changed:
        by = f"groups = {groups}" if groups else f"g = {g}" if g else f"b = {spoken(b)}"
        message = f"widths are changed to fit `{by}`: {', '.join(changed)}"
        reader.report(ADJUSTED, message, section.span)
    return stages


def _shared(key: str, shared: dict[str, Entry], block: BlockDef | None, reader: EntryReader) -> Any:
    """A number that all stages give their block: the body's, else the block's own default."""
    param = block and block.param("g" if key == "groups" else key)
    if block is None or param is None:
        return None
    if key in shared:
        value = reader.value(shared[key], SETTINGS[key], quiet=True)
        return value if isinstance(value, int) or hasattr(value, "numerator") else None
    if param.default is None or key == "groups":
        return None
    try:
        return reading.number(param.default, block.scope)
    except Fault:
        return None
