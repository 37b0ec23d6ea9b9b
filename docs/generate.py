"""Writes the generated pages and `pictures/` from what the code and the specs declare.

`python docs/generate.py` writes them; with `--check` it exits 1 if one is not current.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

from anydsl.checker.loading import pick  # noqa: E402
from anydsl.checker.registry import kinds  # noqa: E402
from anydsl.cli import command  # noqa: E402
from anydsl.cli import commands as names_of_commands  # noqa: E402
from anydsl.design import predicates, recipe, study, values, vocabulary  # noqa: E402
from anydsl.design.draws import DISTRIBUTIONS  # noqa: E402
from anydsl.design.modules import Library, shipped  # noqa: E402
from anydsl.design.network import Network  # noqa: E402
from anydsl.design.wording import default, doc, signature, takes  # noqa: E402
from anydsl.drawing.content.figure import figure  # noqa: E402
from anydsl.drawing.writers import svg  # noqa: E402
from anydsl.graph.catalog import OPERATIONS  # noqa: E402
from anydsl.language.declaration import Setting  # noqa: E402
from anydsl.language.diagnostics import Kind  # noqa: E402
from anydsl.language.record import RecordType  # noqa: E402
from anydsl.language.tree import Block  # noqa: E402

SOURCE = "<!-- Written by docs/generate.py (`make generate`); not to be edited. -->"
PICTURES = {"regnetx32": "std:d2l/regnetx32"}


def words() -> Iterator[str]:
    """The paragraphs of `words.md`."""
    yield "# Words"
    yield SOURCE
    yield (
        "What each word of the language means, as its declaration in the code has it. "
        "[language.md](language.md) says how they go together."
    )
    yield "## Settings of a net, its body and its stages"
    yield (
        "`input` is given once in a net or a space. `block`, anywhere a block is repeated or "
        "used, names it; the other words are parameters of that block, and any parameter that "
        "is not listed here is a setting too."
    )
    yield _settings({"input": vocabulary.INPUT} | vocabulary.SETTINGS)
    for name, generator in vocabulary.GENERATORS.items():
        yield f"## The generator `{name}`"
        yield doc(generator)
        yield _settings(generator.__settings__)
    yield "## Rules"
    yield "Over the stages' values of one setting:"
    yield _listed(
        (f"`{predicates.write(form)}`", text)
        for form, text in (
            (predicates.Shared("k"), "the stages agree on `k`"),
            (predicates.Ordered("k"), "`k` falls from no stage to the next"),
            (predicates.Ordered("k", except_last=True), "the same, whatever the last stage does"),
            (predicates.Ordered("k", strict=True), "`k` rises from each stage to the next"),
        )
    )
    aggregates = ", ".join(f"`{name}(k)`" for name in predicates.AGGREGATES)
    yield f"Over the stages, in comparisons: {aggregates}. Of the whole network:"
    yield _listed((f"`{name}`", text) for name, text in predicates.TOTALS.items())
    yield "## Functions of numbers"
    yield _listed(
        (f"`{name}({', '.join(parameters) or 'a, b, …'})`", text)
        for name, (_, parameters, text) in values.FUNCTIONS.items()
    )
    yield "## Distributions"
    yield _listed((f"`{name}`", doc(cls)) for name, cls in DISTRIBUTIONS.items())
    yield "## Operations"
    yield (
        "All of them apply with `->`. `a + b` and `a * b` join two values, `concat(a, b, …)` puts "
        "the channels of pictures one after the other; "
        "`when(condition, operation)` applies the operation where the condition holds."
    )
    for word, operation in OPERATIONS.items():
        yield f"### `{signature(word, operation.__settings__)}`"
        yield doc(operation)
        if operation.__settings__:
            yield _settings(operation.__settings__)
    yield "## Blocks of the library"
    yield "In scope in every file; each heading leads to their text."
    for file, blocks in _library("block"):
        yield f"### [`std/{file}`](../specs/std/{file}.anynet)"
        yield _listed(blocks)
    yield "## Spaces of the library"
    yield "In scope in every file, too: `net N extends RegNetX { … }`."
    for file, spaces in _library("space"):
        yield f"### [`std/{file}`](../specs/std/{file}.anynet)"
        yield _listed(spaces)
    yield from recipes()


def recipes() -> Iterator[str]:
    """What `words.md` says of recipes and studies."""
    yield "## Recipes"
    yield _settings(recipe.Recipe.__settings__)
    for title, table in (
        ("Data", recipe.DATASETS),
        ("Augmentation", recipe.AUGMENTS),
        ("Optimizers", recipe.OPTIMIZERS),
        ("Schedules", recipe.SCHEDULES),
    ):
        yield f"### {title}"
        shared = _shared_settings(table)
        if shared:
            yield "Settings of each:"
            yield _settings(shared)
        for name, variant in table.items():
            yield f"**`{name}`** {doc(variant)}"
            own = {k: s for k, s in variant.__settings__.items() if k not in shared}
            if own:
                yield _settings(own)
    yield "## Studies"
    yield _settings(study.Study.__settings__)


def rules() -> Iterator[str]:
    """The paragraphs of `rules.md`."""
    yield "# Rules and errors"
    yield SOURCE
    yield (
        "Each page as `anydsl explain NAME` prints it; the name or the code finds it. E are errors "
        "and can't be ignored; P are the principles of the paper, C what hardly fits, H what "
        "hardware is slow at, R what is said twice or for nothing, T recipes and studies. H and "
        "what else is marked `off` speak only where they are selected; [linting](linting.md) says "
        "how. A `safe` fix leaves every network as it is; `--fix` applies it, and `--unsafe-fixes` "
        "the others."
    )
    yield "\n".join(
        ["| code | name | level | fix | in one sentence |", "| --- | --- | --- | --- | --- |"]
        + [
            f"| {kind.code} | [{kind.name}](#{kind.name}) | {_level(kind)} | {kind.fix} | "
            f"{kind.page.splitlines()[0]} |"
            for kind in kinds()
        ]
    )
    for kind in kinds():
        yield f"## {kind.name}"
        yield f"{kind.code}, {_level(kind)}."
        yield kind.page.replace("\n## ", "\n### ")


def commands() -> Iterator[str]:
    """The paragraphs of `commands.md`."""
    yield "# Commands"
    yield SOURCE
    yield (
        "What `--help` says of each command. SPEC is a path, `-` for standard input, or a shipped "
        "spec (`std:NAME`); `SPEC::NAME` picks one declaration of a file that holds several. "
        "Results go to standard output, everything else to standard error; the exit status is 0 "
        "where all is well, 1 for an error in the spec or the run, 2 for wrong use."
    )
    for name in names_of_commands():
        found = command(name)
        summary, _, more = (found.__doc__ or "").strip().partition("\n")
        parser = argparse.ArgumentParser(add_help=False)
        found.add_arguments(parser)
        yield f"## {name}"
        yield summary
        if more.strip():
            yield f"```text\n{more.strip()}\n```"
        actions = parser._actions
        yield _listed((f"`{_argument(a)}`", (a.help or "") % vars(a)) for a in actions)


# ------------------------------------------------------------------------------------- pieces


def _argument(action: argparse.Action) -> str:
    """An argument as it is typed: `--out DIR`, `--format {text,json}`, `SPEC …`."""
    choices = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
    takes = str(action.metavar or choices or action.dest.upper())
    match action.nargs:
        case 0:
            takes = ""
        case "?":
            takes = f"[{takes}]"
        case "*" | "+":
            takes = f"{takes} …"
    return " ".join(filter(None, (", ".join(action.option_strings), takes)))


def _level(kind: Kind) -> str:
    return kind.severity if kind.on else f"{kind.severity}, off"


def _settings(declared: Mapping[str, Setting]) -> str:
    lines = ["| word | value | default | meaning |", "| --- | --- | --- | --- |"]
    for word, setting in declared.items():
        symbol = f" ({setting.symbol} in the paper)" if setting.symbol else ""
        lines.append(
            f"| `{word}` | {takes(setting)} | {_default(setting)} | {setting.doc}{symbol} |"
        )
    return "\n".join(lines)


def _default(setting: Setting) -> str:
    written = default(setting)
    return f"`{written}`" if written not in ("", "none") else written


def _shared_settings(table: Mapping[str, RecordType]) -> dict[str, Setting]:
    first, *others = table.values()
    return {
        name: setting
        for name, setting in first.__settings__.items()
        if others and all(other.__settings__.get(name) is setting for other in others)
    }


def _library(kind: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The files of the library that declare something of a kind, with what they declare."""
    reader = Library()
    for path in sorted(Path(shipped(), "std").glob("*.anynet")):
        declared = reader.module(str(path)).declared(kind)
        if declared:
            yield path.stem, [(f"`{_declared(b)}`", " ".join(b.doc.split())) for b in declared]


def _declared(block: Block) -> str:
    assert block.label is not None
    if block.params is None:
        return block.label.name.text + (f" extends {block.base.text}" if block.base else "")
    parameters = ", ".join(param.span.text for param in block.params or ())
    return f"{block.label.name.text}({parameters})"


def _listed(items: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- {word}: {text}" if text else f"- {word}" for word, text in items)


def _picture(spec: str) -> str:
    checked = pick(spec, "net")[1]
    assert isinstance(checked.value, Network)
    assert checked.measured is not None
    return svg.write(figure(checked.value, checked.measured)).decode()


def main(arguments: list[str]) -> int:
    """Write the pages and the pictures, or say which is not current."""
    stale = 0
    pages = {"words.md": words(), "rules.md": rules(), "commands.md": commands()}
    files = {name: "\n\n".join(paragraphs) + "\n" for name, paragraphs in pages.items()}
    files |= {f"pictures/{name}.svg": _picture(spec) for name, spec in PICTURES.items()}
    for name, text in files.items():
        path = DOCS / name
        if "--check" not in arguments:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"docs/{name} is not current: make generate\n")
            stale += 1
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
