"""`anydsl bench`: what it makes of its files; what they measure depends on the machine."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from anydsl.cli import _benchmarks as benchmarks
from anydsl.cli import main

BENCH = benchmarks.folder()
QUICK = '''"""Two rivals,
against each other.

More of them."""
from measuring import Figure, take_turns
NEEDS = ("json",)
print("not a figure")
def figures():
    ours, theirs = take_turns(2, iter([9, 1, 3]).__next__, iter([9, 4, 4]).__next__)
    yield Figure("fast", "How fast.", ours, "ms", "snail", theirs, target={target})
    yield Figure("rate", "How many.", [2e6], "/s", "one", [4], target=1e6, at_least=True,
                 absolute=True)
    yield Figure("compiled", "", (), "/s", "no compiler")
'''
OTHERS = {
    "lacking": '"""Never."""\nNEEDS = ("json", "no_such_library")\nimport no_such_library\n',
    "gone": '"""No GPU."""\nfrom measuring import Missing\nNEEDS = ()\n'
    "def figures():\n    raise Missing('no GPU here')\n    yield\n",
    "broken": '"""Breaks."""\nfrom measuring import Figure\nNEEDS = ()\ndef figures():\n'
    "    yield Figure('first', '', [1], 's')\n    raise ValueError('as planned')\n",
    "killed": '"""Dies."""\nimport os\nNEEDS = ()\ndef figures():\n'
    "    os.kill(os.getpid(), 9)\n    yield\n",
    "measuring_more": '"""No benchmark."""\n',
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Callable[..., Path]:
    """Make a folder of benchmarks, in place of those that there are."""

    def make(target: float = 0.5, *others: str) -> Path:
        place = tmp_path / "bench"
        place.mkdir()
        for file in ("run.py", "measuring.py"):
            shutil.copy(BENCH / file, place)
        run = (place / "run.py").read_text()
        root = str(BENCH.parent)
        (place / "run.py").write_text(run.replace("roots = [", f"roots = [Path({root!r}), "))
        (place / "quick.py").write_text(QUICK.replace("{target}", str(target)))
        for name in others:
            (place / f"{name}.py").write_text(OTHERS[name])
        monkeypatch.setattr(benchmarks, "folder", lambda: place)
        return place

    return make


def test_the_table(folder, capsys) -> None:
    folder()
    assert main(["bench"]) == 0
    out, err = capsys.readouterr()
    machine, _, title, *table = out.splitlines()
    assert "cores" in machine
    assert "torch 2" in machine
    assert title == "quick: Two rivals, against each other."
    fast, rate, compiled = (
        " ".join(next(line for line in table if word in line).split())
        for word in ("fast", "rate", "compiled")
    )
    assert fast == "fast 2 ms (1.5–2.5, 2x) snail: 4 ms (4–4, 2x) 0.5 ≤ 0.5"
    assert rate == "rate 2,000,000 /s one: 4 /s 500,000 ≥ 1,000,000 /s"
    assert compiled == "compiled none no compiler"
    assert err == ""


def test_json(folder, capsys) -> None:
    folder(0.4, "lacking", "gone")
    assert main(["bench", "--format", "json"]) == 1, "a target is missed"
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["machine"]["cores"] >= 1
    gone, lacking, quick = found["benchmarks"]
    assert (gone["name"], gone["left_out"]) == ("gone", "no GPU here")
    assert lacking["left_out"] == "it needs no_such_library, which is not installed"
    assert quick["measures"] == "Two rivals, against each other."
    fast, rate, compiled = quick["figures"]
    assert fast["ours"] == [1, 3], "the first round does not count"
    assert (fast["median"], fast["quartiles"]) == (2, [1.5, 2.5])
    assert (fast["ratio"], fast["target"], fast["met"]) == (0.5, 0.4, False)
    assert (rate["ratio"], rate["met"]) == (500_000, True)
    assert (compiled["median"], compiled["ratio"], compiled["met"]) == (None, None, True)
    assert "gone: left out: no GPU here" in err


def test_one_that_fails_takes_no_other_with_it(folder, capsys, tmp_path: Path) -> None:
    folder(0.5, "broken", "killed")
    path = tmp_path / "page.md"
    assert main(["bench", "-o", str(path)]) == 1
    out, err = capsys.readouterr()
    assert "first" in out
    assert "fast" in out
    assert "broken: failed: ValueError: as planned" in err
    assert "killed: failed: it ended with status -9" in err
    page = path.read_text("utf-8")
    assert page.startswith("# Benchmarks\n")
    assert "## quick\n\nTwo rivals,\nagainst each other.\n\nMore of them.\n" in page
    assert "| fast | 2 ms (1.5–2.5, 2x) | snail: 4 ms (4–4, 2x) | 0.5 | ≤ 0.5 |\n" in page
    assert "- fast: How fast.\n" in page
    assert "Failed here: `ValueError: as planned`" in page


def test_a_choice(folder, capsys, tmp_path: Path) -> None:
    folder(0.5, "broken", "lacking")
    path = tmp_path / "figures.json"
    assert main(["bench", "quick", "quick", "-o", str(path)]) == 0
    assert capsys.readouterr().out.count("fast") == 1
    (quick,) = json.loads(path.read_text())["benchmarks"]
    assert quick["name"] == "quick"
    assert main(["bench", "--dry-run", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in listed] == ["broken", "lacking", "quick"]
    assert [row["left out"] for row in listed] == ["", "needs no_such_library", ""]
    assert main(["bench", "lacking", "--dry-run"]) == 0
    assert "needs no_such_library" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["quik"], "did you mean `quick`?"),
        (["other"], "`anydsl bench --dry-run` lists them"),
        (["-o", "page.html"], ".md or .json"),
        (["-o", "no/such/page.md"], "nothing can be written there"),
    ],
)
def test_wrong_use(folder, capsys, tmp_path: Path, monkeypatch, arguments, says: str) -> None:
    folder()
    monkeypatch.chdir(tmp_path)
    assert main(["bench", *arguments]) == 2
    out, err = capsys.readouterr()
    assert says in err
    assert out == ""


def test_the_benchmarks_that_there_are() -> None:
    """Each says what it measures and needs, and imports nothing else that may be missing."""
    known = benchmarks.found()
    assert len(known) >= 13
    for benchmark in known:
        assert benchmark.title.endswith((".", "CUDA."))
        tree = ast.parse(benchmark.path.read_text("utf-8"))
        assert any(isinstance(s, ast.FunctionDef) and s.name == "figures" for s in tree.body)


def test_a_benchmark_that_there_is(capsys) -> None:
    assert main(["bench", "lint_process", "--format", "json"]) in (0, 1)
    (found,) = json.loads(capsys.readouterr().out)["benchmarks"]
    assert found["failed"] is None
    lint, heavy = found["figures"]
    assert lint["median"] > median(lint["theirs"]) > 0
    assert heavy["ours"] == [0]
