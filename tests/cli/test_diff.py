"""`anydsl diff`."""

from __future__ import annotations

import json
from pathlib import Path

A, B = "std:regnet/regnetx::RegNetX_400MF", "std:regnet/regnetx::RegNetX_400MF_torchvision"


def test_what_is_printed(run) -> None:
    ran = run("diff", A, B)
    assert (ran.status, ran.err) == (0, "")
    first, *lines = [line.rstrip() for line in ran.out.splitlines() if line.strip()]
    assert first == (
        "RegNetX_400MF -> RegNetX_400MF_torchvision: params +6.6%, flops +4.1%, acts +1.0%"
    )
    words = [line.split() for line in lines]
    assert ["s4", "w", "384", "400"] in words
    assert ["-", "require", "params", "==", "5157512"] in words
    assert ["+", "require", "params", "==", "5495976"] in words
    assert ["total", "params", "5,157,512", "5,495,976", "+6.6%"] in words
    assert ["head", "params", "385,000", "401,000", "+4.2%"] in words
    assert ["acts", "1,000", "1,000", "="] in words
    assert not any(line[0] in ("s1", "s2", "s3", "stem") for line in words)
    assert "\033" not in ran.out


def test_the_same_in_meaning(run, tmp_path: Path) -> None:
    path = tmp_path / "x.anynet"
    path.write_text(run("expand", A).out, encoding="utf-8")
    ran = run("diff", A, path)
    assert ran.status == 0
    assert ran.out == (
        f"{A} and {path} mean the same: 5,157,512 params, 397,678,568 flops, 3,143,272 acts\n"
    )
    assert "A and B mean the same" in run("diff", A, A).out
    path.write_text(path.read_text().replace("require flops == 397678568\n", ""))
    ran = run("diff", A, path)
    assert ran.out == f"{A} and {path} compute the same, under other rules\n\nrules\n" + (
        "  - require flops == 397678568\n"
    )


def test_json(run) -> None:
    found = json.loads(run("diff", A, B, "--format", "json").out)
    assert found["a"] == {"name": "RegNetX_400MF", "spec": A}
    assert found["same"] is False
    assert found["changes"] == [{"part": "s4", "setting": "w", "a": "384", "b": "400"}]
    assert found["params"]["b"] == 5495976
    assert json.loads(run("diff", A, A, "--format", "json").out)["same"] is True


def test_a_block_that_changes(run, tmp_path: Path) -> None:
    text = """anynet 1

block f(w, s = 1) {
  out = x -> conv(w, k = 3, s = s) -> bn -> relu
}

net N {
  input = 3x32x32
  body { block = f, stage s1 { d = 1, w = 8 } }
}
"""
    paths = [tmp_path / "a.anynet", tmp_path / "b.anynet"]
    paths[0].write_text(text)
    paths[1].write_text(text.replace("bn -> relu", "bn -> silu"))
    ran = run("diff", *paths)
    assert ran.status == 0
    first, *lines = [line for line in ran.out.splitlines() if line.strip()]
    assert first == f"{paths[0]} -> {paths[1]}: the costs are equal"
    assert lines[:3] == [
        "block f",
        "  - out = x -> conv(w, k = 3, s = s) -> bn -> relu",
        "  + out = x -> conv(w, k = 3, s = s) -> bn -> silu",
    ]


def test_statuses(run, files: Path) -> None:
    assert run("diff", files / "no.anynet", A).status == 2
    assert run("diff", A, files / "two.anynet").status == 2
    assert run("diff", A).status == 2
    ran = run("diff", A, files / "broken.anynet")
    assert (ran.status, ran.out) == (1, "")
    assert "error[syntax]" in ran.err
