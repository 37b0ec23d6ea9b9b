"""Each feature, on files with letters that are two units of UTF-16."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import MAIN, MINE
from tests.lsp.editor import ROOT, Client, Editor, applied

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_diagnostics_say_what_lint_says_as_one_types(main: Editor) -> None:
    found = await main.insert("base }\n    stage", "basse * ")
    assert [(d.severity, d.code, main.read(d.range)) for d in found] == [
        (types.DiagnosticSeverity.Error, "unknown_name", "basse")
    ]
    assert "did you mean `base`?" in found[0].message
    found = await main.replace("base }\n    stage", "basse * ", "4 * ")
    assert [(d.code, main.read(d.range)) for d in found] == [("nondecreasing_width", "wide")]
    assert found[0].severity == types.DiagnosticSeverity.Warning
    related = found[0].related_information
    assert related is not None
    assert main.read(related[0].location.range) == "4 * base"
    assert found[0].code_description is not None
    assert found[0].code_description.href.endswith("rules.md#nondecreasing_width")


async def test_places_behind_astral_letters(main: Editor) -> None:
    found = await main.replace(" * 10K", "base", "bass")
    assert [main.read(d.range) for d in found] == ["bass"]
    line = main.text.splitlines()[found[0].range.start.line]
    assert found[0].range.start.character == line.index("bass") + 2  # two letters of two units


async def test_a_stale_result_is_never_said(main: Editor) -> None:
    before = len(main.client.published)
    for number in range(20):
        main.send(f"{MAIN}nett {number} {{}}\n")
    assert await main.type(MAIN) == []
    said = main.client.published[before:]
    assert len(said) < 10
    assert [d.version for d in said] == sorted(d.version or 0 for d in said)


async def test_unsaved_text_of_an_imported_file_counts(
    main: Editor, client: Client, folder: Path
) -> None:
    mine = Editor(client, folder / "parts" / "mine.anynet")
    await mine.open(MINE)
    waiting = main.checked(lambda: mine.send(MINE.replace("wide =", "broad =")))
    found = await waiting
    assert [(d.code, main.read(d.range)) for d in found][:1] == [("import_failed", "wide")]
    assert await main.checked(lambda: mine.send(MINE)) == []
    found = await main.checked(lambda: mine.send(MINE.replace("-> bn -> act\n", "-> bnn\n")))
    assert [main.read(d.range) for d in found] == ['"parts/mine.anynet"']
    assert await main.checked(lambda: mine.send(MINE)) == []
    assert "workspace/codeLens/refresh" in client.asked
    await mine.close()


async def test_hover_on_settings(main: Editor) -> None:
    text = await main.hover("d = |1, w = base")
    assert text == ""
    text = await main.hover("|w = base }\n  body")
    assert "output channels" in text
    assert "*w_i* in the RegNet paper" in text
    assert "between 1 and 1,048,576" in text
    assert "here `16`, from line 6" in text or "here `16`, from line 11" in text
    text = await main.hover("r|atio = 2")
    assert "here `2`, from line 14" in text
    assert "here `3`, from line 24" in await main.hover("|d = 3")
    assert "here `2`, from line 27" in await main.hover("ep|ochs")
    assert "`128` if not given" in (await main.complete("|epochs = 2"))["batch"].documentation.value
    assert "here `3x32x32`, from line 10" in await main.hover("in|put")


async def test_hover_on_names(main: Editor) -> None:
    text = await main.hover("fan|cy\n    ratio")
    assert "fancy(w, s = 1, ratio = 1, act = relu)" in text
    assert "Mine, with 🧱." in text
    assert "base = 16" in await main.hover("ba|se * 10K")
    assert "multiply-adds" not in await main.hover("par|ams <=")
    assert "parameters" in await main.hover("par|ams <=")
    assert "592 KFLOPs, 24.8 K parameters" in await main.hover("extends Fir|st")
    assert "60,000 colour" in await main.hover("cif|ar10")
    assert "height x width" in await main.hover("res|ize")
    assert "-> 16x" in await main.hover("stage s|1")


async def test_hover_where_nothing_is_resolved(client: Client, folder: Path) -> None:
    spec = Editor(client, folder / "spaces.anynet")
    await spec.open(
        "anynet 1\nspace S {\n  input = 3x32x32\n  body {\n    block = resnext\n"
        "    stage s[1..2] { d ~ uniform(1..4), w = 32, g = 8 }\n  }\n}\n"
        "space T extends S { body { b = 2, stage s1 { d = 2 } } }\n"
        "net G { input = 3x32x32, body { block = resnext, g = 8,\n"
        "  stages quantized_linear { d = 4, w0 = 24, wa = 8, wm = 2.5 } } }\n"
        "net Broken { input = 3x32x32, body { block = resnext, g = what, stage t { d = 1 } } }\n"
    )
    assert "here drawn from `uniform(1..4)`, from line 6" in await spec.hover("|d ~")
    assert "here `2`, from line 9" in await spec.hover("|b = 2")
    assert "here `2.5`, from line 11" in await spec.hover("w|m")
    assert "here `4`, from line 11" in await spec.hover("|d = 4")
    assert "here `what`, from line 12" in await spec.hover("|g = what")
    await spec.close()


async def test_hover_on_operations_and_waivers(client: Client, folder: Path) -> None:
    mine = Editor(client, folder / "parts" / "mine.anynet")
    await mine.open(
        MINE + "net N {\n  input = 3x8x8\n  body { block = plain, stage a { d = 1, w = 32 }, "
        'stage b { d = 1, w = 16 } }\n  waive nondecreasing(w) because "🎈"\n'
        '  waive no_such because "x"\n}\n'
    )
    text = await mine.hover("co|nv(w")
    assert "conv(w, k, s = 1" in text
    assert "torch.nn.Conv2d" in text
    assert "- `k`: side of the kernel; whole number" in text
    assert "side of the kernel" in await mine.hover("k| = 3, s = s")
    assert "block fancy(w, s = 1" in await mine.hover("rat|io\n")
    assert (await mine.hover("nonde|creasing(w)")).startswith("**nondecreasing_width** (")
    await mine.close()


async def test_completion_of_settings_and_kinds(main: Editor) -> None:
    stage = await main.complete("stage s1 { |d")
    assert {"d", "w", "s", "ratio", "act", "block"} <= set(stage)
    assert "epochs" not in stage
    assert stage["ratio"].detail == "ratio = 1"
    net = await main.complete("|require depth")
    assert {"stem", "body", "head", "require", "prefer", "waive", "input"} <= set(net)
    assert net["body"].insert_text_format == types.InsertTextFormat.Snippet
    top = await main.complete("|recipe quick")
    assert {"net", "space", "block", "recipe", "study", "from"} <= set(top)
    recipe = await main.complete("|epochs = 2")
    assert {"data", "optimizer", "schedule", "ema"} <= set(recipe)


async def test_completion_of_values(main: Editor) -> None:
    blocks = await main.complete("block = |fancy")
    assert {"fancy", "resnext", "plain"} <= set(blocks)
    assert "conv" not in blocks
    assert {"digits", "cifar10"} == set(await main.complete("data = |cif")) & {
        "digits",
        "cifar10",
        "sgd",
    }
    assert {"resize", "augment"} <= set(await main.complete("cifar10(|resize"))
    rules = await main.complete("require |depth")
    assert {"shared", "nondecreasing", "flops", "params"} <= set(rules)
    assert {"First", "Second"} <= set(await main.complete("extends |First"))
    await main.insert("fancy, wide", "i, ")
    assert set(await main.complete("import |i")) == {"fancy", "wide"}
    await main.replace("fancy, wide", "i, ", "")
    assert "wide" in await main.complete("fancy, |wide")
    paths = await main.complete('from "parts|/')
    assert "parts/mine.anynet" in paths
    assert "std:regnet/regnetx" in paths


async def test_completion_and_hover_of_changes(main: Editor) -> None:
    data = "cifar10(resize = 32x32, augment = [crop(padding = 4), fl"
    await main.type(MAIN.replace("cifar10(resize = 32x32", data))
    changes = await main.complete("[|crop(")
    assert {"crop", "flip", "mixup"} <= set(changes)
    assert changes["mixup"].detail == "mixup(alpha = 0.2)"
    assert "padding" in await main.complete("crop(|padding")
    assert "pads with black" in (await main.hover("[cr|op(")).lower()


async def test_completion_in_half_written_text(main: Editor) -> None:
    await main.type(MAIN.replace("    stage s2 { d = 2, w = wide }", "    stage s2 { d = 2, "))
    assert {"w", "ratio"} <= set(await main.complete("stage s2 { d = 2, |"))
    await main.type(MINE + "block b(w) {\n  out = x -> \n}\n")
    assert {"conv", "bn", "fancy", "when"} <= set(await main.complete("out = x -> |\n"))
    await main.type(MINE + "space S { body { stage s { d ~ \n")
    assert {"uniform", "log_uniform", "normal", "choice"} == set(await main.complete("d ~ |\n"))
    await main.type("anynet 1\nnet N {\n  waive \n}\n")
    assert {"nondecreasing_width", "shared"} <= set(await main.complete("waive |\n"))
    await main.type("anynet 1\n# ne\n")
    assert await main.complete("# ne|") == {}


async def test_signature_help(main: Editor) -> None:
    found = await main.client.text_document_signature_help_async(
        types.SignatureHelpParams(main.it, main.at("cifar10(resize = |32"))
    )
    assert found is not None
    assert found.signatures[0].label == "cifar10(resize, augment)"
    assert found.active_parameter == 0


async def test_definition_across_imports(main: Editor, folder: Path) -> None:
    found = await main.definition("block = fan|cy")
    assert found is not None
    assert found.uri == (folder / "parts" / "mine.anynet").as_uri()
    assert found.range.start == types.Position(5, 6)
    found = await main.definition('"parts/mi|ne')
    assert found is not None
    assert found.uri.endswith("mine.anynet")
    found = await main.definition("ra|tio = 2")
    assert found is not None
    assert MINE.splitlines()[found.range.start.line][found.range.start.character :].startswith(
        "ratio = 1"
    )
    found = await main.definition("stage s|2 { d = 3")
    assert found is not None
    assert found.range.start.line == 15
    assert await main.definition("ep|ochs") is None


async def test_definition_of_shipped_blocks(client: Client) -> None:
    digits = Editor(client, ROOT / "specs" / "d2l" / "regnetx32.anynet")
    await digits.open()
    found = await digits.definition("res|next")
    assert found is not None
    assert found.uri == (ROOT / "specs" / "std" / "blocks.anynet").as_uri()
    for refused in ("res|next", "inp|ut"):
        with pytest.raises(JsonRpcException, match=r"ships with anydsl|word of the language"):
            await digits.rename(refused, "other")
    await digits.close()


async def test_references_and_highlights(main: Editor, folder: Path) -> None:
    found = await main.references("ba|se = 16")
    assert [main.read(one.range) for one in found] == ["base"] * 4
    mine = (folder / "parts" / "mine.anynet").as_uri()
    found = await main.references("wi|de }")
    assert sorted({one.uri for one in found}) == sorted({main.uri, mine})
    marks = await main.client.text_document_document_highlight_async(
        types.DocumentHighlightParams(main.it, main.at("ba|se = 16"))
    )
    assert marks is not None
    assert len(marks) == 4


async def test_rename_across_files(main: Editor, folder: Path) -> None:
    changes = await main.rename("wi|de }", "broad")
    mine = (folder / "parts" / "mine.anynet").as_uri()
    assert applied(MINE, changes[mine]) == MINE.replace("wide", "broad")
    assert applied(MAIN, changes[main.uri]) == MAIN.replace("wide", "broad")
    changes = await main.rename("ba|se * 10K", "start")
    assert applied(MAIN, changes[main.uri]) == MAIN.replace("base", "start")
    changes = await main.rename("rat|io", "shrink")
    assert applied(MINE, changes[mine]) == MINE.replace("ratio", "shrink")
    assert applied(MAIN, changes[main.uri]) == MAIN.replace("ratio", "shrink")
    changes = await main.rename("s|2 { d = 3", "last")
    assert applied(MAIN, changes[main.uri]) == MAIN.replace("s2", "last")


@pytest.mark.parametrize("new", ["2x", "wide", "resnext", "conv", "from", "a b", "First", ""])
async def test_rename_refuses_a_name_that_is_taken_or_none(main: Editor, new: str) -> None:
    with pytest.raises(JsonRpcException, match=r"no name|already"):
        await main.rename("ba|se = 16", new)
    with pytest.raises(JsonRpcException, match="same in every block"):
        await main.rename("|w = wide", "width")


TWO_BLOCKS = """anynet 1

