"""The kinds of error that a spec's meaning can have, each with its page."""

from __future__ import annotations

from anydsl.language.complaints import SYNTAX, TOO_LARGE
from anydsl.language.diagnostics import ERROR, NOTE, Kind
from anydsl.language.edition import UNKNOWN_EDITION

UNKNOWN_NAME = Kind(
    "unknown_name",
    "E003",
    ERROR,
    """A word is not known where it stands.

Words are looked up among the settings that belong there, then in the file, its imports and the
library in `specs/std/`. Where one is spelt almost like it, the message names that one.""",
    "unsafe",
)
WRONG_VALUE = Kind(
    "wrong_value",
    "E004",
    ERROR,
    """A value is of the wrong kind or out of bounds.

Numbers are exact: `1/4` is one quarter, and a width that does not come out whole is an error and
never rounded in silence; `//`, `round` and `multiple(x, of = 8)` are there to be asked for.""",
    "safe",
)
MISSING = Kind(
    "missing",
    "E005",
    ERROR,
    """Something that is needed is not there: a setting without a default, a body, a block's `out`.

The message names what is missing and, for a block, all of its parameters.""",
    "safe",
)
DUPLICATE = Kind(
    "duplicate",
    "E006",
    ERROR,
    """A name is given twice in one place.

A file has one namespace; a block, a stage, a recipe each give a name once.""",
)
IMPORT = Kind(
    "import_failed",
    "E007",
    ERROR,
    """An import can't be followed.

`from "path" import name` reads a file beneath the folder of the file that was named on the command
line; `from "std:regnet/regnetx" import name` reads a shipped one. A file that imports itself, over
whatever detour, is an error.""",
)
EXTENDS = Kind(
    "cannot_extend",
    "E008",
    ERROR,
    """What `extends` names can't be extended that way.

A net extends a net or a space, a space extends a space, a recipe a recipe. Settings merge by kind
and name and the child's win; stages that are written out and `stages` that are generated can't mix.
A child's `=` must lie in what its parent's `~` can draw, and a child's `~` within its parent's.""",
)
FREE = Kind(
    "still_free",
    "E009",
    ERROR,
    """A net draws a setting: `key ~ distribution` belongs in a `space`.

A net is a design space with no freedom left: fix what it inherits with `key = value`.""",
)
ADJUSTED = Kind(
    "adjusted",
    "N001",
    NOTE,
    """A generated width, or a group width, was made to fit.

A group width above the width it divides is cut to that width, and generated widths go to the
nearest one that `b` and `g` divide, as the RegNet paper's code does. Rules judge what was
written.""",
)

KINDS = (
    SYNTAX,
    TOO_LARGE,
    UNKNOWN_EDITION,
    UNKNOWN_NAME,
    WRONG_VALUE,
    MISSING,
    DUPLICATE,
    IMPORT,
    EXTENDS,
    FREE,
    ADJUSTED,
)
