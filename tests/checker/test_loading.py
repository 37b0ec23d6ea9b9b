"""Which declaration of a file is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

import anydsl
from anydsl.checker.loading import pick, recipes, split
from anydsl.design.modules import Library
from anydsl.errors import SpecError, UsageError
from tests.design.texts import net

ONE = net("block = plain\nstage s1 { d = 1, w = 8 }")
SPACE = ONE.replace("net N", "space S").replace("w = 8", "w ~ choice(8, 16)")
BROKEN = ONE.replace("net N", "net B").replace("w = 8", "w = 0")


def write(folder: Path, text: str) -> str:
    path = folder / "spec.anynet"
    path.write_text(f"anynet 1\n{text}\n", "utf-8")
    return str(path)


def test_the_only_one(tmp_path: Path) -> None:
    found = anydsl.load(write(tmp_path, ONE))
    assert isinstance(found, anydsl.Network) and found.name == "N"
    assert isinstance(anydsl.load(write(tmp_path, SPACE)), anydsl.Space)


def test_the_named_one(tmp_path: Path) -> None:
    path = write(tmp_path, f"{ONE}\n{SPACE}")
    assert anydsl.load(f"{path}::S").name == "S"
    assert anydsl.load(f"{path}::N").name == "N"
    assert pick(path, "net")[1].name == "N"


def test_a_shipped_one() -> None:
    assert anydsl.load("std:regnet/regnetx::RegNetX_200MF").name == "RegNetX_200MF"
    assert anydsl.load("std:classic/resnet18").name == "ResNet18"


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        (f"{ONE}\n{SPACE}", "", "::N"),
        ("a = 1", "", "declares no net"),
        (ONE, "::M", "declares no `M`"),
        (ONE.replace("net N", "net Small"), "::Smal", "did you mean `Small`?"),
        (f"{ONE}\nrecipe r {{ }}", "::r", "is a recipe"),
        (ONE, "::", "names nothing"),
    ],
)
def test_what_is_not_clear(tmp_path: Path, text: str, name: str, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        anydsl.load(write(tmp_path, text) + name)
    assert says in str(raised.value)


def test_another_declarations_errors_are_not_in_the_way(tmp_path: Path) -> None:
    path = write(tmp_path, f"{ONE}\n{BROKEN}")
    assert anydsl.load(f"{path}::N").name == "N"
    with pytest.raises(SpecError):
        anydsl.load(f"{path}::B")
    assert [d.level for d in anydsl.check(f"{path}::N")] == []
    assert [d.level for d in anydsl.check(path)] == ["error"]


def test_warnings_are_not_in_the_way(tmp_path: Path) -> None:
    text = net("block = plain\nstage s1 { d = 1, w = 16 }\nstage s2 { d = 1, w = 8 }")
    path = write(tmp_path, text)
    assert anydsl.load(path).name == "N"
    assert [d.level for d in anydsl.check(path)] == ["warning"]


def test_missing_files(tmp_path: Path) -> None:
    for call in (anydsl.load, anydsl.check):
        with pytest.raises(UsageError, match="can't read"):
            call(str(tmp_path / "none.anynet"))


def test_recipes_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, "recipe a { epochs = 1 }\nrecipe b extends a { batch = 2 }")
    found = recipes(Library().module(path))
    assert [(r.name, r.epochs, r.batch) for r in found.values()] == [("a", 1, 128), ("b", 1, 2)]
    path = write(tmp_path, "recipe a { epochs = 0 }")
    with pytest.raises(SpecError):
        recipes(Library().module(path))


def test_split() -> None:
    assert split("a/b.anynet::N") == ("a/b.anynet", "N")
    assert split("-") == ("-", "")
