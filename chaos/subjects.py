"""What faults befall: a run and a study, each begun and gone on with by the same words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from anydsl.errors import AnydslError
from anydsl.training.runs.checkpoints import read
from anydsl.training.runs.folder import RunFolder
from chaos import pictures, study, victim


class Subject(Protocol):
    """Something that goes on where it stopped.

    Attributes:
        name: of it, as in a table.
        data: the file or folder of its pictures.
    """

    name: str
    data: Path

    def words(self, out: Path) -> list[str]:
        """What `anydsl` is called with, to begin at `out` or to go on there."""
        ...

    def begun(self, out: Path) -> bool:
        """Whether there is something to lose."""
        ...

    def recorded(self, out: Path) -> object:
        """What is acknowledged; to be held against what is lost."""
        ...

    def lost(self, before: object, out: Path) -> list[str]:
        """What was acknowledged before and is gone, and what can't be read."""
        ...

    def differences(self, one: Path, other: Path) -> list[str]:
        """What tells two ends apart."""
        ...


class Run:
    """The run that is killed elsewhere, over pictures that are read for every batch."""

    name = "train"

    def __init__(self, folder: Path) -> None:
        self.data = pictures.folder(folder / "pictures")
        self._file = victim.spec(folder, width=16, epochs=8, batch=64)

    def words(self, out: Path) -> list[str]:
        kept = ("--keep", "2", "--save-every", "0.002", "--quiet")
        return victim.arguments(self._file, out, "--data", str(self.data), "--stream", *kept)

    def begun(self, out: Path) -> bool:
        return (out / "spec.anynet").exists()

    def recorded(self, out: Path) -> int:
        return victim.epochs(out)

    def lost(self, before: object, out: Path) -> list[str]:
        return [*unreadable(out), *_fewer(before, self.recorded(out))]

    def differences(self, one: Path, other: Path) -> list[str]:
        return victim.differences(one, other)


class Study:
    """The study that is killed elsewhere, smaller, over a file of arrays."""

    name = "sweep"

    def __init__(self, folder: Path) -> None:
        self.data = pictures.arrays(folder / "pictures.npz")
        self._file = study.spec(folder, samples=10)

    def words(self, out: Path) -> list[str]:
        where = ("--out", str(out), "--workers", "2", "--device", "cpu", "--quiet")
        return ["sweep", str(self._file), "--data", str(self.data), *where]

    def begun(self, out: Path) -> bool:
        return any(row[2] == "running" for row in study.rows(out).values())

    def recorded(self, out: Path) -> study.Rows:
        return study.recorded(out)

    def lost(self, before: object, out: Path) -> list[str]:
        assert isinstance(before, dict)
        after = study.recorded(out)
        return [f"{place} was recorded and is lost" for place in before.items() - after.items()]

    def differences(self, one: Path, other: Path) -> list[str]:
        ours, theirs = study.rows(one), study.rows(other)
        places = sorted(ours.keys() | theirs.keys())
        found = [
            f"{place}: {ours.get(place)} undisturbed, {theirs.get(place)}"
            for place in places
            if ours.get(place) != theirs.get(place)
        ]
        kept, others = (sorted(f.name for f in (out / "weights").iterdir()) for out in (one, other))
        if kept != others:
            found.append(f"weights are kept of {kept} undisturbed, of {others}")
        running = [
            p for p, row in study.rows(other, f"{study.PLACE}, claimed_by").items() if row[0]
        ]
        return [*found, *(f"{place} is claimed still" for place in running)]

    def attempts(self, out: Path) -> Sequence[int]:
        """How often each trial was begun."""
        return [row[0] for row in study.rows(out, f"{study.PLACE}, attempts").values()]


def unreadable(run: Path) -> list[str]:
    """What can't be read of a run that was stopped."""
    folder, found = RunFolder.of(run), []
    for file in sorted((run / "checkpoints").glob("[!.]*")):
        try:
            read(file)
        except AnydslError as error:
            found.append(str(error))
    try:
        newest = folder.checkpoints.newest()
    except AnydslError as error:
        return [*found, str(error)]
    return [*found, newest[2]] if newest and newest[2] else found


def _fewer(before: object, after: int) -> list[str]:
    assert isinstance(before, int)
    return [f"{before} epochs were recorded, {after} are"] if after < before else []
