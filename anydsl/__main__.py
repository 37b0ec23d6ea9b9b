"""`python -m anydsl`."""

from __future__ import annotations

import sys

from anydsl.cli import main

if __name__ == "__main__":
    sys.exit(main())
