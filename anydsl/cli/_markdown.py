"""Pages in Markdown, made easier to read on a terminal."""

from __future__ import annotations

import re

_BOLD, _CODE, _END = "\033[1m", "\033[36m", "\033[0m"
_INLINE = re.compile(r"`([^`\n]+)`")


def painted(page: str) -> str:
    """Headings bold, code coloured, marks gone; lines stay as they are."""
    lines: list[str] = []
    inside = False
    for line in page.splitlines():
        if line.startswith("```"):
            inside = not inside
            continue
        if inside:
            lines.append(f"  {_CODE}{line}{_END}" if line else "")
        elif line.startswith("#"):
            lines.append(f"{_BOLD}{line.lstrip('#').strip()}{_END}")
        else:
            lines.append(_INLINE.sub(rf"{_CODE}\1{_END}", line))
    return "\n".join(lines) + "\n"
