"""What a net or a space says once its parents are merged in, before anything is evaluated."""

from __future__ import annotations

from anydsl.design.faults import DUPLICATE, EXTENDS, MISSING, UNKNOWN_NAME, WRONG_VALUE
from anydsl.design.modules import Module
from anydsl.design.reading import read_range
from anydsl.language import tree
from anydsl.language.diagnostics import Diagnostic, Fault, Kind, Label, nearest
from anydsl.language.source import Span

MOST_STAGES = 1000
DEEPEST_CHAIN = 64
PARTS = ("stem", "body", "head")
_ALIASES = {"g": "groups", "groups": "g"}


class Entry:
    """One setting as it is written: `key = value`, or `key ~ distribution` where `drawn`."""

    __slots__ = ("bounds", "drawn", "module", "name", "value")

    def __init__(self, statement: tree.Assign | tree.Draw, module: Module) -> None:
        self.name = statement.name
        self.value = statement.value
        self.drawn = isinstance(statement, tree.Draw)
        self.module = module
        self.bounds: list[Entry] = []  # the parents' draws that this one has to lie in

    def over(self, parent: Entry) -> None:
        """Take a parent's place."""
        if self is not parent:
            self.bounds += [parent] if parent.drawn else parent.bounds


class Section:
    """The entries of a stem, a body, a stage, a generator or a head, and where it stands."""

    def __init__(self, span: Span, label: tree.Name | None = None) -> None:
        self.span = span
        self.label = label
        self.entries: dict[str, Entry] = {}

    def over(self, parent: Section) -> None:
        """Take a parent's place."""
        for name in self.entries.keys() & parent.entries.keys():
            self.entries[name].over(parent.entries[name])
        self.take(parent)

    def take(self, parent: Section) -> None:
        """Take from a parent what is not said here."""
        for name, entry in parent.entries.items():
            if name not in self.entries and _ALIASES.get(name) not in self.entries:
                self.entries[name] = entry


class Outline:
    """A net or a space, merged with what it extends.

    Attributes:
        module, block: where it stands itself.
        entries: settings of the net itself, such as `input`.
        parts: stem, body and head, those that are there.
        stages, generator: one of the two, or neither.
        rules: each rule with the module and the net or space that says it, the oldest's first.
        spaces: the names of the spaces it extends, the nearest first.
        above: how many nets and spaces it extends, one after the other.
        broken: words with which statements begin that could not be read, or stand elsewhere: what
            they were to give is not missing.
        whole: whether all that it extends could be merged, and all its stages told apart.
    """

    def __init__(self, module: Module, block: tree.Block) -> None:
        assert block.label is not None
        self.module = module
        self.block = block
        self.name = block.label.name.text
        self.doc = block.doc
        self.entries: dict[str, Entry] = {}
        self.parts: dict[str, Section] = {}
        self.stages: dict[str, Section] = {}
        self.generator: Section | None = None
        self.rules: list[tuple[tree.Requirement, Module, tree.Block]] = []
        self.spaces: list[str] = []
        self.above = 0
        self.diagnostics: list[Diagnostic] = []
        self.broken: set[str] = set()
        self.whole = True

    def report(self, kind: Kind, message: str, at: Span, *labels: Label, hint: str = "") -> None:
        """Add an error."""
        self.diagnostics.append(Diagnostic(kind, message, at, labels, hint))


def outline(module: Module, block: tree.Block, chain: tuple[tree.Block, ...] = ()) -> Outline:
    """Read the statements of a net or a space and merge them over its parents'."""
    out = Outline(module, block)
    assert block.label is not None
    for statement in block.body:
        match statement:
            case tree.Assign() | tree.Draw():
                _entry(out, out.entries, statement, module)
            case tree.Requirement():
                out.rules.append((statement, module, block))
            case tree.Block():
                _section(out, statement, module)
            case tree.Import():
                out.report(WRONG_VALUE, "imports stand at the top of a file", statement.span)
            case tree.Broken():
                out.broken.add(statement.word)
    if block.params is not None:
        out.report(WRONG_VALUE, f"a {block.kind.text} has no parameters", block.head)
    if block.base is not None:
        parent = _parent(out, block.base, (*chain, block))
        out.whole = out.whole and parent is not None and parent.whole
        if parent is not None:
            out.above = parent.above + 1
            _merge(out, parent)
    return out


