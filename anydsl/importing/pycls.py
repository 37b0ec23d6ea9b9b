"""Configurations of pycls: the types anynet, regnet and resnet.

Keys, defaults and their meaning are those of pycls (github.com/facebookresearch/pycls), its
`core/config.py` and `models/anynet.py`, `regnet.py` and `resnet.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from typing import Any, cast

from anydsl.design.faults import MISSING, WRONG_VALUE
from anydsl.design.quantized import compatible, quantized_linear
from anydsl.design.vocabulary import MOST_BLOCKS, WIDEST, QuantizedLinear
from anydsl.importing.plan import Level, Piece, Plan, net_name
from anydsl.importing.pycls_keys import DEFAULTS, DESIGN, OTHER_SECTIONS, TYPES
from anydsl.importing.yaml_file import YamlFile, read_yaml
from anydsl.language.diagnostics import Kind
from anydsl.language.source import Span

_STEMS = {
    "simple_stem_in": ("simple_stem", ()),
    "res_stem_cifar": ("simple_stem", (("s", 1),)),
    "res_stem_in": ("resnet_stem", ()),
}
_BLOCKS = {
    "vanilla_block": "vanilla",
    "res_basic_block": "basic",
    "res_bottleneck_block": "bottleneck",
    "res_bottleneck_linear_block": "linear",
}
_ACTS = {"relu": "relu", "silu": "silu", "swish": "silu"}
_DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_CIFAR = "cifar10"


def plan_of_file(path: str) -> Plan:
    """Read the design of a configuration.

    Args:
        path: a YAML file; `-` is standard input.

    Raises:
        UsageError: the file is missing or unreadable.
        SpecError: it can't be said, for reasons that stand at lines of the file.
    """
    return _Reader(read_yaml(path), "net.yaml" if path == "-" else path).read()


class _Reader:
    def __init__(self, file: YamlFile, path: str) -> None:
        self.file = file
        name = "".join(c if c.isprintable() and c != '"' else "_" for c in os.path.basename(path))
        self.name = net_name(name.rsplit(".", 1)[0])
        self.origin = f"pycls' {name}"
        self.title = f"The configuration {name} of pycls"

    def read(self) -> Plan:
        self._known()
        kind = self._word("MODEL", "TYPE", {t: t for t in TYPES}, "anydsl imports no type")
        self._unchanged()
        self.file.end()
        readers: dict[str, Callable[[], Plan]] = {
            "anynet": self._anynet,
            "regnet": self._regnet,
            "resnet": self._resnet,
        }
        plan = readers[kind]()
        self.file.end()
        return plan

    def _known(self) -> None:
        """Every section has to be one of pycls, and so has every key of those that design."""
        known = [*DEFAULTS, *OTHER_SECTIONS]
        for section, (at, keys) in self.file.sections.items():
            if section not in known:
                self.file.unknown("pycls has no section", section, known, at)
            for key, (place, _) in keys.items():
                if section in DESIGN and key not in DEFAULTS[section]:
                    known_keys = list(DEFAULTS[section])
                    self.file.unknown(f"pycls' {section} has no key", key, known_keys, place)

    def _unchanged(self) -> None:
        """What would change the function and has no word in the language has to be as it is."""
        for section, key in (("BN", "EPS"), ("BN", "MOM"), ("MODEL", "SCALING_TYPE")):
            default = DEFAULTS[section][key]
            if self.file.value(section, key, default) not in (default, None):
                message = f"anydsl imports no {section}.{key} but {_spoken(default)}"
                self._say(WRONG_VALUE, message, section, key)

    # ------------------------------------------------------------------------- the types

    def _anynet(self) -> Plan:
        depths = self._list("ANYNET", "DEPTHS", high=MOST_BLOCKS)
        count = len(depths)
        if self.file.has("ANYNET", "DEPTHS") and not depths:
            self._say(WRONG_VALUE, "a net needs stages", "ANYNET", "DEPTHS")
        widths = self._list("ANYNET", "WIDTHS", count=count)
        strides = self._list("ANYNET", "STRIDES", count=count, high=2**10)
        block = self._word("ANYNET", "BLOCK_TYPE", _BLOCKS, "anydsl imports no block")
        levels: list[Level] = []
        if block in ("bottleneck", "linear"):
            multipliers = self._list("ANYNET", "BOT_MULS", count=count, number=self._positive)
            group_widths = self._list("ANYNET", "GROUP_WS", count=count)
            self.file.end()
            for d, w, s, multiplier, g in zip(
                depths, widths, strides, multipliers, group_widths, strict=True
            ):
                inner = round(w * multiplier)
                groups = inner // g
                if not groups or inner % groups:
                    message = f"{inner} channels don't divide into groups of {g}"
                    self._say(WRONG_VALUE, message, "ANYNET", "GROUP_WS")
                levels.append(Level(d, w, s, max(1, inner), max(1, groups)))
        else:
            self.file.end()
            levels = [
                Level(*stage, stage[1]) for stage in zip(depths, widths, strides, strict=True)
            ]
        return self._plan("ANYNET", tuple(levels), block)

    def _regnet(self) -> Plan:
        block = self._word("REGNET", "BLOCK_TYPE", _BLOCKS, "anydsl imports no block")
        d = self._whole("REGNET", "DEPTH", high=MOST_BLOCKS)
        w0 = self._whole("REGNET", "W0")
        wa = self._number("REGNET", "WA", low=0)
        wm = self._number("REGNET", "WM", low=1, above=True, high=64)
        g = self._whole("REGNET", "GROUP_W")
        multiplier = self._positive("REGNET", "BOT_MUL")
        stride = self._whole("REGNET", "STRIDE", high=2**10)
        if w0 % 8:
            self._say(WRONG_VALUE, "`W0` has to be a multiple of 8", "REGNET", "W0")
        self.file.end()
        generator = QuantizedLinear(d, w0, wa, wm)
        try:
            runs = quantized_linear(generator)
        except OverflowError:
            self._say(WRONG_VALUE, "these widths are beyond any limit", "REGNET", "WM")
            self.file.end()
            raise
        b = 1 / Fraction(multiplier)
        bottleneck = block in ("bottleneck", "linear")
        levels: list[Level] = []
        for depth, width in runs:
            w = compatible(width, b, g, None, generator.rounding)
            inner = int(w / b) if bottleneck else w
            levels.append(
                Level(depth, w, stride, inner, inner // min(g, inner) if bottleneck else 1)
            )
        fits = bottleneck or all(lv.w == w for lv, (_, w) in zip(levels, runs, strict=True))
        plan = self._plan("REGNET", tuple(levels), block)
        return plan.replace(generator=generator if fits else None, g=g)

    def _resnet(self) -> Plan:
        datasets = {_CIFAR: _CIFAR, "imagenet": "imagenet"}
        dataset = self._word("TRAIN", "DATASET", datasets, "pycls' resnet has no data set")
        function = self._word(
            "RESNET",
            "TRANS_FUN",
            {"basic_transform": "basic", "bottleneck_transform": "bottleneck"},
            "pycls has no transformation",
        )
        depth = self._whole("MODEL", "DEPTH", high=6 * MOST_BLOCKS)
        groups = self._whole("RESNET", "NUM_GROUPS")
        width = self._whole("RESNET", "WIDTH_PER_GROUP")
        first = self._flag("RESNET", "STRIDE_1X1")
        self.file.end()
        needed = "basic" if dataset == _CIFAR else "bottleneck"
        if function != needed:
            message = f"pycls' resnet needs {needed}_transform on {dataset}"
            self._say(WRONG_VALUE, message, "RESNET", "TRANS_FUN")
        if dataset == _CIFAR:
            if depth < 8 or (depth - 2) % 6:
                self._say(WRONG_VALUE, "on cifar10 the depth is 6n + 2", "MODEL", "DEPTH")
            d = max(1, (depth - 2) // 6)
            levels = [Level(d, w, s, w) for w, s in ((16, 1), (32, 2), (64, 2))]
            stem = Piece("simple_stem", (("w", 16), ("s", 1)))
        else:
            if depth not in _DEPTHS:
                self._say(WRONG_VALUE, "on imagenet the depth is 50, 101 or 152", "MODEL", "DEPTH")
            levels = [
                Level(d, 256 * 2**i, 2 if i else 1, width * groups * 2**i, groups)
                for i, d in enumerate(_DEPTHS.get(depth, _DEPTHS[50]))
            ]
            stem = Piece("resnet_stem", (("w", 64),))
        return Plan(
            self.name,
            self.origin,
            self.title,
            self._input(),
            stem,
            tuple(levels),
            self._head(0),
            needed,
            act=self._act(),
            strided="1x1" if first and needed == "bottleneck" else "3x3",
        )

    # ----------------------------------------------------------------- what types share

    def _plan(self, section: str, levels: tuple[Level, ...], transform: str) -> Plan:
        block, settings = self._word(section, "STEM_TYPE", _STEMS, "anydsl imports no stem")
        width = self._whole(section, "STEM_W")
        head = self._whole(section, "HEAD_W", low=0)
        se = self._number(section, "SE_R", low=0, high=64)
        if not self._flag(section, "SE_ON") or transform not in ("bottleneck", "linear"):
            se = 0
        return Plan(
            self.name,
            self.origin,
            self.title,
            self._input(),
            Piece(block, (("w", width), *settings)),
            levels,
            self._head(head),
            transform,
            se=se,
            act=self._act(),
        )

    def _input(self) -> tuple[int, int, int]:
        """CIFAR's pictures have 32 pixels a side, whatever the default is."""
        small = self.file.value("TRAIN", "DATASET", "") == _CIFAR
        side = 32 if small and not self.file.has("TRAIN", "IM_SIZE") else None
        side = side or self._whole("TRAIN", "IM_SIZE", high=2**16)
        return 3, side, side

    def _head(self, width: int) -> Piece:
        classes = self._whole("MODEL", "NUM_CLASSES")
        if width:
            return Piece("conv_head", (("w", width), ("classes", classes)))
        return Piece("linear_head", (("classes", classes),))

    def _act(self) -> str:
        return self._word("MODEL", "ACTIVATION_FUN", _ACTS, "pycls has no activation", lower=True)

    # -------------------------------------------------------------------- single values

    def _word(
        self, section: str, key: str, known: dict[str, Any], what: str, *, lower: bool = False
    ) -> Any:
        value = self.file.value(section, key, DEFAULTS[section][key])
        word = str(value).lower() if lower else str(value)
        if word in known:
            return known[word]
        if not word or value is None:
            hint = f"one of {', '.join(known)}"
            self.file.say(MISSING, f"{section} needs `{key}`", self._at(section, key), hint=hint)
        else:
            self.file.unknown(what, word, list(known), self._at(section, key))
        return next(iter(known.values()))

    def _flag(self, section: str, key: str) -> bool:
        value = self.file.value(section, key, DEFAULTS[section][key])
        if isinstance(value, bool):
            return value
        self._say(WRONG_VALUE, f"`{key}` has to be True or False", section, key)
        return False

    def _whole(self, section: str, key: str, *, low: int = 1, high: int = WIDEST) -> int:
        value = self.file.value(section, key, DEFAULTS[section][key])
        return self._whole_value(value, section, key, low, high)

    def _whole_value(self, value: Any, section: str, key: str, low: int, high: int) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        message = f"`{key}` has to be a whole number between {low:,} and {high:,}"
        self._say(WRONG_VALUE, message, section, key)
        return max(low, 1)

    def _number(
        self, section: str, key: str, *, low: int = 0, above: bool = False, high: int = WIDEST
    ) -> Fraction | int:
        value = self.file.value(section, key, DEFAULTS[section][key])
        return self._number_value(value, section, key, low, above, high)

    def _number_value(
        self, value: Any, section: str, key: str, low: int, above: bool, high: int
    ) -> Fraction | int:
        number = isinstance(value, (int, Fraction)) and not isinstance(value, bool)
        if number and low <= value <= high and not (above and value == low):
            return value
        message = (
            f"`{key}` has to be a number {'above' if above else 'from'} {low:,} up to {high:,}"
        )
        self._say(WRONG_VALUE, message, section, key)
        return low + 1

    def _positive(self, section: str, key: str, value: Any = None) -> Fraction | int:
        if value is None:
            value = self.file.value(section, key, DEFAULTS[section][key])
        return self._number_value(value, section, key, 0, True, 2**10)

    def _list(
        self,
        section: str,
        key: str,
        *,
        count: int | None = None,
        high: int = WIDEST,
        number: Callable[[str, str, Any], Any] | None = None,
    ) -> list[Any]:
        values: Any = self.file.value(section, key, [])
        if not isinstance(values, list):
            self._say(WRONG_VALUE, f"`{key}` has to be a list", section, key)
            return []
        values = cast("list[Any]", values)
        if not self.file.has(section, key):
            self._say(MISSING, f"{section} needs `{key}`", section, key)
        elif count is not None and len(values) != count:
            message = f"`{key}` has {len(values)} values for {count} stages"
            self._say(WRONG_VALUE, message, section, key)
        if number is not None:
            return [number(section, key, value) for value in values]
        return [self._whole_value(value, section, key, 1, high) for value in values]

    def _at(self, section: str, key: str) -> Span:
        return self.file.at(section, key)

    def _say(self, kind: Kind, message: str, section: str, key: str) -> None:
        self.file.say(kind, message, self._at(section, key))


def _spoken(value: Any) -> str:
    return f"{float(value):g}" if isinstance(value, Fraction) else repr(value)
