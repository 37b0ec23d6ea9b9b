"""From an outline to a network: every setting evaluated, checked and brought to its stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from anydsl.design import reading
from anydsl.design.draws import Choice, LogUniform, Normal, Uniform
from anydsl.design.entries import EntryReader
from anydsl.design.faults import MISSING, TOO_LARGE, UNKNOWN_NAME, WRONG_VALUE
from anydsl.design.generating import generate, read_generator
from anydsl.design.modules import Module
from anydsl.design.network import Network, Part, Resolved, Rule, Settings, Space, Stage, Waiver
from anydsl.design.outline import Entry, Outline, Section, outline
from anydsl.design.rules import read_rule
from anydsl.design.values import BlockDef, Groups, Symbol, Value, spoken
from anydsl.design.vocabulary import ANY, INPUT, MEANT, MOST_BLOCKS, SETTINGS, meant
from anydsl.language import tree
from anydsl.language.diagnostics import Diagnostic, Fault, nearest
from anydsl.language.record import Record
from anydsl.language.source import Span

_DEFAULT_BLOCKS = {"stem": "simple_stem", "head": "linear_head"}


def resolve(module: Module, block: tree.Block) -> tuple[Resolved | None, list[Diagnostic]]:
    """Resolve a net; without a network where errors leave none."""
    return _Resolver(outline(module, block), free=False).net()


def resolve_space(module: Module, block: tree.Block) -> tuple[Space | None, list[Diagnostic]]:
    """Resolve a space; without one where errors leave none."""
    return _Resolver(outline(module, block), free=True).space()


class _Stage(Record):
    """A stage before the body's settings have come to it; `d` may be drawn."""

    name: str
    section: Section
    d: Any
    w: int | None = None


