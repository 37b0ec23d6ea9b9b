"""TensorBoard's files of events, written and read without its threads."""

from __future__ import annotations

import os
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@final
class EventsFile:
    """A file of events, begun with its first event.

    Each is written here and now. torch's SummaryWriter leaves that to a thread, whose traceback is
    all that a full disk would show. A process has a file of its own, so that what another one left
    half-written, when it was killed, spoils nothing.
    """

    def __init__(self, folder: Path) -> None:
        """Name the file as TensorBoard looks for it.

        Raises:
            ImportError: TensorBoard is not installed.
        """
        # By name, since TensorBoard has no types to check against.
        protos = "tensorboard.compat.proto"
        self._event: Final[Any] = import_module(f"{protos}.event_pb2")
        self._summary: Final[Any] = import_module(f"{protos}.summary_pb2").Summary
        records = import_module("tensorboard.summary.writer.record_writer")
        self._writer: Final[Any] = records.RecordWriter
        self._path: Final = folder / f"events.out.tfevents.{time.time():.0f}.{os.getpid()}"

    def add_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        """Append one event.

        Raises:
            OSError: the file can't be written.
        """
        values = [self._summary.Value(tag=tag, simple_value=n) for tag, n in scalars.items()]
        self._append(step=step, summary=self._summary(value=values))

    def void_from(self, step: int) -> None:
        """Say that what other files hold of `step` and later is no part of the run any more.

        Raises:
            OSError: the file can't be written.
        """
        start = self._event.SessionLog(status=self._event.SessionLog.START)
        self._append(step=step, session_log=start)

    def _append(self, **content: Any) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        events = [self._event.Event(wall_time=time.time(), **content)]
        with open(self._path, "ab") as stream:
            if stream.tell() == 0:
                first = {"wall_time": time.time(), "file_version": "brain.Event:2"}
                events.insert(0, self._event.Event(**first))
            for event in events:
                self._writer(stream).write(event.SerializeToString())


def recorded_steps(folder: Path) -> frozenset[int]:
    """Return the steps of which the files in `folder` hold scalars.

    Raises:
        ImportError: TensorBoard is not installed.
    """
    loader: Any = import_module("tensorboard.backend.event_processing.event_file_loader")
    files = sorted(folder.glob("*tfevents*"))
    return frozenset(
        int(event.step)
        for file in files
        for event in loader.LegacyEventFileLoader(str(file)).Load()
        if event.HasField("summary")
    )
