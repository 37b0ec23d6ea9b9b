"""A plan as `.anynet` text that formats to itself and lints clean."""

from __future__ import annotations

from fractions import Fraction

from anydsl.checker.engine import Checked, check_declaration
from anydsl.checker.registry import rule
from anydsl.checker.rule import NetworkRule
from anydsl.design.modules import Library
from anydsl.design.predicates import write as write_predicate
from anydsl.design.values import spoken
from anydsl.design.vocabulary import QuantizedLinear
from anydsl.errors import DesignError
from anydsl.importing.blocks import own_block
from anydsl.importing.plan import BOTTLENECKS, Level, Piece, Plan, Scalar
from anydsl.language.printer import format_text

_DEFAULT_BLOCKS = ("simple_stem", "linear_head")
_LIBRARY = {"basic": "basic", "vanilla": "vanilla", "linear": "resnext_linear"}
_ACTS = {"resnext_linear": "silu"}  # the activation of a library block where it is not relu


def write(plan: Plan) -> tuple[str, Checked]:
    """Write a design and check what was written.

    Principles that the design breaks are waived, with where it comes from as the reason, and the
    number of parameters is required.

    Returns:
        The text, and what the checker made of it.

    Raises:
        DesignError: the design does not work as a network.
    """
    checked = _check(_text(plan, ()), plan)
    assert checked.measured is not None
    said = [f'waive {rule} because "so it is in {plan.origin}"' for rule in _broken(checked)]
    said.append(f"require params == {checked.measured.cost.params}")
    text = format_text(_text(plan, tuple(said)))
    return text, _check(text, plan)


def _check(text: str, plan: Plan) -> Checked:
    module = Library().text(text, plan.origin)
    checked = check_declaration(module, module.declared("net")[0])
    errors = [d.message for d in (*module.diagnostics, *checked.diagnostics) if d.level == "error"]
    if errors:
        raise DesignError(f"{plan.origin} does not work as a network: {errors[0]}")
    return checked


def _broken(checked: Checked) -> list[str]:
    """The rules of networks that are broken, as they are waived; a note is none."""
    names = sorted(
        {(d.kind.code, d.kind.name) for d in checked.diagnostics if d.level == "warning"}
    )
    found = [known for _, name in names if isinstance(known := rule(name), NetworkRule)]
    return [write_predicate(r.predicate) if r.predicate else r.name for r in found]


# ------------------------------------------------------------------------------------ text


def _text(plan: Plan, said: tuple[str, ...]) -> str:
    block, definition = _block(plan)
    sections = [["anynet 1"], *([list(definition)] if definition else [])]
    lines = [f"## {plan.title}.", f"net {plan.name} {{"]
    lines += [f"input = {'x'.join(map(str, plan.input))}", _piece("stem", plan.stem, plan.act)]
    lines += ["body {", f"block = {block}", *_body(plan, block), "}"]
    lines.append(_piece("head", plan.head, plan.act))
    lines += ["", *said] if said else []
    sections.append([*lines, "}"])
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def _block(plan: Plan) -> tuple[str, tuple[str, ...]]:
    """The block of all stages, and its text where the library has none like it."""
    if plan.transform != "bottleneck":
        return _LIBRARY[plan.transform], ()
    grouped = any(level.groups > 1 for level in plan.levels)
    if plan.strided == "1x1" or (plan.se and plan.act != "relu"):
        return own_block(plan.strided, grouped=grouped or bool(plan.se), se=bool(plan.se))
    return ("resnext" if grouped or plan.se else "bottleneck"), ()


def _piece(kind: str, piece: Piece, act: str) -> str:
    settings: list[tuple[str, Scalar]] = list(piece.settings)
    if piece.block not in _DEFAULT_BLOCKS:
        settings.insert(0, ("block", piece.block))
    if act != "relu" and piece.block != "linear_head":
        settings.append(("act", act))
    return f"{kind} {{ {_inline(settings)} }}"


def _body(plan: Plan, block: str) -> list[str]:
    shared, own = _settings(plan, block)
    lines = [f"{key} = {_number(value)}" for key, value in shared]
    if plan.generator is not None and not any(own):
        return [*lines, f"stages quantized_linear {{ {_generator(plan.generator)} }}"]
    for place, (level, settings) in enumerate(zip(plan.levels, own, strict=True), 1):
        given = [("d", level.d), ("w", level.w), *settings]
        lines.append(f"stage s{place} {{ {_inline(given)} }}")
    return lines


def _settings(
    plan: Plan, block: str
) -> tuple[list[tuple[str, Scalar]], list[list[tuple[str, Scalar]]]]:
    """What all stages share, and what each stage says of its own."""
    levels = plan.levels
    shared: list[tuple[str, Scalar]] = []
    own: list[list[tuple[str, Scalar]]] = [[] for _ in levels]

    def give(key: str, values: list[Scalar]) -> None:
        if len(set(values)) == 1:
            shared.append((key, values[0]))
        else:
            for settings, value in zip(own, values, strict=True):
                settings.append((key, value))

    if plan.transform in BOTTLENECKS:
        give("b", [_simple(Fraction(level.w, level.inner)) for level in levels])
        if block.startswith("resnext"):
            give(*_grouping(plan))
    if plan.se:
        shared.append(("se", plan.se))
    if plan.act != _ACTS.get(block, "relu"):
        shared.append(("act", plan.act))
    strides = {level.s for level in levels}
    if strides != {2} and len(strides) == 1:
        shared.append(("s", strides.pop()))
    elif strides != {2}:
        for settings, level in zip(own, levels, strict=True):
            if level.s != 2:
                settings.append(("s", level.s))
    return shared, own


def _grouping(plan: Plan) -> tuple[str, list[Scalar]]:
    """`g` where stages share one, cut or not; else `groups` where they share that."""
    levels = plan.levels
    widths: list[Scalar] = [level.inner // level.groups for level in levels]
    if plan.g is not None and _cut(plan.g, levels):
        return "g", [plan.g for _ in levels]
    if len(set(widths)) == 1:
        return "g", widths
    groups: list[Scalar] = [level.groups for level in levels]
    if len(set(groups)) == 1:
        return "groups", groups
    widest = max(level.inner // level.groups for level in levels)
    return "g", [widest for _ in levels] if _cut(widest, levels) else widths


def _cut(g: int, levels: tuple[Level, ...]) -> bool:
    return all(min(g, level.inner) * level.groups == level.inner for level in levels)


def _generator(generator: QuantizedLinear) -> str:
    declared = QuantizedLinear.__settings__
    given = [
        (key, getattr(generator, key))
        for key, setting in declared.items()
        if getattr(generator, key) != setting.default
    ]
    return _inline(given)


def _simple(value: Fraction) -> Scalar:
    return value.numerator if value.denominator == 1 else value


def _inline(settings: list[tuple[str, Scalar]]) -> str:
    return ", ".join(f"{key} = {_number(value)}" for key, value in settings)


def _number(value: Scalar) -> str:
    """A setting as a person would write it: 1/4 rather than 0.25, but 36.44."""
    if isinstance(value, str):
        return value
    if isinstance(value, Fraction) and value.numerator == 1:
        return f"1/{value.denominator}"
    return spoken(value)