block one(w, s = 1, k = 1) { out = x -> conv(w, k = k, s = s) }
block two(w, s = 1, k = 1) { out = x -> conv(w, k = k, s = s) }

net N {
  input = 3x8x8
  body {
    k = 3
    stage a { block = one, d = 1, w = 8 }
    stage b { block = two, d = 1, w = 8 }
  }
}
"""


async def test_rename_refuses_what_would_change_a_net(client: Client, folder: Path) -> None:
    spec = Editor(client, folder / "two.anynet")
    assert await spec.open(TWO_BLOCKS) == []
    for block in ("block one", "block two"):
        with pytest.raises(JsonRpcException, match="that would change `N`"):
            await spec.rename("|k = 1)", "kernel", block)
    await spec.close()


async def test_formatting(main: Editor) -> None:
    await main.type(MAIN.replace("  stem { w = base }", "     stem {w=base}  # 🧪"))
    params = types.DocumentFormattingParams(main.it, types.FormattingOptions(2, True))
    edits = await main.client.text_document_formatting_async(params)
    assert edits is not None
    assert len(edits) == 1
    assert applied(main.text, edits) == MAIN.replace(
        "3x32x32  # 🖼️\n  stem { w = base }", "3x32x32    # 🖼️\n  stem { w = base }  # 🧪"
    )
    await main.type(MAIN + "net {\n")
    assert await main.client.text_document_formatting_async(params) is None


async def test_outline_and_folding(main: Editor) -> None:
    symbols = await main.client.text_document_document_symbol_async(
        types.DocumentSymbolParams(main.it)
    )
    assert symbols is not None
    assert [s.name for s in symbols] == ["base", "First", "Second", "quick"]
    first = symbols[1]
    assert isinstance(first, types.DocumentSymbol)
    assert first.children is not None
    assert [s.name for s in first.children] == ["stem", "body", "head"]
    assert [s.name for s in first.children[1].children or ()] == ["s1", "s2"]
    await main.type(
        MAIN.replace("# 🧪", "# one\n# two\n# 🧪").replace(
            "base =", 'from "std:regnet/regnetx" import RegNetX_200MF\nbase ='
        )
    )
    folds = await main.client.text_document_folding_range_async(types.FoldingRangeParams(main.it))
    assert folds is not None
    kinds = {(f.kind, f.start_line, f.end_line) for f in folds}
    assert ("comment", 2, 4) in kinds
    assert ("imports", 5, 7) in kinds
    assert any(
        kind is None and main.text.splitlines()[a].startswith("net First") for kind, a, _ in kinds
    )


async def test_semantic_tokens(main: Editor) -> None:
    offered = main.client.offered.semantic_tokens_provider
    assert offered is not None
    legend = offered.legend.token_types
    found = await main.client.text_document_semantic_tokens_full_async(
        types.SemanticTokensParams(main.it)
    )
    assert found is not None
    line = character = 0
    seen: dict[str, set[str]] = {}
    for i in range(0, len(found.data), 5):
        step, across, length, kind, _ = found.data[i : i + 5]
        line, character = line + step, (0 if step else character) + across
        at = types.Range(types.Position(line, character), types.Position(line, character + length))
        seen.setdefault(legend[kind], set()).add(main.read(at))
    assert {"anynet", "from", "import", "net", "stem", "body", "stage", "require"} <= seen[
        "keyword"
    ]
    assert {"w", "d", "ratio", "input", "classes", "epochs", "s1"} <= seen["property"]
    assert {"First", "Second"} == seen["class"]
    assert {"fancy"} <= seen["function"]
    assert {"16", "3x32x32", "10K"} <= seen["number"]
    assert {"base", "wide"} <= seen["variable"]
    assert '"🎯🎯"' in seen["string"]
    assert "# 🧪 beyond the basic plane 🧪" in seen["comment"]


async def test_hints_and_lenses(main: Editor) -> None:
    hints = await main.hints()
    assert hints[15].startswith("-> 16x8x8, ")
    assert hints[15].endswith("FLOPs")
    assert hints[16].startswith("-> 48x4x4, ")
    lenses = await main.client.text_document_code_lens_async(types.CodeLensParams(main.it))
    assert lenses is not None
    first = [lens.command for lens in lenses if lens.range.start.line == 8]
    assert [c.command for c in first if c] == ["anydsl.show", "anydsl.compile", "anydsl.train"]
    assert first[0] is not None
    assert first[0].title.endswith("parameters")
    assert list(first[0].arguments or ()) == [str(main.path), "First"]


async def test_hints_of_generated_and_counted_stages(client: Client, folder: Path) -> None:
    spec = Editor(client, folder / "generated.anynet")
    await spec.open(
        "anynet 1\n\nnet G {\n  input = 3x224x224\n  stem { w = 32 }\n  body {\n"
        "    block = resnext, g = 8, se = 1/4\n"
        "    stages quantized_linear { d = 16, w0 = 48, wa = 27.89, wm = 2.09 }\n  }\n"
        "  head { classes = 1000 }\n}\n"
        "net C {\n  input = 3x64x64\n  body {\n    block = resnext, g = 16\n"
        "    stage s[1..2] { d = 1, w = 80 }\n  }\n}\n"
    )
    hints = await spec.hints()
    assert hints[8] == "-> d 1, 3, 6, 6; w 48, 104, 208, 440"
    assert hints[16].startswith("-> s1 80x32x32, 5 groups, ")
    assert "; s2 80x16x16, 5 groups, " in hints[16]
    await spec.close()


WIDTH = """anynet 1

