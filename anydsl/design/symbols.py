"""The names in a file: what each one is, and where what it stands for was declared.

This is what "go to definition", "find references" and "rename" know; checking does not need it.
"""

from __future__ import annotations

from collections.abc import Iterator

from anydsl.design.draws import DISTRIBUTIONS
from anydsl.design.modules import DECLARED, Declared, Module
from anydsl.design.outline import PARTS, Outline, Section, outline
from anydsl.design.predicates import AGGREGATES, ORDERS, TOTALS
from anydsl.design.reading import block_named
from anydsl.design.recipe import Recipe
from anydsl.design.values import FUNCTIONS, BlockDef
from anydsl.language import tree
from anydsl.language.record import Record
from anydsl.language.source import Span

DEFAULT_BLOCKS = {"stem": "simple_stem", "head": "linear_head"}
_GIVEN = ("x", "i", "j", "depth")


class Use(Record):
    """A name where it stands.

    Attributes:
        role: `net`, `space`, `block`, `recipe`, `study` or `constant` for a name of the file;
            `parameter` and `line` in a block; `stage`; and for what has no declaration in a file
            `kind`, `key`, `given`, `function`, `predicate`, `total`, `distribution`, `generator`,
            `rule`, `path` or `word`.
        definition: the name where it is declared, None where it is in no file.
        declares: whether that is here.
    """

    at: Span
    role: str
    definition: Span | None = None
    declares: bool = False

    @property
    def target(self) -> tuple[str, int] | None:
        """What it stands for: the same in all files; None where it is in no file."""
        if self.definition is None:
            return None
        source = self.definition.source
        return source.file or source.path, self.definition.start


def uses(module: Module) -> list[Use]:
    """All names in a file, in the order of the text; also in one that is wrong."""
    found: list[Use] = []
    for statement in module.file.statements:
        found += _statement(module, statement)
    return sorted(found, key=lambda use: use.at.start)


def declared_name(declared: Declared) -> tree.Name | None:
    """The name that a declaration gives."""
    if isinstance(declared, tree.Assign):
        return declared.name
    return declared.label.name if declared.label else None


def section_block(module: Module, out: Outline, section: Section, part: str) -> BlockDef | None:
    """The block that a stem, a head or a stage uses, inherited or by default too."""
    shared = out.parts["body"].entries if "body" in out.parts and not part else {}
    entry = section.entries.get("block") or shared.get("block")
    if entry is None:
        return block_named(DEFAULT_BLOCKS[part], module) if part in DEFAULT_BLOCKS else None
    value = entry.value
    if isinstance(value, tree.Call) and entry.drawn and value.arguments:
        value = value.arguments[0].value  # a drawn block: what the first one has
    return block_named(value.name, entry.module) if isinstance(value, tree.Variable) else None


def _role(declared: Declared) -> str:
    return "constant" if isinstance(declared, tree.Assign) else declared.kind.text


def _reference(at: Span, name: str, module: Module) -> Use | None:
    found = module.find(name)
    if found is None:
        return None
    declaration = declared_name(found[1])
    return Use(at, _role(found[1]), declaration.span if declaration else None)


def _statement(module: Module, statement: tree.Statement) -> Iterator[Use]:
    match statement:
        case tree.Import():
            yield Use(statement.path.span, "path")
            for name in statement.names:
                yield _reference(name.span, name.text, module) or Use(name.span, "word")
        case tree.Assign():
            yield Use(statement.name.span, "constant", statement.name.span, declares=True)
            yield from _values(module, statement.value)
        case tree.Draw():
            yield Use(statement.name.span, "key")
            yield from _values(module, statement.value)
        case tree.Requirement():
            yield from _rule(module, statement, set())
        case tree.Broken():
            for inner in statement.body:
                yield from _loose(module, inner)
        case tree.Block():
            yield from _block(module, statement)


