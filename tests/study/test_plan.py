"""The plan of a study: what is drawn, what it is called, what it costs."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from anydsl.blocks.measurement import measure
from anydsl.checker.engine import check_declaration
from anydsl.checker.loading import pick
from anydsl.design.expansion import expand
from anydsl.design.modules import Library, Module
from anydsl.design.network import Network
from anydsl.design.recipes import resolve_study
from anydsl.design.study import Study
from anydsl.errors import AnydslError, SpecError
from anydsl.study.plan import Plan, pictures_of, plan_of
from anydsl.study.trial import Trial
from anydsl.training.plan import plan_of as training
from anydsl.training.plan import task_of

SPACES = """space A {
  input = 1x8x8
  stem { w = 8, s = 1 }
  body {
    block = resnext
    stage s[1..2] {
      d ~ log_uniform(1..3)
      w ~ log_uniform(8..32 step 8)
      b ~ choice(1, 2)
      g ~ choice(1, 2, 4)
    }
  }
  head { classes = 10 }
  require flops in 20K..80K
}
space B extends A { require shared(b) }
net N {
  input = 1x8x8
  body { block = plain, stage s1 { d = 1, w = 8 } }
  head { classes = 10 }
}
recipe r {
  data = digits
  epochs = 3
  seed = 5
}
"""


def plan(words: str, spaces: str = SPACES) -> Plan:
    text = f"anynet 1\n{spaces}\nstudy s {{\nrecipe = r\n{words}\n}}\n"
    module = Library().text(text, "spec.anynet")
    value = _study(module)
    return plan_of(value, module)


def _study(module: Module) -> Study:
    checked = check_declaration(module, module.declared("study")[0])
    assert isinstance(checked.value, Study), [d.concise() for d in checked.diagnostics]
    return checked.value


def by_group(of: Plan) -> dict[str, list[Trial]]:
    found: dict[str, list[Trial]] = defaultdict(list)
    for trial in of.trials:
        found[trial.group].append(trial)
    return found


def test_trials_of_all_groups_take_turns() -> None:
    of = plan("spaces = [A, B, N]\nsamples = 4\nreplicas = 2\nseed = 9")
    assert [group.name for group in of.groups] == ["A", "B", "N"]
    places = [(t.index, t.group, t.replica) for t in of.trials]
    assert places == [(i, g, r) for i in range(4) for g in "ABN" for r in range(2)]
    assert (of.study, of.seed, of.samples, of.asked, of.replicas) == ("s", 9, 4, 4, 2)
    assert of.recipe.epochs == 3


def test_a_net_is_trained_under_as_many_seeds() -> None:
    trials = plan("spaces = [N]\nsamples = 5").trials
    assert {t.name for t in trials} == {"N"}
    assert len({t.seed for t in trials}) == len({t.id for t in trials}) == 5


def test_seeds() -> None:
    """Of a design, of a replica, of a group, of the study and of the recipe: all of them differ."""
    of = plan("spaces = [A, B]\nsamples = 10\nreplicas = 3")
    seeds = [t.seed for t in of.trials]
    assert len(set(seeds)) == len(seeds) == 60
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert seeds == [t.seed for t in plan("spaces = [A, B]\nsamples = 10\nreplicas = 3").trials]
    assert not set(seeds) & {t.seed for t in plan("spaces = [A, B]\nseed = 1").trials}
    other = SPACES.replace("seed = 5", "seed = 6")
    assert not set(seeds) & {t.seed for t in plan("spaces = [A, B]\nsamples = 9", other).trials}


def test_paired_groups_share_seeds_and_designs() -> None:
    of = plan("spaces = [A, B]\nsamples = 60\nreplicas = 2\npaired = true")
    a, b = by_group(of).values()
    assert [t.seed for t in a] == [t.seed for t in b]
    assert len({t.seed for t in a}) == 120
    same = [x for x, y in zip(a, b, strict=True) if x.settings == y.settings]
    assert len(same) > 5  # A drew one b by chance; nothing else tells the two apart
    assert all(x.id == y.id for x, y in zip(a, b, strict=True) if x.settings == y.settings)
    assert len(of.jobs) == len({t.id for t in of.trials}) == 240 - len(same)
    assert {t.group for t in of.jobs} == {"A", "B"}
    alone = plan("spaces = [A, B]\nsamples = 60\nreplicas = 2")
    assert len(alone.jobs) == 240


def test_designs_do_not_depend_on_their_number() -> None:
    for words in ("", "paired = true", "replicas = 3"):
        few = {t.id for t in plan(f"spaces = [A, B]\nsamples = 5\n{words}").trials}
        many = [t.id for t in plan(f"spaces = [A, B]\nsamples = 9\n{words}").trials]
        assert set(many[: len(many) * 5 // 9]) == few
    one = by_group(plan("spaces = [A]\nsamples = 5"))["A"]
    two = by_group(plan("spaces = [B, A]\nsamples = 5"))["A"]
    assert [t.id for t in one] == [t.id for t in two]


def test_ids_are_of_what_is_computed() -> None:
    first = plan("spaces = [A]\nsamples = 5").trials
    renamed = SPACES.replace("recipe r {", "## Another name.\nrecipe q {").replace(
        "require flops in", "require params > 10\n  require flops in"
    )
    again = plan("spaces = [A]\nsamples = 5", renamed + "recipe r extends q { }").trials
    assert [t.id for t in first] == [t.id for t in again]
    longer = plan("spaces = [A]\nsamples = 5", SPACES.replace("epochs = 3", "epochs = 4")).trials
    assert not {t.id for t in first} & {t.id for t in longer}
    wide = SPACES.replace("stem { w = 8, s = 1 }", "stem { w = 9, s = 1 }")
    wider = plan("spaces = [A]\nsamples = 5", wide).trials
    assert not {t.id for t in first} & {t.id for t in wider}


def test_ids_know_the_blocks_of_the_file() -> None:
    own = SPACES.replace("block = resnext\n", "block = mine\n")
    block = "block mine(w, s = 1, b = 1, g) {\nout = x -> conv(w, k = %d, s = s) -> bn -> relu\n}\n"
    three, one = (plan("spaces = [A]\nsamples = 3", block % k + own).trials for k in (3, 1))
    assert {t.seed for t in three} == {t.seed for t in one}
    assert not {t.id for t in three} & {t.id for t in one}


def test_texts_are_the_designs() -> None:
    for trial in plan("spaces = [A, N]\nsamples = 8").trials:
        module = Library().text(trial.net, "trial.anynet")
        assert not module.diagnostics
        path = "trial.anynet"
        found = _net(trial.net, path)
        assert found.stages == trial.network.stages
        assert found.name == trial.name == trial.network.name
        assert trial.net == expand(trial.network)
        cost = measure(found).cost
        assert (cost.params, cost.flops, cost.acts) == (trial.params, trial.flops, trial.acts)
        assert [stage["d"] for stage in trial.settings] == [stage.d for stage in found.stages]


def _net(text: str, path: str) -> Network:
    module = Library().text(text, path)
    value = check_declaration(module, module.declared("net")[0]).value
    assert isinstance(value, Network)
    return value


def test_a_factorial() -> None:
    of = plan("spaces = [A]\nfactorial = [w, b]\nsamples = 32\npaired = true")
    cells = {group.name: group.broken for group in of.groups}
    assert cells == {
        "keeps_all": (),
        "breaks_w": ("w",),
        "breaks_b": ("b",),
        "breaks_wb": ("w", "b"),
    }
    assert {group.space for group in of.groups} == {"A"}
    assert of.factorial == ("w", "b")
    for trial in of.trials:
        widths, ratios = zip(*((s["w"], s["b"]) for s in trial.settings), strict=True)
        assert (list(widths) == sorted(widths)) == ("w" not in cells[trial.group])
        assert (len(set(ratios)) == 1) == ("b" not in cells[trial.group])
    trials = by_group(of)
    medians = [portion.flops.median for portion in of.portions()]
    assert max(medians) < 1.05 * min(medians)
    for index in range(32):  # one stratum is 9 % wide here
        flops = [trials[name][index].flops for name in cells]
        assert max(flops) < 1.1 * min(flops)


def test_work() -> None:
    of = plan("spaces = [A, B]\nsamples = 6\nreplicas = 2")
    assert of.pictures == 1438 - 144  # a tenth is held out
    total = 3 * 3 * 1294 * sum(t.flops for t in of.trials)  # three passes, three epochs
    assert of.work(of.jobs) == total
    assert (len(of.trials), len(of.jobs)) == (24, 24)
    for portion in of.portions():
        flops = sorted(t.flops for t in of.trials if t.group == portion.group.name)
        assert (portion.flops.low, portion.flops.high) == (flops[0], flops[-1])
        assert portion.designs == 6


def test_pictures_are_those_that_training_takes() -> None:
    of = plan("spaces = [N]\nsamples = 1")
    ready = training(task_of(of.trials[0].network, of.recipe), device="cpu")
    assert pictures_of(of.recipe) == len(ready.data.train)


def test_a_budget_cuts_all_groups_alike() -> None:
    whole = plan("spaces = [A, B]\nsamples = 10\nreplicas = 2")
    spent = [whole.work([t for t in whole.trials if t.index < n]) or 0 for n in range(11)]
    for budget, samples in ((spent[10], 10), (spent[10] - 1, 9), (spent[4] + 1, 4), (spent[1], 1)):
        cut = plan(f"spaces = [A, B]\nsamples = 10\nreplicas = 2\nbudget = {budget}")
        assert (cut.samples, cut.asked) == (samples, 10)
        assert [t.id for t in cut.trials] == [t.id for t in whole.trials[: 4 * samples]]
        assert (cut.work(cut.jobs) or 0) <= budget
        assert Counter(t.group for t in cut.trials) == {"A": 2 * samples, "B": 2 * samples}


def test_what_two_groups_share_is_paid_for_once() -> None:
    whole = plan("spaces = [A, B]\nsamples = 40\npaired = true")
    assert len(whole.jobs) < len(whole.trials)
    budget = whole.work(whole.jobs)
    assert plan(f"spaces = [A, B]\nsamples = 40\npaired = true\nbudget = {budget}").samples == 40


@pytest.mark.parametrize(
    ("words", "spaces", "says", "at"),
    [
        ("spaces = [A]\nbudget = 5", SPACES, "one design of each space takes", "5"),
        (
            "spaces = [A]\nbudget = 5T",
            SPACES.replace("digits", 'image_folder("x", resize = 8x8)'),
            "a budget needs data whose size is known",
            "5T",
        ),
        (
            "spaces = [A]",
            SPACES.replace("digits", "digits(resize = 9x9)"),
            "the pictures are 9x9, not the 8x8 of A",
            "r",
        ),
        (
            "spaces = [A, N]",
            SPACES.replace("net N {\n  input = 1x8x8", "net N {\n  input = 1x16x16"),
            "N takes 1x16x16 and A 1x8x8",
            "[A, N]",
        ),
        (
            "spaces = [A, N]",
            SPACES.replace(
                "s1 { d = 1, w = 8 } }\n  head { classes = 10",
                "s1 { d = 1, w = 8 } }\n  head { classes = 9",
            ),
            "N tells 9 classes apart and A 10",
            "[A, N]",
        ),
        (
            "spaces = [A]",
            SPACES.replace("  data = digits\n", "").replace("1x8x8", "3x8x8"),
            "the pictures of digits are grey",
            "r",
        ),
        (
            "spaces = [A]\nfactorial = [b]",
            SPACES.replace("  require flops in 20K..80K\n", ""),
            "A leaves them open",
            "[b]",
        ),
    ],
)
def test_what_can_t_begin(words: str, spaces: str, says: str, at: str) -> None:
    text = f"anynet 1\n{spaces}\nstudy s {{\nrecipe = r\nsamples = 3\n{words}\n}}\n"
    module = Library().text(text, "spec.anynet")
    value, _ = resolve_study(module, module.declared("study")[0])
    assert value is not None
    with pytest.raises(SpecError) as raised:
        plan_of(value, module)
    (found,) = raised.value.diagnostics
    assert says in found.message
    assert found.at.text == at
    assert found.level == "error"


def test_a_space_that_is_met_too_rarely() -> None:
    rare = SPACES.replace("20K..80K", "31_234..31_235".replace("_", ""))
    with pytest.raises(AnydslError, match="A is met too rarely"):
        plan("spaces = [A]\nsamples = 1", rare.replace("w ~ log_uniform(8..32 step 8)", "w = 8"))


def test_a_study_of_another_file(tmp_path: Path) -> None:
    """Names mean what they do where they were written."""
    (tmp_path / "base.anynet").write_text(
        f"anynet 1\n{SPACES}\nstudy s {{\nspaces = [A, B]\nrecipe = r\nsamples = 4\n}}\n"
    )
    (tmp_path / "more.anynet").write_text(
        'anynet 1\nfrom "base.anynet" import s\nstudy t extends s {\nsamples = 2\n}\n'
    )
    plans = [plan_of(*_picked(tmp_path / name)) for name in ("base.anynet", "more.anynet")]
    first, second = plans
    assert (second.study, second.samples) == ("t", 2)
    assert [t.id for t in second.trials] == [t.id for t in first.trials[:4]]


def _picked(path: Path) -> tuple[Study, Module]:
    module, checked = pick(str(path), "study")
    assert isinstance(checked.value, Study)
    return checked.value, module
