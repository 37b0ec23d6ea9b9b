"""Warnings of a net that is about to be used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from anydsl.errors import SpecError

if TYPE_CHECKING:
    from anydsl.language.diagnostics import Diagnostic


def refuse_warnings(diagnostics: Sequence[Diagnostic], *, strict: bool) -> None:
    """Print warnings on standard error, or refuse them.

    Raises:
        SpecError: there are some, and `strict` says that they are errors.
    """
    warnings = [d for d in diagnostics if d.level == "warning"]
    if strict and warnings:
        raise SpecError([d.replace(severity="error") for d in warnings])
    for warning in warnings:
        sys.stderr.write(warning.concise() + "\n")
