"""What befalls a run or a study in its midst, but for kills; and what must come of it.

Each of these functions lets one thing happen, mends it, goes on, and returns what was wrong: a
message that is not clear, something acknowledged that is lost, an end in other bits.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from chaos import ending, victim
from chaos.disk import Disk
from chaos.subjects import Study, Subject

MOMENT = 1.5
"""Seconds within which it comes, from when there is something to lose."""

Wrong = list[str]


class Scene:
    """A place at which something befalls a subject.

    Attributes:
        subject: a run or a study.
        straight: where it ended that nothing befell.
        folder: an empty one, for all that is made here.
        chance: decides on moments.
        pid: of the process that it befalls.
        stopped: whether it was stopped, and did not end in spite of all.
    """

    def __init__(
        self, subject: Subject, straight: Path, folder: Path, chance: random.Random
    ) -> None:
        self.subject = subject
        self.straight = straight
        self.folder = folder
        self.chance = chance
        self.stopped = False
        self.pid = 0

    def befall(
        self,
        out: Path,
        wanted: Sequence[str],
        *,
        strike: Callable[[], None] = lambda: None,
        mend: Callable[[], None] = lambda: None,
        fault: str = "",
        before: Sequence[str] = (),
    ) -> Wrong:
        """Begin, let it happen, mend it, go on.

        Args:
            out: where the subject keeps what it has.
            wanted: words of which the message holds one.
            strike, mend: lets it happen, and sets it right.
            fault: planted in its processes.
            before: what starts it.
        """
        process = ending.start(*self.subject.words(out), fault=fault, before=before)
        self.pid = process.pid
        while not self.subject.begun(out) and process.poll() is None:
            time.sleep(0.01)
        time.sleep(self.chance.uniform(0, MOMENT))
        recorded = self.subject.recorded(out)
        strike()
        ended = ending.end(process)
        mend()
        self.stopped = ended.status != 0
        wrong = ending.clear(ended, *wanted) if self.stopped else []
        if self.subject.begun(out) or recorded:
            wrong += self.subject.lost(recorded, out)
        return wrong + self.goes_on(out)

    def goes_on(self, out: Path, fault: str = "") -> Wrong:
        """Go on, to an end that is to be the undisturbed one."""
        ended = ending.end(ending.start(*self.subject.words(out), fault=fault))
        return ending.well(ended) or self.subject.differences(self.straight, out)


def full_disk(scene: Scene) -> Wrong:
    """The disk is full from some moment on, until room is made."""
    wanted = ("full", "No space left", "File too large", "disk I/O")
    with Disk(scene.folder / "disk", 2**25) as disk:
        if not disk.mounted:
            fault = f"size={scene.chance.randint(2**12, 2**16)}"
            return scene.befall(disk.folder / "out", wanted, fault=fault)
        left = scene.chance.choice((0, 2**12, 2**15))
        return scene.befall(
            disk.folder / "out", wanted, strike=lambda: disk.fill(left), mend=disk.empty
        )


def unwritable(scene: Scene) -> Wrong:
    """Nobody may write to the folder any more."""
    out = scene.folder / "out"
    before = ending.bound()
    if before is None:  # nothing keeps the superuser from writing but what is no folder
        out.write_text("")
        return scene.befall(out, ("can't", "not a directory"), mend=out.unlink)

    def strike() -> None:
        for folder, _, _ in os.walk(out):
            os.chmod(folder, 0o555)

    def mend() -> None:
        for folder, _, _ in os.walk(out):
            os.chmod(folder, 0o755)

    if scene.chance.random() < 0.3:  # from the start
        out.mkdir()
        strike()
    return scene.befall(
        out, ("can't", "Permission denied"), strike=strike, mend=mend, before=before
    )


def jumping_clock(scene: Scene) -> Wrong:
    """The clock jumps by hours, and a kill comes between; other sweeps claim in the meantime."""
    out, wrong = scene.folder / "out", Wrong()
    clocks = [f"clock={scene.chance.randrange(10**6)}" for _ in range(2)]
    process = ending.start(*scene.subject.words(out), fault=clocks[0])
    if scene.chance.random() < 0.5:
        while not scene.subject.begun(out) and process.poll() is None:
            time.sleep(0.01)
        time.sleep(scene.chance.uniform(0, MOMENT))
        recorded = scene.subject.recorded(out)
        scene.stopped = victim.kill(process)
        wrong += scene.subject.lost(recorded, out)
    else:
        wrong += ending.well(ending.end(process)) + _begun_once(scene, out)
    return wrong + scene.goes_on(out, fault=clocks[1])


def two_at_once(scene: Scene) -> Wrong:
    """Two sweeps work on one folder; one may have another clock."""
    out = scene.folder / "out"
    words = scene.subject.words(out)
    both = [ending.start(*words), ending.start(*words, fault="clock=1")]
    wrong = [text for process in both for text in ending.well(ending.end(process))]
    return wrong + _begun_once(scene, out) + scene.goes_on(out)


def lost_data(scene: Scene) -> Wrong:
    """The pictures are gone, and come back; of a study a worker is lost, so that another reads."""
    data, aside = scene.subject.data, scene.folder / "aside"

    def strike() -> None:
        data.rename(aside)
        if isinstance(scene.subject, Study):
            for worker in victim.descendants(scene.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)

    return scene.befall(
        scene.folder / "out", (str(data),), strike=strike, mend=lambda: aside.rename(data)
    )


def lost_device(scene: Scene) -> Wrong:
    """The device fails in some step, for good as far as the process is concerned."""
    out, state = scene.folder / "out", scene.folder / "lost"
    fault = f"gpu={scene.chance.randint(1, 70)},{state}"
    wrong = scene.befall(out, ("has failed or is gone",), fault=fault)
    if not state.exists():
        wrong.append("the device was not lost at all")
    return wrong


def _begun_once(scene: Scene, out: Path) -> Wrong:
    if not isinstance(scene.subject, Study):
        return []
    attempts = scene.subject.attempts(out)
    return [] if set(attempts) == {1} else [f"trials were begun {attempts} times"]


MISHAPS: dict[str, Callable[[Scene], Wrong]] = {
    "full disk": full_disk,
    "unwritable folder": unwritable,
    "jumping clock": jumping_clock,
    "two sweeps at once": two_at_once,
    "lost data": lost_data,
    "lost device": lost_device,
}
