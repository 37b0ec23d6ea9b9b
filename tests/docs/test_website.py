"""The hooks of the site; that its links lead somewhere is for `mkdocs build --strict`."""

from __future__ import annotations

import importlib.util
from types import ModuleType, SimpleNamespace

import pytest
from mkdocs.exceptions import PluginError

from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def website() -> ModuleType:
    found = importlib.util.spec_from_file_location("website", ROOT / "docs" / "website.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def page(path: str) -> SimpleNamespace:
    return SimpleNamespace(file=SimpleNamespace(src_uri=path))


@pytest.mark.parametrize(
    ("at", "written", "leads"),
    [
        ("index.md", "docs/how-to/draw.md#a", "how-to/draw.md#a"),
        ("index.md", "docs/notebook.ipynb", "notebook.md"),
        ("how-to/draw.md", "../pictures/x.svg", "../pictures/x.svg"),
        ("how-to/draw.md", "../../README.md", "../index.md"),
        ("recipes.md", "../specs/d2l/basic.anynet", "specs/d2l/basic.md"),
        ("specs.md", "specs/d2l/basic.md", "specs/d2l/basic.md"),
        ("words.md", "#rules", "#rules"),
        ("words.md", "https://example.org/a", "https://example.org/a"),
    ],
)
def test_links_lead_to_pages(website: ModuleType, at: str, written: str, leads: str) -> None:
    assert website.on_page_markdown(f"[a]({written})", page(at)) == f"[a]({leads})"


def test_the_name_of_a_file_is_the_title_of_its_block(website: ModuleType) -> None:
    text = website.on_page_markdown("```anynet net.anynet error\nanynet 1\n```\n", page("a.md"))
    assert text == '```anynet title="net.anynet"\nanynet 1\n```\n'


@pytest.mark.parametrize(
    "loads",
    [
        '<script src="https://example.org/a.js"></script>',
        "<img alt=a src='//example.org/a.png'>",
        '<link rel="stylesheet" href="https://example.org/a.css">',
    ],
)
def test_nothing_is_loaded_from_elsewhere(website: ModuleType, loads: str) -> None:
    with pytest.raises(PluginError, match=r"example\.org"):
        website.on_post_page(f"<p>{loads}</p>", page("a.md"))
    own = '<a href="https://example.org">a</a><script src="a.js"></script>'
    assert website.on_post_page(own, page("a.md")) == own
