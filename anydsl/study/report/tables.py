"""The tables of a report, cell by cell as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.language.record import Record
from anydsl.study.report.findings import FALSE_DISCOVERIES, survives
from anydsl.study.report.wording import (
    count,
    percent,
    probability,
    quantity,
    signed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.study.report.best import Named
    from anydsl.study.report.findings import Findings, Standing
    from anydsl.study.report.population import Population
    from anydsl.study.rows import Row
    from anydsl.study.statistics.comparison import Comparison, Interval
    from anydsl.study.statistics.factorial import Effect

_OPTIONAL = ("diverged", "failed", "left", "test", "best of")
"""Columns that are left out where they are empty."""

_MOST_FAILURES = 50
_LONGEST = 400


class Table(Record):
    """A table.

    Attributes:
        heads: of the columns.
        rows: of cells.
        left: the places of the columns whose text begins at the left.
        note: what is to be known to read it.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: tuple[int, ...] = (0,)
    note: str = ""

    def slim(self) -> Table:
        """The table without the columns that may be missing and are empty."""
        kept = [
            place
            for place, head in enumerate(self.heads)
            if head not in _OPTIONAL or any(row[place] for row in self.rows)
        ]
        return self.replace(
            heads=tuple(self.heads[place] for place in kept),
            rows=tuple(tuple(row[place] for place in kept) for row in self.rows),
            left=tuple(new for new, old in enumerate(kept) if old in self.left),
        )


def groups(population: Population, findings: Findings) -> Table:
    """Each group: how many, and its errors."""
    heads = ("group", "n", "min", "mean", "95% interval", "median", "likely best", "diverged")
    heads += ("failed", "left")
    rows = [_standing(name, findings.standings[name]) for name in population.groups]
    each = "designs with an error"
    if any(len(design.rows) > 1 for design in population.every):
        each += ", which is averaged over their trainings"
    return Table(
        heads,
        tuple(rows),
        note=f"n is the number of {each}. Errors are of the validation split after the last epoch; "
        "a training that diverged counts with the error of guessing, one that failed not at all. "
        "The interval is a bootstrap's of the mean (BCa); likely best is the error of the best of "
        "n/4 designs, by the empirical bootstrap.",
    ).slim()


def _standing(name: str, standing: Standing) -> tuple[str, ...]:
    tally = standing.tally
    ends = likely = ""
    if standing.mean is not None:
        ends = f"{percent(standing.mean.low)} to {percent(standing.mean.high)}"
    if standing.likely is not None:
        found = standing.likely
        likely = f"{percent(found.value)} ({100 * found.low:.2f} to {100 * found.high:.2f})"
    return (
        name,
        f"{standing.n:,}",
        percent(standing.minimum),
        percent(standing.mean.value) if standing.mean is not None else "",
        ends,
        percent(standing.median),
        likely,
        *(f"{number:,}" if number else "" for number in (tally.diverged, tally.failed, tally.left)),
    )


def comparisons(population: Population, findings: Findings) -> Table | None:
    """Each two groups that were compared; None where there are not two."""
    if not findings.comparisons:
        return None
    paired = population.paired
    heads = ("better", "than", "by points", "95% interval", "P(lower error)", "Mann-Whitney q")
    heads += ("KS distance", "KS q") + (("Wilcoxon r", "Wilcoxon q") if paired else ()) + ("sure",)
    which = "Every two groups are compared."
    if findings.against:
        which = f"Each group is compared with {findings.against}."
    pairs = ", which keeps pairs together" if paired else ""
    return Table(
        heads,
        tuple(_comparison(comparison, paired) for comparison in findings.comparisons),
        left=(0, 1),
        note=f"{which} The interval of the difference of means is a bootstrap's{pairs}. "
        "P(lower error) is how often a design of the group named first has the lower error of two "
        "(Mann and Whitney's effect size), KS distance the greatest distance between the two "
        "distributions"
        + (", Wilcoxon r the rank-biserial correlation of the pairs" if paired else "")
        + ". q is the p value after Benjamini and Hochberg's control of false discoveries over all "
        f"comparisons of its column; sure is a difference whose q is below {FALSE_DISCOVERIES:g} "
        f"by {'Wilcoxon' if paired else 'Mann and Whitney'}.",
    )


