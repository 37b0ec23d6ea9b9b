"""Sources of designs as they are named on the command line."""

from __future__ import annotations

import os

from anydsl.errors import UsageError
from anydsl.importing.writing import write
from anydsl.language.diagnostics import nearest

LIBRARIES = ("torchvision", "timm")
_SUFFIXES = (".yaml", ".yml")


def import_design(source: str) -> str:
    """The design of a source as `.anynet` text.

    The text formats to itself, lints clean but for notes, and compiles to the function of the
    source; where it would not, nothing is returned.

    Args:
        source: `torchvision:NAME`, `timm:NAME`, or a YAML file of pycls, `-` for one on standard
            input.

    Raises:
        UsageError: there is no such source.
        SpecError: a file of pycls has errors, or says what can't be said; with places in it.
        DesignError: a model is none that is imported, or a design does not work.
    """
    library, separator, name = source.partition(":")
    if separator and library in LIBRARIES:
        from anydsl.importing.models import compare, plan_of_model

        plan, flow = plan_of_model(library, name)
        text, checked = write(plan)
        compare(checked, flow, library, name)
        return text
    file = source == "-" or source.endswith(_SUFFIXES) or os.path.exists(source)
    if not file:
        hint = nearest(source, [f"{known}:{name}" for known in LIBRARIES]) if separator else ""
        hint = hint or "name torchvision:NAME, timm:NAME or a YAML file of pycls"
        raise UsageError(f"there is no source `{source}`; {hint}")
    from anydsl.importing.pycls import plan_of_file

    text, _ = write(plan_of_file(source))
    return text
