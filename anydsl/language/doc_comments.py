"""Doc comments: lines that begin with `##` and stand before a declaration."""

from __future__ import annotations

import re

_DOCS = re.compile(r"(?:\A\ufeff?|(?<=[\r\n]))(?P<doc>(?:[ \t\f]*##[^\r\n]*(?:\r?\n|\r))+)[ \t\f]*")


def doc_comments(text: str) -> dict[int, str]:
    """The doc comments, lines that begin with `##`, by where the statement below them starts."""
    if "##" not in text:
        return {}
    return {
        match.end(): "\n".join(
            line.strip().lstrip("#").strip() for line in re.split(r"\r?\n|\r", match["doc"].strip())
        )
        for match in _DOCS.finditer(text)
    }
