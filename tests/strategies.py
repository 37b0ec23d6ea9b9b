"""Hypothesis strategies that all tests share: random valid specs, and random layouts of a text."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from anydsl.language.lexer import comments, tokens

T = TypeVar("T")

WIDEST = 64
_ACTS = ("relu", "relu6", "silu", "gelu", "hardswish", "hardsigmoid", "sigmoid")
_REMARKS = ("# why", "#", "# a = 1, { ( [", '# "quoted', "# ## not a doc", "#no space", "# ünïcödé")
_LEAVES = ("constant", "constant * 2", "(constant + 1) // 2", "min(constant, 4)", "7 % constant")


class Kind:
    """A block: which of b, g, se and act it takes, and the b that it has by itself."""

    def __init__(self, name: str, takes: str, b: Fraction | None = None, text: str = "") -> None:
        self.name = name
        self.takes = takes.split()
        self.b = b
        self.text = text


STANDARD = (
    Kind("plain", "act"),
    Kind("vanilla", "act"),
    Kind("basic", "act"),
    Kind("bottleneck", "b act", Fraction(4)),
    Kind("resnext", "b g se act", Fraction(1)),
    Kind("resnext_linear", "b g se act", Fraction(1, 4)),
)
OWN = (
    Kind(
        "single",
        "act",
        text="""\