net Odd {{
  input = 3x32x32  # 🧪
  body {{
    block = resnext, g = 8
    stage s1 {{ d = 2, w = {0} }}
    stage s2 {{ d = 2, w = {1} }}
  }}
}}
"""


async def test_quick_fixes(client: Client, folder: Path) -> None:
    spec = Editor(client, folder / "odd.anynet")
    (found,) = await spec.open(WIDTH.format(20, 24))
    actions = await spec.actions(found.range)
    fixes = [a for a in actions if a.kind == types.CodeActionKind.QuickFix]
    assert [a.title for a in fixes] == [
        "Set `w` to 16 (changes the design)",
        "Set `w` to 24 (changes the design)",
    ]
    assert fixes[0].edit is not None
    assert fixes[0].edit.changes is not None
    text = applied(spec.text, fixes[0].edit.changes[spec.uri])
    assert text == WIDTH.format(16, 24)
    assert await spec.type(text) == []
    await spec.close()


async def test_all_safe_fixes_at_once(client: Client, folder: Path) -> None:
    spec = Editor(client, folder / "bare.anynet")
    (found,) = await spec.open("width = 3\n")
    (action,) = await spec.actions(found.range, "source.fixAll")
    assert action.kind == "source.fixAll.anydsl"
    assert action.edit is not None
    assert action.edit.changes is not None
    assert applied(spec.text, action.edit.changes[spec.uri]) == "anynet 1\n\nwidth = 3\n"
    (quick,) = await spec.actions(found.range, "quickfix")
    assert quick.is_preferred
    await spec.close()


async def test_waiving_with_a_reason(client: Client, folder: Path) -> None:
    spec = Editor(client, folder / "waived.anynet")
    (found,) = await spec.open(WIDTH.format(32, 24))
    waivers = [a for a in await spec.actions(found.range) if a.title.startswith("Waive")]
    assert [a.title for a in waivers] == ["Waive `nondecreasing(w)` with a reason"]
    assert waivers[0].edit is not None
    assert waivers[0].edit.changes is not None
    text = applied(spec.text, waivers[0].edit.changes[spec.uri])
    assert text.endswith('  }\n  waive nondecreasing(w) because "why"\n}\n')
    assert await spec.type(text) == []
    await spec.close()


UNUSED = """anynet 1

