"""The plan of a study: what is drawn and trained, known before anything is.

Everything in it follows from the text of the study and what it names: the same on every machine.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from anydsl.checker.compared import compare, factorial_faults
from anydsl.checker.engine import Checked, check_declaration
from anydsl.checker.rules.training.study_data import StudyData
from anydsl.checker.rules.training.study_inputs import StudyInputs
from anydsl.design.faults import WRONG_VALUE
from anydsl.design.network import Network, Space
from anydsl.design.recipe import Recipe
from anydsl.design.wording import scaled
from anydsl.errors import AnydslError, SpecError
from anydsl.language import tree
from anydsl.language.diagnostics import ERROR, Diagnostic
from anydsl.language.record import Record
from anydsl.spaces.factorial import cells
from anydsl.study.drawing import Source, draw
from anydsl.study.trial import Trial, content_of
from anydsl.training.classes import classes_of
from anydsl.training.seeds import derive

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anydsl.design.modules import Module
    from anydsl.design.study import Study
    from anydsl.language.source import Span

PASSES = 3
"""A training step costs three times its forward pass: gradients of inputs and of weights."""


class Group(Record):
    """What is compared: a space, a net, or a cell of a factorial.

    Attributes:
        name: of the space or the net; of a cell `keeps_all`, or `breaks_bw`.
        space: the name of the space that it is drawn from; of a factorial that is the base.
        broken: the principles that a cell of a factorial breaks, by their letters.
    """

    name: str
    space: str
    broken: tuple[str, ...] = ()


class Spread(Record):
    """Least, middle and greatest of some numbers."""

    low: int
    median: int
    high: int


class Portion(Record):
    """What one group comes to.

    Attributes:
        designs: how many are drawn.
        flops: of one picture, over its designs.
    """

    group: Group
    designs: int
    flops: Spread


class Plan(Record):
    """What a study trains.

    Attributes:
        study: its name.
        recipe: how each design is trained; its own `seed` splits the data, the same way for all
            trials, and each trial's seed does the rest.
        seed: the study's.
        samples: designs of each group, fewer than `asked` where the budget holds no more.
        asked: designs of each group that the study asks for.
        replicas: trainings of each design.
        groups: what is compared, in the order of the study.
        trials: those of design 0 in all groups, then those of design 1, …; so that one that is
            broken off has compared the same designs of each. Two of them have one `id` where two
            groups drew the same design under the same seed.
        paired: whether trials of one index and replica belong together over the groups.
        factorial: the letters of the principles, if the groups are the cells of a factorial.
        budget: multiply-adds that may be spent, None where there is no bound.
        doc: what the study's doc comment says.
    """

    study: str
    recipe: Recipe
    seed: int
    samples: int
    asked: int
    replicas: int
    groups: tuple[Group, ...]
    trials: tuple[Trial, ...]
    paired: bool = False
    factorial: tuple[str, ...] = ()
    budget: int | None = None
    doc: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """What has to be known to read the results, as JSON."""
        return {
            "study": self.study,
            "doc": self.doc,
            "groups": [group.name for group in self.groups],
            "broken": {group.name: list(group.broken) for group in self.groups},
            "factorial": list(self.factorial),
            "paired": self.paired,
        }

    @property
    def jobs(self) -> tuple[Trial, ...]:
        """The trials that are trained: the first of each `id`."""
        return tuple({trial.id: trial for trial in reversed(self.trials)}.values())[::-1]

    @property
    def pictures(self) -> int | None:
        """Pictures that one epoch trains on; None for a folder that was not looked at."""
        return pictures_of(self.recipe)

    def work(self, trials: Iterable[Trial], pictures: int | None = None) -> int | None:
        """Multiply-adds of training some trials, forwards and backwards.

        Args:
            trials: each is counted.
            pictures: that one epoch trains on, if that is known better.
        """
        pictures = self.pictures if pictures is None else pictures
        if pictures is None:
            return None
        return PASSES * self.recipe.epochs * pictures * sum(trial.flops for trial in trials)

    def portions(self) -> tuple[Portion, ...]:
        """What each group comes to, in the order of the study."""
        flops: dict[str, list[int]] = {}
        for trial in self.trials:
            flops.setdefault(trial.group, []).append(trial.flops)
        return tuple(Portion(g, self.samples, _spread(flops[g.name])) for g in self.groups)


def plan_of(study: Study, module: Module) -> Plan:
    """Draw the designs of a study and name its trials.

    Args:
        study: as `checker.loading.pick` gives it.
        module: the file that it stands in.

    Raises:
        SpecError: a space or the recipe has errors, or what the study compares can't be compared.
        AnydslError: a space is met too rarely to be sampled, or the budget holds no design.
        DataError: designs have no head, and tell no classes apart.
    """
    recipe = _recipe(study, module)
    sources = _sources(study, module)
    _comparable(study, module, recipe)
    drawn = draw(sources, study)
    for designs in drawn.values():
        classes_of(designs[0].network)
    text = content_of(recipe)
    columns: list[list[Trial]] = []  # the trials of each design, by its number
    for index in range(study.samples):
        columns.append(
            [
                Trial(design, text, source.name, index, replica, seed)
                for source in sources
                for replica in range(study.replicas)
                for design, seed in [
                    (drawn[source.name][index], _seed(study, recipe, source, index, replica))
                ]
            ]
        )
    kept = _affordable(study, recipe, columns)
    return Plan(
        study.name,
        recipe,
        study.seed,
        kept,
        study.samples,
        study.replicas,
        tuple(Group(source.name, source.base, source.broken) for source in sources),
        tuple(trial for column in columns[:kept] for trial in column),
        study.paired,
        study.factorial,
        study.budget,
        study.doc,
    )


def pictures_of(recipe: Recipe) -> int | None:
    """Pictures that one epoch of a recipe trains on; None for a folder, which is not looked at."""
    whole = recipe.data.pictures
    return None if whole is None else whole - round(whole * recipe.validation)


def _recipe(study: Study, module: Module) -> Recipe:
    checked = _checked(study, module, "recipe", study.recipe)
    assert isinstance(checked.value, Recipe)
    return checked.value


def _sources(study: Study, module: Module) -> list[Source]:
    """The groups of a study, in its order; those that break fewer principles first."""
    found: list[Source] = []
    for name in study.spaces:
        checked = _checked(study, module, "spaces", name)
        match checked.value:
            case Network():
                assert checked.measured is not None
                found.append(Source(name, name, (), checked.measured))
            case Space() if study.factorial:
                found += [
                    Source(cell.name, name, cell.broken, cell.space)
                    for cell in cells(checked.value, study.factorial)
                ]
            case Space():
                found.append(Source(name, name, (), checked.value))
            case _:
                raise AssertionError(name)
    return found


def _checked(study: Study, module: Module, word: str, name: str) -> Checked:
    """What a study names, held to everything that is an error.

    Raises:
        SpecError: it has some.
    """
    found = study.home(word, module).find(name)
    assert found is not None
    home, block = found
    assert home is not None and isinstance(block, tree.Block)
    checked = check_declaration(home, block)
    if not checked.sound:
        raise SpecError(checked.diagnostics)
    return checked


def _comparable(study: Study, module: Module, recipe: Recipe) -> None:
    """Refuse to begin what can't be trained, or answers no question.

    Raises:
        SpecError: that is so.
    """
    compared = compare(study, module).replace(data=recipe.data)
    faults = factorial_faults(compared)
    for rule in (StudyInputs(), StudyData()):
        for found in rule.check(compared):
            at = study.place(found.path)
            assert at is not None
            kind = rule.kind()
            faults.append(Diagnostic(kind, found.message, at, help=found.help, severity=ERROR))
    if faults:
        raise SpecError(faults)


def _seed(study: Study, recipe: Recipe, source: Source, index: int, replica: int) -> int:
    """The seed of a trial: in a paired study the same in all groups."""
    own = () if study.paired else (source.name,)
    return derive(study.seed, "trial", recipe.seed, *own, index, replica) % 2**32


def _affordable(study: Study, recipe: Recipe, columns: Sequence[Sequence[Trial]]) -> int:
    """How many designs of each group the budget holds.

    Raises:
        SpecError: not one.
    """
    if study.budget is None:
        return len(columns)
    at = study.place("budget")
    pictures = pictures_of(recipe)
    if pictures is None:
        message = "a budget needs data whose size is known: this one's is not before it is read"
        raise _wrong(message, at, "`samples` says how many designs are drawn")
    known: set[str] = set()
    spent = 0
    for number, column in enumerate(columns):
        for trial in column:
            if trial.id not in known:
                known.add(trial.id)
                spent += PASSES * recipe.epochs * pictures * trial.flops
        if spent > study.budget:
            if number:
                return number
            message = f"the budget is {scaled(study.budget)}, and one design of each space"
            raise _wrong(f"{message} takes {scaled(spent)} multiply-adds", at, "")
    return len(columns)


def _wrong(message: str, at: Span | None, hint: str) -> AnydslError:
    if at is None:
        return AnydslError(message)
    return SpecError([Diagnostic(WRONG_VALUE, message, at, help=hint)])


def _spread(numbers: Sequence[int]) -> Spread:
    return Spread(min(numbers), round(median(numbers)), max(numbers))
