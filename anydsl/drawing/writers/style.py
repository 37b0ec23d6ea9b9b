"""How the roles of a drawing look; colours differ in lightness too, for print in grey."""

from __future__ import annotations

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
INK, SOFT, ACCENT, QUIET = "#1f2933", "#52606d", "#b5301c", "#7b8794"

BOXES: dict[str, dict[str, str]] = {
    "page": {"fill": "#ffffff"},
    "panel": {"fill": "none", "stroke": "#cbd2d9", "stroke-width": "0.8", "rx": "8"},
    "part": {"fill": "#eef0f2", "stroke": "#52606d", "rx": "5"},
    "body": {"fill": "#d7e3f0", "stroke": "#34567a", "rx": "5"},
    "stage": {"fill": "#d7e3f0", "stroke": "#34567a", "rx": "5"},
    "broken": {"fill": "#fdf0ec", "stroke": ACCENT, "stroke-width": "2", "rx": "5"},
    "forgiven": {"fill": "#d7e3f0", "stroke": "#34567a", "stroke-dasharray": "4 2.5", "rx": "5"},
    "block": {"fill": "#e8eff7", "stroke": "#34567a", "rx": "5"},
    "computes": {"fill": "#d7e3f0", "stroke": "#34567a", "rx": "4"},
    "moves": {"fill": "#f6efd9", "stroke": "#8a7340", "rx": "4"},
    "changes": {"fill": "#ffffff", "stroke": "#7b8794", "rx": "8"},
    "folded": {"fill": "#e3efe3", "stroke": "#4d7550", "rx": "4"},
    "joins": {"fill": "#ffffff", "stroke": INK},
    "tag": {"fill": "#34567a", "rx": "3"},
    "bare": {},
}

TEXTS: dict[str, dict[str, str]] = {
    "name": {"font-weight": "bold", "fill": INK},
    "head": {"font-weight": "bold", "fill": INK},
    "title": {"fill": INK},
    "text": {"fill": INK},
    "small": {"fill": SOFT},
    "sign": {"fill": INK},
    "mark": {"fill": ACCENT},
    "waived": {"fill": QUIET, "font-style": "italic"},
    "tag": {"font-weight": "bold", "fill": "#ffffff"},
}

LINES: dict[str, dict[str, str]] = {
    "edge": {"stroke": "#3e4c59", "stroke-width": "1.1"},
    "zoom": {"stroke": "#9aa5b1", "stroke-width": "0.8", "stroke-dasharray": "3 3"},
    "mark": {"stroke": ACCENT, "stroke-width": "1"},
    "waived": {"stroke": QUIET, "stroke-width": "0.8"},
    "rule": {"stroke": "#cbd2d9", "stroke-width": "0.8"},
}
