"""What a stranger wrote can't command the terminal that it is shown on."""

from __future__ import annotations

from pathlib import Path

import pytest

from anydsl.language.diagnostics import visible
from tests.hostile.harming import said

_EVIL = "\x1b]0;owned\x07\x1b[31m\u202e\u2066\x9b2J\r\x08"


def test_control_characters_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = f"{_EVIL}.anynet"
    body = f'  body {{ block = "{_EVIL}" }}  # {_EVIL}\n'
    Path(name).write_text(f"anynet 1\n\nnet N {{\n  input = 1x8x8\n{body}}}\n", newline="")
    Path("runs", _EVIL).mkdir(parents=True)
    Path("runs", _EVIL, "spec.anynet").write_text("no spec")
    for command in (
        ("lint", name),
        ("lint", "--output-format", "concise", name),
        ("show", name),
        ("show", f"none{name}"),
        (_EVIL,),
        ("runs",),
        ("eval", f"runs/{_EVIL}"),
    ):
        status, text = said(*command)
        assert status in (0, 1, 2)
        assert text == visible(text), command
        assert "␛]0;owned␇␛[31m��" in text, command


def test_a_text_stays_as_long_and_as_it_is() -> None:
    assert len(visible(_EVIL)) == len(_EVIL)
    assert visible("a\tb\n中 é \U0001f600") == "a\tb\n中 é \U0001f600"
