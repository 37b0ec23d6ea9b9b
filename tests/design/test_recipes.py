"""Recipes: what they say, and what `--set` changes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from anydsl.checker.engine import check_declaration
from anydsl.design.augmentation import (
    ColorJitter,
    Crop,
    CutMix,
    Cutout,
    Flip,
    MixUp,
    RandAugment,
    ResizedCrop,
)
from anydsl.design.optimizers import SGD, AdamW
from anydsl.design.recipe import CIFAR10, Digits, FashionMNIST, ImageFolder, Recipe
from anydsl.design.recipes import recipe_with
from anydsl.design.schedules import Constant, Cosine, MultiStep, OneCycle, Step
from anydsl.design.study import Study
from anydsl.errors import UsageError
from tests.design.texts import MEANING, marked, module


def recipe(text: str, name: str = "r") -> Recipe:
    of = module(text)
    (block,) = (b for b in of.declared("recipe") if b.label and b.label.name.text == name)
    checked = check_declaration(of, block, MEANING)
    problems = [d.concise() for d in (*of.diagnostics, *checked.diagnostics)]
    assert not problems, "\n".join(problems)
    assert isinstance(checked.value, Recipe)
    return checked.value


def test_the_book() -> None:
    made = recipe(
        """
## Plain.
recipe r {
  data = fashion_mnist(resize = 96x96)
  epochs = 10
  batch = 128
  optimizer = sgd(lr = 0.05)
  schedule = constant
  seed = 0
}"""
    )
    assert made.data == FashionMNIST(resize=(96, 96))
    assert (made.epochs, made.batch, made.seed, made.doc) == (10, 128, 0, "Plain.")
    assert made.optimizer == SGD(lr=Fraction(1, 20))
    assert made.schedule == Constant()


def test_every_word() -> None:
    made = recipe(
        """
