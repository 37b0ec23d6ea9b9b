"""A lexer for Pygments: `pygmentize -l anynet`, Sphinx, rich."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pygments.lexer import (
    RegexLexer,
    bygroups,  # pyright: ignore[reportUnknownVariableType]
    words,
)
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from anydsl.highlight.lists import lists

_LISTS = lists()
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_WHOLE: dict[str, Any] = {"prefix": r"\b", "suffix": r"\b"}


class AnyNetLexer(RegexLexer):
    """Tokens of AnyNet."""

    name = "AnyNet"
    url = ""
    aliases: ClassVar[Sequence[str]] = ("anynet",)
    filenames: ClassVar[Sequence[str]] = ("*.anynet",)
    mimetypes: ClassVar[Sequence[str]] = ("text/x-anynet",)
    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (r"[ \t\f\r\n]+", Whitespace),
            (r"##[^\r\n]*", String.Doc),
            (r"#[^\r\n]*", Comment.Single),
            (r'"[^"\r\n]*"?', String.Double),
            (
                rf"\b({'|'.join(_LISTS['declaration'])})([ \t]+)({_NAME})",
                bygroups(Keyword.Declaration, Whitespace, Name.Class),
            ),
            (rf"\b(stages?)([ \t]+)({_NAME})", bygroups(Keyword, Whitespace, Name.Label)),
            (r"\b(extends)([ \t]+)(" + _NAME + r")", bygroups(Keyword, Whitespace, Name.Class)),
            (rf"{_NAME}(?=[ \t]*(?:=(?!=)|~))", Name.Attribute),
            (r"(?<==\s)step\b", Name.Constant),  # a schedule; elsewhere the step of a range
            (words(_LISTS["keyword"], **_WHOLE), Keyword),
            (words(_LISTS["kind"], prefix=r"\b", suffix=r"(?=[ \t]*\{)"), Keyword),
            (words(_LISTS["literal"], **_WHOLE), Keyword.Constant),
            (
                words(
                    (*_LISTS["predicate"], *_LISTS["distribution"], *_LISTS["function"]), **_WHOLE
                ),
                Name.Function,
            ),
            (words(_LISTS["operation"], **_WHOLE), Name.Builtin),
            (words(_LISTS["block"], **_WHOLE), Name.Function),
            (words(_LISTS["word"], **_WHOLE), Name.Constant),
            (words((*_LISTS["given"], *_LISTS["total"]), **_WHOLE), Name.Builtin.Pseudo),
            (r"[0-9]+(?:x[0-9]+)+", Number.Integer),
            (r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[KMGT]?", Number),
            (_NAME, Name),
            (r"->|\.\.|//|<=|>=|==|!=|[-+*/%=~<>]", Operator),
            (r"[{}()\[\],.]", Punctuation),
        ]
    }
