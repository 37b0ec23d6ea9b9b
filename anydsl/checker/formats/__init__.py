"""Findings in the formats of other tools, one file each; `write` makes the text."""
