"""A Ray that is started here: rows are those of local workers, and what dies costs its trial only.

As Ray writes a token below the home folder and starts processes, all of it happens in one test
each, in a home of its own.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from anydsl.cli import main
from anydsl.errors import RunError, UsageError
from anydsl.study.cluster import joining
from anydsl.study.cluster.joining import Cluster, joined
from anydsl.study.cluster.remote import Answer, Hand, Ready, Refusal
from anydsl.study.cluster.runner import ClusterRunner
from anydsl.study.rows import Claim
from anydsl.study.runner import Work
from anydsl.study.store import Store
from anydsl.study.texts import network_of, recipe_of
from anydsl.study.trainer import Trainer, training
from anydsl.training.runs.checkpoints import read
from tests.study.doing import error_of

MakeStore = Callable[..., Store]

STUDY = """anynet 1

space Free {
  input = 1x8x8
  stem { w = 8, s = 1 }
  body {
    block = resnext, b = 1, g = 8
    stage s[1..2] { d ~ uniform(1..2), w ~ uniform(8..32 step 8) }
  }
  head { classes = 10 }
}

recipe short {
  data = digits
  epochs = 1
  batch = 256
  optimizer = sgd(lr = 0.1)
}

study tiny { spaces = [Free], recipe = short, samples = 3, replicas = 2, seed = 1 }
"""

RECIPE = (
    "anynet 1\n\nrecipe r { data = digits, epochs = 1, batch = 512, optimizer = sgd(lr = 0.1) }"
)
NET = """anynet 1

net N {
  input = 1x8x8
  stem { w = 8, s = 1 }
  body { block = resnext, b = 1, g = 8, stage s1 { d = 1, w = 8 } }
  head { classes = 10 }
}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    # Set once, so that what Ray sets itself is undone, too.
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.delenv("RAY_AUTH_MODE")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def rows(folder: str) -> list[tuple[Any, ...]]:
    columns = '"group", "index", replica, id, seed, net, status, error, train_loss, curve, weights'
    with sqlite3.connect(f"{folder}/study.db") as database:
        found = database.execute(f"SELECT {columns} FROM results ORDER BY 1, 2, 3").fetchall()
    database.close()
    return found


def test_rows_are_those_of_local_workers(tmp_path: Path, monkeypatch, home) -> None:
    """All but the times; and standard output has nothing of Ray's."""
    monkeypatch.chdir(tmp_path)
    Path("s.anynet").write_text(STUDY)
    words = [sys.executable, "-m", "anydsl", "sweep", "s.anynet", "--workers", "2", "--out"]
    path = os.pathsep.join(sys.path)
    ray = subprocess.run(
        [*words, "ray", "--cluster", "local"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ray.returncode == 0, ray.stderr
    lines = ray.stdout.strip().splitlines()
    assert lines[0].split() == ["group", "done", "failed", "diverged", "best", "mean"]
    assert lines[-1] == "next    anydsl report ray"
    assert "where   2 workers on cpu" in ray.stderr
    assert main(["sweep", "s.anynet", "--workers", "1", "--out", "here", "--quiet"]) == 0
    assert rows("ray") == rows("here")
    assert len(rows("ray")) == 6
    assert sorted(f.name for f in Path("ray/weights").iterdir()) == sorted(
        f.name for f in Path("here/weights").iterdir()
    )
    for file in Path("ray/weights").iterdir():
        tensors, values = read(file)
        assert values["error"] in {row[7] for row in rows("here")}
        assert tensors


def test_what_goes_wrong_costs_its_trial_only(
    tmp_path: Path, planned: Callable[..., Any], home
) -> None:
    """What raises is tried twice, what dies five times; a stop gives everything back."""
    said: list[str] = []

    def store(name: str) -> Store:
        made = Store(tmp_path / name, new=True)
        made.adopt(planned(4), "study s\n", {"recipe": "r"})
        return made

    def run(of: Store, trial: str, watch: Callable[[], None] = lambda: None) -> None:
        work = Work(of.folder, trial=f"tests.study.doing:{trial}")
        ClusterRunner(cluster).run(of, work, watch)

    with joined("local", workers=2, say=said.append) as cluster:
        assert cluster.devices() == ("cpu", "cpu")

        raising = store("raising")
        run(raising, "raising")
        ((trial, reason),) = raising.failures()
        assert trial == "B1"
        assert reason.startswith("ValueError: no luck with 3\n")
        assert "doing.py" in reason
        found = {row.id: row for row in raising.rows() if row.outcome}
        assert {row.outcome and row.outcome.error for row in found.values()} == {
            error_of(row.seed) for row in found.values()
        }
        assert found["A2"].attempts == 2

        killed = store("killed")
        run(killed, "killed")
        assert killed.tallies()[-1].done == 8
        (again,) = (row for row in killed.rows() if row.attempts > 1)
        assert (again.seed, again.attempts) == (3, 4)
        assert "died: The actor is dead because its worker process has died." in again.reason
        assert said == [f"a worker on {os.uname().nodename} died; another one takes its place"] * 3

        with pytest.raises(RunError, match="workers can't begin"):
            run(store("broken"), "broken")

        hung = store("hung")

        def stop() -> None:
            if hung.tallies()[-1].running == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(hung, "hung", stop)
        assert hung.tallies()[-1].running == 0
        assert {row.attempts for row in hung.rows()} == {0}
        assert list((hung.folder / "owners").iterdir()) == []


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("here", 2, "--cluster here: it is auto, local, ray://HOST:PORT or HOST:PORT"),
        ("ray://", 2, "--cluster ray://: it is auto"),
        ("ray://host:99999", 2, "--cluster ray://host:99999: it is auto"),
        ("ray://127.0.0.1:{port}", 1, "there is no Ray at 127.0.0.1:{port}: Connection refused"),
        ("127.0.0.1:{port}", 1, "`ray start --head` makes one"),
    ],
)
def test_no_ray_is_told_at_once(
    capsys, tmp_path: Path, address: str, status: int, said: str
) -> None:
    (tmp_path / "s.anynet").write_text(STUDY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
        started = time.perf_counter()
        words = ["sweep", str(tmp_path / "s.anynet"), "--cluster", address.replace("{port}", port)]
        assert main(words) == status
        assert time.perf_counter() - started < 10
    err = capsys.readouterr().err
    assert said.replace("{port}", port) in err
    assert err.count("\n") == 1


def test_a_missing_ray_is_told(capsys, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "s.anynet").write_text(STUDY)
    for name in ("engine", "remote", "joining"):
        monkeypatch.delitem(sys.modules, f"anydsl.study.cluster.{name}")
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["sweep", str(tmp_path / "s.anynet"), "--cluster", "auto"]) == 2
    said = "this needs ray, which is not installed: pip install 'anydsl[cluster]'"
    assert capsys.readouterr().err == f"error: {said}\n"


