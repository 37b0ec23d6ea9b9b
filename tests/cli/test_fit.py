"""`anydsl fit`."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from anydsl.design.modules import Library

FILES = ("regnet/regnetx", "regnet/regnety", "regnet/regnetz")
NETS = [
    f"std:{file}::{block.label.name.text}"
    for file in FILES
    for block in Library().module(f"std:{file}").declared("net")
    if block.label
]


@pytest.mark.parametrize("net", NETS)
def test_published_nets_are_exact_and_what_is_printed_makes_them(run, tmp_path, net: str) -> None:
    fitted = json.loads(run("fit", net, "--format", "json").out)
    assert fitted["exact"]
    assert fitted["e_fit"] == 0
    assert fitted["given"] == fitted["generated"]
    shown = json.loads(run("show", net, "--format", "json").out)
    assert [(s["d"], s["w"]) for s in shown["stages"]] == [
        (s["d"], s["w"]) for s in fitted["given"]
    ]
    own = run("expand", net).out
    start, end = own.index("stage s1"), own.index("}", own.index("stage s4"))
    path = tmp_path / "again.anynet"
    path.write_text(own[:start] + fitted["text"] + own[end + 1 :], encoding="utf-8")
    again = json.loads(run("show", path, "--format", "json").out)
    assert [(s["d"], s["w"]) for s in again["stages"]] == [
        (s["d"], s["w"]) for s in fitted["given"]
    ]
    assert again["params"] == shown["params"]


def test_a_net_that_is_not_linear(run) -> None:
    ran = run("fit", "std:classic/resnet50")
    words = [line.split() for line in ran.out.splitlines()]
    assert words[0] == ["ResNet50:", "e_fit", "0.0660"]
    assert words[1][:2] == ["stages", "quantized_linear"]
    assert ["s3", "6", "1,024", "4", "536"] in words
    assert ["s5", "3", "2,000"] in words


def test_stages_that_differ_in_b(run, tmp_path: Path) -> None:
    path = tmp_path / "x.anynet"
    path.write_text(
        "anynet 1\n\nnet X {\n  input = 3x32x32\n  body {\n    block = bottleneck\n"
        "    stage s1 { d = 1, w = 16, b = 2 }\n    stage s2 { d = 1, w = 33, b = 1 }\n  }\n}\n"
    )
    ran = run("fit", path)
    assert "stages don't share b and g" in ran.out
    assert ", q = 1 }" in ran.out
    assert "exact" in ran.out


def test_picture(run, tmp_path: Path) -> None:
    path = tmp_path / "f.svg"
    ran = run("fit", "std:regnet/regnetx::RegNetX_200MF", "-o", path)
    assert ran.err == f"wrote {path}\n"
    name = "{http://www.w3.org/2000/svg}"
    root = ET.parse(path).getroot()
    assert len(root.findall(f".//{name}circle")) == 13 + 1  # blocks, and the key
    assert root.find(f"{name}title").text == "RegNetX_200MF"
    assert run("fit", "std:regnet/regnetx::RegNetX_200MF", "-o", tmp_path / "f.png").status == 0
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")


def test_wrong_use(run, tmp_path: Path) -> None:
    ran = run("fit", "std:regnet/regnetx::RegNetX_200MF", "-o", tmp_path / "f.gif")
    assert (ran.status, ran.out) == (2, "")
    assert ".svg or .png" in ran.err
    empty = tmp_path / "x.anynet"
    empty.write_text("anynet 1\n\nnet X {\n  input = 1x8x8\n  body { block = plain }\n}\n")
    ran = run("fit", empty)
    assert ran.status in (1, 2)
    assert "stage" in ran.err
