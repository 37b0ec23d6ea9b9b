"""`sample`, `contains` and `show` of spaces, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import anydsl
from anydsl.cli import main

SPACE = """anynet 1
space S {
  input = 3x32x32
  body {
    block = resnext
    b ~ choice(1, 2)
    stage s[1..2] { d ~ uniform(1..3), w ~ log_uniform(8..64 step 8), g ~ choice(4, 8) }
  }
  head { classes = 10 }
  require nondecreasing(w)
  require flops <= 20M
}
net Inside {
  input = 3x32x32
  body { block = resnext, b = 1, w = 8, g = 8, stage s1 { d = 3 }, stage s2 { d = 3 } }
  head { classes = 10 }
}
net Outside {
  input = 3x32x32
  body { block = resnext, b = 1, w = 8, g = 8, stage s1 { d = 4 }, stage s2 { d = 4 } }
  head { classes = 10 }
}
"""


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "s.anynet"
    path.write_text(SPACE)
    return str(path)


def test_json_lines(spec, capsys) -> None:
    assert main(["sample", spec, "-n", "5", "--seed", "3"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["index"] for line in lines] == list(range(5))
    for line in lines:
        assert {*line} == {"index", "stages", "params", "flops", "acts"}
        assert {*line["stages"][0]} == {"d", "w", "b", "g", "s", "se", "block"}
        assert line["flops"] <= 20_000_000
    assert main(["sample", spec, "-n", "2", "--seed", "3"]) == 0
    again = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert again == lines[:2]


def test_nets(spec, tmp_path, capsys) -> None:
    out = tmp_path / "drawn.anynet"
    assert main(["sample", spec, "-n", "9", "-o", str(out)]) == 0
    assert main(["lint", str(out)]) == 0
    assert main(["fmt", "--check", str(out)]) == 0
    capsys.readouterr()
    for number in range(9):
        assert main(["contains", f"{spec}::S", f"{out}::S_{number}"]) == 0
    assert capsys.readouterr().out.count("yes: ") == 9


def test_stats(spec, capsys) -> None:
    assert main(["sample", spec, "-n", "50", "--stats"]) == 0
    shown = capsys.readouterr().out
    assert "proposals were accepted" in shown
    assert "flops <= 20M" in shown
    assert "█" in shown
    assert not shown.startswith("{")


def test_contains(spec, capsys) -> None:
    assert main(["contains", f"{spec}::S", f"{spec}::Inside"]) == 0
    assert capsys.readouterr().out == "yes: Inside lies in S\n"
    assert main(["contains", f"{spec}::S", f"{spec}::Outside"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "no: Outside does not lie in S"
    assert shown[1].startswith("  `d` is 4 in s1 and s2, outside of uniform(1..3 step 1)")
    assert shown[2].endswith("s.anynet:7: uniform(1..3)")
    assert main(["contains", f"{spec}::S", f"{spec}::Outside", "--format", "json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["contained"] is False
    assert said["reasons"][0]["value"] == "s1.d"
    assert said["reasons"][0]["line"] == 7
    assert main(["contains", f"{spec}::Inside", f"{spec}::S"]) == 2


def test_show(spec, capsys) -> None:
    assert main(["show", f"{spec}::S"]) == 0
    shown = capsys.readouterr().out
    assert "s1..s2" in shown
    assert "b ~ choice(1, 2)" in shown
    assert "size     2592 draws (2,592)" in shown  # 2 b, (3 d)^2, (2 g)^2, 36 ordered w
    assert main(["show", f"{spec}::S", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["size"] == {
        "draws": 2592,
        "rounded": "2592",
        "not_counted": ["flops <= 20M"],
    }
    assert main(["show", f"{spec}::S", "--blocks"]) == 2


def test_python(spec) -> None:
    space = anydsl.load(f"{spec}::S")
    nets = anydsl.sample(space, n=4, seed=1)  # type: ignore[arg-type]
    assert [net.name for net in nets] == ["S_0", "S_1", "S_2", "S_3"]
    assert anydsl.sample(space, n=2, seed=1) == nets[:2]  # type: ignore[arg-type]


@pytest.mark.parametrize("words", [["-n", "0"], ["-n", "x"], ["--seed", "-1"]])
def test_wrong_words(spec, words, capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["sample", f"{spec}::S", *words])
    assert stopped.value.code == 2
    capsys.readouterr()


def test_a_draw_of_too_many_values(tmp_path, capsys) -> None:
    path = tmp_path / "s.anynet"
    path.write_text("""anynet 1
space S {
  input = 3x32x32
  body {
    block = plain
    stages quantized_linear { d = 4, w0 = 8, wa ~ uniform(8..256 step 0.00001), wm = 2 }
  }
}
""")
    assert main(["sample", str(path)]) == 1
    assert "take a coarser step, or none" in capsys.readouterr().err
    path.write_text(path.read_text().replace(" step 0.00001", ""))
    assert main(["sample", str(path), "-n", "3", "-o", str(tmp_path / "n.anynet")]) == 0
    assert main(["lint", str(tmp_path / "n.anynet")]) == 0
    assert main(["contains", str(path), f"{tmp_path / 'n.anynet'}::S_2"]) == 0
    assert main(["show", str(path)]) == 0
    assert "size     endless draws" in capsys.readouterr().out


def test_a_space_that_no_draw_meets(tmp_path, capsys) -> None:
    path = tmp_path / "s.anynet"
    path.write_text(SPACE.partition("net Inside")[0].replace("nondecreasing(w)", "depth > 6"))
    assert main(["sample", str(path)]) == 1
    assert "`depth > 6` can't hold: it is 2 to 6 in every draw" in capsys.readouterr().err
