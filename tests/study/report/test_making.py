"""The page, the CSV file and the nets: whole, alone, escaped, small, and of any study."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from anydsl.cli import main
from anydsl.study.report import making
from anydsl.study.report.making import report
from anydsl.study.store import FILE, Store
from tests.study.planting import BROKEN, PRINCIPLES, diverge, factorial, plant

_VOID = {"meta", "br", "hr", "img", "link", "input"}
_EVIL = "<script>alert(1)</script>\"'&<b>"


class Page(HTMLParser):
    """A page whose tags must close in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "action", "data", "poster"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            assert not name.startswith("on")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def checked(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags
    for address in page.addresses:
        assert address.startswith(("#", "data:image/png;base64,")), address
    assert len(page.ids) == len(set(page.ids))
    assert {a[1:] for a in page.addresses if a[0] == "#"} <= set(page.ids)
    assert not re.search(r"@import|url\((?!#)", text)
    return page


def five(n: int = 12) -> dict[str, list[float | None]]:
    rng = np.random.default_rng(1)
    means = {"A": 0.14, "B": 0.13, "C": 0.11, "D": 0.10, "E": 0.09}
    return {name: list(rng.normal(mean, 0.02, n)) for name, mean in means.items()}


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_a_whole_report(tmp_path: Path, capsys) -> None:
    store = plant(tmp_path / "s", five(), failing={"A:3": "out of memory"}, doc="Five spaces.")
    diverge(store, "B4.0")
    store.close()
    assert main(["report", str(tmp_path / "s"), "--no-test"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("E has the lowest mean error, ")
    assert printed.out.endswith(f"nets    {tmp_path / 's' / 'best'}\n")
    assert printed.err == ""
    page = checked(tmp_path / "s" / "report.html")
    for words in ("Five spaces.", "1 March 2026", "59 of 60 done", "out of memory", "2.11.0"):
        assert words in page.text
    assert printed.out.splitlines()[0] in page.text
    for title in ("distributions", "Groups", "Comparisons", "and cost", "and settings", "Learning"):
        assert title in page.text
    nets = sorted((tmp_path / "s" / "best").iterdir())
    assert len(nets) >= 5
    for net in nets:
        assert main(["show", str(net)]) == 0
    assert nets[0].read_text() in "".join(page.texts)


def test_the_csv_has_every_trial(tmp_path: Path) -> None:
    errors = five(4)
    store = plant(tmp_path / "s", errors, failing={"A:3": "=1+1\nmore"})
    expected = {row.id: row for row in store.rows()}
    store.close()
    found = rows_of(report(tmp_path / "s", test=False).table)
    assert [row["id"] for row in found] == list(expected)
    for row in found:
        of = expected[row["id"]]
        assert int(row["flops"]) == of.flops
        assert int(row["s2.w"]) == of.settings[1]["w"]
        if of.outcome is not None:
            assert float(row["error"]) == of.outcome.error
    failed = next(row for row in found if row["status"] == "failed")
    assert failed["reason"] == "'=1+1"
    assert failed["error"] == ""


def test_what_people_wrote_is_text(tmp_path: Path) -> None:
    store = plant(
        tmp_path / "s",
        {"A": [0.1, 0.2, 0.3], "B": [0.2, 0.3, 0.4]},
        doc=_EVIL,
        failing={"A:0": _EVIL},
        text=_EVIL,
        recipe=_EVIL,
        environment={"started": _EVIL, "device_name": _EVIL, _EVIL: _EVIL, "versions": {}},
        data={"name": _EVIL},
    )
    with store.database.transaction():
        store.database.change("UPDATE trials SET net = ?", (_EVIL,))
    store.close()
    page = checked(report(tmp_path / "s", test=False).page)
    assert "b" not in page.tags
    assert page.text.count("<script>alert(1)</script>") >= 6


def test_a_factorials_page(tmp_path: Path) -> None:
    errors = factorial({"b": 0.0, "g": 0.004, "w": 0.03, "d": 0.015}, n=6)
    plant(tmp_path / "s", errors, broken=BROKEN, factorial=PRINCIPLES).close()
    page = checked(report(tmp_path / "s", test=False).page)
    for words in ("What each principle is worth", "Analysis of variance", "P(first)", "g × w"):
        assert words in page.text
    assert rows_of(tmp_path / "s" / "report.csv")[-1]["breaks"] == "bdgw"


def test_a_factorial_with_missing_cells(tmp_path: Path) -> None:
    errors = factorial({"b": 0.0, "g": 0.0, "w": 0.03, "d": 0.0}, n=2)
    errors["breaks_w"] = [None, None]
    plant(tmp_path / "s", errors, broken=BROKEN, factorial=PRINCIPLES).close()
    page = checked(report(tmp_path / "s").page)
    assert "fewer than two designs that have an error: breaks w." in page.text
    assert "Analysis of variance" not in page.text
    assert "It is not known yet: it is read once the study is finished." in page.text


@pytest.mark.parametrize(
    ("errors", "failing"),
    [
        ({"A": [None, None]}, {}),
        ({"A": [0.5, 0.5]}, {"A:0": "x", "A:1": "y"}),
        ({"A": [0.25]}, {}),
        ({"A": [0.0]}, {}),
        ({"A": [0.25, 0.3, None], "B": [None, None, None]}, {}),
        ({"A": [0.25], "B": [0.25]}, {}),
        ({f"G{n}": [0.1 * n, 0.1] for n in range(10)}, {}),
    ],
)
def test_pages_of_small_studies(tmp_path: Path, errors, failing) -> None:
    plant(tmp_path / "s", errors, failing=failing).close()
    made = report(tmp_path / "s", test=False)
    assert made.answer[0] in checked(made.page).text


def test_all_diverged(tmp_path: Path) -> None:
    store = plant(tmp_path / "s", {"A": [0.5, 0.5]}, epochs=0)
    diverge(store, "A0.0", "A1.0")
    store.close()
    made = report(tmp_path / "s")
    checked(made.page)
    assert made.named == ()


def test_names_of_any_length_and_sort(tmp_path: Path) -> None:
    names = ["x" * 300, "_hidden", "a$b$c"]
    plant(tmp_path / "s", {name: [0.1, 0.2, 0.3] for name in names}).close()
    page = checked(report(tmp_path / "s", test=False).page)
    assert "_hidden, n = 3" in page.text
    assert "a$b$c, n = 3" in page.text


def test_the_same_study_gives_the_same_bytes(tmp_path: Path) -> None:
    plant(tmp_path / "s", five(4)).close()
    first, second = (
        report(tmp_path / "s", tmp_path / name, test=False).page.read_bytes()
        for name in ("one.html", "two.html")
    )
    assert first == second
    assert (tmp_path / "one.csv").exists()


def test_best_nets_of_an_earlier_report_go(tmp_path: Path) -> None:
    store = plant(tmp_path / "s", {"A": [0.5, None]})
    folder = tmp_path / "s" / "best"
    report(tmp_path / "s")
    (folder / "mine.anynet").write_text("")
    assert {file.name for file in folder.iterdir()} == {"01-A_0.anynet", "mine.anynet"}
    with store.database.transaction():
        store.database.change(
            "UPDATE trials SET status = 'done', error = 0.1, seconds = 1 WHERE id = 'A1.0'"
        )
    store.close()
    report(tmp_path / "s", test=False)
    names = {file.name for file in folder.iterdir()}
    assert names == {"01-A_1.anynet", "02-A_0.anynet", "mine.anynet"}


def test_the_test_split_is_read_for_those_named(tmp_path: Path, monkeypatch) -> None:
    """Once, for nets whose weights are there, and only when nothing is left to be done."""
    asked: list[list[str]] = []

    def errors_on_test(store: Store, trials, *, device: str) -> None:
        asked.append(list(trials))
        for trial in trials:
            store.record_test(trial, 0.4567)

    monkeypatch.setattr("anydsl.study.errors_on_test.errors_on_test", errors_on_test)
    store = plant(tmp_path / "s", {"A": [0.1, 0.2, 0.3], "B": [0.4, 0.5, None]})
    with store.database.transaction():
        store.database.change("UPDATE trials SET weights = 1 WHERE id IN ('A0.0', 'B0.0')")
    report(tmp_path / "s")
    assert asked == []
    with store.database.transaction():
        store.database.change("UPDATE trials SET status = 'failed' WHERE id = 'B2.0'")
    store.close()
    page = checked(report(tmp_path / "s").page)
    assert asked == [["A0.0", "B0.0"]]
    assert "45.67%" in page.text
    report(tmp_path / "s")
    assert len(asked) == 1


def test_a_test_split_that_can_not_be_read(tmp_path: Path, capsys) -> None:
    store = plant(tmp_path / "s", {"A": [0.1]}, override="/nowhere/at/all")
    with store.database.transaction():
        store.database.change("UPDATE trials SET weights = 1")
    store.close()
    assert main(["report", str(tmp_path / "s")]) == 0
    error = capsys.readouterr().err
    assert error.startswith("the test split was not read: ")
    assert "/nowhere/at/all" in checked(tmp_path / "s" / "report.html").text


def test_json(tmp_path: Path, capsys) -> None:
    plant(tmp_path / "s", five(4)).close()
    out = tmp_path / "there.html"
    arguments = ["report", str(tmp_path / "s"), "-o", str(out), "--no-test", "--format", "json"]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["page"] == str(out)
    assert found["groups"]["E"]["n"] == 4
    assert len(found["comparisons"]) == 10
    assert not (tmp_path / "s" / "report.html").exists()


def test_wrong_use(tmp_path: Path, capsys) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        assert main(["report", str(folder)]) == 2
        assert f"{folder} holds no study: it has no study.db" in capsys.readouterr().err
    plant(tmp_path / "s", {"A": [0.1]}).close()
    assert main(["report", str(tmp_path / "s"), "-o", "there.pdf"]) == 2
    assert main(["report", str(tmp_path / "s"), "-o", str(tmp_path / "no" / "x.html")]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_a_damaged_study(tmp_path: Path, capsys) -> None:
    plant(tmp_path / "s", five(4)).close()
    file = tmp_path / "s" / FILE
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * 40_000)
    assert main(["report", str(tmp_path / "s")]) == 1
    assert "is damaged" in capsys.readouterr().err


def test_tables_of_another_version(tmp_path: Path, capsys) -> None:
    store = plant(tmp_path / "s", {"A": [0.1]})
    store.database.change("PRAGMA user_version = 99")
    store.close()
    assert main(["report", str(tmp_path / "s")]) == 1
    assert "has tables of version 99" in capsys.readouterr().err


def test_a_page_that_can_not_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch) -> None:
    plant(tmp_path / "s", {"A": [0.1]}).close()
    path = report(tmp_path / "s", test=False).page
    before = path.read_bytes()

    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(making.UsageError, match="can't write"):
        report(tmp_path / "s", test=False)
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} >= {"report.html", "report.csv"}