def _block(module: Module, block: tree.Block) -> Iterator[Use]:
    kind = block.kind.text
    yield Use(block.kind.span, "kind")
    if block.label is not None:
        role = kind if kind in DECLARED else "word"
        yield Use(block.label.name.span, role, block.label.name.span, declares=True)
    if block.base is not None:
        base = block.base
        yield _reference(base.span, base.text, module) or Use(base.span, "word")
    if kind == "block":
        yield from _lines(module, block)
    elif kind in ("net", "space") and block.label is not None:
        yield from _net(module, block)
    else:
        for statement in block.body:
            if kind == "recipe" and isinstance(statement, tree.Assign):
                yield from _recipe_setting(module, statement)
            else:
                yield from _loose(module, statement)


def _recipe_setting(module: Module, said: tree.Assign) -> Iterator[Use]:
    """A word of the recipe goes before a name of the file."""
    setting = Recipe.__settings__.get(said.name.text)
    value = said.value.callee if isinstance(said.value, tree.Call) else said.value
    words = setting.choices if setting else ()
    if isinstance(value, tree.Variable) and value.name in words:
        yield Use(said.name.span, "key")
        yield Use(value.span, "word")
        for argument in said.value.arguments if isinstance(said.value, tree.Call) else ():
            if argument.name is not None:
                yield Use(argument.name.span, "key")
            yield from _values(module, argument.value)
    else:
        yield from _setting(module, said)


# ----------------------------------------------------------------------- inside of a block


def _lines(module: Module, block: tree.Block) -> Iterator[Use]:
    scope: dict[str, Use] = {}
    for name in _GIVEN:
        scope[name] = Use(block.kind.span, "given")
    for param in block.params or ():
        if param.default is not None:
            yield from _values(module, param.default, scope)
        at = param.name.span
        scope[param.name.text] = Use(at, "parameter", at)
        yield Use(at, "parameter", at, declares=True)
    for line in block.body:
        match line:
            case tree.Assign():
                yield from _values(module, line.value, scope)
                at = line.name.span
                scope.setdefault(line.name.text, Use(at, "line", at))
                known = scope[line.name.text]
                yield Use(at, known.role, known.definition, declares=known.definition == at)
            case _:
                yield from _loose(module, line)


def _values(module: Module, expr: tree.Expr, scope: dict[str, Use] | None = None) -> Iterator[Use]:
    """The names in an expression; `scope` are those of the block that it stands in."""
    match expr:
        case tree.Variable(name=name):
            local = scope.get(name) if scope else None
            if local is not None:
                yield local.replace(at=expr.span)
            else:
                yield _reference(expr.span, name, module) or Use(expr.span, "word")
        case tree.Call():
            callee = expr.callee
            name = callee.name if isinstance(callee, tree.Variable) else ""
            if name in FUNCTIONS and not (scope and name in scope):
                yield Use(callee.span, "function")
            else:
                yield from _values(module, callee, scope)
            block = block_named(name, module) if not (scope and name in scope) else None
            for argument in expr.arguments:
                if argument.name is not None:
                    yield _parameter(argument.name, block)
                yield from _values(module, argument.value, scope)
        case tree.List():
            for item in expr.items:
                yield from _values(module, item, scope)
        case _:
            for field in expr.__fields__:
                value = getattr(expr, field)
                if isinstance(value, tree.Expr):
                    yield from _values(module, value, scope)


def _parameter(name: tree.Name, *blocks: BlockDef | None) -> Use:
    """A key or the name of an argument; it is the parameter of the first block that has it."""
    for block in blocks:
        param = block.param(name.text) if block else None
        if param is not None:
            return Use(name.span, "key", param.name.span)
    return Use(name.span, "key")


# ------------------------------------------------------------------- nets, recipes, studies


def _net(module: Module, block: tree.Block) -> Iterator[Use]:
    out = outline(module, block)
    stages = {n: section_block(module, out, s, "") for n, s in out.stages.items()}
    keys = {p.name.text for b in stages.values() if b for p in b.params}
    for statement in block.body:
        match statement:
            case tree.Requirement():
                yield from _rule(module, statement, keys)
            case tree.Block(kind=tree.Name(text=kind)) if kind in PARTS:
                yield Use(statement.kind.span, "kind")
                section = out.parts.get(kind)
                used = section_block(module, out, section, kind) if section else None
                blocks = [used] if kind != "body" else [*stages.values()]
                for inner in statement.body:
                    if isinstance(inner, tree.Block):
                        yield from _stage(out, inner, stages)
                    else:
                        yield from _setting(module, inner, *blocks)
            case _:
                yield from _loose(module, statement)