def _comparison(found: Comparison, paired: bool) -> tuple[str, ...]:
    first, second, gain = found.first, found.second, found.difference
    probable = found.mann_whitney.effect
    pairs = found.wilcoxon.effect if found.wilcoxon is not None else 0.0
    if gain.value < 0:  # the better one is named first
        first, second, gain = (
            second,
            first,
            gain.replace(value=-gain.value, low=-gain.high, high=-gain.low),
        )
        probable, pairs = 1 - probable, -pairs
    cells = [first, second, f"{100 * gain.value:.2f}", _ends(gain)]
    cells += [f"{probable:.2f}", probability(found.mann_whitney.q)]
    cells += [f"{found.ks.effect:.2f}", probability(found.ks.q)]
    if paired and found.wilcoxon is not None:
        cells += [signed(pairs, 2), probability(found.wilcoxon.q)]
    return (*cells, "yes" if survives(found, paired=paired) else "")


def _ends(of: Interval) -> str:
    return f"{signed(100 * of.low, 2)} to {signed(100 * of.high, 2)}"


def variance(effects: Sequence[Effect]) -> Table | None:
    """The analysis of variance, the greatest effect first; None where there is no variance."""
    if not effects:
        return None
    ordered = sorted(effects, key=lambda effect: -effect.sum_of_squares)
    return Table(
        ("principles", "share of variance η²", "F", "df", "p"),
        tuple(
            (
                effect.term.replace(":", " × "),
                percent(effect.eta_squared),
                f"{effect.f:,.2f}",
                f"{effect.df}",
                probability(effect.p),
            )
            for effect in ordered
        ),
        note="Type II sums of squares; × is an interaction: what breaking both does beyond what "
        "breaking each does.",
    )


def named(nets: Sequence[Named]) -> Table:
    """The networks that the report names."""
    return Table(
        ("rank", "network", "validation", "test", "flops", "params", "acts", "best of"),
        tuple(
            (
                f"{net.rank:,}",
                net.name,
                percent(net.design.error),
                percent(net.test_error),
                *(
                    quantity(getattr(net.design.first, cost))
                    for cost in ("flops", "params", "acts")
                ),
                ", ".join(net.best_of),
            )
            for net in nets
        ),
        left=(1, 7),
    ).slim()


def stages(net: Named) -> Table:
    """The stages of a network."""
    columns = net.columns
    return Table(
        ("stage", *columns),
        tuple(
            (str(number), *(_written(stage.get(column)) for column in columns))
            for number, stage in enumerate(net.stages, 1)
        ),
    )


def failures(failed: Sequence[Row]) -> Table | None:
    """The trials that failed, and why; None where none did."""
    if not failed:
        return None
    more = len(failed) - _MOST_FAILURES
    return Table(
        ("trial", "group", "design", "attempts", "reason"),
        tuple(
            (row.id, row.group, str(row.index), str(row.attempts), _reason(row.reason))
            for row in failed[:_MOST_FAILURES]
        ),
        left=(0, 1, 4),
        note=f"And {count(more, 'more')} like these; the CSV file has all." if more > 0 else "",
    )


def cost_line(net: Named) -> str:
    """What a network costs, and its errors, in a line."""
    first = net.design.first
    test = net.test_error
    words = [f"validation error {percent(net.design.error)}"]
    words += [f"test error {percent(test)}"] if test is not None else []
    words += [f"{quantity(first.flops)} multiply-adds", f"{quantity(first.params)} parameters"]
    return ", ".join([*words, f"{quantity(first.acts)} activations"])


def _written(value: object) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:g}"
        case list():
            return ", ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case _:
            return str(value)


def _reason(text: str) -> str:
    first = (text.splitlines() or [""])[0]
    return first if len(first) <= _LONGEST else f"{first[:_LONGEST]}…"
