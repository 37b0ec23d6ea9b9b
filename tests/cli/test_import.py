"""`anydsl import`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

YAML = "MODEL:\n  TYPE: regnet\n"


def test_the_text_goes_to_standard_output(
    run, tmp_path: Path, typed: Callable[[str], None]
) -> None:
    ran = run("import", "torchvision:resnet18")
    assert ran.status == 0
    assert ran.err == ""
    path = tmp_path / "resnet18.anynet"
    path.write_text(ran.out, encoding="utf-8")
    assert run("lint", "--strict", path).status == 0
    assert run("fmt", "--check", path).status == 0
    typed(YAML)
    assert "net Net {" in run("import", "-").out


def test_a_file_is_written_once(run, tmp_path: Path) -> None:
    source, path = tmp_path / "tiny.yaml", tmp_path / "tiny.anynet"
    source.write_text(YAML)
    ran = run("import", source, "-o", path)
    assert ran.status == 0
    assert ran.out == ""
    assert f"anydsl show {path}" in ran.err
    before = path.read_bytes()
    assert before == run("import", source).out.encode()
    again = run("import", source, "-o", path)
    assert again.status == 2
    assert "is there already" in again.err
    assert path.read_bytes() == before
    assert run("import", source, "-o", tmp_path / "no" / "a.anynet").status == 2


def test_statuses(run, tmp_path: Path) -> None:
    for source in ("torchvision:resnet5", "tochvision:resnet50", tmp_path / "no.yaml"):
        ran = run("import", source)
        assert (ran.status, ran.out) == (2, "")
    for source in ("torchvision:vgg16", "timm:resnet50d"):
        ran = run("import", source)
        assert (ran.status, ran.out) == (1, "")
        assert source in ran.err
    path = tmp_path / "bad.yaml"
    path.write_text(YAML.replace("regnet", "vgg"))
    ran = run("import", path)
    assert ran.status == 1
    assert f"{path}:2:9" in ran.err
    assert "TYPE: vgg" in ran.err
