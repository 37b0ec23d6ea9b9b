"""TensorBoard events: the curves of a run, for `tensorboard --logdir runs`."""

from __future__ import annotations

import os
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def add_scalars(file: Path, step: int, scalars: Mapping[str, float]) -> None:
    """Append one event to `file`, which is begun where it is not there.

    Written here and now. torch's SummaryWriter leaves that to a thread, whose traceback is all that
    a full disk would show.

    Raises:
        ImportError: TensorBoard is not installed.
        OSError: the file can't be written.
    """
    # By name, since TensorBoard has no types to check against.
    event: Any = import_module("tensorboard.compat.proto.event_pb2").Event
    summary: Any = import_module("tensorboard.compat.proto.summary_pb2").Summary
    writer: Any = import_module("tensorboard.summary.writer.record_writer").RecordWriter
    values = [summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()]
    events = [event(wall_time=time.time(), step=step, summary=summary(value=values))]
    with open(file, "ab") as stream:
        if stream.tell() == 0:
            events.insert(0, event(wall_time=time.time(), file_version="brain.Event:2"))
        for one in events:
            writer(stream).write(one.SerializeToString())


def events_file(folder: Path) -> Path:
    """A new events file's name, as TensorBoard looks for it."""
    return folder / f"events.out.tfevents.{time.time():.0f}.{os.getpid()}"
