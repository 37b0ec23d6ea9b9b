"""Charts as what they draw: boxes, lines and words of an SVG."""

from __future__ import annotations

import struct
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from anydsl.charts.canvas import Canvas
from anydsl.charts.confusion import NONE, confusion
from anydsl.charts.curves import curves
from anydsl.charts.files import check, write
from anydsl.charts.reliability import reliability
from anydsl.charts.ticks import ticks
from anydsl.errors import UsageError

SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]


def parsed(canvas: Canvas) -> ET.Element:
    return ET.fromstring(canvas.svg())


def texts(canvas: Canvas) -> list[str]:
    return [element.text or "" for element in parsed(canvas).iter(f"{SVG}text")]


def noted(canvas: Canvas) -> dict[str, tuple[str, Box]]:
    """The boxes with a note: fill and place by note."""
    found: dict[str, tuple[str, Box]] = {}
    for box in parsed(canvas).iter(f"{SVG}rect"):
        note = box.find(f"{SVG}title")
        if note is not None:
            x, y, w, h = (float(box.attrib[key]) for key in ("x", "y", "width", "height"))
            found.setdefault(note.text or "", (box.attrib["fill"], (x, y, w, h)))
    return found


def inside(canvas: Canvas) -> bool:
    """Whether nothing but the ends of turned texts can leave the page."""
    for box in parsed(canvas).iter(f"{SVG}rect"):
        x, y, w, h = (float(box.attrib[key]) for key in ("x", "y", "width", "height"))
        if x < 0 or y < 0 or x + w > canvas.width or y + h > canvas.height:
            return False
    return True


def lightness(colour: str) -> int:
    return sum(bytes.fromhex(colour.removeprefix("#")))


def test_a_confusion_has_a_row_for_each_true_class() -> None:
    canvas = confusion("T", ["cat", "dog"], [[8, 2], [0, 5]])
    boxes = noted(canvas)
    assert list(boxes) == [
        "cat taken for cat: 8 of 10",
        "cat taken for dog: 2 of 10",
        "dog taken for dog: 5 of 5",
    ]
    (right, (x, y, w, h)), (wrong, (x2, y2, *_)), (full, (x3, y3, *_)) = boxes.values()
    assert (x2 > x and y2 == y) and (x3, y3) == (x2, y2 + (x2 - x)) and w == h
    assert lightness(full) < lightness(right) < lightness(wrong) < lightness(NONE)
    assert texts(canvas).count("cat") == texts(canvas).count("dog") == 2
    assert {"8", "2", "5", "T", "true class", "taken for"} <= set(texts(canvas))
    assert "0" not in texts(canvas)
    assert inside(canvas)


def test_many_classes_keep_their_names_out_and_their_cells_small() -> None:
    n = 500
    counts = [[int(i == j) for j in range(n)] for i in range(n)]
    canvas = confusion("T", [f"c{i}" for i in range(n)], counts)
    assert texts(canvas) == ["T", "taken for", "true class"]
    assert len(noted(canvas)) == n
    assert canvas.width < 1000 and inside(canvas)


def test_a_long_number_fits_its_cell() -> None:
    canvas = confusion("T", ["a", "b"], [[123456, 0], [0, 1]])
    sizes = {e.text: float(e.attrib["font-size"]) for e in parsed(canvas).iter(f"{SVG}text")}
    assert sizes["123456"] < sizes["1"]


def test_bars_of_reliability_end_at_accuracy() -> None:
    groups = [(0.0, 0.5, 10, 0.4, 0.2), (0.5, 1.0, 30, 0.75, 0.9), (0.0, 0.1, 0, None, None)]
    canvas = reliability("T", groups, 0.1625)
    assert "expected calibration error 16.25%" in texts(canvas)
    drawn = [
        (box.attrib["fill"], float(box.attrib["y"]), float(box.attrib["height"]))
        for box in parsed(canvas).iter(f"{SVG}rect")
        if "confidence" in (box.findtext(f"{SVG}title") or "")
    ]
    # 340 units high from 40: bars to the smaller of the two, then what lies between.
    (bar, y, h), (over, y2, h2), (bar2, y3, h3), (under, y4, h4) = drawn
    assert (y, h, y2, h2) == pytest.approx((380 - 68, 68, 380 - 136, 68))
    assert (y3, h3, y4, h4) == pytest.approx((380 - 255, 255, 380 - 306, 51))
    assert bar == bar2 and len({bar, over, under}) == 3
    counts = noted(canvas)
    small, large = (counts[f"{n} pictures"][1][3] for n in (10, 30))
    assert large == pytest.approx(3 * small)
    assert inside(canvas)


def test_a_curve_goes_through_its_points() -> None:
    lines = {"one": [(1.0, 0.2), (2.0, 0.6), (3.0, 0.4)], "two": [(1.0, 0.4)]}
    canvas = curves("T", "share", lines)
    assert {"one: 60.00%", "two: 40.00%", "1", "2", "3", "20%", "60%"} <= set(texts(canvas))
    paths = [p.attrib["d"] for p in parsed(canvas).iter(f"{SVG}path")]
    assert "M68 340 L308 40 L548 190" in paths
    colours = [circle.attrib["fill"] for circle in parsed(canvas).iter(f"{SVG}circle")]
    assert len(set(colours)) == 2
    (first, _) = parsed(canvas).iter(f"{SVG}circle")
    assert (first.attrib["cx"], first.attrib["cy"]) == ("308", "40")


def test_one_epoch_is_a_dot_and_many_runs_fit() -> None:
    canvas = curves("T", "share", {"one": [(1.0, 0.5)]})
    (dot,) = parsed(canvas).iter(f"{SVG}circle")
    assert (dot.attrib["cx"], dot.attrib["cy"]) == ("308", "190")
    lines = {f"run {i}": [(1.0, 0.5), (2.0, 0.1)] for i in range(60)}
    canvas = curves("T", "share", lines)
    lowest = max(float(e.attrib["y"]) for e in parsed(canvas).iter(f"{SVG}text"))
    assert lowest < canvas.height


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.31, 0.97, [0.2, 0.4, 0.6, 0.8, 1.0]),
        (1, 100, [0, 20, 40, 60, 80, 100]),
        (0.981, 0.9871, [0.98, 0.982, 0.984, 0.986, 0.988]),
    ],
)
def test_ticks_are_round_and_take_all_in(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == expected


def test_the_suffix_picks_the_form(tmp_path: Path) -> None:
    canvas = confusion("<&> \x00", ["a"], [[1]])
    write(canvas, str(tmp_path / "c.svg"))
    root = ET.fromstring((tmp_path / "c.svg").read_bytes())
    assert root.findtext(f"{SVG}title") == "<&> �"
    write(canvas, str(tmp_path / "c.PNG"))
    data = (tmp_path / "c.PNG").read_bytes()
    assert data[:4] == b"\x89PNG"
    assert struct.unpack(">II", data[16:24]) == (2 * canvas.width, 2 * canvas.height)
    with pytest.raises(UsageError, match=r"--curves c.jpg: a chart is one of .svg, .png"):
        check("c.jpg", "--curves")
    with pytest.raises(UsageError, match=r"--curves no/c.svg: there is no folder no"):
        check("no/c.svg", "--curves")
    check(str(tmp_path / "x.svg"), "--curves")
