"""`anydsl data`: what is here, and how the rest gets here."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import FashionMNIST

from tests.cli.conftest import NET, Run

FILES = {
    f"{split}-{kind}-idx{rank}-ubyte": (count, shape)
    for split, count in (("train", 30), ("t10k", 20))
    for kind, rank, shape in (("images", 3, (28, 28)), ("labels", 1, ()))
}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANYDSL_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A server with a small Fashion-MNIST in the place of torchvision's; what it was asked for."""
    served, asked = tmp_path / "served", []
    served.mkdir()
    resources = []
    for name, (count, shape) in FILES.items():
        head = bytes((0, 0, 8, 1 + len(shape)))
        sizes = b"".join(n.to_bytes(4, "big") for n in (count, *shape))
        body = bytes(i % 10 for i in range(count * int(np.prod(shape))))
        content = gzip.compress(head + sizes + body)
        (served / f"{name}.gz").write_bytes(content)
        resources.append((f"{name}.gz", hashlib.md5(content).hexdigest()))

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path.strip("/"))
            super().do_GET()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(FashionMNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    monkeypatch.setattr(FashionMNIST, "resources", resources)
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_list_says_what_is_here_and_how_to_get_the_rest(run: Run) -> None:
    said = run("data")
    assert said.status == 0
    rows = {line.split()[0]: line for line in said.out.splitlines() if line.strip()}
    assert rows["digits"].split()[1:] == ["1x8x8", "10", "1,438", "scikit-learn"]
    assert "not here: `anydsl data cifar10 --download`" in rows["cifar10"]
    assert 'yours: `data = npz("path")`' in rows["npz"]


def test_the_list_as_json(run: Run, root: Path) -> None:
    rows = {row["name"]: row for row in json.loads(run("data", "--format", "json").out)}
    keys = ["name", "here", "where", "bytes", "train", "classes", "shape", "how"]
    assert all(list(row) == keys for row in rows.values())
    assert rows["digits"]["here"] is True
    assert rows["cifar100"] | {"how": ""} == {
        "name": "cifar100",
        "here": False,
        "where": str(root),
        "bytes": None,
        "train": 50_000,
        "classes": 100,
        "shape": [3, 32, 32],
        "how": "",
    }


def test_one_data_set(run: Run) -> None:
    said = run("data", "digits").out
    assert "pictures  1,438 train, 359 test\n" in said
    assert "classes   10: 0, 1, 2, 3" in said
    assert "use       `data = digits`\n" in said
    assert "get       not here: `anydsl data cifar10 --download`" in run("data", "cifar10").out
    assert json.loads(run("data", "digits", "--format", "json").out)["splits"] == {
        "train": 1438,
        "test": 359,
    }


def test_a_file_of_the_readers_own(run: Run, tmp_path: Path) -> None:
    images = np.zeros((10, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "mine.npz", images=images, labels=np.arange(10) % 2)
    said = run("data", "mine.npz")
    assert said.status == 0
    assert f'use       `data = npz("{tmp_path}/mine.npz")`\n' in said.out
    assert "pictures  8 train, 2 test\n" in said.out
    assert "2 of 10 pictures are held out" in said.out


def test_a_download_is_checked_and_done_once(run: Run, root: Path, asked: list[str]) -> None:
    said = run("data", "fashion_mnist", "--download")
    assert said.status == 0
    assert "pictures       30 train, 20 test\n" in said.out
    assert set(asked) == {f"{name}.gz" for name in FILES}
    assert sorted(p.name for p in (root / "FashionMNIST/raw").iterdir()) == sorted(FILES)
    assert [p.name for p in root.iterdir()] == ["FashionMNIST"]
    asked.clear()
    assert run("data", "fashion_mnist", "--download").status == 0
    assert asked == []


def test_broken_files_are_fetched_again(run: Run, root: Path, asked: list[str]) -> None:
    raw = root / "FashionMNIST" / "raw"
    run("data", "fashion_mnist", "--download")
    whole = {name: (raw / name).read_bytes() for name in FILES}
    (raw / "train-images-idx3-ubyte").write_bytes(b"x")
    assert run("data", "fashion_mnist").status == 1
    assert run("data", "fashion_mnist", "--download").status == 0
    assert {name: (raw / name).read_bytes() for name in FILES} == whole


def test_what_a_stopped_download_left_is_used_or_fetched_again(
    run: Run, root: Path, asked: list[str], tmp_path: Path
) -> None:
    beside = root / ".fashion_mnist.partial" / "FashionMNIST" / "raw"
    beside.mkdir(parents=True)
    names = list(FILES)
    (beside / f"{names[0]}.gz").write_bytes((tmp_path / "served" / f"{names[0]}.gz").read_bytes())
    (beside / f"{names[1]}.gz").write_bytes(b"half of it")
    for name in names:  # extracted, and none of them whole
        (beside / name).write_bytes(b"x")
    assert run("data", "fashion_mnist", "--download").status == 0
    assert set(asked) == {f"{name}.gz" for name in names[1:]}


def test_a_wrong_checksum_is_an_error_and_leaves_nothing(
    run: Run, root: Path, asked: list[str], tmp_path: Path
) -> None:
    served = tmp_path / "served" / "t10k-labels-idx1-ubyte.gz"
    served.write_bytes(gzip.compress(b"something else"))
    said = run("data", "fashion_mnist", "--download")
    assert said.status == 1
    assert "fashion_mnist could not be downloaded" in said.err
    assert "by hand" in said.err
    assert not (root / "FashionMNIST").exists()
    assert "not here" in run("data", "fashion_mnist").out


def test_without_a_network(run: Run, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    said = run("data", "fashion_mnist", "--download")
    assert said.status == 1
    assert "Connection refused" in said.err
    assert str(root / "FashionMNIST" / "raw") in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--download",), "of which data set?"),
        (("cifra10",), "did you mean `cifar10`?"),
        (("nothing.npz",), "neither a data set, a folder nor a file"),
        (("pictures", "--download"), "`image_folder` can't be downloaded"),
    ],
)
def test_wrong_use(run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    from PIL import Image

    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    Image.new("L", (8, 8)).save(tmp_path / "pictures" / "cat" / "1.png")
    said = run("data", *arguments)
    assert said.status == 2
    assert message in said.err
    assert said.out == ""


def test_digits_need_no_download(run: Run) -> None:
    assert run("data", "digits", "--download").status == 0


def test_a_streamed_run_ends_in_the_bits_of_one_in_memory(run: Run, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    rng = np.random.default_rng(0)
    images = rng.integers(256, size=(60, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "mine.npz", images=images, labels=np.arange(60) % 10)
    recipe = (
        '\nrecipe r {\n  epochs = 2\n  batch = 16\n  data = npz("mine.npz", augment = [crop])\n}'
    )
    (tmp_path / "s.anynet").write_text(NET.replace("3x32x32", "3x8x8") + recipe)
    ways = {
        "held": (),
        "0": ("--stream", "--workers", "0"),
        "2": ("--stream", "--workers", "2"),
    }
    for name, flags in ways.items():
        said = run("train", "s.anynet", "--out", name, "--device", "cpu", *flags)
        assert said.status == 0, said.err
        assert ("every batch is read anew" in said.err) == bool(flags)
    held, *streamed = (load_file(f"{name}/checkpoints/last.safetensors") for name in ways)
    assert all(np.array_equal(run[name], held[name]) for run in streamed for name in held)


def test_a_picture_that_is_gone_ends_a_run_with_its_name(run: Run, tmp_path: Path) -> None:
    from PIL import Image

    for label in range(10):
        folder = tmp_path / "pictures" / f"c{label}"
        folder.mkdir(parents=True)
        for i in range(4):
            Image.new("RGB", (8, 8), (25 * label, i, 0)).save(folder / f"{i}.png")
    (tmp_path / "s.anynet").write_text(NET.replace("3x32x32", "3x8x8"))
    for file in (tmp_path / "pictures").rglob("3.png"):
        file.write_bytes(b"no picture")
    said = run("train", "s.anynet", "--data", "pictures", "--epochs", "1", "--stream")
    assert said.status == 1
    assert "3.png can't be read as a picture" in said.err


def test_workers_are_no_less_than_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.anynet").write_text(NET)
    said = run("train", "s.anynet", "--workers", "-1")
    assert (said.status, said.out) == (2, "")
    assert "--workers -1: must be at least 0" in said.err
