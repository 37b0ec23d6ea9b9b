"""Write a commented starter spec that lints clean and trains."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from anydsl.errors import UsageError

if TYPE_CHECKING:
    import argparse

_STARTER = """\
anynet 1

# A small RegNetX for the built-in digits: 1,797 grey pictures of 8x8 pixels.
#
#   anydsl lint {path}     checks it against the RegNet principles
#   anydsl show {path}     what it costs, stage by stage
#   anydsl train {path}    trains it

## Shown in reports: say here what this net is for.
net {name} {{
  input = 1x16x16  # channels x height x width
  stem {{ w = 16, s = 1 }}
  body {{
    block = resnext  # also: plain, vanilla, basic, bottleneck, resnext_linear
    b = 1            # bottleneck ratio: width over inner width, shared by all stages
    g = 8            # group width: channels per group of the 3x3 convolution
    stage s1 {{ d = 1, w = 24 }}  # d blocks of width w; the first halves the picture
    stage s2 {{ d = 2, w = 48 }}
  }}
  head {{ classes = 10 }}

  require nondecreasing(w)
  require params <= 100000
}}

## How to train it; `anydsl train --set optimizer.lr=0.1` changes a word for one run.
recipe quick {{
  data = digits(resize = 16x16)
  epochs = 20
  batch = 64
  optimizer = sgd(lr = 0.1, momentum = 0.9, weight_decay = 5e-4)
  schedule = cosine(warmup = 2)
}}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "path",
        nargs="?",
        default="net.anynet",
        metavar="PATH",
        help="net.anynet by default; - prints",
    )


def run(args: argparse.Namespace) -> int:
    """Write the file; one that is there is left alone."""
    from anydsl.language.printer import format_text

    words = "".join(
        c if c.isalnum() and c.isascii() else " " for c in os.path.basename(args.path).split(".")[0]
    )
    name = "".join(word[:1].upper() + word[1:] for word in words.split()) or "Net"
    text = format_text(
        _STARTER.format(path=args.path, name=name if name[0].isalpha() else f"Net{name}")
    )
    if args.path == "-":
        sys.stdout.write(text)
        return 0
    try:
        with open(args.path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{args.path} is there already; name another file") from None
    except OSError as error:
        raise UsageError(f"can't write {args.path}: {error.strerror or error}") from None
    sys.stderr.write(f"wrote {args.path}; now try: anydsl show {args.path}\n")
    return 0
