"""A network shows itself: as HTML in a notebook, in one line elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

import anydsl
from anydsl.design.network import Network
from tests.drawing.nets import ROOT, own

SHOW = """
import sys
for name in ("IPython", "torch", "resvg_py"):
    sys.modules[name] = None
import anydsl
net = anydsl.load(sys.argv[1])
assert "anydsl.drawing" not in sys.modules
print(net)
print(net._repr_html_())
"""


def test_table_and_drawing_without_a_notebook() -> None:
    command = [sys.executable, "-c", SHOW, "std:d2l/regnetx32"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    line, html = done.stdout.split("\n", 1)
    assert line == "<Network RegNetX32: 1x96x96; s1: 4 resnext, s2: 6 resnext>"
    root = ET.fromstring(html)  # it is well-formed as XML too
    rows = [[cell.text for cell in row] for row in root.iter("tr")]
    assert rows[1][:2] == ["stem", "simple_stem"]
    assert rows[-1][:9] == ["total", None, "10", *[None] * 5, "177,322"]
    assert len(list(root.iter("{http://www.w3.org/2000/svg}svg"))) == 1


@pytest.mark.parametrize("name", ["Broken", "Knot", "Mobile"])
def test_any_network_shows_itself(name: str) -> None:
    network = anydsl.load(own(name))
    assert isinstance(network, Network)
    html = network._repr_html_()
    assert html is not None
    assert not re.search(r"<script|\bhref=|\bsrc=", html)


def test_what_does_not_fit_together_is_a_line_of_text() -> None:
    network = anydsl.load("std:d2l/regnetx32")
    assert isinstance(network, Network)
    first = network.stages[0]
    settings = {**dict(first.settings), "w": 33}  # which groups of 16 don't divide
    odd = network.replace(stages=(first.replace(settings=tuple(settings.items())),))
    assert odd._repr_html_() is None
    assert repr(odd) == "<Network RegNetX32: 1x96x96; s1: 4 resnext>"
