"""Hostile specs that are too large, or too strange, to be stored: each is written when it is asked.

A function takes an empty folder, fills it and returns the spec to ask about, which lies beneath.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable
from pathlib import Path

Maker = Callable[[Path], Path]

MADE: dict[str, Maker] = {}

LIMIT = 2**20
_NET = "net {} {{\n  input = 3x32x32\n  body {{\n    block = plain\n    {}\n  }}\n}}\n"


def _made(maker: Maker) -> Maker:
    MADE[maker.__name__] = maker
    return maker


def _text(name: str, text: str | bytes | Callable[[], str]) -> None:
    def write(folder: Path) -> Path:
        written = text() if callable(text) else text
        path = folder / f"{name}.anynet"
        path.write_bytes(written.encode() if isinstance(written, str) else written)
        return path

    MADE[name] = write


def _head(body: str) -> str:
    return "anynet 1\n\n" + body


def _net(stage: str, name: str = "N") -> str:
    return _NET.format(name, stage)


def _fill(piece: str) -> str:
    """As much of a piece as fits into a file."""
    start = _head("a = ")
    return start + piece * ((LIMIT - len(start)) // len(piece.encode()))


# ------------------------------------------------------------------------------- size and depth

_text("ten_megabytes_of_commas", lambda: _head("," * 10_000_000))
_text("a_megabyte_of_commas", lambda: _fill(","))
_text("brackets_100_000", lambda: _head("a = " + "(" * 100_000 + "1" + ")" * 100_000))
_text("lists_100_000", lambda: _head("a = " + "[" * 100_000 + "]" * 100_000))
_text("braces_100_000", lambda: _head("net N { body " + "{ a " * 100_000 + "}" * 100_000))
_text("calls_100_000", lambda: _head("a = " + "relu(" * 100_000))
_text("mixed_brackets", lambda: _head("a = " + "([{" * 100_000 + "}])" * 50_000))
_text("minus_100_000", lambda: _head("a = " + "-" * 100_000 + "1"))
_text("sum_of_100_000", lambda: _head("a = " + "1 + " * 100_000 + "1"))
_text("arrows_100_000", lambda: _head("a = relu" + "\n  -> relu" * 90_000))
_text("conditions_30_000", lambda: _head("a = " + "1 if true else " * 30_000 + "2"))
_text("a_megabyte_of_statements", lambda: _head("a = 1\n" * 170_000))
_text("a_megabyte_of_nets", lambda: _head("net N{}\n" * 120_000))
_text("a_megabyte_of_settings", lambda: _head(_net("z = 1\n" * 170_000)))
_text("a_megabyte_of_rules", lambda: _head("net N {" + "require w<1\n" * 80_000 + "}"))
_text("a_megabyte_of_quotes", lambda: _fill('"'))
_text("a_megabyte_of_newlines", lambda: _head("\n\r" * 520_000 + "net"))
_text("a_megabyte_of_arguments", lambda: _head("a = relu(" + "1," * 520_000 + ")"))
_text("a_megabyte_of_stages", lambda: _head(_net("stage s { d = 1, w = 8 }\n" * 40_000)))
_text("a_megabyte_of_parameters", lambda: _head("block b(" + "a=1," * 250_000 + ") { out = x }"))
_text("a_megabyte_of_lines", lambda: _head("block b(w) {\n" + "a=x\n" * 250_000 + "}"))
_text("a_megabyte_of_list", lambda: _head(_net("stage s1 { d=9, w = [" + "8," * 500_000 + "] }")))
_text("a_megabyte_of_choices", lambda: _head("space S { a ~ choice(" + "8," * 500_000 + ") }"))
_text("one_comment", lambda: _fill("#"))
_text("one_name", lambda: _head(_net("stage s1 { d = 1, w = 8, " + "x" * 900_000 + " = 1 }")))
_text("one_text", lambda: _head(_net('stage s1 { d = 1, w = "' + "\U0001f9ea" * 260_000 + '" }')))
_text("one_number", lambda: _fill("9"))
_text("one_size", lambda: _fill("9x"))
_text("one_doc_comment", lambda: _head("## a\n" * 59_000 + _net("stage s1 { d = 1, w = 0 }")))
_text("accents_on_one_letter", lambda: _fill("\u0301"))
_text("overrides_of_direction", lambda: _fill("\u202e"))
_text("wide_line_with_errors", lambda: _head("; " * 300_000))


# ------------------------------------------------------ as many words and marks as a file may have

_BODY = "net N {\n  input = 3x8x8\n  body {\n    block = plain\n"
_STAGE = _BODY + "    stage s1 { d = 1, w = 8 }\n  }\n"
_DRAWN = _BODY.replace("net", "space") + "    stage s1 { d = 1, w ~ choice("
_FULL = {
    "commas": ("a = [", ",\n", 59_000, ""),
    "statements": ("", "a = 1\n", 14_900, ""),
    "nets": ("", "net N{}\n", 11_900, ""),
    "names": ("", "a%d=b%d\n", 14_900, "net N {}"),
    "constants": ("", "b%d=b\na%d=b%d\n", 7_400, "net N {}"),
    "settings": (_BODY, "z = 1\n", 14_900, "}}"),
    "own_settings": (_BODY, "z%d = 1\n", 14_900, "}}"),
    "rules": ("net N {", "require w<1\n", 11_900, "}"),
    "true_rules": (_STAGE, "prefer params>1\n", 11_300, "}\nnet M {}"),
    "waivers": (_STAGE, 'waive shared(w) because ""\n', 7_200, "}"),
    "imports": ("", 'from "x" import y\n', 11_900, ""),
    "own_imports": ("", 'from "x%d" import y\n', 11_900, ""),
    "one_import": ('from "x" import y', ",y%d", 29_000, ""),
    "stages": (_BODY, "stage s { d = 1, w = 8 }\n", 4_800, "}}"),
    "own_stages": (_BODY, "stage s%d { d = 1, w = 8 }\n", 4_800, "}}"),
    "parameters": ("block b(", "a=1,", 14_900, ") { out = x }"),
    "own_parameters": ("block b(", "a%d=1,", 14_900, ") { out = x }\nnet N {}"),
    "lines": ("block plain(w) {\n", "a%d=x\n", 14_400, "out = x\n}\n" + _STAGE + "}"),
    "blocks": ("", "block b%d(w) {out=x->c(w)}\n", 3_700, ""),
    "widths": (_BODY + "stage s1 { d=9, w = [", "8,", 29_400, "] }}}"),
    "choices": (_DRAWN, "8,", 29_400, ") }}}\nnet N {}"),
    "own_choices": (_DRAWN, "1%d,", 29_400, ") }}}\nnet N {}"),
    "arguments": ("a = relu(", "1,", 29_900, ")"),
    "fine_nets": ("", _STAGE.replace("N", "N%d") + "}\n", 1_700, "net M {}"),
    "open_brackets": ("a = ", "([{", 19_900, ""),
    "braces": ("net N { body ", "{ a ", 29_900, ""),
    "quotes": ("a = ", '"', 100_000, ""),
    "conditions": ("a = ", "1 if true else ", 14_900, "2"),
    "arrows": ("a = relu", "\n  -> relu", 29_900, ""),
    "strange_letters": ("", "; a ", 29_400, ""),
    "studies": ("", "study s%d { spaces=[s%d] }\n", 5_400, ""),
    "recipes": ("", "recipe r%d { data=r%d }\n", 6_600, ""),
}
"""Of each what comes first, a piece with its number in it, how often it comes, and the end."""


def _filled(first: str, piece: str, count: int, last: str) -> Callable[[], str]:
    return lambda: _head(first + "".join(piece.replace("%d", str(i)) for i in range(count)) + last)


for _name, _parts in _FULL.items():
    _text(f"full_of_{_name}", _filled(*_parts))


# ------------------------------------------------------------- much that is made of a few words

_MANY = _BODY.replace("plain", "plain, s = 1") + "stage s[1..1000] { d=1, w=8 }}}\n"
_text(
    "many_parents",
    lambda: _head(
        _STAGE.replace("N", "N0")
        + "}\n"
        + "".join(f"net N{i} extends N{i - 1} {{}}\n" for i in range(1, 8_400))
    ),
)
_text("many_stages", _filled("", _MANY.replace("N", "N%d"), 100, ""))
_DEEP = "block p(w, s = 1) { out = x -> conv(w, k = 1 + 2 * (j // 100000), s = s) -> bn -> relu }\n"
_NETS = "net N%d { input = 1x8x8, body { block = p, s = 1, stage s1 { d = 9000, w = 8 }}}\n"
_text("many_operations", _filled(_DEEP, _NETS, 20, ""))
_text("many_blocks", _filled("", _NETS.replace("p,", "plain,").replace("9000", "10000"), 1000, ""))
_text("many_children", _filled(_MANY, "net N%d extends N {}\n", 1_000, ""))


# ---------------------------------------------------------------------------------- not text

MADE["binary"] = lambda folder: _write(folder, random.Random(1).randbytes(300_000))
_text("an_elf_program", b"\x7fELF\x02\x01\x01" + bytes(4096) + b"/bin/sh\0")
_text("a_zip_archive", b"PK\x03\x04\x14" + bytes(range(256)) * 40)
_text("a_megabyte_of_nul", b"anynet 1\n" + bytes(LIMIT - 100))
_text("surrogates", b'anynet 1\na = "\xed\xa0\x80\xed\xbf\xbf"\n')
_text("utf_16", "anynet 1\nnet N {\n}\n".encode("utf-16"))
_text("latin_1", "anynet 1\n# \xe9\xe8\n".encode("latin-1"))
_text("overlong_utf_8", b"anynet 1\na = \xc0\xaf\xc0\xae\xf8\x88\x80\x80\x80\n")
_text("cut_in_a_letter", "anynet 1\n# \U0001f9ea".encode()[:-2])


def _write(folder: Path, data: bytes) -> Path:
    path = folder / "spec.anynet"
    path.write_bytes(data)
    return path


# ---------------------------------------------------------------------------------- folders


def _importing(folder: Path, *paths: str, name: str = "N") -> Path:
    lines = "".join(f'from "{path}" import {name}\n' for path in paths)
    return _write(folder, _head(f"{lines}\n{_net('stage s1 { d = 1, w = 8 }', 'M')}").encode())


@_made
def ring_of_imports(folder: Path) -> Path:
    for i in range(5):
        text = _head(f'from "r{(i + 1) % 5}.anynet" import N{(i + 1) % 5}\n')
        (folder / f"r{i}.anynet").write_text(text)
    return folder / "r0.anynet"


@_made
def chain_of_imports(folder: Path) -> Path:
    for i in range(300):
        (folder / f"c{i}.anynet").write_text(_head(f'from "c{i + 1}.anynet" import a\n'))
    (folder / "c300.anynet").write_text(_head("a = 1\n"))
    return folder / "c0.anynet"


@_made
def thousands_of_imports(folder: Path) -> Path:
    for i in range(3000):
        (folder / f"i{i}.anynet").write_text(_head(f"a{i} = 1\n"))
    lines = "".join(f'from "i{i}.anynet" import a{i}\n' for i in range(3000))
    return _write(folder, _head(lines).encode())


@_made
def imports_that_double(folder: Path) -> Path:
    for i in range(30):
        both = f"{i + 1}.anynet"
        lines = f'from "l{both}" import a\nfrom "r{both}" import b\n'
        for side in "lr":
            (folder / f"{side}{i}.anynet").write_text(_head(lines + "\na = 1\nb = 2\n"))
    for side in "lr":
        (folder / f"{side}30.anynet").write_text(_head("a = 1\nb = 2\n"))
    return folder / "l0.anynet"


@_made
def imports_of_large_files(folder: Path) -> Path:
    text = _head("x = 1  # " + "x" * 100 + "\n")
    for i in range(250):
        (folder / f"i{i}.anynet").write_text(text + "#" * (LIMIT - 200))
    return _importing(folder, *(f"i{i}.anynet" for i in range(250)), name="x")


@_made
def imports_of_full_files(folder: Path) -> Path:
    text = _head("".join(f"a{i}=[1,2]\n" for i in range(70_000)))
    for i in range(100):
        (folder / f"i{i}.anynet").write_text(text)
    return _importing(folder, *(f"i{i}.anynet" for i in range(100)), name="a0")


@_made
def link_out_of_the_folder(folder: Path) -> Path:
    (folder / "in").mkdir()
    (folder / "out.anynet").write_text(_head("N = 1\n"))
    (folder / "in" / "link.anynet").symlink_to("../out.anynet")
    return _importing(folder / "in", "link.anynet")


@_made
def folder_that_is_a_link(folder: Path) -> Path:
    (folder / "etc").symlink_to("/etc")
    return _importing(folder, "etc/passwd", "etc/../passwd")


@_made
def link_to_itself(folder: Path) -> Path:
    (folder / "loop.anynet").symlink_to("loop.anynet")
    return _importing(folder, "loop.anynet")


@_made
def import_of_a_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.anynet")
    return _importing(folder, "pipe.anynet")


@_made
def import_of_a_socket(folder: Path) -> Path:
    here = Path.cwd()
    os.chdir(folder)  # the names of sockets are short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("s.anynet")
    finally:
        os.chdir(here)
    return _importing(folder, "s.anynet")


@_made
def import_of_a_device(folder: Path) -> Path:
    (folder / "zero.anynet").symlink_to("/dev/zero")
    return _importing(folder, "zero.anynet")


@_made
def import_of_a_folder(folder: Path) -> Path:
    (folder / "d.anynet").mkdir()
    return _importing(folder, "d.anynet", ".", "..", "")


@_made
def import_of_a_binary(folder: Path) -> Path:
    (folder / "b.anynet").write_bytes(random.Random(2).randbytes(100_000))
    return _importing(folder, "b.anynet")


@_made
def a_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.anynet")
    return folder / "pipe.anynet"


@_made
def a_device(folder: Path) -> Path:
    (folder / "zero.anynet").symlink_to("/dev/zero")
    return folder / "zero.anynet"


@_made
def configuration_that_is_a_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pyproject.toml")
    return _write(folder, _head(_net("stage s1 { d = 1, w = 0 }")).encode())


@_made
def configuration_of_10_megabytes(folder: Path) -> Path:
    (folder / "pyproject.toml").write_text("[tool.anydsl]\nselect = [" + "[" * 10_000_000)
    return _write(folder, _head(_net("stage s1 { d = 1, w = 0 }")).encode())
