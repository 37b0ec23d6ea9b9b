"""The models of torchvision and timm: found by name, built without numbers, read, compared."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from fractions import Fraction
from typing import Any, cast

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from anydsl.checker.engine import Checked
from anydsl.design.network import Network
from anydsl.design.quantized import compatible, quantized_linear
from anydsl.design.vocabulary import QuantizedLinear
from anydsl.errors import DesignError, UsageError
from anydsl.importing.flow import Flow, flow_of
from anydsl.importing.plan import Plan, net_name
from anydsl.importing.structure import Structure, structure_of
from anydsl.language.diagnostics import nearest
from anydsl.language.record import Record
from anydsl.lowering.compiler import compile_network

SUPPORTED = "anydsl imports the plain RegNetX, RegNetY, ResNet, wide ResNet and ResNeXt"
_KIN = re.compile(r"^(?!vit)\w*(res?ne|regnet)")
_SPOKEN = (
    (re.compile(r"^wide_resnet"), "WideResNet"),
    (re.compile(r"^resnext"), "ResNeXt"),
    (re.compile(r"^resnet"), "ResNet"),
    (re.compile(r"^regnet_?([xy])_?"), "RegNet*_"),
)


class Model(Record):
    """A model of a library.

    Attributes:
        module: built, with its parameters on `meta`.
        input: channels x height x width of the pictures that it is made for.
        generator: what the library generates its stages from, and the group width; None where it
            does not.
    """

    module: nn.Module
    input: tuple[int, int, int]
    generator: tuple[QuantizedLinear, int] | None


def plan_of_model(library: str, name: str) -> tuple[Plan, Flow]:
    """Read the design of a model.

    Args:
        library: `torchvision` or `timm`.
        name: as the library calls it; a tag of timm's, `resnet50.a1_in1k`, is passed over.

    Returns:
        The design, and what the model computes.

    Raises:
        UsageError: the library has no model of that name.
        DesignError: the model is none that can be imported; the message says why.
    """
    build, known = _LIBRARIES[library]
    names = known()
    plain = name.partition(".")[0] if library == "timm" else name
    if plain not in names:
        kin = [n for n in names if _KIN.search(n)]
        hint = nearest(plain, kin) or nearest(plain, names) or SUPPORTED
        raise UsageError(f"{library} has no model `{name}`; {hint}")
    if not _KIN.search(plain):
        raise DesignError(f"{library}:{name} is not imported: {SUPPORTED} models")
    try:
        model = build(plain)
        flow = flow_of(model.module)
        structure = structure_of(flow)
    except DesignError as error:
        raise _refused(library, plain, str(error)) from None
    plan = Plan(
        _net_name(plain),
        f"{library}'s {plain}",
        f"The {plain} of {library} {_version(library)}",
        model.input,
        structure.stem,
        structure.levels,
        structure.head,
        structure.transform,
        se=structure.se,
    )
    if model.generator is not None:
        generator, g = model.generator
        plan = plan.replace(generator=_fitting(generator, g, structure), g=g)
    return plan, flow


def compare(checked: Checked, flow: Flow, library: str, name: str) -> None:
    """See to it that a text compiles to what the model computes.

    Raises:
        DesignError: it does not.
    """
    assert isinstance(checked.value, Network)
    ours = flow_of(compile_network(checked.value, device="meta"))
    if ours.key() != flow.key():
        raise _refused(library, name, "it differs in a detail from the blocks of its kind")


def _refused(library: str, name: str, reason: str) -> DesignError:
    return DesignError(f"{library}:{name} is not imported: {reason}; {SUPPORTED} models")


def _version(library: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(library).partition("+")[0]
    except PackageNotFoundError:  # a checkout that is not installed
        return "on this machine"


def _net_name(name: str) -> str:
    """`regnet_y_1_6gf` gives `RegNetY_1_6GF`, `resnext50_32x4d` gives `ResNeXt50_32x4d`."""
    for pattern, spoken in _SPOKEN:
        found = pattern.match(name)
        if found:
            head = spoken.replace("*", found[1].upper()) if found.groups() else spoken
            name = head + name[found.end() :]
            break
    return net_name(re.sub(r"(\d)([mg]f)$", lambda m: m[1] + m[2].upper(), name))


def _fitting(generator: QuantizedLinear, g: int, structure: Structure) -> QuantizedLinear | None:
    """The generator, with the rounding that gives the stages that the model has."""
    try:
        runs = quantized_linear(generator)
    except OverflowError:
        return None
    stages = [(level.d, level.w) for level in structure.levels]
    b = Fraction(structure.levels[0].w, structure.levels[0].inner)
    for rounding in ("pycls", "torchvision"):
        if [(d, compatible(w, b, g, None, rounding)) for d, w in runs] == stages:
            return generator.replace(rounding=rounding)
    return None


# ------------------------------------------------------------------------------ libraries


class _WithoutNumbers(TorchFunctionMode):
    """Makes parameters on `meta`, and leaves arithmetic over small tensors alone.

    torchvision computes the widths of RegNets with tensors, so that `torch.device("meta")` won't
    do.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if func is torch.empty and given.get("device") is None:
            given["device"] = "meta"
        return func(*args, **given)