recipe r {
  data = image_folder("pictures/birds", resize = 64x48, augment = [flip, crop])
  optimizer = adamw(lr = 5e-4, weight_decay = 0.05, beta2 = 0.99)
  schedule = step(every = 2, gamma = 1/5, warmup = 0.5)
  label_smoothing = 0.1
  ema = 0.999
  precision = bf16
  validation = 1/5
}"""
    )
    assert made.data == ImageFolder(
        resize=(64, 48), augment=(Flip(), Crop()), path="pictures/birds"
    )
    assert made.optimizer == AdamW(
        lr=Fraction(1, 2000), weight_decay=Fraction(1, 20), beta2=Fraction(99, 100)
    )
    assert made.schedule == Step(every=2, gamma=Fraction(1, 5), warmup=Fraction(1, 2))
    assert (made.precision, made.ema) == ("bf16", Fraction(999, 1000))


def test_the_default_needs_no_network() -> None:
    assert Recipe().data == Digits()


def test_extends() -> None:
    text = "recipe base { epochs = 3, batch = 7 }\nrecipe r extends base { epochs = 4 }"
    made = recipe(text)
    assert (made.epochs, made.batch) == (4, 7)


def test_constants() -> None:
    made = recipe(
        "n = 6\nplan = cosine(warmup = n / 12)\nrecipe r { epochs = n * 2\nschedule = plan }"
    )
    assert (made.epochs, made.schedule) == (12, Cosine(warmup=Fraction(1, 2)))


def test_a_list_of_numbers_may_be_a_constant() -> None:
    made = recipe("n = 10\nfalls = [n, n * 3 / 2]\nrecipe r { schedule = multi_step(falls) }")
    assert made.schedule == MultiStep((10, 15))


def test_words_of_the_vocabulary_are_not_names() -> None:
    """`step` is a keyword elsewhere, and a constant may have the name of a word."""
    assert recipe("recipe r { schedule = step }").schedule == Step()
    assert recipe("digits = 3\nrecipe r { data = digits\nepochs = digits }").epochs == 3


@pytest.mark.parametrize(
    ("text", "kind", "hint"),
    [
        ("«epoch» = 3", "unknown_name", "did you mean `epochs`?"),
        ("epochs = «0»", "wrong_value", ""),
        ("epochs = «2.5»", "wrong_value", ""),
        ("epochs = «many»", "unknown_name", ""),
        ("optimizer = «sdg»(lr = 1)", "wrong_value", "did you mean `sgd`?"),
        ("optimizer = sgd(«rl» = 1)", "unknown_name", "did you mean `lr`?"),
        ("optimizer = sgd(lr = «0»)", "wrong_value", ""),
        ("optimizer = sgd(0.1, 0.9, 0, false, 0, 0, «7»)", "wrong_value", ""),
        ("data = «fashion_minst»", "wrong_value", "did you mean `fashion_mnist`?"),
        ("data = digits(resize = «3x8x8»)", "wrong_value", ""),
        ("data = digits(augment = «flip»)", "wrong_value", ""),
        ("data = digits(augment = [«flop»])", "wrong_value", "did you mean `flip`?"),
        ("data = digits(augment = [crop, «mix»(alpha = 1)])", "wrong_value", "`mixup`?"),
        ("data = digits(augment = [flip, crop(«pading» = 4)])", "unknown_name", "`padding`?"),
        ("data = digits(augment = [crop(padding = «1.5»)])", "wrong_value", "round"),
        ("data = digits(augment = [randaugment(magnitude = «31»)])", "wrong_value", ""),
        ("data = digits(augment = [flip(«2»)])", "wrong_value", ""),
        ("data = digits(augment = «[mixup, flip]»)", "wrong_value", ""),
        ("data = digits(augment = «[cutmix, mixup, crop, mixup]»)", "wrong_value", ""),
        ("precision = «fp16»", "wrong_value", "did you mean `bf16`?"),
        ('precision = «"fp32"»', "wrong_value", ""),
        ("optimizer = sgd(nesterov = «true»)", "wrong_value", ""),
        ("optimizer = «sgd(1, 0, 0, true)»", "wrong_value", ""),
        ("optimizer = adamw(beta2 = «1»)", "wrong_value", ""),
        (
            "optimizer = sgd(«norm_weight_decai» = 0)",
            "unknown_name",
            "did you mean `norm_weight_decay`?",
        ),
        ("schedule = «multi_step»", "missing", ""),
        ("schedule = multi_step(milestones = «[30, 10]»)", "wrong_value", ""),
        ("schedule = multi_step(milestones = [«0», 10])", "wrong_value", ""),
        ("schedule = multi_step(milestones = «[]»)", "wrong_value", ""),
        ("schedule = multi_step(milestones = «30»)", "wrong_value", ""),
        ("schedule = multi_step(milestones = [10, «true»])", "wrong_value", ""),
        ("schedule = multi_step(milestones = [10, «twenty»])", "unknown_name", ""),
        ("schedule = one_cycle(«warmup» = 1)", "unknown_name", ""),
        ("schedule = one_cycle(pct_start = «2»)", "wrong_value", ""),
        ("schedule = one_cycle(anneal_strategy = «cosine»)", "wrong_value", ""),
        ("«precise_bm» = 1", "unknown_name", "did you mean `precise_bn`?"),
        ("precise_bn = «true»", "wrong_value", ""),
        ("clip_norm = «-1»", "wrong_value", ""),
        ("‹epochs› = 1\n«epochs» = 2", "duplicate", ""),
        ("«stage s1 { }»", "wrong_value", ""),
    ],
)
def test_wrong_words(text: str, kind: str, hint: str) -> None:
    found = marked(f"recipe r {{\n{text}\n}}", kind)
    assert hint in found.help


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("epochs=3", "epochs", 3),
        (" epochs = 1 + 2", "epochs", 3),
        ("optimizer.lr=0.25", "optimizer", SGD(lr=Fraction(1, 4))),
        ("optimizer=adamw", "optimizer", AdamW()),
        ("optimizer=sgd(momentum=0.9)", "optimizer", SGD(momentum=Fraction(9, 10))),
        ("data=cifar10", "data", CIFAR10()),
        ("data.resize=16x16", "data", Digits(resize=(16, 16))),
        ('data=image_folder("a=b c")', "data", ImageFolder(path="a=b c")),
        ("schedule=cosine(warmup = 1)", "schedule", Cosine(warmup=1)),
        ("precision=bf16", "precision", "bf16"),
        ("seed=4294967295", "seed", 2**32 - 1),
        ("optimizer.norm_weight_decay=0", "optimizer", SGD(norm_weight_decay=0)),
        ("schedule.warmup=5", "schedule", Cosine(warmup=5)),
        ("schedule=multi_step([30, 60])", "schedule", MultiStep((30, 60))),
        (
            "schedule=multi_step(milestones = [1/2, 2 * 30])",
            "schedule",
            MultiStep((Fraction(1, 2), 60)),
        ),
        (
            "schedule=one_cycle(anneal_strategy = linear)",
            "schedule",
            OneCycle(anneal_strategy="linear"),
        ),
        ("data.augment=[crop(padding = 2)]", "data", Digits(augment=(Crop(padding=2),))),
        ("data.augment=[crop, flip]", "data", Digits(augment=(Crop(), Flip()))),
        ("data.augment=[]", "data", Digits()),
        ("clip_norm=1.0", "clip_norm", 1),
        ("precise_bn=8K", "precise_bn", 8000),
    ],
)
def test_set(change: str, key: str, value: object) -> None:
    made = recipe_with(Recipe(), [change])
    assert getattr(made, key) == value
    assert made == Recipe().replace(**{key: value})


def test_set_in_order() -> None:
    made = recipe_with(Recipe(), ["optimizer=adamw", "optimizer.lr=0.5", "epochs=2", "epochs=3"])
    assert (made.optimizer, made.epochs) == (AdamW(lr=Fraction(1, 2)), 3)


def test_set_may_bring_together_what_belongs_together() -> None:
    made = recipe_with(Recipe(), ["optimizer.nesterov=true", "optimizer.momentum=0.9"])
    assert made.optimizer == SGD(momentum=Fraction(9, 10), nesterov=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("epochs", "KEY=VALUE"),
        ("epochs=", "KEY=VALUE"),
        ("=3", ""),
        ("epoch=3", "did you mean `epochs`?"),
        ("optimizer.rl=3", "did you mean `lr`?"),
        ("epochs.lr=3", "no settings of its own"),
        ("epochs=0", "at least 1"),
        ("epochs=3 4", "no value"),
        ("epochs=3\nbatch = 4", "no value"),
        ("epochs=(", "no value"),
        ("data=imagenet", "one of"),
        ("epochs=99999999999999999999", ""),
        ("optimizer.lr=1/0", "divides by zero"),
        ("data.path=x", ""),
        ("data.augment=[mixup, crop]", "come last"),
        ("data.augment=[cutout(sise = 3)]", "did you mean `size`?"),
        ("data.augment.crop=3", "no settings of its own"),
        ("optimizer.nesterov=true", "optimizer.nesterov: Nesterov momentum needs a `momentum`"),
        ("optimizer.nesterov=1", "`true` or `false`"),
        ("optimizer=adamv", "did you mean `adam`?"),
        ("optimizer=3", "one of sgd, adam"),
        ("optimizer.lr.x=3", "`lr` has no settings of its own"),
        ("schedule.warmup=fast", "not known"),
        ("schedule.every=3", "its words are warmup, lr_min"),
        ("schedule.milestones=[3]", "its words are warmup, lr_min"),
        ("schedule=multi_step", "`milestones` is missing"),
        ("schedule=multi_step([2, 1])", "above the one before"),
        ("data.augment=flip", "is a list"),
        ("data.augment=[flop]", "did you mean `flip`?"),
        ("data.resize=16", "as in `96x96`"),
        ("ema=yes", ""),
        ("precise_bn=0.5", "whole number"),
        ("label_smoothing=2", "between 0 and 1"),
        ("name=x", "there is no `name`"),
    ],
)
def test_wrong_sets(change: str, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        recipe_with(Recipe(), [change])
    assert says in str(raised.value)


def test_studies() -> None:
    spaces = (
        "space A {\ninput = 3x8x8\nbody { block = plain\nstage s1 { d = 1, w ~ choice(8, 16) } }\n}"
    )
    good = "study s { spaces = [A]\nrecipe = r\nsamples = 5 }\nrecipe r { epochs = 1 }"
    of = module(f"{spaces}\n{good}")
    assert check_declaration(of, of.declared("study")[0]).sound
    marked(f"{spaces}\n{good.replace('[A]', '[«B»]')}", "unknown_name")
    marked(f"{spaces}\n{good.replace('[A]', '«A»')}", "wrong_value")
    marked(f"{spaces}\n{good.replace('recipe = r', 'recipe = «A»')}", "unknown_name")
    marked(f"{spaces}\n{good.replace('study s', '«study s»').replace('recipe = r', '')}", "missing")


def test_augmentation_is_a_list_of_words_and_calls() -> None:
    made = recipe(
        """
