"""Rules that give a net's tensors the names of another library, by their places in the net.

A rule is a text such as `conv=conv1 bn=bn1 act conv=conv2 bn=bn2 se=fc1,fc2?`: the steps of a flow,
each with the name of the module that holds its tensors. `?` marks a step that may be missing, `dw`
is a convolution of each channel by itself, and `:2` behind a name says that the library keeps that
weight with so many dimensions. Steps that act in training alone are not named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from itertools import product
from typing import TYPE_CHECKING, cast

from anydsl.errors import UsageError, WeightsError
from anydsl.language.diagnostics import nearest
from anydsl.language.record import Record
from anydsl.weights.layout import (
    LEARNED,
    Block,
    Flow,
    Irregular,
    Join,
    Layout,
    Step,
    read_layout,
)

if TYPE_CHECKING:
    import torch

    from anydsl.graph.dataflow import Graph

LIBRARIES = ("torchvision", "timm", "pycls")
"""Each is a file of this folder with its `SCHEMES`."""


class Unnamed(Exception):
    """A net that a scheme has no names for.

    Attributes:
        path: what it has no name for, if that is known.
        word: else the operation that is missing after what was named last.
    """

    def __init__(self, path: str = "", word: str = "") -> None:
        super().__init__()
        self.path, self.word = path, word


class Name(Record):
    """What a library calls one module.

    Attributes:
        path: ours.
        name: theirs; of a layer scale that of its tensor.
        dims: how many dimensions their weight has; None for as many as ours.
    """

    path: str
    name: str
    dims: int | None = None


class Scheme(Record):
    """The names of one family of nets in one library.

    Attributes:
        family: what the library calls the family.
        rules: names the modules of a net; raises Unnamed.
        older: patterns of names in older files, and what stands for them today (`re.sub`).
        ignored: a pattern of tensors that are for training alone, and that nets here lack.
        note: what else the library's own weights ask for.
    """

    family: str
    rules: Callable[[Layout], Iterator[Name]]
    older: tuple[tuple[str, str], ...] = ()
    ignored: str = ""
    note: str = ""


class Names(Record):
    """All modules of a net under the names of one scheme."""

    library: str
    scheme: Scheme
    modules: dict[str, Name]
    bare: frozenset[str]

    def tensor(self, ours: str) -> str:
        """Their name of one of our tensors."""
        path, _, leaf = ours.rpartition(".")
        name = self.modules[path].name
        return name if path in self.bare else f"{name}.{leaf}"

    def reshaped(self, ours: str, tensor: torch.Tensor) -> torch.Tensor:
        """One of our tensors with as many dimensions as theirs."""
        path, _, leaf = ours.rpartition(".")
        dims = self.modules[path].dims
        if dims is None or leaf != "weight":
            return tensor
        return tensor.reshape(*tensor.shape[:dims], *(1,) * (dims - tensor.dim()))


def fit(flow: Flow, *rules: str, at: str = "") -> Iterator[Name]:
    """Name the modules of a flow by the first rule that has its steps.

    Raises:
        Unnamed: none has; it says where the nearest one departs.
    """
    items = [item for item in flow if not (isinstance(item, Step) and item.random)]
    best = (-1, ())
    for rule in rules:
        for slots in _alternatives(rule):
            same = 0
            for item, slot in zip(items, slots, strict=False):
                if not slot.takes(item):
                    break
                same += 1
            if same == len(items) == len(slots):
                for item, slot in zip(items, slots, strict=True):
                    for path, name in zip(item.paths, slot.names, strict=False):
                        yield Name(path, at + name, slot.dims)
                return
            best = (same, slots) if same >= best[0] else best
    same, slots = best
    if same < len(items):
        raise Unnamed(items[same].paths[0])
    raise Unnamed(items[-1].paths[0] if items else "", slots[same].word)


def counted(flow: Flow, at: str = "") -> Iterator[Name]:
    """Name each module by its place among all operations of a flow, from 0.

    Raises:
        Unnamed: the flow has branches.
    """
    for place, item in enumerate(flow):
        if not isinstance(item, Step) or item.word in ("se", "layer_scale"):
            raise Unnamed(item.paths[0])
        if item.word in LEARNED:
            yield Name(item.paths[0], f"{at}{place}")


def inverted(block: Block, *rules: str, at: str = "") -> Iterator[Name]:
    """Name a block that is a series of operations, or a sum of one with its input.

    Raises:
        Unnamed: it is none, or none of the rules has its steps.
    """
    parts = block.residual()
    yield from fit(parts.before, "")
    yield from fit(parts.main, *rules, at=at)
    yield from fit((*parts.shortcut, *parts.after), "")


def concatenated(block: Block) -> tuple[Flow, tuple[Flow, ...], Flow]:
    """What stands before a block's last `concat`, its branches, and what stands behind it.

    Raises:
        Unnamed: it has none.
    """
    for at, item in reversed(list(enumerate(block.flow))):
        if isinstance(item, Join) and item.word == "concat":
            return block.flow[:at], item.branches, block.flow[at + 1 :]
    raise Unnamed(block.flow[-1].paths[0] if block.flow else "", "concat")


class _Slot(Record):
    word: str
    names: tuple[str, ...] = ()
    dims: int | None = None

    def takes(self, item: object) -> bool:
        if not isinstance(item, Step) or (self.dims and item.k > 1):
            return False
        return item.word == self.word or (self.word == "dw" and item.depthwise)


@lru_cache(maxsize=1024)
def _alternatives(rule: str) -> tuple[tuple[_Slot, ...], ...]:
    """All that a rule can stand for."""
    choices: list[tuple[tuple[_Slot, ...], ...]] = []
    for text in rule.split():
        word, _, rest = text.rstrip("?").partition("=")
        names, _, dims = rest.partition(":")
        slot = _Slot(word, tuple(names.split(",")) if names else (), int(dims) if dims else None)
        choices.append(((slot,), ()) if text.endswith("?") else ((slot,),))
    return tuple(tuple(slot for chosen in one for slot in chosen) for one in product(*choices))


def schemes(library: str) -> tuple[Scheme, ...]:
    """The schemes of a library, the stricter ones first.

    Raises:
        UsageError: there is no such library.
    """
    if library not in LIBRARIES:
        hint = nearest(library, LIBRARIES) or f"there are {', '.join(LIBRARIES)}"
        raise UsageError(f"no names of a library `{library}` are known; {hint}")
    return cast("tuple[Scheme, ...]", import_module(f"anydsl.weights.{library}").SCHEMES)


def all_names(graph: Graph, library: str) -> Names:
    """The names of a library for a net.

    Raises:
        UsageError: there is no such library.
        WeightsError: none of its families is like this net.
    """
    found, failures = _tried(graph, library)
    if found:
        return found[0]
    _, family, why = max(failures, key=lambda failure: failure[0])
    raise WeightsError(
        f"{library} has no names for a net like this: its nearest family is {family}, but {why}"
    )


def candidates(graph: Graph) -> list[Names]:
    """The names of all schemes, of whatever library, that have them for a net."""
    return [names for library in LIBRARIES for names in _tried(graph, library)[0]]


def _tried(graph: Graph, library: str) -> tuple[list[Names], list[tuple[int, str, str]]]:
    """The schemes that name all of a net; of the others how far they came and why no further."""
    families = schemes(library)
    found: list[Names] = []
    failures: list[tuple[int, str, str]] = []
    try:
        layout = read_layout(graph)
    except Irregular as irregular:
        return [], [(0, families[0].family, f"the branches cross before {irregular}")]
    wanted = [node.path for node in graph if node.operation.word in LEARNED]
    bare = frozenset(path for path in wanted if graph.node(path).operation.word == "layer_scale")
    for scheme in families:
        modules: dict[str, Name] = {}
        try:
            for name in scheme.rules(layout):
                modules[name.path] = name
            missing = [path for path in wanted if path not in modules]
            if missing or len({name.name for name in modules.values()}) < len(modules):
                raise Unnamed((missing or wanted)[0])
        except Unnamed as unnamed:
            after = unnamed.path or next(reversed(modules), "")
            why = f"{after or 'the input'} has no place in it"
            if unnamed.word:
                why = f"that has `{unnamed.word}` after {after or 'the input'}"
            failures.append((len(modules), scheme.family, why))
        else:
            found.append(Names(library, scheme, modules, bare))
    return found, failures


def renamed(
    graph: Graph, state: Mapping[str, torch.Tensor], library: str
) -> dict[str, torch.Tensor]:
    """Our tensors under the names, and in the shapes, of another library.

    Raises:
        UsageError: there is no such library.
        WeightsError: it has no names for this net.
    """
    names = all_names(graph, library)
    return {names.tensor(ours): names.reshaped(ours, tensor) for ours, tensor in state.items()}
