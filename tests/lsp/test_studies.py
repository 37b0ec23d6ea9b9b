"""What an editor is told about the words of a study."""

from __future__ import annotations

import pytest

from tests.lsp.conftest import MAIN
from tests.lsp.editor import Editor

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_completion_of_what_a_study_compares(main: Editor) -> None:
    space = "space S { input = 3x32x32, body { block = fancy, stage s1 { d = 1, w = 8 } } }\n"
    await main.type(
        f"{MAIN}{space}study s {{\n  spaces = [S]\n  recipe = quick\n  factorial = [w]\n"
        "  paired = true\n}\n"
    )
    assert {"S"} <= set(await main.complete("spaces = [|S"))
    assert "quick" not in await main.complete("spaces = [|S")
    assert {"quick"} <= set(await main.complete("recipe = |quick"))
    assert {"b", "g", "w", "d"} <= set(await main.complete("factorial = [|w"))
    assert not {"quick", "S"} & set(await main.complete("factorial = [|w"))
    assert {"true", "false"} <= set(await main.complete("paired = |true"))
    assert {"budget", "replicas", "samples"} <= set(await main.complete("|factorial = ["))