def _stage(out: Outline, stage: tree.Block, blocks: dict[str, BlockDef | None]) -> Iterator[Use]:
    yield Use(stage.kind.span, "kind")
    module, label = out.module, stage.label
    own: list[BlockDef | None] = []
    if label is not None and stage.kind.text == "stage":
        first = _first_stage(module, out.block, label)
        yield Use(label.name.span, "stage", first, declares=first == label.name.span)
        if label.places is not None:
            yield from _values(module, label.places)
        own = [blocks[n] for n, s in out.stages.items() if s.label is label.name]
    elif label is not None:
        yield Use(label.name.span, "generator")
    for inner in stage.body:
        yield from _setting(module, inner, *own)


def _first_stage(module: Module, net: tree.Block, label: tree.Label) -> Span:
    """Where a stage is declared first: in the eldest net or space that has it."""
    first = label.name.span
    seen: list[tree.Block] = []
    while net.base is not None and net not in seen:
        seen.append(net)
        found = module.find(net.base.text)
        if found is None or not isinstance(found[1], tree.Block):
            break
        module, net = found[0], found[1]
        for body in net.body:
            if isinstance(body, tree.Block) and body.kind.text == "body":
                for stage in body.body:
                    if isinstance(stage, tree.Block) and stage.label is not None:
                        other = stage.label
                        if other.name.text == label.name.text and not other.places:
                            first = other.name.span
    return first


def _loose(module: Module, statement: tree.Statement) -> Iterator[Use]:
    """Statements of studies, and such as stand where they should not."""
    match statement:
        case tree.Block():
            yield Use(statement.kind.span, "kind")
            if statement.label is not None:
                yield Use(statement.label.name.span, "word")
            for inner in statement.body:
                yield from _loose(module, inner)
        case tree.Import() | tree.Broken():
            yield from _statement(module, statement)
        case _:
            yield from _setting(module, statement)


def _setting(module: Module, statement: tree.Statement, *blocks: BlockDef | None) -> Iterator[Use]:
    match statement:
        case tree.Assign():
            yield _parameter(statement.name, *blocks)
            yield from _values(module, statement.value)
        case tree.Draw():
            yield _parameter(statement.name, *blocks)
            value = statement.value
            if isinstance(value, tree.Call) and isinstance(value.callee, tree.Variable):
                drawn = value.callee.name in DISTRIBUTIONS
                yield Use(value.callee.span, "distribution" if drawn else "word")
                for argument in value.arguments:
                    yield from _values(module, argument.value)
            else:
                yield from _values(module, value)
        case tree.Requirement():
            yield from _rule(module, statement, set())
        case _:
            yield from _loose(module, statement)


def _rule(module: Module, said: tree.Requirement, keys: set[str]) -> Iterator[Use]:
    if said.kind == "waive" and isinstance(said.predicate, tree.Variable):
        yield Use(said.predicate.span, "rule")
    else:
        yield from _predicate(module, said.predicate, keys)


def _predicate(module: Module, expr: tree.Expr, keys: set[str]) -> Iterator[Use]:
    match expr:
        case tree.Variable(name=name):
            if name in TOTALS:
                yield Use(expr.span, "total")
            else:
                found = _reference(expr.span, name, module)
                yield found if found and name not in keys else Use(expr.span, "key")
        case tree.Call(callee=tree.Variable(name=name)) if name in ORDERS or name in AGGREGATES:
            yield Use(expr.callee.span, "predicate" if name in ORDERS else "function")
            for argument in expr.arguments:
                if argument.name is not None:
                    yield Use(argument.name.span, "key")
                is_key = isinstance(argument.value, tree.Variable) and argument.name is None
                yield (
                    Use(argument.value.span, "key") if is_key else Use(argument.value.span, "word")
                )
        case tree.Call() | tree.List() | tree.Range():
            yield from _values(module, expr)
        case _:
            for field in expr.__fields__:
                value = getattr(expr, field)
                if isinstance(value, tree.Expr):
                    yield from _predicate(module, value, keys)
