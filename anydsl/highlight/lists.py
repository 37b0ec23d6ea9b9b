"""The words of the language by sort, from their declarations."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.design import recipe
from anydsl.design.draws import DISTRIBUTIONS
from anydsl.design.modules import DECLARED, Library
from anydsl.design.outline import PARTS
from anydsl.design.predicates import AGGREGATES, ORDERS, TOTALS
from anydsl.design.reading import block_named
from anydsl.design.values import FUNCTIONS
from anydsl.design.vocabulary import GENERATORS
from anydsl.graph.catalog import OPERATIONS
from anydsl.graph.rearranging import Concat
from anydsl.language.declaration import Setting
from anydsl.language.lexer import KEYWORDS

STAGES = ("stage", "stages")
LITERALS = ("true", "false")
GIVEN = ("x", "i", "j", "depth")


def lists() -> dict[str, tuple[str, ...]]:
    """Each sort of word with its words, sorted.

    `keyword` are reserved where the grammar can go on with them, `kind` begin a body in braces,
    `declaration` are those that a file can have; `operation`, `block` and `function` can be
    applied or called; `predicate`, `total` and `distribution` stand in rules and spaces; `word`
    are values of settings, `literal` and `given` what every block sees.
    """
    words = {
        word for cls in recipe.VARIANTS.values() for word in _choices(cls.__settings__.values())
    }
    words |= {word for cls in GENERATORS.values() for word in _choices(cls.__settings__.values())}
    words |= (
        set(_choices(recipe.Recipe.__settings__.values())) | set(recipe.VARIANTS) | set(GENERATORS)
    )
    found = {
        "keyword": KEYWORDS,
        "declaration": DECLARED,
        "kind": (*DECLARED, *PARTS, *STAGES),
        "operation": (*OPERATIONS, Concat.word, "when"),
        "block": _blocks(),
        "function": (*FUNCTIONS, *(name for name in AGGREGATES if name not in FUNCTIONS)),
        "predicate": ORDERS,
        "total": TOTALS,
        "distribution": DISTRIBUTIONS,
        "word": words,
        "literal": LITERALS,
        "given": GIVEN,
    }
    return {sort: tuple(sorted(set(names))) for sort, names in found.items()}


def _blocks() -> list[str]:
    """The blocks of the library, which has spaces as well."""
    library = Library()
    module = library.text("anynet 1\n")
    return [name for name in library.standard_names() if block_named(name, module)]


def _choices(settings: Iterable[Setting]) -> list[str]:
    return [word for setting in settings for word in setting.choices]
