"""Files and their names: reading specs, following imports, the library that is always there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from anydsl.design.faults import DUPLICATE, IMPORT, MISSING, TOO_LARGE, UNKNOWN_NAME, WRONG_VALUE
from anydsl.design.shipped import DECLARED, SUFFIX, declared_in, names_beneath, shipped
from anydsl.errors import UsageError
from anydsl.language import tree
from anydsl.language.complaints import SYNTAX
from anydsl.language.diagnostics import Diagnostic, Edit, Fault, Fix, Kind, Label, nearest
from anydsl.language.edition import EDITION, UNKNOWN_EDITION
from anydsl.language.files import LARGEST_FILE, read_bytes
from anydsl.language.lexer import MOST_TOKENS
from anydsl.language.parser import parse
from anydsl.language.source import STDIN, Source, Span

DEEPEST_IMPORT = 32
MOST_FILES = 256
LARGEST_IMPORTS = 4 * LARGEST_FILE
"""How many bytes a file and all that it imports may have; together they have the words of one."""
MOST_HINTS = 20

Declared = tree.Assign | tree.Block


class Module:
    """One file that has been read.

    Attributes:
        source, file: its text and its tree.
        names: what it declares, by name; imported names lead to the module that declares them.
        imports: the imports that could be followed, each with where it led.
        diagnostics: what is wrong with its syntax, its names and its imports.
        legible: whether the text is all that the file holds, and could be read as a whole.
    """

    def __init__(self, source: Source, library: Library, root: str, chain: tuple[str, ...]) -> None:
        self.source = source
        self.library = library
        self.root = root
        self.chain = (*chain, source.file or source.path)
        self.names: dict[str, tuple[Module, Declared]] = {}
        self.imports: list[tuple[tree.Import, Module]] = []
        self.constants: dict[str, object] = {}  # what `reading` has evaluated
        self.outlines: dict[int, Any] = {}  # what those that are extended say, their parents in it
        self.blocks: dict[str, Any] = {}  # the definitions of its blocks
        self.calls: dict[str, Any] = {}  # and what is known of which of them names which
        self.costs: dict[Any, Any] = {}  # what `blocks` has made of its blocks: costs
        self.graphs: dict[Any, Any] = {}  # and graphs
        parsed = parse(source)
        library.tokens += parsed.tokens
        self.tokens = parsed.tokens
        self.legible = parsed.tokens <= MOST_TOKENS
        self.file = parsed.file
        self.diagnostics = parsed.diagnostics
        self._check_edition()
        for statement in self.file.statements:
            self._declare(statement)

    def find(self, name: str) -> tuple[Module, Declared] | None:
        """What a name stands for here: the file's own, imported, or the library's."""
        return self.names.get(name) or self.library.standard(name, self)

    def known(self) -> list[str]:
        """All names that can be written here."""
        return [*self.names, *self.library.standard_names()]

    def nearest(self, name: str, others: Iterable[str] = ()) -> str:
        """What is likely meant by an unknown name; of very many only the first are looked at.

        Args:
            name: the unknown one.
            others: names that are known where it stands, besides those of the file.
        """
        self.library.hints += 1
        if self.library.hints > MOST_HINTS:
            return ""
        return nearest(name, [*others, *self.known()])

    def declared(self, *kinds: str) -> list[tree.Block]:
        """The blocks of some kinds that this file itself declares, in order."""
        return [
            s
            for s in self.file.statements
            if isinstance(s, tree.Block) and s.kind.text in kinds and s.label
        ]

    def depends_on(self, file: str) -> bool:
        """Whether this is a file, or has looked in vain for one that may be it."""
        return self.source.file == file or any(d.kind is IMPORT for d in self.diagnostics)

    def _declare(self, statement: tree.Statement) -> None:
        match statement:
            case tree.Import():
                self._import(statement)
            case tree.Assign():
                self._name(statement.name, self, statement)
            case tree.Block():
                self._declare_block(statement)
            case tree.Draw():
                self._report(
                    WRONG_VALUE, "only a space draws; a constant is given with `=`", statement.span
                )
            case tree.Requirement():
                self._report(
                    WRONG_VALUE,
                    f"`{statement.kind}` stands in a net or a space, not at the top level",
                    statement.span,
                )
            case tree.Broken():
                pass

    def _declare_block(self, block: tree.Block) -> None:
        if block.kind.text not in DECLARED:
            hint = nearest(block.kind.text, DECLARED) or f"a file declares {', '.join(DECLARED)}"
            self._report(
                UNKNOWN_NAME, f"`{block.kind.text}` can't be declared", block.kind.span, hint
            )
        elif block.label is None:
            self._report(MISSING, f"this {block.kind.text} has no name", block.kind.span)
        elif block.label.places is not None:
            self._report(WRONG_VALUE, f"a {block.kind.text} has one name", block.label.places.span)
        else:
            self._name(block.label.name, self, block)

    def _name(self, name: tree.Name, module: Module, declared: Declared) -> None:
        if name.text in self.names:
            other, first = self.names[name.text]
            at = first.name.span if isinstance(first, tree.Assign) else first.head
            where = "first here" if other is self else f"imported from {other.source.path}"
            self.diagnostics.append(
                Diagnostic(
                    DUPLICATE, f"`{name.text}` is declared twice", name.span, (Label(at, where),)
                )
            )
            return
        self.names[name.text] = (module, declared)

    def _import(self, statement: tree.Import) -> None:
        try:
            module = self.library.imported(statement.path, self)
        except Fault as fault:
            self.diagnostics.append(fault.diagnostic)
            return
        self.imports.append((statement, module))
        self.diagnostics += [d for d in module.diagnostics if d not in self.diagnostics]
        if any(d.kind is UNKNOWN_EDITION for d in module.diagnostics):
            return  # what it declares can't be told
        for name in statement.names:
            found = module.names.get(name.text)
            if found is None:
                self._report(
                    IMPORT,
                    f"{module.source.path} declares no `{name.text}`",
                    name.span,
                    nearest(name.text, module.names),
                )
            else:
                self._name(name, *found)

    def _check_edition(self) -> None:
        if self.file.edition is None:
            if not self.legible or any(
                d.kind is SYNTAX and d.at.start == 0 for d in self.diagnostics
            ):
                return
            start = Span(self.source, 0, 0)
            self.diagnostics.insert(
                0,
                Diagnostic(
                    MISSING,
                    f"a file starts with the edition of the language: `anynet {EDITION}`",
                    Span(self.source, 0, min(1, len(self.source.text))),
                    fixes=(Fix("add it", (Edit(start, f"anynet {EDITION}\n\n"),), safe=True),),
                ),
            )

    def _report(self, kind: Kind, message: str, at: Span, hint: str = "") -> None:
        self.diagnostics.append(Diagnostic(kind, message, at, help=hint))


class Library:
    """Reads files, each once; knows the shipped specs.

    Args:
        texts: what stands in files that an editor has not saved yet, by their real paths.

    Attributes:
        tokens: how many words and marks a file and its imports have so far.
        hints: how many unknown names have been looked up.
    """

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self.texts: Mapping[str, str] = {} if texts is None else texts
        self.constants = 0  # how many are being evaluated, each for the one before
        # What the nets and spaces came to so far; operations of blocks that are alike count once.
        self.stages = self.blocks = self.operations = 0
        self._modules: dict[tuple[str, str, str], Module] = {}
        self._begin()
        self._shipped = os.path.realpath(shipped())
        self._index: dict[str, str] | None = None

    def module(self, path: str, stdin_as: str = "") -> Module:
        """Read the file named on the command line: a path, `-`, or `std:NAME`.

        Args:
            path: what is read.
            stdin_as: the file that standard input stands for, from which its imports are found.

        Raises:
            UsageError: there is no such file, or it can't be read.
        """
        self._begin()
        if path == "-":
            data = sys.stdin.buffer.read(LARGEST_FILE + 1)
            file = os.path.realpath(stdin_as) if stdin_as else None
            root = os.path.dirname(file) if file else os.path.realpath(".")
            return self._read(stdin_as or STDIN, file, data, root, ())
        if "\0" in path:
            raise UsageError("a path can't hold a NUL character")
        if path.startswith("std:"):
            file = _beneath(self._shipped, path.removeprefix("std:") + SUFFIX)
            if file is None or not os.path.isfile(file):
                hint = nearest(path, ["std:" + n for n in self.shipped_names()])
                raise UsageError(f"no shipped spec is called `{path}`" + (hint and f"; {hint}"))
            return self._open(path, file, self._shipped, ())
        try:
            file = os.path.realpath(path)
            return self._open(path, file, os.path.dirname(file), ())
        except OSError as error:
            raise UsageError(f"can't read {path}: {error.strerror or error}") from None

    def text(self, text: str, path: str = STDIN, file: str | None = None) -> Module:
        """Read a text that is not a file, or that stands for one.

        Args:
            text: what is read.
            path: as it is to be shown.
            file: the file that it stands for, from which its imports are found.
        """
        self._begin()
        file = None if file is None else os.path.realpath(file)
        root = os.path.realpath(".") if file is None else os.path.dirname(file)
        return self._read(path, file, text.encode("utf-8", "surrogatepass"), root, ())

    def forget(self, file: str) -> bool:
        """Let go of a file that has changed, and of all that imports it or may have wanted to.

        Args:
            file: its real path.

        Returns:
            Whether anything that has been read here depended on it.
        """
        if file.startswith(self._shipped + os.sep):
            kept: dict[tuple[str, str, str], Module] = {}
            self._index = None
        else:
            stale = {id(m) for m in self._modules.values() if m.depends_on(file)}
            grown = True
            while grown:
                more = {
                    id(m)
                    for m in self._modules.values()
                    if id(m) not in stale and any(id(other) in stale for _, other in m.imports)
                }
                stale, grown = stale | more, bool(more)
            kept = {key: m for key, m in self._modules.items() if id(m) not in stale}
        dropped = len(kept) < len(self._modules)
        self._modules = kept
        return dropped

    def imported(self, path: tree.String, importer: Module) -> Module:
        """Read what an import names.

        Raises:
            Fault: it leads out of the folder, in a circle, too deep, or to nothing readable.
        """
        name = path.value
        if name.startswith("std:"):
            root, file = self._shipped, _beneath(self._shipped, name.removeprefix("std:") + SUFFIX)
            shown = name
        else:
            root = importer.root
            file = _beneath(root, os.path.join(importer.source.folder, name))
            shown = os.path.join(os.path.dirname(importer.source.path), name)
        problem = hint = ""
        if file is None:
            problem, hint = (
                "leads out of the folder of the spec",
                "imports stay beneath that folder",
            )
        elif file in importer.chain:
            problem = "is a circle: " + " -> ".join(map(os.path.basename, (*importer.chain, file)))
        elif limit := self._limit(importer):
            problem = f"goes beyond the limit of {limit} that import each other"
        else:
            try:
                return self._open(shown, file, root, importer.chain)
            except OSError as error:
                problem = f"can't be read: {error.strerror or error}"
                if os.path.isfile(file + SUFFIX):
                    hint = f'did you mean "{name}{SUFFIX}"?'
        raise Fault(Diagnostic(IMPORT, f'"{name}" {problem}', path.span, help=hint))

    def standard(self, name: str, asker: Module) -> tuple[Module, Declared] | None:
        """What the library in `specs/std/` declares under a name."""
        path = self._standard_index().get(name)
        if path is None or path == asker.source.file:
            return None
        shown = "std:std/" + os.path.basename(path).removesuffix(SUFFIX)
        return self._open(shown, path, self._shipped, ()).names.get(name)

    def files(self) -> list[str]:
        """The files that have been read."""
        return [file for _, file, _ in self._modules]

    def standard_names(self) -> list[str]:
        """The names in scope everywhere."""
        return list(self._standard_index())

    def shipped_names(self) -> list[str]:
        """The shipped specs, as they follow `std:`."""
        return names_beneath(self._shipped)

    def _begin(self) -> None:
        """Count anew what a file imports."""
        self._files = self._bytes = self.tokens = self.hints = 0

    def _limit(self, importer: Module) -> str:
        """The limit that keeps a file from importing another, if one does."""
        if len(importer.chain) >= DEEPEST_IMPORT:
            return f"{DEEPEST_IMPORT} files deep"
        if self._files >= MOST_FILES:
            return f"{MOST_FILES} files"
        if self._bytes > LARGEST_IMPORTS:
            return f"{LARGEST_IMPORTS:,} bytes in files"
        return f"{MOST_TOKENS:,} words and marks in files" if self.tokens > MOST_TOKENS else ""

    def _standard_index(self) -> dict[str, str]:
        if self._index is None:
            self._index = declared_in(os.path.join(self._shipped, "std"))
        return self._index

    def _open(self, shown: str, file: str, root: str, chain: tuple[str, ...]) -> Module:
        """Read a file, by its real path and that of the folder that imports stay beneath."""
        key = (shown, file, root)  # how far imports may reach depends on who asks
        known = self._modules.get(key)
        if known is None:
            if file in self.texts:
                data = self.texts[file].encode("utf-8", "surrogatepass")
            else:
                data = read_bytes(file)
            known = self._read(shown, file, data, root, chain)
            self._modules[key] = known
        return known

    def _read(
        self, shown: str, file: str | None, data: bytes, root: str, chain: tuple[str, ...]
    ) -> Module:
        problem = None
        if len(data) > LARGEST_FILE:
            data, problem = b"", (0, f"this file is beyond the limit of {LARGEST_FILE:,} bytes")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            before = len(data[: error.start].decode("utf-8", "replace"))
            text = data.decode("utf-8", "replace")
            problem = (before, f"this is not UTF-8 text (byte 0x{data[error.start]:02x})")
        self._files += 1
        self._bytes += len(data)
        module = Module(Source(shown, text, file), self, root, chain)
        if problem:
            offset, message = problem
            kind = TOO_LARGE if not data else SYNTAX
            at = Span(module.source, offset, offset + 1)
            module.diagnostics = [Diagnostic(kind, message, at)]
            module.legible = False
        return module


def _beneath(root: str, path: str) -> str | None:
    """The real path, links followed; None where it is not beneath the root."""
    if "\0" in path:
        return None
    root = os.path.realpath(root)
    real = os.path.realpath(os.path.join(root, path))
    return real if real.startswith(root + os.sep) else None