from "std:regnet/regnetx" import RegNetX_200MF

block mine(w) { out = x -> plain(w) }
"""


async def test_unused_things_are_greyed_and_fixed(client: Client, folder: Path) -> None:
    spec = Editor(client, folder / "unused.anynet")
    found = [d for d in await spec.open(UNUSED) if d.code == "unused_import"]
    assert [list(d.tags or ()) for d in found] == [[types.DiagnosticTag.Unnecessary]]
    (action,) = await spec.actions(found[0].range, "source.fixAll.anydsl")
    assert action.edit is not None
    assert action.edit.changes is not None
    text = applied(spec.text, action.edit.changes[spec.uri])
    assert text == "anynet 1\n\nblock mine(w) { out = x -> plain(w) }\n"
    assert [d.code for d in await spec.type(text)] in ([], ["unused_block"])
    await spec.close()


async def test_the_configuration_counts(client: Client, folder: Path) -> None:
    inner = folder / "configured"
    inner.mkdir()
    spec = Editor(client, inner / "spec.anynet")
    assert [d.code for d in await spec.open(WIDTH.format(32, 24))] == ["nondecreasing_width"]
    toml = inner / "pyproject.toml"

    def told() -> None:
        change = types.FileEvent(toml.as_uri(), types.FileChangeType.Changed)
        client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))

    toml.write_text('[tool.anydsl]\nignore = ["nondecreasing_width"]\n', encoding="utf-8")
    assert await spec.checked(told) == []
    complaints = len(client.messages)
    toml.write_text('[tool.anydsl]\nignore = ["no_such_rule"]\n', encoding="utf-8")
    assert [d.code for d in await spec.checked(told)] == ["nondecreasing_width"]
    assert "no_such_rule" in client.messages[complaints].message
    toml.unlink()
    assert [d.code for d in await spec.checked(told)] == ["nondecreasing_width"]
    await spec.close()


async def test_a_word_of_a_recipe_that_is_an_operation_elsewhere(
    client: Client, folder: Path
) -> None:
    spec = Editor(client, folder / "linear.anynet")
    await spec.open("anynet 1\n\nrecipe r {\n  schedule = linear(lr_min = 1/100)\n}\n")
    assert "straight line" in await spec.hover("lin|ear")
    assert {"warmup", "lr_min"} <= set(await spec.complete("linear(|lr_min"))
    await spec.close()


async def test_waiving_in_a_recipe(client: Client, folder: Path) -> None:
    spec = Editor(client, folder / "recipe.anynet")
    text = "anynet 1\n\nrecipe big {\n  batch = 4096\n  optimizer = sgd(lr = 0.05)\n}\n"
    found = await spec.open(text)
    assert [d.code for d in found] == ["learning_rate"]
    (action,) = [a for a in await spec.actions(found[0].range) if a.title.startswith("Waive")]
    assert action.edit is not None
    assert action.edit.changes is not None
    text = applied(spec.text, action.edit.changes[spec.uri])
    assert 'waive learning_rate because "why"\n}' in text
    assert await spec.type(text) == []
    await spec.close()