## A convolution of the reader's own.
block single(w, s = 1, k = 3, act = relu) {
  out = x -> conv(w, k = k, s = s, pad = k // 2) -> bn -> act
}
""",
    ),
    Kind(
        "weighed",
        "act",
        text="""\
block weighed(w, s = 1, act = silu, norm = bn(eps = 1e-3)) {
  main = x
    # the picture first
    -> conv(w, k = 3, s = s, bias = true) -> norm -> act  # then the weights

    -> squeeze_excite(max(1, w // 4), gate = hardsigmoid)
  shortcut = x if x.w == w and s == 1 else x -> conv(w, k = 1, s = s) -> bn
  out = main + shortcut
}
""",
    ),
    Kind(
        "woven",
        "act",
        text="""\
block woven(w, s = 1, act = gelu) {
  wide = x -> conv(2 * w, k = 3, s = s) -> layernorm
  left = wide -> split(2, 0) -> act -> layer_scale(0.1)
  right = wide -> split(2, i = 1) -> drop_path(0)
  scale = right -> avgpool_to(1x1) -> hardsigmoid
  both = concat(left, right * scale) -> shuffle(2)
  out = both -> conv(w, k = 1, bias = true)
}
""",
    ),
    Kind(
        "placed",
        "b g",
        Fraction(1, 2),
        """\
block placed(w, s = 1, b = 1/2, g) {
  inner = w / b
  step = x -> maxpool(3, s = s, pad = 1)
  if_first = not (i > 0 or j == depth)
  out = (step -> conv(inner, k = 1) -> when(if_first, bn -> relu)
    -> conv(inner, k = 3, g = g) -> conv(w, k = 1))
}
""",
    ),
)


class Stage:
    """What is known of a stage that has been written: enough to say which rules hold."""

    def __init__(self, kind: Kind, d: int, w: int, settings: dict[str, Any]) -> None:
        self.kind, self.d, self.w = kind, d, w
        self.b = settings.get("b", kind.b) if "b" in kind.takes else None
        given = [(key, settings[key]) for key in ("g", "groups") if key in settings]
        self.g = given[0] if given and "g" in kind.takes else None


@st.composite
def networks(draw: DrawFn, remarks: bool = True) -> str:
    """Texts of files with one net, which check without an error; small enough to be compiled.

    Inputs have 8 to 32 pixels, stages at most three blocks and 64 channels. There may be warnings,
    such as that a width falls.
    """
    return _Writer(draw, remarks).file()


class _Writer:
    def __init__(self, draw: DrawFn, remarks: bool) -> None:
        self.draw = draw
        self.remarks = remarks
        self.constant = draw(st.sampled_from([0, 0, 1, 2, 4, 8]))
        self.own: dict[str, Kind] = {}

    def pick(self, values: Sequence[T]) -> T:
        return self.draw(st.sampled_from(values))

    def chance(self, out_of: int = 2) -> bool:
        return self.draw(st.integers(0, out_of - 1)) == out_of - 1

    # ------------------------------------------------------------------------------- the file

    def file(self) -> str:
        name = self.pick(("N", "Net_1", "step", "RegNetX32"))
        channels = self.pick((1, 3))
        height, width = (self.draw(st.integers(8, 32)) for _ in range(2))
        entry = [f"input = {channels}x{height}x{width}"]
        stem, fed = self.stem(channels)
        body, stages = self.body(fed)
        ends = [*stem, *self.head()]
        rules = self.rules(stages)
        header = [*self.remark(""), "anynet 1", ""]
        base: list[str] = []
        extends = ""
        if self.chance(5):
            extends = " extends Base"
            base = ["space Base {", *_in([*entry, *ends, *body]), "}"]
            entry, ends, body = [], [], []
        parts = [entry, ends, body, rules]
        if self.chance(4):
            parts = list(self.draw(st.permutations(parts)))
        lines = [line for part in parts for line in part]
        doc = ["## A net,", "##   in two lines."] if self.chance() else []
        net = [*doc, f"net {name}{extends} {{", *_in(lines), "}"]
        constants: list[str] = []
        if self.constant:
            constants = [f"constant = {self.constant}", f"derived = {self.pick(_LEAVES)}"]
        blocks = [kind.text.rstrip("\n").split("\n") for kind in self.own.values()]
        sections = [constants, *blocks, base, net]
        if self.chance(4):
            sections = list(self.draw(st.permutations(sections)))
        return "\n".join(header + [line for s in sections if s for line in (*s, "")][:-1]) + "\n"

    def remark(self, indent: str = "") -> list[str]:
        if not (self.remarks and self.chance(6)):
            return []
        return [indent + self.pick(_REMARKS)]

    def block(self, opening: str, settings: list[str]) -> list[str]:
        """A block on one line, or on several."""
        if self.chance():
            inside = f" {', '.join(settings)} " if settings else " "
            behind = "  # so" if self.remarks and self.chance(8) else ""
            return [f"{opening} {{{inside}}}{behind}"]
        return [f"{opening} {{", *_in([*self.remark(), *settings]), "}"]

    def whole(self, value: int) -> str:
        """A whole number, as itself or as what comes to it."""
        ways = [str(value)] * 4 + [f"{value} + 0", f"max(1, {value})", f"({value})"]
        if self.constant and value % self.constant == 0:
            ways += [f"constant * {value // self.constant}"] * 2
        return self.pick(ways)

    def ratio(self, value: Fraction) -> str:
        if value.denominator == 1:
            return self.pick([str(value), str(value), f"{value}.0"])
        return self.pick([str(value), str(float(value)), f"1 / {value.denominator}"])

    # ------------------------------------------------------------------------------- the parts

    def stem(self, channels: int) -> tuple[list[str], int]:
        block = self.pick(("", "simple_stem", "resnet_stem", "patch_stem", "none"))
        if block == "none":
            return [], channels
        w = self.pick((4, 8, 12, 16, 32))
        settings = [f"w = {self.whole(w)}"]
        if block:
            settings.insert(self.draw(st.integers(0, 1)), f"block = {block}")
        if block in ("", "simple_stem") and self.chance():
            settings.append(f"s = {self.pick((1, 2))}")
        if block == "patch_stem" and self.chance():
            settings.append("k = 2")
        elif block != "patch_stem" and self.chance(4):
            settings.append(f"act = {self.pick(_ACTS)}")
        return self.block("stem", settings), w

    def head(self) -> list[str]:
        block = self.pick(("", "", "linear_head", "conv_head", "none"))
        if block == "none":
            return []
        settings = [f"classes = {self.whole(self.pick((1, 2, 10)))}"]
        if block:
            settings.append(f"block = {block}")
        if block == "conv_head":
            settings.append(f"w = {self.pick((8, 24))}")
        return self.block("head", settings)

    def kind(self) -> Kind:
        kind = self.pick((*STANDARD, *STANDARD[3:], *OWN))
        if kind.text:
            self.own[kind.name] = kind
        return kind

    def body(self, fed: int) -> tuple[list[str], list[Stage] | None]:
        kind = self.kind()
        defaults = self.settings(kind, fed, everything=True)
        on_body = {k: v for k, v in defaults.items() if k in ("g", "groups") or self.chance()}
        lines = [f"block = {kind.name}"]
        if self.chance(4):
            lines, stages = [*lines, *self.lines(on_body)], None
            lines += self.generator()
        else:
            if self.chance(4):
                on_body["d"] = self.draw(st.integers(1, 3))
            more, stages = self.stages(kind, on_body, fed)
            taken = {"d", *(word for stage in stages for word in stage.kind.takes)}
            taken |= {"groups"} if "g" in taken else set()
            lines += [*self.lines({k: v for k, v in on_body.items() if k in taken}), *more]
        return ["body {", *_in(lines), "}"], stages

    def settings(self, kind: Kind, fed: int, *, everything: bool = False) -> dict[str, Any]:
        """Settings for a block: what it needs, and some of what it takes."""
        found: dict[str, Any] = {}
        if "b" in kind.takes and (everything or self.chance(3)):
            found["b"] = self.pick([Fraction(1), Fraction(2), Fraction(1, 2), Fraction(1, 4)])
            if kind.name != "placed" and self.chance(5):
                found["b"] = Fraction(4)
        if "g" in kind.takes and (everything or self.chance(4)):
            key = self.pick(("g", "g", "groups"))
            found[key] = self.pick((1, 2, 4, 8, 16) if key == "g" else (1, 2, 4))
        if "se" in kind.takes and (everything or self.chance(4)):
            legal = [r for r in ("0", "1/4", "0.25", "0.5", "1") if _squeezes(fed, r)]
            found["se"] = self.pick(legal)
        if "act" in kind.takes and self.chance(4):
            found["act"] = self.pick(_ACTS)
        return found

    def lines(self, settings: dict[str, Any]) -> list[str]:
        return [f"{k} = {self.value(v)}" for k, v in settings.items()]

    def value(self, value: Any) -> str:
        if isinstance(value, Fraction):
            return self.ratio(value)
        return self.whole(value) if isinstance(value, int) else value

    def generator(self) -> list[str]:
        settings = [
            f"d = {self.draw(st.integers(1, 6))}",
            f"w0 = {self.pick((8, 12, 16, 24))}",
            f"wa = {self.pick(('0', '2.5', '6', '36/5', '8.25'))}",
            f"wm = {self.pick(('1.5', '2', '2.49', '5/2'))}",
        ]
        if self.chance():
            settings.append(f"q = {self.pick((2, 4, 8))}")
        if self.chance(4):
            settings.append("rounding = pycls")
        return self.block("stages quantized_linear", settings)

    def stages(
        self, default: Kind, on_body: dict[str, Any], fed: int
    ) -> tuple[list[str], list[Stage]]:
        """Stages that are written out; `fed` is the width that comes in."""
        lines: list[str] = []
        stages: list[Stage] = []
        number = 1
        for _ in range(self.draw(st.integers(1, 3))):
            kind = default if not self.chance(5) else self.kind()
            many = self.pick((1, 1, 1, 2, 3)) if len(stages) < 3 else 1
            own = self.settings(kind, fed)
            effective = {k: v for k, v in on_body.items() if k in (*kind.takes, "groups", "d")}
            if "g" in own or "groups" in own:
                effective = {k: v for k, v in effective.items() if k not in ("g", "groups")}
            effective |= own
            if "g" in kind.takes and not effective.keys() & {"g", "groups"}:
                own["g"] = effective["g"] = 2
            if not _squeezes(fed, effective.get("se", "0")):
                own["se"] = effective["se"] = "0"
            d = own["d"] = self.draw(st.integers(1, 3))
            if "d" in on_body and self.chance():
                d = on_body["d"]
                del own["d"]
            legal = widths(effective.get("b", kind.b), effective.get("g"), effective.get("groups"))
            w = self.pick(legal)
            if d > 1 and many == 1 and self.chance(6):
                each = [self.pick(legal) for _ in range(d)]
                written, w = f"[{', '.join(map(str, each))}]", each[-1]
            else:
                written = self.whole(w)
            settings = [f"w = {written}", *self.lines(own)]
            if kind is not default:
                settings.insert(0, f"block = {kind.name}")
            if self.chance(4):
                settings.append(f"s = {self.pick((1, 2, 3))}")
            settings = list(self.draw(st.permutations(settings)))
            label = f"s{number}" if many == 1 else f"s[{number}..{number + many - 1}]"
            lines += [*self.remark(), *self.block(f"stage {label}", settings)]
            stages += [Stage(kind, d, w, effective)] * many
            number += many
            fed = w
        return lines, stages

    # ------------------------------------------------------------------------------- the rules

    def rules(self, stages: list[Stage] | None) -> list[str]:
        """Rules that hold, and waivers of principles that are broken."""
        said = ["require flops in 1..1T", "prefer params < 100M or acts >= 1", "require depth >= 1"]
        if stages is None:
            return self.draw(st.lists(st.sampled_from(said), max_size=2, unique=True))
        ds, ws = [s.d for s in stages], [s.w for s in stages]
        bs, gs = [s.b for s in stages if s.b], [s.g for s in stages if s.g]
        said += [
            f"require depth == {sum(ds)} and not (stages > {len(ds)})",
            f'require first(w) == {ws[0]} because "the stem gives as much"',
            f"prefer last(w) / 2 + 1 in 0..{ws[-1]}",
            f"require max(d) in [{max(ds)}, 100]",
            f"require sum(w) - min(w) <= {sum(ws)}",
        ]
        orders = {
            "nondecreasing(w)": (ws == sorted(ws), "nondecreasing_width"),
            "nondecreasing(d)": (ds == sorted(ds), "nondecreasing_depth"),
            "shared(b)": (len(set(bs)) <= 1, "shared_bottleneck"),
            "shared(g)": (len(set(gs)) <= 1, "shared_groups"),
        }
        for rule, (holds, name) in orders.items():
            if holds:
                said += [f"require {rule}", f"prefer {rule}"]
                continue
            said.append(f"require not {rule}")
            if self.chance(3):
                what = self.pick((rule, name))
                said.append(f'waive {what} because "on # purpose"')
        waivers = [rule for rule in said if rule.startswith("waive")]
        rest = [rule for rule in said if rule not in waivers]
        return waivers + self.draw(st.lists(st.sampled_from(rest), max_size=3, unique=True))


def widths(b: Fraction | None, g: int | None, groups: int | None) -> list[int]:
    """The widths up to 64 that a bottleneck ratio and groups allow; a wide g is cut."""
    found: list[int] = []
    for w in range(4, WIDEST + 1):
        inner = Fraction(w) / (b or 1)
        unit = groups or min(g or 1, max(1, int(inner)))
        if inner.denominator == 1 and inner % unit == 0:
            found.append(w)
    return found


def _squeezes(fed: int, se: str) -> bool:
    """Whether squeeze-and-excitation has a channel left; stages are at least 4 wide."""
    return Fraction(se) == 0 or round(min(fed, 4) * Fraction(se)) >= 1


def _in(lines: Sequence[str]) -> list[str]:
    return ["  " + line for line in lines]


# ---------------------------------------------------------------------------------- layouts

_BLANKS = ("", "", " ", "  ", "\t", " \f ")
_ENDS = ("\n", "\r\n", "\r")


@st.composite
def mangled(draw: DrawFn, text: str) -> str:
    """The same text in another layout: the same tokens in the same statements, the same docs.

    Spaces, indentation, blank lines and comments vary, and so do the line ends (in a third of the
    texts from line to line), the line breaks inside brackets, around braces and before `->`, the
    last newline, and whether there is a byte order mark.
    """
    end = draw(st.sampled_from([*_ENDS, "mixed"]))

    def newline(extra: bool = True) -> str:
        more = draw(st.sampled_from(["", "", "", "\n", "\n\n", "# more\n", "\t# more\n\n"]))
        lines = "\n" + (more if extra else "")
        return "".join(
            (draw(st.sampled_from(_ENDS)) if end == "mixed" else end) if c == "\n" else c
            for c in lines
        ) + draw(st.sampled_from(_BLANKS))

    def broken() -> str:
        remark = draw(st.sampled_from(["", "", "", " # behind"]))
        return draw(st.sampled_from(_BLANKS)) + remark + newline()

    pieces = _pieces(text)
    written = [draw(st.sampled_from(["", "", "\ufeff"])), draw(st.sampled_from(_BLANKS))]
    depth = 0
    for place, (kind, piece) in enumerate(pieces):
        before, last = pieces[place - 1] if place else ("_NL", "")
        if kind == "_NL":
            written.append(newline(extra=not last.startswith("##")))
        elif before != "_NL":
            free = depth > 0 or kind in ("->", "}") or before == "{"
            if free and kind != "COMMENT" and not draw(st.integers(0, 7)):
                written.append(broken())
            else:
                blank = draw(st.sampled_from(_BLANKS))
                glued = last[-1:].isalnum() or last.endswith("_"), piece[0].isalnum()
                written.append(blank or (" " if all(glued) or piece[0] == "_" else ""))
        written.append("" if kind == "_NL" else piece)
        if kind in ("(", "[", ")", "]"):
            depth += 1 if kind in ("(", "[") else -1
    result = "".join(written)
    if draw(st.integers(0, 3)) == 0:
        result = result.rstrip("\r\n\t \f")
    return result


def _pieces(text: str) -> list[tuple[str, str]]:
    """Tokens and comments in order; every line end is a piece."""
    found = [(a, k, text[a:b]) for k, a, b in tokens(text) if k != "_NL"]
    found += [(a, "COMMENT", text[a:b].rstrip()) for a, b in comments(text)]
    found += [(at, "_NL", "\n") for at, c in enumerate(text) if c == "\n"]
    return [(kind, piece) for _, kind, piece in sorted(found)]