class _Resolver:
    """One pass over an outline; collects what it finds. In a space settings may be free."""

    def __init__(self, out: Outline, *, free: bool) -> None:
        self.out = out
        self.reader = EntryReader(out, free=free)
        self.diagnostics = out.diagnostics
        self.places: dict[str, Span] = {"": out.block.head}
        self.generator: tuple[tuple[str, Any], ...] = ()

    def net(self) -> tuple[Resolved | None, list[Diagnostic]]:
        parts = self._parts()
        if self.reader.lacking or any(d.level == "error" for d in self.diagnostics):
            return None, self.diagnostics
        network = Network(self.out.name, doc=self.out.doc, **parts)
        return Resolved(network, self.places, self.generator), self.diagnostics

    def space(self) -> tuple[Space | None, list[Diagnostic]]:
        parts = self._parts()
        if self.reader.lacking or any(d.level == "error" for d in self.diagnostics):
            return None, self.diagnostics
        body = self.out.parts["body"].entries
        drawn = {_target(key) for key, entry in body.items() if entry.drawn}
        own = {
            name: tuple(sorted(map(_target, section.entries)))
            for name, section in self.out.stages.items()
        }
        space = Space(
            self.out.name,
            doc=self.out.doc,
            shared=tuple(sorted(drawn)),
            own=tuple(own.items()),
            blocks=self._drawn_blocks(parts["stages"], body),
            generator=self.generator,
            scope=self.places,
            **parts,
        )
        return space, self.diagnostics

    def _drawn_blocks(self, stages: tuple[Stage, ...], body: dict[str, Entry]) -> Settings:
        drawn: dict[str, Any] = {}
        for stage in stages:
            section = self.out.stages.get(stage.name)
            entry = (section and section.entries.get("block")) or body.get("block")
            if entry is not None and entry.drawn:
                drawn[stage.name] = self.reader.value(entry, ANY, quiet=True)
        return tuple(drawn.items())

    def _parts(self) -> dict[str, Any]:
        input_ = self._input()
        stem = self._part("stem")
        stages = self._stages()
        head = self._part("head")
        keys = {p.name.text for s in stages for p in s.block.params} | set(SETTINGS)
        rules, waivers = self._rules(keys)
        return {
            "input": input_,
            "stem": stem,
            "stages": stages,
            "head": head,
            "rules": rules,
            "waivers": waivers,
        }

    # ---------------------------------------------------------------------------- the parts

    def _input(self) -> Any:
        for name, entry in self.out.entries.items():
            if name != "input":
                where = "in the body or a stage" if name in SETTINGS else ""
                where = "in the head" if name == "classes" else where
                self.out.broken.add(name)
                hint = nearest(name, ["input"]) or (where and f"`{name}` stands {where}")
                self.reader.report(
                    UNKNOWN_NAME, f"a net has no setting `{name}`", entry.name.span, hint=hint
                )
        entry = self.out.entries.get("input")
        if entry is None:
            hint = "input = 3x224x224"
            at = self.out.block.head
            self.reader.report(MISSING, "`input` is missing", at, hint=hint, name="input")
            return None
        self.places["input"] = entry.value.span
        return self.reader.value(entry, INPUT)

    def _part(self, kind: str) -> Part | None:
        section = self.out.parts.get(kind)
        if section is None:
            return None
        self.places[kind] = section.span
        block = self._block(section, {}, _DEFAULT_BLOCKS[kind])
        if block is None:
            return None
        return Part(block, self._settings(kind, section, block, {}, 1))

    def _stages(self) -> tuple[Stage, ...]:
        body = self.out.parts.get("body")
        if body is None:
            at = self.out.block.head
            self.reader.report(MISSING, "a net needs a `body`", at, name="body")
            return ()
        self.places["body"] = body.span
        shared = body.entries
        if self.out.generator is not None:
            stages = self._generated(self.out.generator, shared)
        else:
            stages = self._written(shared)
            if not self.out.stages:
                self.reader.report(MISSING, "this body has no stages", body.span)
        blocks = sum(stage.d for stage in stages if isinstance(stage.d, int))
        if blocks > MOST_BLOCKS:
            self.reader.report(
                TOO_LARGE, f"this is beyond the limit of {MOST_BLOCKS:,} blocks", body.span
            )
            return ()
        self.out.module.library.stages += len(stages)
        self.out.module.library.blocks += blocks
        made: list[Stage] = []
        complete = True
        for stage in stages:
            self.places[stage.name] = stage.section.span
            block = self._block(stage.section, shared, "")
            if block is None:
                complete = False
                continue
            settings = self._settings(stage.name, stage.section, block, shared, stage.d, stage.w)
            made.append(Stage(stage.name, stage.d, block, settings))
        if complete and made:
            self._unused(shared, made)
        return tuple(made)

    def _written(self, shared: dict[str, Entry]) -> list[_Stage]:
        stages: list[_Stage] = []
        for name, section in self.out.stages.items():
            entry = section.entries.get("d") or shared.get("d")
            if entry is None:
                meant = [key for key in section.entries if MEANT.get(key) == "d"]
                hint = f"`{meant[0]}` is written `d`" if meant else ""
                message = f"stage `{name}` has no depth `d`"
                self.reader.report(MISSING, message, section.span, hint=hint, name="d")
                continue
            self.places[f"{name}.d"] = entry.value.span
            depth = self.reader.value(entry, SETTINGS["d"])
            if depth is not None:
                stages.append(_Stage(name, section, depth))
        return stages

    def _generated(self, section: Section, shared: dict[str, Entry]) -> list[_Stage]:
        given = read_generator(section, shared, self.reader)
        if given is None:
            return []
        self.generator = tuple(given.items())
        for key, entry in section.entries.items():
            self.places[f"stages.{key}"] = entry.value.span
        if any(entry.drawn for entry in section.entries.values()):
            return [_Stage("s1", Section(section.span), 1, 1)]  # how many there are is drawn too
        block = self._block(section, shared, "", quiet=True)
        stages: list[_Stage] = []
        for place, (d, w) in enumerate(generate(given, section, shared, block, self.reader), 1):
            self.places[f"s{place}.d"] = self.places[f"s{place}.w"] = section.span
            stages.append(_Stage(f"s{place}", Section(section.span), d, w))
        return stages

    # ------------------------------------------------------------------------- the settings

    def _block(
        self, section: Section, shared: dict[str, Entry], default: str, *, quiet: bool = False
    ) -> BlockDef | None:
        entry = section.entries.get("block") or shared.get("block")
        if entry is None and default:
            return reading.block_named(default, self.out.module)
        if entry is None:
            if not quiet:
                message = "no `block` is given"
                hint = "block = resnext"
                self.reader.report(MISSING, message, section.span, hint=hint, name="block")
            return None
        value = self.reader.value(entry, ANY, quiet=quiet)
        if isinstance(value, Choice):
            value = value.values[0]  # a drawn block: what the first one accepts
        if isinstance(value, Symbol) and value.block and not value.positional and not value.named:
            return value.block
        if value is not None and not quiet:
            blocks = reading.blocks(entry.module)
            name = value.name if isinstance(value, Symbol) else ""
            if isinstance(value, str) and value in blocks:
                hint = f"without quotes: `block = {value}`"
            else:
                hint = nearest(name, blocks)
            message = f"there is no block `{spoken(value)}`"
            self.reader.report(UNKNOWN_NAME, message, entry.value.span, hint=hint)
        return None

    def _settings(
        self,
        path: str,
        section: Section,
        block: BlockDef,
        shared: dict[str, Entry],
        depth: int,
        width: int | None = None,
    ) -> Settings:
        """What a stem, a head or a stage gives its block: its own settings, then the body's."""
        words = ("block",) if path in _DEFAULT_BLOCKS else ("block", "d")
        own = {k: e for k, e in section.entries.items() if k not in words}
        signature = f"the block is {block.signature}"
        params = {p.name.text for p in block.params}
        accepted = params | ({"groups"} if "g" in params else set[str]())
        values: dict[str, Value] = {} if width is None or "w" not in params else {"w": width}
        for key, entry in own.items():
            if key not in accepted:
                hint = meant(key, accepted) or nearest(key, accepted) or signature
                message = f"`{block.name}` has no setting `{key}`"
                self.reader.report(UNKNOWN_NAME, message, entry.name.span, hint=hint)
        grouping = "g" if "g" in own else "groups" if "groups" in own else None
        for key in sorted(accepted, key=lambda k: (k not in own, k)):
            entry = own.get(key)
            if entry is None and not (grouping and key in ("g", "groups")):
                entry = shared.get(key)
            if entry is None or (key == "w" and width is not None):
                continue
            target = _target(key)
            self.places[f"{path}.{target}"] = entry.value.span
            setting = SETTINGS.get(key, ANY)
            value = (
                self.reader.value(entry, setting)
                if path in _DEFAULT_BLOCKS
                else self.reader.listed(entry, setting, depth)
            )
            if key == "groups" and isinstance(value, (LogUniform, Normal)):
                message = "`groups` is drawn by `choice` or `uniform`"
                self.reader.report(WRONG_VALUE, message, entry.value.span)
            elif value is not None:
                values[target] = _as_groups(value) if key == "groups" else value
        for param in block.params:
            name = param.name.text
            stride = name == "s" and path not in _DEFAULT_BLOCKS
            if (
                param.default is None
                and not stride
                and name not in values
                and name not in own
                and name not in shared
            ):
                where = f"stage `{path}`" if path not in _DEFAULT_BLOCKS else f"the {path}"
                message = f"{where} needs `{name}`"
                self.reader.report(MISSING, message, section.span, hint=signature, name=name)
        return tuple(
            (p.name.text, values[p.name.text]) for p in block.params if p.name.text in values
        )

    def _unused(self, shared: dict[str, Entry], stages: list[Stage]) -> None:
        params = {p.name.text for stage in stages for p in stage.block.params}
        taken = params | {"block", "d"} | ({"groups"} if "g" in params else set[str]())
        for key, entry in shared.items():
            if key not in taken:
                blocks = ", ".join(dict.fromkeys(stage.block.signature for stage in stages))
                hint = meant(key, taken) or nearest(key, taken) or f"the stages repeat {blocks}"
                self.reader.report(
                    UNKNOWN_NAME,
                    f"no stage's block has a setting `{key}`",
                    entry.name.span,
                    hint=hint,
                )

    # ---------------------------------------------------------------------------- the rules

    def _rules(self, keys: set[str]) -> tuple[tuple[Rule, ...], tuple[Waiver, ...]]:
        """Read rules and waivers, ancestors first; the nearest statement wins."""
        rules: list[Rule] = []
        waivers: list[Waiver] = []
        for owner in {id(block): block for _, _, block in self.out.rules}.values():
            own: list[Rule] = []
            own_waivers: list[Waiver] = []
            for said in self._said_by(owner, keys):
                if isinstance(said, Rule):
                    own.append(said)
                else:
                    own_waivers.append(said)
            nearest = {(rule.kind, rule.predicate) for rule in own}
            rules = [r for r in rules if (r.kind, r.predicate) not in nearest]
            waivers = [w for w in waivers if w.predicate not in {r.predicate for r in own}]
            preferred = [rule for rule in own if rule.kind == "prefer"]
            for waiver in own_waivers:
                equal = [r for r in (*rules, *preferred) if r.predicate == waiver.predicate]
                waivers.append(waiver.replace(cancels=tuple(equal)))
            waived = {w.predicate for w in own_waivers}
            rules = [r for r in rules if r.predicate not in waived]
            rules += [r for r in own if r.kind == "require" or r.predicate not in waived]
        return tuple(rules), tuple(waivers)

    def _said_by(self, owner: tree.Block, keys: set[str]) -> Iterator[Rule | Waiver]:
        inherited = owner is not self.out.block
        name = owner.label.name.text if owner.label else ""
        for statement, module, block in self.out.rules:
            if block is owner:
                try:
                    yield read_rule(statement, module, name, keys).replace(inherited=inherited)
                except Fault as fault:
                    self.reader.add(fault.diagnostic)


def _target(key: str) -> str:
    """The parameter that a setting is given to."""
    return "g" if key == "groups" else key


def _as_groups(value: Any) -> Any:
    """Numbers of groups, for each block or all, as what a block's `g` is given."""
    if isinstance(value, Uniform):
        low, high, step = (
            cast("int", n) for n in (value.range.low, value.range.high, value.range.step)
        )
        return Choice(tuple(Groups(n) for n in range(low, high + 1, step)))
    if isinstance(value, Choice):
        return Choice(tuple(Groups(cast("int", n)) for n in value.values))
    if isinstance(value, tuple):
        return tuple(Groups(n) for n in cast("tuple[int, ...]", value))
    return Groups(value) if isinstance(value, int) else value
