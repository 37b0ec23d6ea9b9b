"""The forms of a drawing, each read back by what reads it."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from anydsl.blocks.graphing import build_graph
from anydsl.design.network import Network
from anydsl.drawing.writers import dot, html, png, svg
from anydsl.errors import RunError
from tests.drawing.nets import NETS, SHIPPED, checked, own, picture, written

SVG = "{http://www.w3.org/2000/svg}"
TOKEN = re.compile(r'\s+|("(?:[^"\\]|\\.)*")|(->|[A-Za-z_]\w*|[\d.]+|[{}\[\]=,])', re.S)
VOID = ("meta", "br", "link", "img", "input", "hr")
HOSTILE = r"""anynet 1

## <script>alert(1)</script> ]]> & "quoted" \" </desc></svg><img src=x onerror=alert(2)> '--><!--
net Hostile {
  input = 3x32x32
  body {
    block = plain
    stage s1 { d = 2, w = 32 }
    stage s2 { d = 2, w = 16 }
  }

  waive nondecreasing(w) because "<script>alert(3)</script> \\ -> ] } & 'x' </text></svg>"
}
"""


class Page(HTMLParser):
    """The elements of a page, with their attributes and the texts in it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(page: bytes) -> Page:
    reader = Page()
    reader.feed(page.decode())
    reader.close()
    assert reader.open == []
    return reader


def texts(of: bytes) -> list[str]:
    return ["".join(e.itertext()) for e in ET.fromstring(of).iter(f"{SVG}text")]


def tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        assert match, text[at : at + 40]
        at = match.end()
        if match[0].strip():
            yield match[0]


@pytest.mark.parametrize("net", NETS)
def test_svg_names_stages_widths_and_shapes(net: str) -> None:
    drawn = picture(net)
    found = texts(svg.write(drawn))
    for stage in drawn.stages:
        title = f"{stage.name}: {stage.block}"
        assert title in found or any(
            title.startswith(text[:-1]) for text in found if len(text) > 30
        )
        assert stage.lines[0] in found
        assert stage.output in found
    assert drawn.input in found
    assert drawn.name in found


@pytest.mark.parametrize("net", SHIPPED[::6])
def test_svg_stands_alone(net: str) -> None:
    root = ET.fromstring(svg.write(picture(net)))
    wide, high = (int(root.get(key) or 0) for key in ("width", "height"))
    assert root.get("viewBox") == f"0 0 {wide} {high}"
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
        "svg", "title", "desc", "g", "rect", "circle", "path", "polygon", "text",
    }  # fmt: skip
    for element in root.iter():
        assert not [k for k in element.attrib if "href" in k or k.startswith("on") or k == "style"]
        assert not [v for v in element.attrib.values() if "url(" in v]


def test_the_accent_is_for_what_is_broken() -> None:
    accent, dashes = "#b5301c", "stroke-dasharray"
    for name, broken, waived in (("Broken", 3, 0), ("Waived", 1, 1), ("Five", 0, 0)):
        root = ET.fromstring(svg.write(picture(own(name))))
        boxes = list(root.iter(f"{SVG}rect"))
        assert sum(box.get("stroke") == accent for box in boxes) == broken
        assert sum(box.get(dashes) is not None for box in boxes) == waived
    found = texts(svg.write(picture(own("Broken"))))
    assert "w falls from 64 in s1 to 48 in s2" in found


def test_a_thousand_stages_are_not_all_drawn(tmp_path: Path) -> None:
    text = (
        "anynet 1\nnet A {\n  input = 3x32x32\n  body {\n    block = plain\n    w = 8\n    s = 1\n"
    )
    text += "    stage s[1..500] { d = 2 }\n    stage t[1..500] { d = 1 }\n  }\n}\n"
    drawn = written(text, tmp_path / "a.anynet")
    found = texts(svg.write(drawn))
    assert "960 more stages" in found
    assert {"s1: plain", "t500: plain"} <= set(found)
    assert "1 finding among these" in found


# -------------------------------------------------------------------------------------- html


@pytest.mark.parametrize("net", NETS)
def test_the_page_folds_parts_and_blocks(net: str) -> None:
    drawn = picture(net)
    page = read(html.write(drawn))
    sorts = [attributes.get("class") for tag, attributes in page.found if tag == "details"]
    parts = len(drawn.measured.parts)
    assert len([sort for sort in sorts if sort in ("part", "part broken")]) == parts
    assert len([sort for sort in sorts if sort == "block"]) >= len(drawn.stages)
    assert f"{drawn.measured.cost.params:,}" in page.texts


