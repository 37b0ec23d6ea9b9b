"""What a stranger's text is handed to: each takes any text, and raises where it finds a bug."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable

from anydsl.blocks.measurement import measure
from anydsl.checker import report
from anydsl.checker.engine import check_declaration, check_each, check_module
from anydsl.checker.fixing import fix
from anydsl.cli import main
from anydsl.design.expansion import expand
from anydsl.design.modules import Library
from anydsl.design.network import Network
from anydsl.design.recipes import resolve_recipe, resolve_study
from anydsl.design.resolving import resolve, resolve_space
from anydsl.language.lexer import comments
from anydsl.language.parser import Parsed, parse
from anydsl.language.printer import format_text
from anydsl.language.source import Source
from anydsl.spaces.membership import reasons
from fuzz.editing import lsp

Target = Callable[[str], object]


def parser(text: str) -> Parsed:
    """Any text has a tree, and what is wrong with it stands in it."""
    parsed = parse(Source("fuzz", text))
    for found in parsed.diagnostics:
        assert 0 <= found.at.start <= found.at.end <= len(text) + 1, found  # + 1: behind the end
    return parsed


def formatter(text: str) -> None:
    """What can be read can be formatted: it means the same then, and formats to itself."""
    before = parser(text)
    if before.diagnostics:
        return
    formatted = format_text(text)
    assert format_text(formatted) == formatted, "formatting twice gives two results"
    after = parser(formatted)
    assert after.diagnostics == [], "what was formatted can't be read"
    assert after.file.statements == before.file.statements, "it does not mean the same"
    assert _remarks(formatted) == _remarks(text), "a comment has changed"


def _remarks(text: str) -> list[str]:
    return [text[start:end].rstrip() for start, end in comments(text)]


def resolver(text: str) -> None:
    """Every declaration is resolved; nets without errors can be written out, meaning the same."""
    module = Library().text(text)
    for block in module.declared("space"):
        resolve_space(module, block)
    for block in module.declared("recipe"):
        resolve_recipe(module, block)
    for block in module.declared("study"):
        resolve_study(module, block)
    for block in module.declared("net"):
        resolve(module, block)
    found, declared = check_each(module)
    if all(d.level != "error" for d in found):
        for checked in declared:
            if isinstance(checked.value, Network):
                _write_out(checked.value)


def _write_out(network: Network) -> None:
    text = expand(network)
    module = Library().text(text)
    (block,) = (b for b in module.declared("net") if b.label and b.label.name.text == network.name)
    checked = check_declaration(module, block)
    assert checked.sound, checked.diagnostics
    again = checked.value
    assert isinstance(again, Network)
    assert measure(again).cost == measure(network).cost, "it costs something else"
    assert [rule.predicate for rule in again.rules] == [rule.predicate for rule in network.rules]
    assert expand(again) == text, "it is written in another way"


def checker(text: str) -> None:
    """What lint says can be printed in every form, and what it fixes can still be read."""
    module = Library().text(text)
    found = check_module(module)
    report.full(found)
    report.concise(found)
    json.dumps(report.as_json(found))
    if not module.legible:
        return
    fixed = fix(text, check_module, path="fuzz", unsafe=True).text
    if not parser(text).diagnostics:
        assert parser(fixed).diagnostics == [], "what was fixed can't be read"


def sampler(text: str) -> None:
    """What is drawn of a space are nets that lint clean and lie in it; else there is an error."""
    module = Library().text(text)
    for block in module.declared("space"):
        assert block.label is not None
        spec = (f"-::{block.label.name.text}", "-n", "3")
        status, drawn = _answer(text, "sample", "--format", "anynet", *spec)
        if status != 0:
            continue
        found, nets = check_each(Library().text(drawn))
        assert all(d.level == "note" for d in found), found
        space, _ = resolve_space(module, block)
        assert space is not None
        for net in nets:
            assert net.measured is not None
            assert reasons(space, net.measured) == [], "it is drawn of the space and not in it"
        status, said = _answer(text, "sample", "--stats", *spec)
        assert status == 0, said


def _answer(text: str, *arguments: str) -> tuple[int, str]:
    """Run a command on standard input; its status and what it prints."""
    given = sys.stdin
    out, err = io.StringIO(), io.StringIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "surrogatepass")), "utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(arguments)
    finally:
        sys.stdin = given
    assert status in (0, 1, 2), status
    assert status == 0 or err.getvalue(), "it is refused without a word"
    return status, out.getvalue()


TARGETS: dict[str, Target] = {
    "parser": parser,
    "formatter": formatter,
    "resolver": resolver,
    "checker": checker,
    "sampler": sampler,
    "lsp": lsp,
}
