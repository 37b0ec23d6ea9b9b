"""Edition 1 for good: what was written in it means what it did, and other editions are refused.

The files in `tests/cases/editions/1` and what they mean are never changed, only added to; see
docs/editions.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anydsl.blocks.graphing import build_graph
from anydsl.checker.loading import check, pick
from anydsl.cli import main
from anydsl.design.modules import Library, shipped
from anydsl.design.recipe import Recipe
from anydsl.exporters.tree import plain
from anydsl.language.diagnostics import ERROR
from anydsl.language.edition import EDITION, UNKNOWN_EDITION
from anydsl.language.parser import parse
from anydsl.language.source import Source
from anydsl.spaces.sampling import Sampler
from anydsl.study.plan import plan_of
from anydsl.training.runs.jsonable import jsonable
from anydsl.training.runs.settings import flat

CORPUS = Path(__file__).parents[1] / "cases" / "editions" / "1"
USUAL = flat(jsonable(Recipe()))
FILES = sorted(CORPUS.glob("*.anynet"))


def tree_of(path: Path) -> Any:
    """The file as it is parsed, without places."""

    def placeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: placeless(item) for key, item in value.items() if key != "span"}
        return [placeless(item) for item in value] if isinstance(value, list) else value

    parsed = parse(Source(path.name, path.read_text(encoding="utf-8")))
    assert not parsed.diagnostics
    return placeless(plain(parsed.file))


def meaning_of(path: Path) -> dict[str, Any]:
    """What each declaration of a file comes to: operations, draws, settings, trials."""
    found: dict[str, Any] = {}
    for block in Library().module(str(path)).declared("net", "space", "recipe", "study"):
        assert block.label is not None
        kind, name = block.kind.text, block.label.name.text
        module, checked = pick(f"{path}::{name}", kind)
        value: Any = checked.value
        match kind:
            case "net":
                measured = checked.measured
                assert measured is not None
                cost = measured.cost
                found[name] = {
                    "params": cost.params,
                    "flops": cost.flops,
                    "acts": cost.acts,
                    "operations": [
                        " ".join(map(json.dumps, node.values()))
                        for node in build_graph(value).to_json()["nodes"]
                    ],
                }
            case "space":
                designs = Sampler(value, 1).designs(3)
                found[name] = [json.dumps(design.described()) for design in designs]
            case "recipe":
                found[name] = {k: v for k, v in flat(jsonable(value)).items() if v != USUAL.get(k)}
            case _:
                plan = plan_of(value, module)
                found[name] = [f"{t.group} {t.index} {t.seed}" for t in plan.trials]
    return found


def test_the_corpus_says_what_the_language_can_say() -> None:
    """Every kind of node that the parser makes stands in it."""
    from anydsl.language import tree
    from anydsl.language.record import Record

    there = json.dumps([tree_of(path) for path in FILES])
    nodes = [
        name
        for name, value in vars(tree).items()
        if isinstance(value, type)
        and issubclass(value, Record)
        and value.__module__ == tree.__name__
    ]
    assert len(nodes) > 20
    missing = {name for name in nodes if f'"node": "{name}"' not in there}
    assert missing == {"Broken"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_edition_1_means_what_it_did(path: Path, golden: Callable[[Path, str], None]) -> None:
    assert not [d for d in check(str(path)) if d.level == ERROR]
    found = {"tree": tree_of(path), "meaning": meaning_of(path)}
    golden(path.with_suffix(".json"), json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def test_what_ships_is_of_the_edition_that_is_read() -> None:
    files = sorted(Path(shipped()).rglob("*.anynet"))
    assert len(files) > 25
    for file in files:
        edition = parse(Source(file.name, file.read_text(encoding="utf-8"))).file.edition
        assert edition is not None, file
        assert edition.value == EDITION, file


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("2", "pip install --upgrade anydsl"),
        ("400", "pip install --upgrade anydsl"),
        ("0", "`anynet 1`"),
        ("1.5", "`anynet 1`"),
        ("9" * 400, "`anynet 1`"),
    ],
)
def test_another_edition_is_one_error_with_a_way_out(written: str, hint: str) -> None:
    text = f"# a comment\nanynet {written}\n\nnet A {{\n  nothing :: that is known;\n"
    (found,) = parse(Source("x", text)).diagnostics
    assert found.kind is UNKNOWN_EDITION
    assert found.position[1:] == (2, 8)
    assert "edition 1 " in found.message
    assert hint in found.help


def test_no_command_reads_or_changes_another_edition(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "later.anynet"
    text = "anynet 2\nnet  A{ new = 1 }\n"
    file.write_text(text)
    for words in (["lint"], ["lint", "--fix", "--unsafe-fixes"], ["fmt"], ["show"], ["compile"]):
        assert main([*words, str(file)]) == 1
        out, err = capsys.readouterr()
        assert (out + err).count("error[unknown_edition]") == 1
        assert "A" not in (out + err).replace("later.anynet", "").replace("Ask", "")
    assert file.read_text() == text


def test_an_import_of_another_edition_is_said_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "later.anynet").write_text("anynet 2\nnet A { new = 1 }\n")
    file = tmp_path / "here.anynet"
    file.write_text('anynet 1\n\nfrom "later.anynet" import A\n')
    found = check(str(file))
    assert found[0].kind is UNKNOWN_EDITION
    assert found[0].at.source.path.endswith("later.anynet")
