"""The words of the language where they can stand, each from its declaration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from anydsl.blocks.scope import POSITIONS, WORDS
from anydsl.design import wording
from anydsl.design.draws import DISTRIBUTIONS
from anydsl.design.modules import DECLARED, Declared, Module
from anydsl.design.outline import PARTS, Outline, outline
from anydsl.design.predicates import AGGREGATES, ORDERS, TOTALS, Ordered, Shared, write
from anydsl.design.reading import block_named
from anydsl.design.recipe import VARIANTS, Recipe
from anydsl.design.study import Study
from anydsl.design.symbols import declared_name, section_block
from anydsl.design.values import FUNCTIONS, BlockDef
from anydsl.design.vocabulary import ANY, GENERATORS, INPUT, SETTINGS
from anydsl.graph.catalog import OPERATIONS
from anydsl.language import tree
from anydsl.language.cursor import Frame
from anydsl.language.declaration import Setting
from anydsl.language.record import Record

NETS = ("net", "space")
RULES = {
    "require": "a rule that the design has to keep",
    "prefer": "a rule that the design should keep",
    "waive": "a rule that is broken on purpose, with the reason",
}
KINDS = {
    "net": "a network",
    "space": "a design space: a net in which settings may be free",
    "block": "a block that stages repeat, written in operations",
    "recipe": "how networks are trained",
    "study": "spaces that are to be compared",
    "stem": "what takes the picture in",
    "body": "the stages",
    "head": "what the last stage is turned into",
    "stage": "a block, repeated `d` times",
    "stages": "stages that a generator makes",
}
OTHERS = {
    "concat": ("concat(a, b, …)", "the channels of pictures, one after the other"),
    "when": ("when(condition, operation)", "the operation, where the condition holds"),
    "x": ("x", "what comes into the block"),
    "i": ("i", "the place of the block in its stage, from 0"),
    "j": ("j", "the place of the block in the network, from 0"),
    "depth": ("depth", "how many blocks the network has"),
}
_BLOCK = Setting("any", "the block that is repeated or used")
assert set(OTHERS) == {*WORDS, *POSITIONS, "x"}


class Word(Record):
    """A word that can stand somewhere.

    Attributes:
        sort: `setting`, `kind`, `operation`, `block`, `function`, `distribution`, `variant`,
            `word`, `predicate`, `total`, `rule`, or what a file declares: `net`, `constant`, ….
        shown: how it is written, with what can stand in its brackets.
        doc: what it means, in Markdown.
        parameters: what can stand in its brackets, by name.
        setting: the declaration, where it is a setting.
    """

    name: str
    sort: str
    shown: str
    doc: str
    parameters: tuple[Word, ...] = ()
    setting: Setting | None = None


# ------------------------------------------------------------------------------- settings


def setting_word(name: str, setting: Setting, default: str | None = None, of: str = "") -> Word:
    """A setting; `default` is what a block gives it, `of` says which block."""
    taken = wording.takes(setting) if setting.kind != "any" else ""
    written = wording.default(setting) if default is None else default
    shown = name
    if written not in ("", "none"):
        shown = f"{name} = {written}"
        taken += f"{'; ' if taken else ''}`{written}` if not given"
    symbol = f" (*{setting.symbol}* in the RegNet paper)" if setting.symbol else ""
    doc = setting.doc + (f" `{of}`" if of and setting is ANY else "") + symbol
    return Word(name, "setting", shown, f"{doc}\n\n{taken}".strip(), (), setting)


def settings_of(declared: Mapping[str, Setting]) -> dict[str, Word]:
    """The words of a table of declarations."""
    return {name: setting_word(name, setting) for name, setting in declared.items()}


def parameters_of(block: BlockDef) -> dict[str, Word]:
    """The parameters of a block as settings."""
    found: dict[str, Word] = {}
    for param in block.params:
        name = param.name.text
        default = param.default.span.text if param.default is not None else ""
        found[name] = setting_word(name, SETTINGS.get(name, ANY), default, block.name)
    return found


def net_named(module: Module, name: str) -> tree.Block | None:
    """The net or space of that name that a file declares."""
    return next((b for b in module.declared(*NETS) if b.label and b.label.name.text == name), None)


def settings_at(module: Module, frames: tuple[Frame, ...]) -> dict[str, Word]:
    """The settings that can be given in a body in braces."""
    match [frame.kind for frame in frames]:
        case [("net" | "space")]:
            return {"input": setting_word("input", INPUT)}
        case [("net" | "space"), *_]:
            return _within_net(module, frames)
        case ["recipe", *_]:
            return settings_of(Recipe.__settings__)
        case ["study", *_]:
            return settings_of(Study.__settings__)
        case _:
            return {}


def _within_net(module: Module, frames: tuple[Frame, ...]) -> dict[str, Word]:
    net = net_named(module, frames[0].label)
    out = outline(module, net) if net is not None else None
    last = frames[-1]
    if last.kind == "stages":
        declared = GENERATORS.get(last.label)
        return settings_of(declared.__settings__) if declared else {}
    found = {"block": setting_word("block", _BLOCK)}
    if last.kind in ("body", "stage"):
        found["d"] = setting_word("d", SETTINGS["d"])
    for block in _blocks(out, last) if out else ():
        for name, word in parameters_of(block).items():
            found.setdefault(name, word)
    if last.kind in ("body", "stage") and "s" in found:
        found["s"] = setting_word("s", SETTINGS["s"])
    if "g" in found:
        found["groups"] = setting_word("groups", SETTINGS["groups"])
    return found


def _blocks(out: Outline, frame: Frame) -> list[BlockDef]:
    """The blocks whose parameters are settings in a part of a net."""
    found: list[BlockDef | None] = []
    if frame.kind in ("stem", "head") and frame.kind in out.parts:
        found = [section_block(out.module, out, out.parts[frame.kind], frame.kind)]
    elif frame.kind in ("body", "stage"):
        for section in out.stages.values():
            own = section.label is not None and section.label.text == frame.label
            if frame.kind == "body" or own:
                found.append(section_block(out.module, out, section, ""))
        body = out.parts.get("body")
        if body is not None and (out.generator or not any(found)):
            found.append(section_block(out.module, out, body, ""))
    return [block for block in found if block is not None]


def stage_keys(module: Module, net: str) -> dict[str, Word]:
    """The settings of a net's stages, that rules can speak of."""
    frames = (Frame("net", net), Frame("body", ""))
    found = dict(settings_of(SETTINGS))
    found |= {k: w for k, w in settings_at(module, frames).items() if k != "block"}
    del found["classes"]
    return found


