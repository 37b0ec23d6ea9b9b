"""Pages and pictures of hostile texts have the elements and attributes of harmless ones."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from anydsl import load
from anydsl.charts.confusion import confusion
from anydsl.charts.curves import curves
from anydsl.charts.reliability import reliability
from anydsl.design.network import Network
from anydsl.drawing.writers.notebook import shown
from anydsl.study.report.making import report
from tests.hostile.harming import said
from tests.study.planting import plant

_EVIL = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "' onload='alert(1)",
    "]]></desc><script/> & &lt;b&gt;",
    "javascript:alert(1)",
    "--><svg onload=alert(1)>",
)


class _Elements(HTMLParser):
    """Counts the elements of a page, each with the names of its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: Counter[tuple[str, ...]] = Counter()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "img", "iframe", "object", "embed", "link", "base", "form")
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in ("href", "src", "xlink:href") or (value or "")[:1] in "#d"
        self.found[(tag, *sorted(name for name, _ in attrs))] += 1


def _elements(text: str) -> set[tuple[str, ...]]:
    return set(_Elements(text).found)


def _spec(path: Path, text: str) -> Path:
    """A spec whose doc, reasons and texts are `text`."""
    quoted = text.replace('"', "'")  # a text of the language has none
    path.write_text(
        f"anynet 1\n\n## {text}\nnet N {{\n  input = 1x8x8\n  body {{\n    block = plain\n"
        "    stage s1 { d = 1, w = 16 }\n    stage s2 { d = 1, w = 8 }\n  }\n"
        f'  head {{ classes = 10 }}\n  waive nondecreasing(w) because "{quoted}"\n}}\n'
    )
    return path


@pytest.mark.parametrize("evil", _EVIL)
def test_drawings(tmp_path: Path, evil: str) -> None:
    found: list[list[set[tuple[str, ...]]]] = []
    for name, text in (("plain", "harmless"), ("evil", evil)):
        spec = _spec(tmp_path / f"{name}.anynet", text)
        pages: list[str] = []
        for suffix in ("svg", "html"):
            assert said("draw", spec, "-o", tmp_path / f"{name}.{suffix}").status == 0
            pages.append((tmp_path / f"{name}.{suffix}").read_text())
        network = load(spec)
        assert isinstance(network, Network)
        pages.append(shown(network) or "")
        ET.fromstring(pages[0])
        found.append([_elements(page) for page in pages])
    assert found[0] == found[1]


@pytest.mark.parametrize("evil", _EVIL)
def test_charts(evil: str) -> None:
    def drawn(text: str) -> list[set[tuple[str, ...]]]:
        groups = [(0.0, 0.5, 3, 0.4, 0.3), (0.5, 1.0, 4, 0.8, 0.9)]
        canvases = (
            confusion(text, [text, f"{text} 2"], [[3, 1], [0, 4]]),
            reliability(text, groups, 0.1),
            curves(text, text, {text: [(1.0, 0.5), (2.0, 0.6)]}),
        )
        for canvas in canvases:
            ET.fromstring(canvas.svg())
        return [_elements(canvas.svg()) for canvas in canvases]

    assert drawn(evil) == drawn("harmless")


def test_a_report(tmp_path: Path) -> None:
    found: list[set[tuple[str, ...]]] = []
    for name, text in (("plain", "harmless"), ("evil", " ".join(_EVIL))):
        store = plant(
            tmp_path / name,
            {f"A{text}": [0.1, 0.2, 0.3], f"B{text}": [0.2, 0.3, 0.4]},
            doc=text,
            failing={f"A{text}:0": text},
            text=f"study s\n# {text}\n",
            recipe=f"anynet 1\n# {text}\n",
            environment={"started": text, "device_name": text, "versions": {text: text}},
            data={"name": text},
        )
        with store.database.transaction():
            store.database.change("UPDATE trials SET net = ?", (f"# {text}",))
        store.close()
        found.append(_elements(report(tmp_path / name, test=False).page.read_text()))
    assert found[0] == found[1]
