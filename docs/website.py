"""What MkDocs is told of this repository: hooks, named in `mkdocs.yml`.

- README.md is the first page, CHANGELOG.md, the notebook and every shipped spec are pages, too;
- a link to any of these leads to its page;
- the name of a file behind a fence, which tests of the examples read, is the block's title;
- a page that would load something from another machine ends the build.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from anydsl.design.modules import DECLARED, Library

ROOT = Path(__file__).parents[1]
SPECS = sorted(
    (path.relative_to(ROOT) for path in (ROOT / "specs").rglob("*.anynet")),
    key=lambda path: (path.parent, path.name),
)
# Pages that don't stand in docs/, by their file.
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "docs/notebook.ipynb": "notebook.md",
} | {spec.as_posix(): spec.with_suffix(".md").as_posix() for spec in SPECS}
SOURCES = {page: file for file, page in PAGES.items()}
FENCE = re.compile(r"^(`{3,})(\w+) ([\w.-]+)[^\n]*$", re.M)
LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)\s]*)?\)")
FOREIGN = re.compile(
    r"<(?:script|img|iframe|link(?![^>]*canonical))\b[^>]*(?:src|href)=[\"']?(?:https?:)?//[^>]*>"
)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages whose files stand elsewhere."""
    for file, page in PAGES.items():
        files.append(File.generated(config, page, content=_page(ROOT / file)))
    files.append(File.generated(config, "specs.md", content=_joined(_specs())))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Titles of blocks, and links that lead to pages."""
    home = PurePosixPath(page.file.src_uri)

    def linked(match: re.Match[str]) -> str:
        target, anchor = match.groups("")
        stands = PurePosixPath(SOURCES.get(str(home), f"docs/{home}")).parent
        file = os.path.normpath(stands / target)
        leads = PAGES.get(file) or os.path.relpath(file, "docs")
        return f"]({os.path.relpath(leads, home.parent)}{anchor})"

    return LINK.sub(linked, FENCE.sub(r'\1\2 title="\3"', markdown))


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Leave what stands under each rule out of the contents of their page."""
    if page.file.src_uri == "rules.md":
        for heading in page.toc.items[0].children:
            heading.children.clear()
    return html


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """See that readers stay among themselves."""
    if foreign := FOREIGN.search(output):
        raise PluginError(f"{page.file.src_uri} loads from another machine: {foreign[0]}")
    return output


def _page(file: Path) -> str:
    match file.suffix:
        case ".anynet":
            text = file.read_text(encoding="utf-8")
            return f"# `{_name(file.relative_to(ROOT))}`\n\n```anynet\n{text}```\n"
        case ".ipynb":
            return _joined(_notebook(file))
        case _:
            return file.read_text(encoding="utf-8")


def _joined(paragraphs: Iterable[str]) -> str:
    return "\n\n".join(paragraphs) + "\n"


def _specs() -> Iterator[str]:
    """The paragraphs of the list of shipped specs."""
    yield "# Shipped specs"
    yield (
        "Each is as near as its name: `anydsl show std:regnet/regnetx::RegNetX_200MF`. What "
        "`std:std/` has is in scope everywhere."
    )
    reader = Library()
    for folder, specs in groupby(SPECS, key=lambda spec: spec.parent):
        if folder.name != "specs":
            yield f"## {folder.name}"
        for spec in specs:
            blocks = reader.module(str(ROOT / spec)).declared(*DECLARED)
            names = ", ".join(f"`{block.label.name.text}`" for block in blocks if block.label)
            yield f"- [`{_name(spec)}`]({PAGES[spec.as_posix()]}): {names}"


def _notebook(file: Path) -> Iterator[str]:
    """The paragraphs of a notebook, with what its cells show."""
    for cell in nbformat.read(file, as_version=4).cells:
        if cell.cell_type == "markdown":
            yield cell.source
            continue
        language = "anynet" if cell.source.startswith("%%writefile") else "python"
        yield f"```{language}\n{cell.source}\n```"
        for output in cell.outputs:
            if "text" in output:
                yield f"```text\n{output.text}```"
            elif "text/html" in output.data:
                yield f'<div class="shown">{output.data["text/html"]}</div>'
            else:
                yield f"```text\n{output.data['text/plain']}\n```"


def _name(spec: Path) -> str:
    return f"std:{spec.relative_to('specs').with_suffix('').as_posix()}"