def _parent(out: Outline, base: tree.Name, chain: tuple[tree.Block, ...]) -> Outline | None:
    found = out.module.find(base.text)
    kinds = ("net", "space") if out.block.kind.text == "net" else ("space",)
    if found is None:
        hint = out.module.nearest(base.text)
        out.report(UNKNOWN_NAME, f"`{base.text}` is not known here", base.span, hint=hint)
    elif not isinstance(found[1], tree.Block) or found[1].kind.text not in kinds:
        own = out.block.kind.text
        message = f"a {own} can't extend `{base.text}`: it extends a {' or a '.join(kinds)}"
        out.report(EXTENDS, message, base.span)
    elif any(block is found[1] for block in chain):
        out.report(EXTENDS, f"`{base.text}` extends itself", base.span)
    else:
        shared = found[0].outlines  # children read their parent's and change only their own
        known: Outline | None = shared.get(id(found[1]))
        if len(chain) + (known.above if known else 0) <= DEEPEST_CHAIN:
            return known or shared.setdefault(id(found[1]), outline(found[0], found[1], chain))
        out.report(EXTENDS, f"this chain is beyond the limit of {DEEPEST_CHAIN}", base.span)
    return None


def _section(out: Outline, block: tree.Block, module: Module) -> None:
    kind = block.kind.text
    if block.params is not None or block.base is not None:
        out.report(WRONG_VALUE, f"a {kind} takes no parameters and extends nothing", block.head)
    if kind in PARTS:
        if block.label is not None:
            out.report(WRONG_VALUE, f"the {kind} has no name", block.label.span)
        if kind in out.parts:
            label = Label(out.parts[kind].span, "first here")
            out.report(DUPLICATE, f"there is one {kind}", block.kind.span, label)
            return
        section = out.parts[kind] = Section(block.head)
        for statement in block.body:
            match statement:
                case tree.Assign() | tree.Draw():
                    _entry(out, section.entries, statement, module)
                case tree.Block() if kind == "body":
                    _stage(out, statement, module)
                case tree.Block():
                    out.report(
                        UNKNOWN_NAME,
                        f"there is no `{statement.kind.text}` in a {kind}",
                        statement.kind.span,
                    )
                case _:
                    _misplaced(out, statement)
    elif kind in ("stage", "stages"):
        out.report(WRONG_VALUE, f"`{kind}` stands in the body", block.kind.span)
    else:
        hint = nearest(kind, PARTS) or "a net has a stem, a body and a head"
        out.report(UNKNOWN_NAME, f"there is no `{kind}` in a net", block.kind.span, hint=hint)


def _stage(out: Outline, block: tree.Block, module: Module) -> None:
    kind = block.kind.text
    if kind not in ("stage", "stages"):
        hint = nearest(kind, ("stage", "stages")) or "a body has settings and stages"
        out.report(UNKNOWN_NAME, f"there is no `{kind}` in a body", block.kind.span, hint=hint)
        return
    if block.params is not None or block.base is not None:
        out.report(WRONG_VALUE, f"a {kind} takes no parameters and extends nothing", block.head)
    if block.label is None:
        hint = "stage s1 { … }" if kind == "stage" else "stages quantized_linear { … }"
        out.report(MISSING, f"this {kind} has no name", block.kind.span, hint=hint)
        out.whole = False
        return
    section = Section(block.head, block.label.name)
    for statement in block.body:
        match statement:
            case tree.Assign() | tree.Draw():
                _entry(out, section.entries, statement, module)
            case tree.Block():
                out.report(UNKNOWN_NAME, "a stage has settings only", statement.kind.span)
            case _:
                _misplaced(out, statement)
    mixed = out.stages if kind == "stages" else out.generator
    if mixed:
        out.report(EXTENDS, "`stage` and `stages` can't mix in one body", block.head)
    elif kind == "stages":
        if out.generator is not None:
            out.report(DUPLICATE, "one generator makes all stages", block.head)
        out.generator = section
    else:
        _add_stages(out, block, block.label, section, module)


