"""Writes the grammars of editors from the declarations of the language.

`python editors/generate.py` writes them; with `--check` it exits 1 if one is not current.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from anydsl.highlight.lists import lists  # noqa: E402

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
SAID = "Written by editors/generate.py (`make generate`); not to be edited."


def textmate() -> str:
    """The grammar for VS Code and whatever else reads TextMate's."""
    words = {
        sort: "|".join(sorted(found, key=lambda w: (-len(w), w))) for sort, found in lists().items()
    }

    def scope(name: str, match: str, **captures: str) -> dict[str, Any]:
        rule: dict[str, Any] = {"match": match}
        if name:
            rule = {"name": f"{name}.anynet", **rule}
        if captures:
            rule["captures"] = {k[1:]: {"name": f"{v}.anynet"} for k, v in captures.items()}
        return rule

    patterns = [
        scope("comment.line.documentation", r"##.*$"),
        scope("comment.line.number-sign", r"#.*$"),
        scope("string.quoted.double", r'"[^"]*"'),
        scope("invalid.illegal.unclosed", r'"[^"]*$'),
        scope(
            "",
            r"^\s*(anynet)\s+([0-9]+)",
            _1="keyword.control.edition",
            _2="constant.numeric.edition",
        ),
        scope("", rf"\b(block)\s+({NAME})", _1="storage.type", _2="entity.name.function"),
        scope(
            "", rf"\b({words['declaration']})\s+({NAME})", _1="storage.type", _2="entity.name.type"
        ),
        scope("", rf"\b(stages?)\s+({NAME})", _1="storage.type", _2="entity.name.section"),
        scope(
            "", rf"\b(extends)\s+({NAME})", _1="keyword.other", _2="entity.other.inherited-class"
        ),
        scope("storage.type", rf"\b(?:{words['kind']})\b(?=\s*\{{)"),
        scope("variable.other.property", rf"\b{NAME}(?=\s*(?:=(?!=)|~))"),
        scope("support.constant", r"(?<==\s)step\b"),
        scope("keyword.operator.word", r"\b(?:and|or|not|in)\b"),
        scope("keyword.control", rf"\b(?:{words['keyword']})\b"),
        scope("constant.language", rf"\b(?:{words['literal']})\b"),
        scope("constant.numeric.size", r"\b[0-9]+(?:x[0-9]+)+\b"),
        scope("constant.numeric", r"\b[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[KMGT]?\b"),
        scope(
            "support.function.predicate", rf"\b(?:{words['predicate']}|{words['distribution']})\b"
        ),
        scope("support.function.operation", rf"\b(?:{words['operation']})\b"),
        scope("support.function.block", rf"\b(?:{words['block']})\b"),
        scope("support.function.number", rf"\b(?:{words['function']})\b(?=\s*\()"),
        scope("support.constant", rf"\b(?:{words['word']})\b"),
        scope("variable.language", rf"\b(?:{words['total']}|{words['given']})\b"),
        scope("variable.other", rf"\b{NAME}\b"),
        scope("keyword.operator", r"->|\.\.|//|<=|>=|==|!=|[-+*/%=~<>]"),
        scope("punctuation", r"[{}()\[\],.]"),
    ]
    grammar = {
        "information_for_contributors": [SAID],
        "name": "AnyNet",
        "scopeName": "source.anynet",
        "fileTypes": ["anynet"],
        "patterns": patterns,
    }
    return json.dumps(grammar, indent=2) + "\n"


def vim() -> str:
    """A syntax file for Vim and Neovim, for before the server is up."""
    found = lists()
    groups = {
        "Keyword": (*found["keyword"], *found["kind"]),
        "Operation": (*found["operation"], *found["block"]),
        "Function": (*found["predicate"], *found["distribution"], *found["function"]),
        "Word": found["word"],
        "Boolean": found["literal"],
    }
    links = {
        "Keyword": "Keyword",
        "Operation": "Function",
        "Function": "Function",
        "Word": "Constant",
        "Boolean": "Boolean",
        "Key": "Identifier",
        "Number": "Number",
        "String": "String",
        "Comment": "Comment",
        "Doc": "SpecialComment",
        "Operator": "Operator",
    }
    lines = [f'" {SAID}', 'if exists("b:current_syntax")', "  finish", "endif", ""]
    lines += [
        f"syn keyword anynet{group} {' '.join(sorted(set(names)))}"
        for group, names in groups.items()
    ]
    lines += [
        r"syn match anynetOperator /->\|\.\.\|\/\/\|[-+*\/%=~<>!]/",
        r"syn match anynetNumber /\<\d\+\(x\d\+\)*\(\.\d\+\)\?\([eE][+-]\?\d\+\)\?[KMGT]\?\>/",
        r"syn match anynetKey /\<\h\w*\ze\s*\(=\|\~\)/",
        r'syn match anynetString /"[^"]*"/',
        "syn match anynetComment /#.*$/ contains=@Spell",
        "syn match anynetDoc /##.*$/ contains=@Spell",
        "",
    ]
    lines += [f"hi def link anynet{group} {link}" for group, link in links.items()]
    return "\n".join([*lines, "", 'let b:current_syntax = "anynet"', ""])


FILES = {
    "vscode/syntaxes/anynet.tmLanguage.json": textmate,
    "vim/syntax/anynet.vim": vim,
}


def main(arguments: list[str]) -> int:
    """Write the files, or say which is not current."""
    stale = 0
    for name, write in FILES.items():
        path, text = HERE / name, write()
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"editors/{name} is not current: make generate\n")
            stale += 1
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