def test_an_address_of_the_environment_is_tried_at_once(monkeypatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(RunError, match=r"there is no Ray at 127\.0\.0\.1:1"), joined("auto"):
        raise AssertionError


@pytest.fixture
def gate() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[:2]


def nodes(monkeypatch: pytest.MonkeyPatch, *resources: dict[str, float]) -> None:
    """Let Ray have these nodes, and one that is gone."""
    found = [
        {"NodeID": str(place), "Alive": True, "Resources": of} for place, of in enumerate(resources)
    ]
    found.append({"NodeID": "gone", "Alive": False, "Resources": {}})
    monkeypatch.setattr(joining, "ray", SimpleNamespace(nodes=lambda: found))


def test_places_are_gpus_or_shares_of_cores(gate, monkeypatch) -> None:
    nodes(monkeypatch, {"CPU": 8.0, "GPU": 2.0}, {"CPU": 3.0}, {"CPU": 1.0, "GPU": 4.0})
    assert Cluster("auto", gate).devices() == ("cuda",) * 3
    assert Cluster("auto", gate, threads=2).devices() == ("cuda",) * 2
    assert Cluster("auto", gate).options == {"num_cpus": 1, "num_gpus": 1}
    cpu = Cluster("auto", gate, device="cpu", threads=2)
    assert cpu.devices() == ("cpu",) * 5
    assert cpu.options == {"num_cpus": 2}
    assert cpu.has("1")
    assert not cpu.has("gone")
    assert Cluster("auto", gate, workers=7).devices() == ("cuda",) * 7
    with pytest.raises(UsageError, match="of a cluster it is auto, cpu or cuda"):
        Cluster("auto", gate, device="cuda:1")


def test_a_cluster_without_room(gate, monkeypatch) -> None:
    nodes(monkeypatch, {"CPU": 2.0})
    assert Cluster("auto", gate).device == "cpu"
    with pytest.raises(RunError, match="no node of the cluster has a GPU and 1 core;"):
        Cluster("auto", gate, device="cuda").devices()
    nodes(monkeypatch)
    with pytest.raises(RunError, match="no node of the Ray cluster is left"):
        Cluster("auto", gate)


def test_a_cluster_that_is_gone(monkeypatch) -> None:
    monkeypatch.setattr(joining, "_CONNECTING", 0.1)
    with pytest.raises(RunError, match=r"at 127\.0\.0\.1:1 is gone: nothing is lost"):
        Cluster("auto", ("127.0.0.1", 1), device="cpu").check()


def hand(**facts: Any) -> Hand:
    return Hand(Work(Path("nowhere")), {"recipe": RECIPE, **facts})


def test_a_node_with_other_versions_takes_no_part() -> None:
    said = hand(environment={"versions": {"torch": "1.0", "anydsl": None}}).begin()
    assert isinstance(said, Refusal)
    assert "but 1.0 on the node that was asked first" in str(said.error())


def test_a_node_without_the_data_takes_no_part(monkeypatch) -> None:
    from anydsl.study.cluster import remote

    here = SimpleNamespace(get_node_id=lambda: "id")
    monkeypatch.setattr(remote, "ray", SimpleNamespace(get_runtime_context=lambda: here))
    worker = hand(data={"name": "others"})
    assert isinstance(worker.begin(), Ready)
    said, weights = worker.do(Claim("t", NET, 1, 1))
    assert isinstance(said, Refusal)
    assert "the pictures are not those that the study began with" in said.message
    assert weights is None


def test_weights_come_with_the_outcome(tmp_path: Path, monkeypatch) -> None:
    worker = hand()
    monkeypatch.setattr(worker, "_do", training(Work(tmp_path), {"recipe": RECIPE}))
    said, weights = worker.do(Claim("t", NET, 1, 1))
    assert isinstance(said, Answer)
    assert said.outcome is not None
    assert weights is not None
    (tmp_path / "w").write_bytes(weights)
    assert read(tmp_path / "w")[1] == {"error": said.outcome.error}


def test_the_same_pictures_are_known_again(tmp_path: Path) -> None:
    from anydsl.training.runs.jsonable import jsonable

    data = Trainer(recipe_of(RECIPE), "cpu").data(network_of(NET)).identity()
    do = training(Work(tmp_path), {"recipe": RECIPE, "data": jsonable(data)})
    assert do(Claim("t", NET, 1, 1)).outcome.curve
