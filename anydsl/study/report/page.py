"""The page: one HTML file that stands alone, with no script and nothing from elsewhere."""

from __future__ import annotations

from functools import cache
from importlib import import_module, resources
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
from markupsafe import Markup

from anydsl.drawing.writers.svg import legal
from anydsl.study.keeping import BEST
from anydsl.study.report import tables
from anydsl.study.report.answer import answer
from anydsl.study.report.cells import factorial
from anydsl.study.report.plots.distributions import cells, distributions
from anydsl.study.report.plots.scatters import columns_of, costs, settings
from anydsl.study.report.plots.sheet import shown
from anydsl.study.report.plots.training import learning
from anydsl.study.report.tables import Table
from anydsl.study.report.wording import count, day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.study.report.best import Named
    from anydsl.study.report.findings import Findings
    from anydsl.study.report.population import Design, Population

_CURVES = 5


def page(
    population: Population, findings: Findings, named: Sequence[Named], untested: str = ""
) -> str:
    """Write the page.

    Args:
        population: the study.
        findings: its statistics.
        named: the networks that the page names.
        untested: why the test split was not read, if it was not.
    """
    every, facts = population.every, population.facts
    columns = columns_of(population)
    names = [name for name in population.groups if population.designs[name]]
    learned = _learning(population)
    drawn = [net for net in named if net.drawing]
    text = _template().render(
        title=population.study,
        style=Markup(_read("page.css")),
        doc=facts.get("doc", ""),
        facts=_facts(population),
        answer=answer(population, findings),
        factorial=factorial(population, findings),
        distributions=_distributions(population, findings) if every else None,
        distributions_note=_distributions_note(population, findings),
        groups=tables.groups(population, findings),
        comparisons=tables.comparisons(population, findings),
        costs=Markup(costs(population)) if every else None,
        settings=Markup(settings(columns, names)) if columns else None,
        settings_note=_settings_note(names),
        best=[_net(net) for net in drawn],
        best_note=_best_note(named, untested),
        named=tables.named(named),
        learning=Markup(learning(*learned)) if learned else None,
        learning_note=(
            "A line that breaks off belongs to a training that diverged."
            if population.whole.diverged
            else ""
        ),
        failures=tables.failures(population.failed),
        made=_made(population),
        recipe=_code(str(facts.get("recipe", ""))),
        spec=_code(str(facts.get("text", ""))),
    )
    return legal(text)


@cache
def _template() -> Any:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_read("page.html.jinja"))


def _read(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def _facts(population: Population) -> list[tuple[str, str]]:
    facts, whole = population.facts, population.whole
    environment = population.part("environment")
    found = [
        ("trials", f"{whole.done:,} of {whole.total:,} done"),
        ("diverged", f"{whole.diverged:,}" if whole.diverged else ""),
        ("failed", f"{whole.failed:,}" if whole.failed else ""),
        ("running", f"{whole.running:,}" if whole.running else ""),
        ("groups", f"{len(population.groups):,}"),
        ("data", _data(population.part("data"))),
        ("recipe", _recipe_name(str(facts.get("recipe", "")))),
        ("device", str(environment.get("device_name") or environment.get("device") or "")),
        ("date", day(str(environment.get("started", "")))),
    ]
    return [(name, value) for name, value in found if value]


def _data(data: dict[str, Any]) -> str:
    if not data:
        return ""
    parts = [str(data.get("name", ""))]
    if "train" in data and "val" in data:
        parts.append(f"{data['train']:,} + {data['val']:,} pictures")
    return ", ".join(parts)


def _recipe_name(text: str) -> str:
    words = text.rpartition("\nrecipe ")[2].split(None, 1)
    return words[0] if "\nrecipe " in text and words else ""


def _distributions(population: Population, findings: Findings) -> Markup:
    if not population.factorial:
        return Markup(distributions(findings.distributions, findings.matched))
    broken = {name: len(population.broken(name)) for name in findings.distributions}
    return Markup(cells(findings.distributions, broken))


def _distributions_note(population: Population, findings: Findings) -> str:
    if not findings.distributions:
        return ""
    note = (
        "The share of designs whose error is below e (Radosavovic et al. 2020, equation 1). The "
        "legend is [minimum|mean] in %."
    )
    if len(findings.distributions) <= _CURVES:
        note += " The bands hold the whole true distribution with 95% (Kolmogorov and Smirnov)."
    if population.factorial:
        note += (
            " From blue to red: the more principles a cell breaks. All cells have the same flops."
        )
    every = np.concatenate([found.errors for found in findings.distributions.values()])
    if 100 * every.max() > shown(every)[1]:
        note += " The axis ends before the errors that lie far behind all others."
    if findings.unmatched:
        note += f" There are no distributions of matched complexity: {findings.unmatched}."
    elif findings.matched:
        note += (
            " On the right designs are weighted so that all groups have one distribution of flops "
            "(Radosavovic et al. 2019, section 3.3)."
        )
    return note


def _settings_note(names: Sequence[str]) -> str:
    note = "Points of one value are spread a little."
    if len(names) == 1:
        return note
    return f"{note} The designs of all {len(names):,} groups are together here."


def _best_note(named: Sequence[Named], untested: str) -> str:
    note = (
        f"The {BEST} designs of the lowest validation error, and the best of each group. They were "
        "chosen by that error, so it is too low by a little; the error on the test split, which is "
        "read for these designs alone and only once, is not."
    )
    if untested:
        return f"{note} It is not known yet: {untested}"
    if any(net.test_error is None for net in named):
        note += " It is left out where the weights were not kept."
    return note


def _net(net: Named) -> dict[str, Any]:
    return {
        "title": f"{net.rank}. {net.name}",
        "costs": tables.cost_line(net),
        "drawing": Markup(net.drawing),
        "stages": tables.stages(net),
        "file": f"best/{net.file}",
        "code": _code(net.text),
    }


def _learning(population: Population) -> tuple[list[Any], list[Any]] | None:
    """The rows of the best and of the worst designs that have curves; None where there are none."""
    every = {d.first.id: d for d in population.every if d.first.outcome and d.first.outcome.curve}
    ordered: list[Design] = sorted(every.values(), key=lambda design: design.error)
    if not ordered:
        return None
    number = min(_CURVES, max(1, len(ordered) // 2))
    best = ordered[:number]
    worst = ordered[number:][-number:]
    return [d.first for d in best], [d.first for d in worst]


def _code(text: str) -> Markup:
    """`.anynet` text in colours."""
    pygments: Any = import_module("pygments")
    lexer: Any = import_module("anydsl.highlight.lexer").AnyNetLexer()
    html: Any = import_module("pygments.formatters.html").HtmlFormatter(nowrap=True)
    return Markup(pygments.highlight(text, lexer, html))


def _made(population: Population) -> Table:
    environment = dict(population.part("environment"))
    versions: dict[str, Any] = environment.pop("versions", None) or {}
    seconds = {row.id: row.outcome.seconds for row in population.rows if row.outcome is not None}
    rows = [("study", population.study), ("paired", "yes" if population.paired else "")]
    rows += [("factorial", ", ".join(population.factorial))]
    rows += [(name.replace("_", " "), _plain(value)) for name, value in environment.items()]
    rows += [(name, str(version)) for name, version in versions.items() if version]
    if seconds:
        hours = sum(seconds.values()) / 3600
        rows += [("training, all together", f"{hours:,.2f} h over {count(len(seconds), 'trial')}")]
    return Table(("what", "value"), tuple(row for row in rows if row[1]), left=(0, 1))


def _plain(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
