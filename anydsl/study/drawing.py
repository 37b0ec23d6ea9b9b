"""What a study draws: the designs of each of its groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.blocks.measurement import Measurement
from anydsl.design.network import Space
from anydsl.language.record import Record
from anydsl.spaces.factorial import flops_range
from anydsl.spaces.matching import Matching
from anydsl.spaces.pairing import names
from anydsl.spaces.sampling import Sampler
from anydsl.study.trial import Drawn
from anydsl.training.seeds import derive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.design.study import Study


class Source(Record):
    """Where the designs of one group come from.

    Attributes:
        name: of the group.
        base: the name of the space or net that the study names.
        broken: the principles that a cell of a factorial breaks.
        of: a space, or a net that stands for itself.
    """

    name: str
    base: str
    broken: tuple[str, ...]
    of: Space | Measurement


def draw(sources: Sequence[Source], study: Study) -> dict[str, list[Drawn]]:
    """Draw `study.samples` designs for each group; design i is the same whatever their number.

    Groups are independent of each other, unless the study is paired. The cells of a factorial have
    the same number of designs in each stratum of flops, in the same order.

    Raises:
        AnydslError: a space is met too rarely.
    """
    spaces = [source.of for source in sources if isinstance(source.of, Space)]
    paired = names(spaces) if study.paired else ()
    drawn: dict[str, list[Drawn]] = {}
    for source in sources:
        name = source.name if source.name == source.base else f"{source.base}_{source.name}"
        if isinstance(source.of, Measurement):
            drawn[source.name] = [Drawn(name, source.of)] * study.samples
            continue
        seed = derive(study.seed, "designs", *(() if study.paired else (source.name,)))
        ends = flops_range(source.of) if study.factorial else None
        matching = Matching(*ends, derive(study.seed, "strata")) if ends else None
        sampler = Sampler(source.of, seed, paired=paired, matching=matching)
        drawn[source.name] = [
            Drawn(f"{name}_{design.index}", design) for design in sampler.designs(study.samples)
        ]
    return drawn
