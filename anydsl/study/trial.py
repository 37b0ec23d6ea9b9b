"""Trials: one design trained once, named by all that decides its result."""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from anydsl.blocks.measurement import Measurement
from anydsl.design.expansion import expand_quickly, write_recipe
from anydsl.spaces.describing import describe_stage

if TYPE_CHECKING:
    from anydsl.design.network import Network
    from anydsl.design.recipe import Recipe
    from anydsl.spaces.sampling import Design

_HEX = 16


class Drawn:
    """A design of a study: drawn from a space, or a net that stands for itself.

    What it is made of is written out only when it is asked for.
    """

    def __init__(self, name: str, of: Design | Measurement) -> None:
        self.name = name
        self._of = of

    @cached_property
    def costs(self) -> dict[str, int]:
        """`params`, `flops` and `acts` of one picture."""
        if isinstance(self._of, Measurement):
            cost = self._of.cost
            return {"params": cost.params, "flops": cost.flops, "acts": cost.acts}
        return self._of.costs

    @property
    def network(self) -> Network:
        """The network under its name, without the rules of its space."""
        of = self._of
        network = of.network if isinstance(of, Measurement) else of.network()
        return network.replace(name=self.name, rules=(), waivers=(), doc="")

    @property
    def settings(self) -> list[dict[str, Any]]:
        """What each stage has: `d`, `w`, `b`, `g`, …, as plain data."""
        if not isinstance(self._of, Measurement):
            return self._of.described()["stages"]
        parts = zip(self._of.network.stages, self._of.stages, strict=True)
        return [describe_stage(stage, part.output[0]) for stage, part in parts]

    @cached_property
    def net(self) -> str:
        """The network as `.anynet` text."""
        return expand_quickly(self.network)

    @cached_property
    def content(self) -> bytes:
        """The text without the name: equal for designs that compute the same."""
        return expand_quickly(self.network.replace(name="N")).encode()


class Trial:
    """One training of one design, as a member of one group.

    A design that two groups have drawn is one trial in each of them, under one `id` where the seed
    is the same: it is trained once and counted in both.

    Attributes:
        id: a name made of what decides the result: the net, the recipe and the seed.
        group: the name of the group.
        index: the number of the design in its group, from 0.
        replica: which training of that design this is, from 0.
        seed: of the initialization, the order of the pictures and their changes. The split of the
            data is that of the recipe's own seed, the same for all trials.
    """

    __slots__ = ("drawn", "group", "id", "index", "replica", "seed")

    def __init__(
        self, drawn: Drawn, recipe: bytes, group: str, index: int, replica: int, seed: int
    ) -> None:
        """Name the trial; `recipe` is the recipe's text."""
        self.drawn = drawn
        self.group = group
        self.index = index
        self.replica = replica
        self.seed = seed
        text = b"%b\0%b\0%d" % (drawn.content, recipe, seed)
        self.id = blake2b(text, digest_size=_HEX // 2).hexdigest()

    def __repr__(self) -> str:
        return f"<Trial {self.id}: {self.group} {self.index}.{self.replica}, seed {self.seed}>"

    @property
    def name(self) -> str:
        """The name of its net."""
        return self.drawn.name

    @property
    def params(self) -> int:
        """Parameters."""
        return self.drawn.costs["params"]

    @property
    def flops(self) -> int:
        """Multiply-adds of one picture, forwards."""
        return self.drawn.costs["flops"]

    @property
    def acts(self) -> int:
        """Output sizes of all convolution-like layers, of one picture."""
        return self.drawn.costs["acts"]

    @property
    def network(self) -> Network:
        """The net, made when it is asked for; it has none of its space's rules."""
        return self.drawn.network

    @property
    def net(self) -> str:
        """The net as `.anynet` text."""
        return self.drawn.net

    @property
    def settings(self) -> list[dict[str, Any]]:
        """What each stage has: `d`, `w`, `b`, `g`, …, as plain data."""
        return self.drawn.settings


def content_of(recipe: Recipe) -> bytes:
    """A recipe as text without its name and its doc."""
    return write_recipe(recipe.replace(name="recipe", doc="")).encode()
