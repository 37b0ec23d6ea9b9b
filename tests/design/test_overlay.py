"""A library that is told of texts that are not saved, and of files that change."""

from __future__ import annotations

from pathlib import Path

from anydsl.checker.engine import check_module
from anydsl.design.modules import Library


def _messages(library: Library, path: Path) -> list[str]:
    return [d.message for d in check_module(library.module(str(path)))]


def test_texts_go_before_files(tmp_path: Path) -> None:
    (tmp_path / "a.anynet").write_text('anynet 1\nfrom "b.anynet" import w\nv = w\n')
    (tmp_path / "b.anynet").write_text("anynet 1\nw = 1\n")
    texts: dict[str, str] = {}
    library = Library(texts)
    assert _messages(library, tmp_path / "a.anynet") == []
    other = str((tmp_path / "b.anynet").resolve())
    texts[other] = "anynet 1\nv = 1\n"
    assert _messages(library, tmp_path / "a.anynet") == []  # not told yet
    assert library.forget(other)
    assert _messages(library, tmp_path / "a.anynet")[:1] == [f"{tmp_path}/b.anynet declares no `w`"]
    texts.clear()
    assert library.forget(other)
    assert _messages(library, tmp_path / "a.anynet") == []


def test_what_did_not_change_is_kept(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.anynet").write_text(f"anynet 1\nn{name} = 1\n")
    (tmp_path / "b.anynet").write_text('anynet 1\nfrom "c.anynet" import nc\nnb = nc\n')
    text = (
        'anynet 1\nfrom "a.anynet" import na\nfrom "b.anynet" import nb\n'
        "block q(w) { out = x -> plain(w) }\n"
    )
    (tmp_path / "top.anynet").write_text(text)
    library = Library()
    top = library.module(str(tmp_path / "top.anynet"))
    kept = {home.source.path: home for home, _ in top.names.values()}
    standard = top.find("plain")
    assert library.forget(str((tmp_path / "c.anynet").resolve()))
    again = library.module(str(tmp_path / "top.anynet"))
    assert again is not top
    assert again.names["na"][0] is top.names["na"][0]
    assert again.names["nb"][0] is not kept[again.names["nb"][0].source.path]
    found = again.find("plain")
    assert standard is not None
    assert found is not None
    assert found[0] is standard[0]
    assert not library.forget(str(tmp_path / "other.anynet"))


def test_a_file_that_was_looked_for_in_vain(tmp_path: Path) -> None:
    (tmp_path / "a.anynet").write_text('anynet 1\nfrom "b.anynet" import w\n')
    library = Library()
    assert len(_messages(library, tmp_path / "a.anynet")) == 1
    (tmp_path / "b.anynet").write_text("anynet 1\nw = 1\n")
    assert library.forget(str((tmp_path / "b.anynet").resolve()))
    assert _messages(library, tmp_path / "a.anynet") == []
