"""When a run is saved, and which of its checkpoints stay."""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING, Any, Final, final

import torch

from anydsl.errors import DivergedError, UsageError, WeightsError
from anydsl.language.record import Record
from anydsl.training.runs.checkpoints import name_also, read, remove_leftovers, write

if TYPE_CHECKING:
    from pathlib import Path

    from anydsl.training.state import State

_OF_EPOCH = re.compile(r"epoch-(\d+)\.safetensors")


class Keeping(Record):
    """How much is kept of a run while it trains.

    Attributes:
        keep: how many epochs' checkpoints stay, the latest ones; at least 1.
        save_every: minutes after which a checkpoint is due within an epoch, too; may be infinite.
    """

    keep: int = 1
    save_every: float = 10.0

    def changed(self, *, keep: int | None, save_every: float | None) -> Keeping:
        """Return this with what is not None in the place of its own.

        Raises:
            UsageError: a number is too small.
        """
        if keep is not None and keep < 1:
            raise UsageError(f"--keep {keep}: must be at least 1")
        if save_every is not None and not save_every >= 0:
            raise UsageError(f"--save-every {save_every:g}: must be at least 0")
        return Keeping(
            self.keep if keep is None else keep,
            self.save_every if save_every is None else save_every,
        )


@final
class Checkpoints:
    """The checkpoints of a run.

    After every epoch the state is written to a file with the epoch's number, then `last` is made a
    second name of that file, then the file that is one too many is removed. Within an epoch `last`
    alone is written. Each of these is done in one moment or not at all, so whenever the process
    ends, `last` and all files with numbers are whole.

    Attributes:
        last: the newest one, which a run goes on from.
        best: the weights of the best validation accuracy; not there without a validation split.
        keeping: how many stay, and when one is due.
    """

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self.last: Final = folder / "last.safetensors"
        self.best: Final = folder / "best.safetensors"
        self.keeping = Keeping()
        self._saved = time.monotonic()

    def due(self) -> bool:
        """Whether the last one was written so long ago that one is due within the epoch."""
        return time.monotonic() - self._saved >= 60 * self.keeping.save_every

    def keep(self, state: State) -> None:
        """Save a state after an epoch: the best weights first, so that `last` never names others.

        Raises:
            DivergedError: the weights are no numbers; nothing is written.
            UnwritableError: a file can't be written; `last` is as it was.
        """
        row = state.history[-1]
        _check(state)
        if state.best is row:
            values = {"epoch": row.epoch, "val_accuracy": row.val_accuracy}
            write(self.best, state.evaluated.state_dict(), values)
        file = self.folder / f"epoch-{row.epoch:04}.safetensors"
        write(file, state.tensors(), state.values())
        name_also(file, self.last)
        self.clear(row.epoch)
        self._saved = time.monotonic()

    def save(self, state: State) -> None:
        """Save a state between two steps.

        Raises:
            DivergedError: the weights are no numbers; nothing is written.
            UnwritableError: the file can't be written; `last` is as it was.
        """
        _check(state)
        write(self.last, state.tensors(), state.values())
        self._saved = time.monotonic()

    def clear(self, epoch: int) -> None:
        """Remove those that are one too many after `epoch`, or later, which a run does again."""
        for number, file in self._of_epochs().items():
            if not epoch - self.keeping.keep < number <= epoch:
                with contextlib.suppress(OSError):
                    file.unlink()

    def newest(self) -> tuple[dict[str, torch.Tensor], dict[str, Any], str] | None:
        """Read the newest one that is whole; None where there is none at all.

        What killed processes left half-written is removed.

        Returns:
            Its tensors, its values, and what the reader should know: what was passed over.

        Raises:
            WeightsError: all are damaged.
        """
        remove_leftovers(self.folder)
        of_epochs = self._of_epochs()
        files = [self.last, *(of_epochs[number] for number in sorted(of_epochs, reverse=True))]
        damage: list[WeightsError] = []
        for file in _different(files):
            try:
                tensors, values = read(file)
            except WeightsError as error:
                damage.append(error)
                continue
            passed = f"{'; '.join(map(str, damage))}: going on from {file}" if damage else ""
            return tensors, values, passed
        if damage:
            raise WeightsError(
                f"{damage[0]}, and no older checkpoint is whole: "
                f"without the files in {self.folder} the run begins anew"
            ) from damage[0]
        return None

    def weights(self) -> Path | None:
        """The file with the best weights, or else the latest; None where there is none."""
        of_epochs = self._of_epochs()
        files = [self.best, self.last, *(of_epochs[number] for number in sorted(of_epochs)[-1:])]
        return next((file for file in files if file.exists()), None)

    def _of_epochs(self) -> dict[int, Path]:
        """Those with a number."""
        files = ((_OF_EPOCH.fullmatch(file.name), file) for file in self.folder.glob("epoch-*"))
        return {int(match[1]): file for match, file in files if match}


def _different(files: list[Path]) -> list[Path]:
    """Those of `files` that are there, each once though it has two names."""
    found: list[Path] = []
    for file in files:
        if file.exists() and not any(file.samefile(other) for other in found):
            found.append(file)
    return found


def _check(state: State) -> None:
    """Refuse to save what can't be trained on, so that the checkpoint before stays the newest.

    Gradients can overflow though the loss was a number; the loss shows it only a step later.

    Raises:
        DivergedError: a weight, or what the optimizer remembers, is infinite or not a number.
    """
    for name, tensor in state.tensors().items():
        if not torch.isfinite(tensor).all():
            step = state.epoch * len(state.losses) + state.position
            rate = float(state.optimizer.param_groups[0]["lr"])
            raise DivergedError(
                f"`{name}` is no longer finite after step {step}, with learning rate {rate:.4g}, "
                "though the loss was (the gradient overflowed): nothing of this is saved; try "
                "a smaller `lr`, a longer `warmup`, or `clip_norm = 1`"
            )
