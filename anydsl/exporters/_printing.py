"""Python expressions on lines of at most 100 characters, broken as ruff and black break them."""

from __future__ import annotations

WIDTH = 100


class Call:
    """`head(arguments)`, or a list where the brackets say so.

    Attributes:
        arguments: what is written before each, such as `stride=`, and its expression.
        open: whether each argument has its own line, however short they are.
    """

    def __init__(
        self,
        head: str,
        arguments: list[tuple[str, Expression]],
        *,
        brackets: str = "()",
        open: bool = False,  # noqa: A002
    ) -> None:
        self.head = head
        self.arguments = arguments
        self.brackets = brackets
        self.open = open


class Each:
    """`{key value for …}`: a dictionary, one entry for each turn of a loop."""

    def __init__(self, key: str, value: Expression, loop: str) -> None:
        self.key = key
        self.value = value
        self.loop = loop


Expression = str | Call | Each


def flat(expression: Expression) -> str:
    """All of it on one line."""
    if isinstance(expression, str):
        return expression
    if isinstance(expression, Each):
        return f"{{{expression.key}{flat(expression.value)} {expression.loop}}}"
    inside = ", ".join(lead + flat(value) for lead, value in expression.arguments)
    return f"{expression.head}{expression.brackets[0]}{inside}{expression.brackets[1]}"


def broken(expression: Expression, indent: int, lead: str = "", tail: str = "") -> list[str]:
    """Its lines.

    Args:
        expression: what to print.
        indent: how many spaces each line starts with.
        lead: what stands before it on its first line.
        tail: what follows on its last line.
    """
    pad = " " * indent
    line = f"{pad}{lead}{flat(expression)}{tail}"
    if isinstance(expression, str) or (len(line) <= WIDTH and not _opens(expression)):
        return [line]
    if isinstance(expression, Each):
        entry = broken(expression.value, indent + 4, expression.key)
        return [f"{pad}{lead}{{", *entry, f"{pad}    {expression.loop}", f"{pad}}}{tail}"]
    first = f"{pad}{lead}{expression.head}{expression.brackets[0]}"
    last = f"{pad}{expression.brackets[1]}{tail}"
    if not expression.open and expression.brackets == "()":
        if len(expression.arguments) == 1:
            ((before, value),) = expression.arguments
            return [first, *broken(value, indent + 4, before), last]
        inside = ", ".join(before + flat(value) for before, value in expression.arguments)
        if indent + 4 + len(inside) <= WIDTH and not any(
            _opens(value) for _, value in expression.arguments
        ):
            return [first, f"{pad}    {inside}", last]
    lines = [first]
    for before, value in expression.arguments:
        lines += broken(value, indent + 4, before, ",")
    return [*lines, last]


def _opens(expression: Expression) -> bool:
    if isinstance(expression, str):
        return False
    if isinstance(expression, Each):
        return _opens(expression.value)
    return expression.open or any(_opens(value) for _, value in expression.arguments)
