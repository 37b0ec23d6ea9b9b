"""Drawings of networks: the figure of the RegNet paper, as SVG, HTML, DOT and PNG.

`content` says what is drawn, `layout` where, and the files of `writers` in which form. May import
what the checker may. Not for torch, and not for colours or files outside of `writers`.
"""
