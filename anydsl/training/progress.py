"""What a run says while it trains, on standard error: a live bar, plain lines, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from anydsl.training.saying import Speaker, live, write_line

if TYPE_CHECKING:
    from types import TracebackType

    from anydsl.training.runs.epoch import Epoch


class Progress(Speaker):
    """Says nothing; what `--quiet` gives. Others say more."""

    def begin(self, epochs: int, steps: int, epoch: int) -> None:
        """Training starts at `epoch` (from 0) of `epochs`, each of `steps`."""

    def step(self, position: int) -> None:
        """So many steps of the epoch are done."""

    def loss(self, loss: float) -> None:
        """A loss was looked at."""

    def epoch(self, row: Epoch) -> None:
        """An epoch is over."""


class Lines(Progress):
    """One line an epoch: for logs, pipes and NO_COLOR."""

    _epochs = 0

    def begin(self, epochs: int, steps: int, epoch: int) -> None:
        """Remember how many epochs there will be."""
        del steps, epoch
        self._epochs = epochs

    def epoch(self, row: Epoch) -> None:
        """Write the epoch's line."""
        self.note(described(row, self._epochs))

    def note(self, text: str) -> None:
        """Write a line."""
        write_line(text)


class Bar(Progress):
    """A bar for the run, with the loss, above it a line an epoch."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Live

        self._live = Live(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: Any = None
        self._epochs = self._steps = self._epoch = 0

    def begin(self, epochs: int, steps: int, epoch: int) -> None:
        """Show the bar."""
        self._epochs, self._steps, self._epoch = epochs, steps, epoch
        self._task = self._live.add_task(self._title(), total=epochs * steps, loss="")
        self.step(0)

    def step(self, position: int) -> None:
        """Move the bar."""
        self._live.update(self._task, completed=self._epoch * self._steps + position)

    def loss(self, loss: float) -> None:
        """Show the loss beside the bar."""
        self._live.update(self._task, loss=f"loss {loss:.4f}")

    def epoch(self, row: Epoch) -> None:
        """Write the epoch's line above the bar."""
        self._live.print(described(row, self._epochs), highlight=False)
        self._epoch = row.epoch
        self._live.update(self._task, description=self._title())

    def note(self, text: str) -> None:
        """Write a line above the bar."""
        self._live.print(text, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def _title(self) -> str:
        return f"epoch {min(self._epoch + 1, self._epochs)}/{self._epochs}"


def progress_for(*, quiet: bool) -> Progress:
    """What suits standard error: `Bar` on a terminal, `Lines` elsewhere and under NO_COLOR."""
    if quiet:
        return Progress()
    return Bar() if live() else Lines()


def described(row: Epoch, epochs: int) -> str:
    """An epoch as one line of text."""
    parts = [
        f"epoch {row.epoch:>{len(str(epochs))}}/{epochs}",
        f"loss {row.train_loss:.4f}",
        f"accuracy {row.train_accuracy:.2%}",
    ]
    if row.val_accuracy is not None:
        parts.append(f"validation {row.val_accuracy:.2%}")
    parts += [f"lr {row.lr:.3g}", f"{row.images_per_second:,.0f} pictures/s"]
    return "  ".join(parts)
