from __future__ import annotations

import builtins
import errno
import io
import os
from pathlib import Path

import pytest
import torch

from anydsl.errors import RunError, WeightsError
from anydsl.training.runs.checkpoints import read, write

OLD = {"a": torch.arange(6.0).view(2, 3)}


def test_tensors_and_values_come_back(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    # A tensor in another memory layout is no less welcome.
    tensors = {
        "a": torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "n": torch.tensor(3),
    }
    write(path, tensors, {"epoch": 3, "rows": [{"x": 0.1}, {"x": None}]})
    back, values = read(path)
    assert values == {"epoch": 3, "rows": [{"x": 0.1}, {"x": None}]}
    assert all(back[name].equal(tensor) for name, tensor in tensors.items())
    assert [file.name for file in tmp_path.iterdir()] == ["x.safetensors"]


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_failing_write_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "x.safetensors"
    write(path, OLD, {"epoch": 1})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def full_file(*_: object) -> io.BytesIO:
        (tmp_path / f".x.safetensors.{os.getpid()}").touch()
        return FullFile()

    class FullFile(io.BytesIO):
        write = full

    target: dict[str, tuple[object, str, object]] = {
        "write": (builtins, "open", full_file),
        "fsync": (os, "fsync", full),
        "replace": (os, "replace", full),
    }
    with monkeypatch.context() as patch:
        patch.setattr(*target[step])
        with pytest.raises(RunError, match=r"x\.safetensors can't be written: No space left"):
            write(path, {"a": torch.zeros(9)}, {"epoch": 2})
    tensors, values = read(path)
    assert tensors["a"].equal(OLD["a"])
    assert values == {"epoch": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["x.safetensors"]


def test_the_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        done.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")
        fsync(descriptor)

    def noted_replace(source: Path, target: Path) -> None:
        assert source.parent == target.parent
        done.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write(tmp_path / "x.safetensors", OLD, {})
    assert [step for step in done if os.path.isdir("/proc/self/fd") or step == "rename"] == [
        "file",
        "rename",
        "folder",
    ]


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="can't be written"):
        write(tmp_path / "gone" / "x.safetensors", OLD, {})


@pytest.mark.parametrize("keep", [0, 4, 60, -1])
def test_a_file_cut_short_is_an_error(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "x.safetensors"
    write(path, OLD, {"epoch": 1})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(WeightsError, match=r"x\.safetensors is damaged"):
        read(path)


def test_other_bytes_are_an_error_and_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    torch.save(OLD, path)
    with pytest.raises(WeightsError, match="no safetensors file"):
        read(path)
    with pytest.raises(WeightsError, match="does not exist"):
        read(tmp_path / "none.safetensors")