def _built(make: Callable[[], nn.Module]) -> nn.Module:
    """Build a module without numbers.

    Raises:
        DesignError: it can't be built so, or not with what is installed.
    """
    try:
        with _WithoutNumbers():
            return make().eval()
    except Exception as error:  # whatever a stranger's constructor raises
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DesignError(f"it can't be built ({reason})") from None


def _torchvision(name: str) -> Model:
    from torchvision import models  # pyright: ignore[reportMissingTypeStubs]

    builder: Any = models.get_model_builder(name)
    module = _built(lambda: builder(weights=None))
    return Model(module, (3, 224, 224), _generator(_literals(builder), _TORCHVISION))


def _literals(builder: Any) -> dict[str, Any]:
    """The numbers that a torchvision builder gives to its generator of stages, from its source."""
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(builder)))
        calls = [c for c in ast.walk(ast.parse(source)) if isinstance(c, ast.Call)]
    except (OSError, TypeError, SyntaxError):
        return {}
    for call in calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "from_init_params":
            return {
                k.arg: k.value.value
                for k in call.keywords
                if k.arg and isinstance(k.value, ast.Constant)
            }
    return {}


def _timm(name: str) -> Model:
    import timm
    from timm.models import regnet

    def make() -> nn.Module:
        return timm.create_model(name, pretrained=False)

    module = _built(make)
    configuration: Any = getattr(module, "default_cfg", None) or {}
    size = tuple(configuration.get("input_size", (3, 224, 224)))
    generator = getattr(regnet, "model_cfgs", {}).get(name)
    return Model(module, cast("Any", size), _generator(vars(generator or object), _TIMM))


_TORCHVISION = ("depth", "w_0", "w_a", "w_m", "group_width")
_TIMM = ("depth", "w0", "wa", "wm", "group_size")


def _generator(given: Any, names: tuple[str, ...]) -> tuple[QuantizedLinear, int] | None:
    values = [given.get(name) for name in names]
    if not all(isinstance(value, (int, float)) for value in values):
        return None
    d, w0, wa, wm, g = (_exact(value) for value in values)
    return QuantizedLinear(int(d), w0, wa, wm), int(g)


def _exact(value: Any) -> int | Fraction:
    exact = Fraction(repr(value))
    return exact.numerator if exact.denominator == 1 else exact


def _torchvision_names() -> list[str]:
    from torchvision import models  # pyright: ignore[reportMissingTypeStubs]

    return models.list_models(module=models)


def _timm_names() -> list[str]:
    import timm

    return timm.list_models()


_LIBRARIES: dict[str, tuple[Callable[[str], Model], Callable[[], list[str]]]] = {
    "torchvision": (_torchvision, _torchvision_names),
    "timm": (_timm, _timm_names),
}
