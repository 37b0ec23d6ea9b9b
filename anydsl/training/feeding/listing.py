"""Which data sets are here: what `anydsl data` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anydsl.design.recipe import DATASETS, Digits, Own
from anydsl.training.feeding.source import Source, locate

if TYPE_CHECKING:
    from anydsl.training.feeding.pictures import Opened

_ANY = 3


def listed() -> list[dict[str, Any]]:
    """What is known of every data set of the language without reading its pictures."""
    return [
        {
            "name": name,
            "here": False,
            "where": None,
            "bytes": None,
            "train": None,
            "classes": None,
            "shape": None,
            "how": f'yours: `data = {name}("path")`',
        }
        if issubclass(kind, Own)
        else _facts(locate(kind()))
        for name, kind in DATASETS.items()
    ]


def about(name: str) -> dict[str, Any]:
    """All that is known of one data set, by its name, folder or file.

    Raises:
        DataError: its files are broken, or the folder or file holds no data set.
        UsageError: it is neither a data set, a folder nor a file.
    """
    source = locate(Digits(), name)
    facts = {**_facts(source), "doc": type(source.dataset).__doc__}
    if not source.here:
        return facts
    shape = source.dataset.shape
    opened = source.open(shape[0] if shape else _ANY)
    splits = _splits(opened)
    return {
        **facts,
        "train": splits["train"],
        "classes": len(opened.classes),
        "shape": list(opened.train().shape),
        "splits": splits,
        "class_names": list(opened.classes),
        "note": opened.note,
    }


def _facts(source: Source) -> dict[str, Any]:
    kind, here = type(source.dataset), source.here
    own = f'("{source.root}")' if isinstance(source.dataset, Own) else ""
    get = f"anydsl data {source.name} --download"
    return {
        "name": source.name,
        "here": here,
        "where": str(source.root) if source.bytes() or not here else "scikit-learn",
        "bytes": source.bytes() if here else None,
        "train": kind.pictures,
        "classes": kind.classes,
        "shape": list(kind.shape) if kind.shape else None,
        "how": f"`data = {source.name}{own}`" if here else f"not here: `{get}`",
    }


def _splits(opened: Opened) -> dict[str, int]:
    given = {"train": opened.train, "val": opened.validation, "test": opened.test}
    return {name: len(split()) for name, split in given.items() if split is not None}