def _add_stages(
    out: Outline, block: tree.Block, label: tree.Label, section: Section, module: Module
) -> None:
    names = [label.name.text]
    if label.places is not None:
        try:
            if not isinstance(label.places, tree.Range):
                message = "stages are counted by a range: s[1..4]"
                raise Fault(Diagnostic(WRONG_VALUE, message, label.places.span))
            places = read_range(label.places, module)
        except Fault as fault:
            out.diagnostics.append(fault.diagnostic)
            out.whole = False
            return
        low, high, step = places.low, places.high, places.step
        if not isinstance(low, int) or not isinstance(high, int) or step is not None:
            message = "stages are counted by whole numbers: s[1..4]"
            out.report(WRONG_VALUE, message, label.places.span)
            out.whole = False
            return
        if low < 0 or high - low >= MOST_STAGES:
            out.report(WRONG_VALUE, f"a body has at most {MOST_STAGES:,} stages", label.places.span)
            out.whole = False
            return
        names = [f"{label.name.text}{i}" for i in range(low, high + 1)]
    for name in names:
        if name in out.stages:
            where = Label(out.stages[name].span, "first here")
            out.report(DUPLICATE, f"there are two stages `{name}`", label.span, where)
        elif name in (*PARTS, "input"):
            out.report(DUPLICATE, f"a stage can't be called `{name}`", label.span)
            out.whole = False
        else:
            out.stages[name] = Section(block.head, label.name)
            out.stages[name].entries = dict(section.entries)
    if len(out.stages) > MOST_STAGES:
        out.report(WRONG_VALUE, f"a body has at most {MOST_STAGES:,} stages", label.span)


def _entry(
    out: Outline,
    entries: dict[str, Entry],
    statement: tree.Assign | tree.Draw,
    module: Module,
) -> None:
    name = statement.name
    other = entries.get(name.text)
    alias = entries.get(_ALIASES.get(name.text, ""))
    if other is not None:
        where = Label(other.name.span, "first here")
        out.report(DUPLICATE, f"`{name.text}` is given twice", name.span, where)
    elif alias is not None:
        where = Label(alias.name.span, "given here")
        out.report(DUPLICATE, "`g` and `groups` say the same thing twice", name.span, where)
    else:
        entries[name.text] = Entry(statement, module)


def _misplaced(out: Outline, statement: tree.Statement) -> None:
    if isinstance(statement, tree.Requirement):
        message = f"`{statement.kind}` stands directly in the net or the space"
        out.report(WRONG_VALUE, message, statement.span)
    elif isinstance(statement, tree.Broken):
        out.broken.add(statement.word)
    elif isinstance(statement, tree.Import):
        out.report(WRONG_VALUE, "imports stand at the top of a file", statement.span)


def _merge(out: Outline, parent: Outline) -> None:
    """The child's word wins; a body setting of the child's also over the parent's stages."""
    out.diagnostics[:0] = [d for d in parent.diagnostics if d not in out.diagnostics]
    if parent.block.kind.text == "space":
        out.spaces.append(parent.name)
    out.spaces += parent.spaces
    out.rules[:0] = parent.rules
    for name, entry in parent.entries.items():
        out.entries.setdefault(name, entry).over(entry)
    own_body = out.parts.get("body")
    overriding = set(own_body.entries) if own_body else set[str]()
    overriding |= {_ALIASES[k] for k in overriding & set(_ALIASES)}
    for kind, section in parent.parts.items():
        if kind in out.parts:
            out.parts[kind].over(section)
        else:
            out.parts[kind] = section
    if (out.stages and parent.generator) or (out.generator and parent.stages):
        out.report(
            EXTENDS, "`stage` and `stages` can't mix, also not with a parent's", out.block.head
        )
        return
    if parent.generator is not None:
        own = out.generator
        if own is None:
            out.generator = parent.generator
        elif own.label and parent.generator.label and own.label.text == parent.generator.label.text:
            own.over(parent.generator)
    shared = parent.parts["body"].entries if "body" in parent.parts else {}
    for name, stage in out.stages.items():
        before = parent.stages[name].entries if name in parent.stages else {}
        for key, entry in stage.entries.items():
            above = before.get(key) or shared.get(key)
            if above is not None:
                entry.over(above)
    merged: dict[str, Section] = {}
    for name, section in parent.stages.items():
        kept = Section(section.span, section.label)
        kept.entries = {k: e for k, e in section.entries.items() if k not in overriding}
        for key in overriding & set(section.entries):
            if own_body and key in own_body.entries:
                own_body.entries[key].over(section.entries[key])
        own_stage = out.stages.pop(name, None)
        if own_stage is not None:
            own_stage.take(kept)
            kept = own_stage
        merged[name] = kept
    out.stages = merged | out.stages
