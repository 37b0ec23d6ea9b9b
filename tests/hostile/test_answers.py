"""Each hostile spec is refused by the command that it is for, and no command breaks on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, run
from tests.hostile.asking import STORED, commands, names, refuses, spec
from tests.hostile.made import MADE

__all__ = ["run"]

QUICK = [name for name in names() if not name.startswith("full_of")]
"""Those that take a second are asked about by `test_measured`."""


def test_there_are_sixty() -> None:
    assert len(list(STORED.glob("*.anynet"))) >= 60
    assert max(path.stat().st_size for path in STORED.glob("*.anynet")) < 40_000
    assert not {path.stem for path in STORED.glob("*.anynet")} & MADE.keys()


@pytest.mark.parametrize("name", QUICK)
def test_it_is_refused(name: str, run: Run, tmp_path: Path) -> None:
    path = spec(name, tmp_path)
    argv = commands(name, path)[refuses(name)]
    ran = run(*argv)
    assert ran.status in (1, 2)
    assert "error" in ran.out + ran.err or "warning" in ran.out
    assert "\x1b" not in ran.err  # what a spec says commands no terminal


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ten_megabytes_of_commas", "beyond the limit of 1,048,576 bytes"),
        ("a_megabyte_of_commas", "beyond the limit of 350,000 words and marks"),
        ("a_megabyte_of_newlines", "beyond the limit of 350,000 words and marks, or lines"),
        ("minus_100_000", "nested deeper than the limit of 200"),
        ("attribute_chain", "there is no"),
        ("chain_of_imports", "beyond the limit of 32 files deep"),
        ("thousands_of_imports", "beyond the limit of 256 files"),
        ("imports_of_large_files", "beyond the limit of 4,194,304 bytes in files"),
        ("imports_of_full_files", "beyond the limit of 350,000 words and marks"),
        ("ring_of_imports", "is a circle: r0.anynet -> r1.anynet"),
        ("import_of_a_pipe", "can't be read: it is not a file but a pipe"),
        ("import_passwd", "leads out of the folder of the spec"),
        ("import_upwards", "leads out of the folder of the spec"),
        ("import_upwards_std", "leads out of the folder of the spec"),
        ("link_out_of_the_folder", "leads out of the folder of the spec"),
        ("folder_that_is_a_link", "leads out of the folder of the spec"),
        ("import_of_a_device", "leads out of the folder of the spec"),
        ("block_through_three", "a block can't reach itself: a -> b -> c -> d -> a"),
        ("blocks_that_double_20", "beyond the limit of 50,000 operations"),
        ("blocks_deep", "beyond the limit of 32"),
        ("digits_5000", "beyond the limit of 9,223,372,036,854,775,807"),
        ("width_1e12", "1,048,576"),
        ("constants_deep", "constants made of constants go beyond the limit of 50\n"),
        ("chains_that_double", "this chain is beyond the limit of 1,000 operations"),
        ("label_1e9", "at most 1,000 stages"),
        ("depth_1e9", "between 1 and 10,000"),
        ("generator_depth_1e9", "between 1 and 10,000"),
        ("input_huge", "between 1 and 65,536"),
        ("arguments_1000", "more than 1,000 values, which is the limit"),
        ("braces_100_000", "the limit of 100"),
        ("many_parents", "this chain is beyond the limit of 64\n"),
        ("many_stages", "beyond the limit of 10,000 stages"),
        ("many_blocks", "beyond the limit of 50,000 blocks"),
        ("many_operations", "beyond the limit of 25,000 operations"),
        ("many_children", "beyond the limit of 10,000 stages"),
        ("widths_that_double", "`concat` makes 1572864 channels, beyond the limit of 1,048,576"),
        ("sample_never_equal", "is met too rarely to be sampled"),
    ],
)
def test_the_limit_is_named(name: str, said: str, run: Run, tmp_path: Path) -> None:
    if name not in MADE and not (STORED / f"{name}.anynet").exists():
        pytest.fail(f"there is no {name}")
    ran = run(*commands(name, spec(name, tmp_path))[refuses(name)])
    assert said in ran.out + ran.err