# ---------------------------------------------------------------------- operations, blocks


def operation_word(name: str) -> Word:
    """An operation."""
    operation = OPERATIONS[name]
    declared = operation.__settings__
    shown = wording.signature(name, declared)
    return Word(name, "operation", shown, wording.doc(operation), _words(settings_of(declared)))


def block_word(block: BlockDef, doc: str) -> Word:
    """A block, by its signature and its doc comment."""
    return Word(block.name, "block", block.signature, doc, _words(parameters_of(block)))


def variant_word(name: str) -> Word:
    """A data set, one of its changes, an optimizer or a schedule."""
    declared = VARIANTS[name].__settings__
    shown = wording.signature(name, declared)
    return Word(name, "variant", shown, wording.doc(VARIANTS[name]), _words(settings_of(declared)))


def function_word(name: str) -> Word:
    """A function of numbers."""
    _, parameters, doc = FUNCTIONS[name]
    words = tuple(Word(p, "setting", p, "a number") for p in parameters)
    return Word(name, "function", f"{name}({', '.join(parameters) or 'a, b, …'})", doc, words)


def distribution_word(name: str) -> Word:
    """A distribution of a space."""
    inside = "a, b, …" if name == "choice" else "a..b"
    shown = f"{name}({inside})"
    return Word(name, "distribution", shown, wording.doc(DISTRIBUTIONS[name]))


def predicate_words() -> list[Word]:
    """What rules are made of."""
    forms = {
        "shared": (Shared("k"), "the stages agree on a setting"),
        "nondecreasing": (Ordered("k"), "a setting falls from no stage to the next"),
        "increasing": (Ordered("k", strict=True), "a setting rises from each stage to the next"),
    }
    found = [Word(n, "predicate", write(forms[n][0]), forms[n][1]) for n in ORDERS]
    found += [Word(name, "total", name, doc) for name, doc in TOTALS.items()]
    found += [
        Word(name, "function", f"{name}(k)", f"the {name} value of a setting over the stages")
        for name in AGGREGATES
    ]
    return found


def declared_word(name: str, home: Module, declared: Declared) -> Word:
    """What a file, or the library, declares under a name."""
    if isinstance(declared, tree.Assign):
        return Word(name, "constant", declared.span.text, _whence(home))
    block = block_named(name, home) if declared.kind.text == "block" else None
    if block is not None:
        return block_word(block, declared.doc)
    base = f" extends {declared.base.text}" if declared.base else ""
    return Word(name, declared.kind.text, f"{declared.kind.text} {name}{base}", declared.doc)


def named(module: Module, *sorts: str) -> list[Word]:
    """The names in scope of some sorts; of all where none are said."""
    found: list[Word] = []
    for name in dict.fromkeys(module.known()):
        known = module.find(name)
        if known is not None and declared_name(known[1]) is not None:
            word = declared_word(name, *known)
            if not sorts or word.sort in sorts:
                found.append(word)
    return found


def callable_word(module: Module, name: str, frames: tuple[Frame, ...] = ()) -> Word | None:
    """What can be called by a name: a block, an operation, a variant or a function.

    In a recipe, `linear` is a schedule; anywhere else it is an operation.
    """
    if frames and frames[0].kind == "recipe" and name in VARIANTS:
        return variant_word(name)
    known = module.find(name)
    if known is not None:
        return declared_word(name, *known)
    if name in OPERATIONS:
        return operation_word(name)
    if name in VARIANTS:
        return variant_word(name)
    if name in FUNCTIONS:
        return function_word(name)
    if name in DISTRIBUTIONS:
        return distribution_word(name)
    if name in OTHERS:
        return Word(name, "function", *OTHERS[name])
    return next((word for word in predicate_words() if word.name == name), None)


def kinds_at(frames: tuple[Frame, ...]) -> Iterable[str]:
    """The kinds of block that can be written in a body in braces, or at the top."""
    match [frame.kind for frame in frames]:
        case []:
            return DECLARED
        case [("net" | "space")]:
            return PARTS
        case [("net" | "space"), "body"]:
            return ("stage", "stages")
        case _:
            return ()


def _words(found: dict[str, Word]) -> tuple[Word, ...]:
    return tuple(found.values())


def _whence(home: Module) -> str:
    return f"a constant of {home.source.path}"