@pytest.mark.parametrize("net", [SHIPPED[0], own("Waived")])
def test_the_page_fetches_nothing(net: str) -> None:
    text = html.write(picture(net)).decode()
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"url\(|@import|\bsrc=|\bhref=", text)
    assert {tag for tag, _ in read(text.encode()).found}.isdisjoint({"script", "link", "img"})


# --------------------------------------------------------------------------------------- dot


@pytest.mark.parametrize("net", NETS)
def test_dot_has_each_operation_of_each_sort_of_block(net: str) -> None:
    text = dot.write(picture(net)).decode()
    found = list(tokens(text))
    assert found.count("{") == found.count("}")
    assert found.count("[") == found.count("]")
    of = checked(net).value
    assert isinstance(of, Network)
    paths = {node.path for node in build_graph(of)}
    ends = {a for a, b in pairwise(found) if b == "->"} | {
        b for a, b in pairwise(found) if a == "->"
    }
    nodes = {re.sub(r"–b\d+", "", end.strip('"')) for end in ends} - {"input", "output"}
    assert nodes <= paths
    of_nodes = {path.rpartition(".")[0].split(".")[0] for path in nodes}
    parts = picture(net).measured.parts
    assert of_nodes == {part.name for part in parts if part.blocks[0].operations}
    clusters = [token for token in found if token.startswith('"cluster ')]
    assert len(set(clusters)) == len(clusters)
    for stage in picture(net).stages:
        assert f'"cluster stage {stage.name}"' in clusters


def test_dot_quotes_what_it_writes() -> None:
    name = 'a" ] } -> \\ "b\\'
    found = list(tokens(dot.write(picture(own("One")).replace(name=name)).decode()))
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    assert found[:3] == ["digraph", f'"{escaped}"', "{"]
    assert found.count("{") == found.count("}")


def test_graphviz_reads_it(tmp_path: Path) -> None:
    program = shutil.which("dot")
    if program is None:
        return  # the tokens above are all that can be said without it
    for name in ("Waived", "Inception", "One"):
        path = tmp_path / "a.dot"
        path.write_bytes(dot.write(picture(own(name))))
        done = subprocess.run([program, "-Tplain", path], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("graph")


# --------------------------------------------------------------------------------------- png


def test_png_is_the_svg_in_pixels() -> None:
    drawn = picture(own("One"))
    root = ET.fromstring(svg.write(drawn))
    content = png.write(drawn, 3)
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    size = struct.unpack(">II", content[16:24])
    assert size == tuple(3 * int(root.get(key) or 0) for key in ("width", "height"))


def test_png_of_a_hundred_million_pixels_is_an_error() -> None:
    with pytest.raises(RunError, match="smaller --scale"):
        png.write(picture(own("Twenty")), 15)


def test_png_without_a_font_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import resvg_py

    fonts = resvg_py.svg_to_bytes
    monkeypatch.setattr(
        resvg_py, "svg_to_bytes", lambda **given: fonts(**given, skip_system_fonts=True)
    )
    with pytest.raises(RunError, match="no font"):
        png.write(picture(own("One")))


# ----------------------------------------------------------------------------------- hostile


def test_hostile_texts_are_inert(tmp_path: Path) -> None:
    drawn = written(HOSTILE.replace("\\\\", "\\"), tmp_path / "hostile.anynet")
    assert "<script>" in drawn.doc
    root = ET.fromstring(svg.write(drawn))
    assert not [e for e in root.iter() if e.tag in (f"{SVG}script", f"{SVG}img")]
    assert root.findtext(f"{SVG}desc") == drawn.doc
    page = read(html.write(drawn))
    assert {tag for tag, _ in page.found}.isdisjoint({"script", "img"})
    assert any("<script>alert(1)</script>" in text for text in page.texts)
    assert any("<script>alert(3)</script>" in text for text in page.texts)
    found = list(tokens(dot.write(drawn).decode()))
    assert found[0] == "digraph"
    assert sum("alert(3)" in token for token in found) == 1


def test_what_xml_cannot_hold_is_replaced() -> None:
    assert svg.legal("a\x00b\x1bc\ud800d\ufffee\U0001f600\té") == "a�b�c�d�e\U0001f600\té"
