"""Ctrl-C and SIGTERM: the step is finished and the run saved before the process ends."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):
    """The reader asked to stop, and this is a good moment."""


@final
class Interruption:
    """A context in which the first SIGINT or SIGTERM is noted, to be asked about by `check`.

    The second one ends the process as it would without this. Outside of the main thread, where
    Python lets no signal be handled, the context does nothing.

    Args:
        agreed: what all ranks make of the wish of each, by `Ranks.any`.
        patient: nor does the second signal end the process: for `torchrun`, which passes on what
            the terminal sends to all of its processes anyway, and ends them when it is tired of
            waiting.
    """

    def __init__(self, agreed: Callable[[bool], bool] = bool, *, patient: bool = False) -> None:
        self._agreed = agreed
        self._patient = patient
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Under torchrun a signal follows the end of another process: first say what is wrong.
        if error is None or not self._patient:
            self._restore()

    def check(self) -> None:
        """Return if the run may go on.

        Raises:
            Interrupted: it was asked to stop.
        """
        if self._agreed(self._asked):
            raise Interrupted

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._asked = True
        if not self._patient:
            self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
