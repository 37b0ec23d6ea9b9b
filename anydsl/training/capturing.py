"""A GPU's work that is recorded once, and then done again at one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, final

import torch

from anydsl.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable

WARM_UP = 3
"""Calls that are done before one is recorded, as torch's documentation has it ("CUDA graphs").

In them what can't be recorded is done: cuDNN tries its ways to convolve, libraries take memory, and
the optimizer makes what it remembers. (SGD's first update is another one than the next, too.)
"""


def captured(function: Callable[[], None], device: torch.device) -> Callable[[], None]:
    """Return what does the same work on `device` as `function`, as a CUDA graph from call 4 on.

    Args:
        function: launches the same kernels on the same memory every time and waits for nothing.
            Python in it runs at the first calls alone: it may read no value that changes, and what
            it leaves must be in tensors that were there before. Random numbers are another matter:
            kernels in a graph read seed and offset of the default generator from memory, which
            torch fills at each replay (`CUDAGeneratorState::replay_prologue`; "Note [CUDA
            Graph-safe RNG states]" in ATen/cuda/CUDAGeneratorImpl.h). So `torch.manual_seed`
            before a call means what it means without a graph.
        device: a CUDA device.
    """
    return _Captured(function, device)


@final
class _Captured:
    def __init__(self, function: Callable[[], None], device: torch.device) -> None:
        self._function = function
        self._graph: torch.cuda.CUDAGraph | None = None
        self._calls = 0
        # One stream for warming up and recording: autograd remembers where a weight was first used.
        self._stream: Any = torch.cuda.Stream(device)

    def __call__(self) -> None:
        """Do the work.

        Raises:
            RunError: it can't be recorded.
        """
        self._calls += 1
        if self._calls <= WARM_UP:
            self._beside()
            return
        if self._graph is None:
            self._graph = self._recorded()  # which does not do it
        self._graph.replay()

    def _beside(self) -> None:
        """Do the work on the stream of its own, after and before all other work."""
        current = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            self._function()
        current.wait_stream(self._stream)

    def _recorded(self) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        recording = cast("Any", torch.cuda.graph)(graph, stream=self._stream)
        try:
            with recording:
                self._function()
        except RuntimeError as error:
            # The end of a recording that has failed raises once more, and says less.
            first = error.__context__ if isinstance(error.__context__, RuntimeError) else error
            if isinstance(first, torch.OutOfMemoryError):
                raise first from None
            said = str(first).strip().partition("\n")[0]
            raise RunError(
                f"a step can't be recorded as a CUDA graph ({said}): leave out `--cuda-graph`"
            ) from error
        return graph