size = 8
soft = mixup(alpha = 0.4)
recipe r {
  data = cifar10(
    augment = [
      crop(padding = size // 2), flip, cutout(size), color_jitter(hue = 0.1),
      randaugment(3, magnitude = 12), resized_crop(scale = 1/2), cutmix, soft,
    ]
  )
}"""
    )
    assert made.data.augment == (
        Crop(padding=4),
        Flip(),
        Cutout(size=8),
        ColorJitter(hue=Fraction(1, 10)),
        RandAugment(num_ops=3, magnitude=12),
        ResizedCrop(scale=Fraction(1, 2)),
        CutMix(),
        MixUp(alpha=Fraction(2, 5)),
    )
    assert recipe("recipe r { data = digits(augment = []) }").data.augment == ()


STUDY = """space A {
input = 3x8x8
body { block = resnext, b = 1
stage s[1..2] { d ~ uniform(1..2), w ~ choice(8, 16), g ~ choice(1, 2) } }
require flops in 1K..1M
}
space B extends A { require shared(g) }
net N { input = 3x8x8, body { block = plain, stage s1 { d = 1, w = 8 } } }
recipe r { epochs = 1 }
study s {
recipe = r
%s
}"""


def test_words_of_studies() -> None:
    words = "spaces = [A]\nfactorial = [d, w]\npaired = true\nreplicas = 3\nbudget = 50T\nseed = 4"
    of = module(STUDY % words)
    study = check_declaration(of, of.declared("study")[0]).value
    assert isinstance(study, Study)
    assert (study.factorial, study.paired, study.replicas) == (("d", "w"), True, 3)
    assert (study.budget, study.seed, study.samples) == (50 * 10**12, 4, 100)
    plain = module(STUDY % "spaces = [A, B]")
    study = check_declaration(plain, plain.declared("study")[0]).value
    assert isinstance(study, Study)
    assert (study.factorial, study.paired, study.replicas) == ((), False, 1)
    assert study.budget is None


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("spaces = ‹[A, B]›\nfactorial = «[b, d]»", "wrong_value"),
        ("spaces = [A]\nfactorial = [w, «x»]", "wrong_value"),
        ("spaces = [A]\nfactorial = «[]»", "wrong_value"),
        ("spaces = [A]\nfactorial = «[w, d, w]»", "duplicate"),
        ("spaces = ‹[N]›\nfactorial = «[w]»", "wrong_value"),
        ("spaces = ‹[A]›\npaired = «true»", "wrong_value"),
        ("spaces = [A, «A»]", "duplicate"),
        ("spaces = «[]»", "missing"),
        ("spaces = [A]\nreplicas = «0»", "wrong_value"),
        ("spaces = [A]\nbudget = «0»", "wrong_value"),
        ("spaces = [A]\nbudget = «1/2»", "wrong_value"),
        ("spaces = [A]\nbudgets = 4", "unknown_name"),
    ],
)
def test_words_of_studies_that_don_t_go_together(words: str, kind: str) -> None:
    marked(STUDY % words.replace("budgets", "«budgets»"), kind)


def test_a_factorial_over_one_space_may_be_paired() -> None:
    of = module(STUDY % "spaces = [A]\nfactorial = [w, d]\npaired = true")
    assert check_declaration(of, of.declared("study")[0]).sound


def test_a_cell_that_no_design_is_in() -> None:
    """b is one value for all stages, so that no design breaks shared(b)."""
    text = STUDY % "spaces = [A]\nfactorial = [d, «b»]"
    found = marked(text.replace("b = 1\n", "b = ‹1›\n"), "impossible_space")
    assert "not shared(b)" in found.message


def test_a_factorial_without_a_range_of_flops() -> None:
    text = STUDY.replace("require flops in 1K..1M", "require flops <= 1M")
    found = marked(text % "spaces = ‹[A]›\nfactorial = «[w]»", "wrong_value")
    assert found.help == "`require flops in a..b` in A"
