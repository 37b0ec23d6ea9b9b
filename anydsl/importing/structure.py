"""The stem, blocks and head of a plain residual network, read off what it computes."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain

from anydsl.errors import DesignError
from anydsl.importing.flow import Flow, Step
from anydsl.importing.plan import Level, Piece
from anydsl.language.record import Record

_BASIC = ["conv", "bn", "relu", "conv", "bn"]
_BOTTLENECK = ["conv", "bn", "relu", "conv", "bn", "relu", "conv", "bn"]
_EXCITED = [*_BOTTLENECK[:6], "se", *_BOTTLENECK[6:]]
_EXCITE = ["gap", "conv", "relu", "conv", "sigmoid"]
_STEM = "its stem is not one convolution and a ReLU, 7x7 with a max-pool or 3x3"
_HEAD = "its head is not pooling and a linear layer"
_RATIOS = (Fraction(1, 4), Fraction(1, 2), Fraction(1, 8), Fraction(1, 16), 1)


class Structure(Record):
    """What a plan needs to know of a network."""

    stem: Piece
    levels: tuple[Level, ...]
    head: Piece
    transform: str
    se: Fraction | int


class _Unit(Record):
    """A block: its transform, channels in and out, stride, inner width, groups, squeezed width."""

    transform: str
    taken: int
    w: int
    s: int
    inner: int
    groups: int
    squeezed: int


def structure_of(flow: Flow) -> Structure:
    """Read a network whose stem is a convolution and whose blocks are residual.

    What is not looked at here, such as paddings, shows when the text that comes of it is compared
    with the network itself.

    Raises:
        DesignError: it is none; the message says what is in the way.
    """
    return _Reader(flow).read()


class _Reader:
    def __init__(self, flow: Flow) -> None:
        self.steps = flow.steps
        self.users = flow.users()
        self.at = 0

    def read(self) -> Structure:
        stem = self._stem()
        units: list[_Unit] = []
        while len(self.users[self.at]) > 1:
            units.append(self._unit())
        if not units:
            raise DesignError(_STEM)
        self._take("gap", _HEAD)
        self._take("flatten", _HEAD)
        linear = self._take("linear", _HEAD)
        if self.users[self.at]:
            raise DesignError(_HEAD)
        transforms = {unit.transform for unit in units}
        if len(transforms) > 1:
            raise DesignError("its blocks are of several kinds")
        levels = tuple(_level(run) for run in _runs(units))
        head = Piece("linear_head", (("classes", linear["out_features"]),))
        return Structure(stem, levels, head, transforms.pop(), _ratio(units))

    def _take(self, kind: str, otherwise: str) -> Step:
        users = self.users[self.at]
        if len(users) != 1 or self.steps[users[0]].kind != kind:
            raise DesignError(otherwise)
        self.at = users[0]
        return self.steps[self.at]

    def _next(self) -> str:
        users = self.users[self.at]
        return self.steps[users[0]].kind if len(users) == 1 else ""

    def _stem(self) -> Piece:
        conv = self._take("conv", _STEM)
        self._take("bn", _STEM)
        self._take("relu", _STEM)
        width = ("w", conv["out_channels"])
        if self._next() == "maxpool":
            self._take("maxpool", _STEM)
            if conv["kernel_size"] == (7, 7) and conv["stride"] == (2, 2):
                return Piece("resnet_stem", (width,))
        elif conv["kernel_size"] == (3, 3):
            stride = conv["stride"][0]
            return Piece("simple_stem", (width, *((("s", stride),) if stride != 2 else ())))
        raise DesignError(_STEM)

    def _unit(self) -> _Unit:
        source = self.at
        branches = [self._branch(number) for number in self.users[source]]
        ends = {end for _, end in branches}
        if len(branches) != 2 or len(ends) != 1:
            raise DesignError("its blocks are not a branch and a shortcut")
        (shortcut, _), (main, end) = sorted(branches, key=lambda branch: len(branch[0]))
        if [step.kind for step in shortcut] not in ([], ["conv", "bn"]):
            raise DesignError("its shortcuts are more than a 1x1 convolution")
        if shortcut and shortcut[0]["kernel_size"] != (1, 1):
            raise DesignError("its shortcuts are no 1x1 convolutions")
        self.at = end
        self._take("relu", "its blocks don't end with an activation")
        return _unit(main)

    def _branch(self, number: int) -> tuple[list[Step], int]:
        """The steps from a number to the sum where branches meet; and that sum."""
        steps: list[Step] = []
        while self.steps[number].kind != "add":
            steps.append(self.steps[number])
            users = self.users[number]
            if len(users) == 2:
                number, squeezed = self._excitation(users)
                steps.append(Step("se", (), (("width", squeezed),)))
                users = self.users[number]
            if len(users) != 1:
                raise DesignError("its blocks are not a branch and a shortcut")
            number = users[0]
        return steps, number

    def _excitation(self, users: list[int]) -> tuple[int, int]:
        """The product at the end of squeeze-and-excitation, and the width within it."""
        product = next((n for n in users if self.steps[n].kind == "mul"), None)
        number = next((n for n in users if n != product), None)
        kinds: list[str] = []
        width = 0
        while product is not None and number is not None and number != product:
            step = self.steps[number]
            kinds.append(step.kind)
            if step.kind == "conv" and not width:
                width = step["out_channels"]
            following = self.users[number]
            number = following[0] if len(following) == 1 else None
        if product is None or kinds != _EXCITE:
            raise DesignError("its blocks branch in a way that is not squeeze-and-excitation")
        return product, width


def _unit(main: list[Step]) -> _Unit:
    kinds = [step.kind for step in main]
    convs = [step for step in main if step.kind == "conv"]
    sides = [conv["kernel_size"][0] for conv in convs]
    if kinds == _BASIC and sides == [3, 3]:
        first, last = convs
        inner, groups, transform = last["out_channels"], 1, "basic"
        middle = first
    elif kinds in (_BOTTLENECK, _EXCITED) and sides == [1, 3, 1]:
        first, middle, last = convs
        inner, groups, transform = middle["out_channels"], middle["groups"], "bottleneck"
    else:
        if "se" in kinds:
            raise DesignError("its squeeze-and-excitation is not behind the 3x3 convolution")
        raise DesignError("its blocks are neither two 3x3 convolutions nor 1x1, 3x3 and 1x1")
    squeezed = next((step["width"] for step in main if step.kind == "se"), 0)
    taken, w = first["in_channels"], last["out_channels"]
    return _Unit(transform, taken, w, middle["stride"][0], inner, groups, squeezed)


def _runs(units: list[_Unit]) -> list[list[_Unit]]:
    """Blocks in stages: one that changes the shape begins another."""
    runs: list[list[_Unit]] = []
    for unit in units:
        if not runs or unit.s != 1 or unit.taken != unit.w:
            runs.append([])
        runs[-1].append(unit)
    return runs


def _level(run: list[_Unit]) -> Level:
    first = run[0]
    if any((u.inner, u.groups) != (first.inner, first.groups) for u in run):
        raise DesignError("the blocks of a stage differ")
    return Level(len(run), first.w, first.s, first.inner, first.groups)


def _ratio(units: list[_Unit]) -> Fraction | int:
    """The ratio that gives every block its squeezed width."""
    if not any(unit.squeezed for unit in units):
        return 0
    exact = (Fraction(unit.squeezed, unit.taken) for unit in units)
    for ratio in chain(_RATIOS, exact):
        if all(round(unit.taken * ratio) == unit.squeezed for unit in units):
            return ratio
    raise DesignError("its squeeze-and-excitation is not a share of a block's input")
