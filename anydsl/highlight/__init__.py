"""Colours without a server: the words of the language by sort, and a lexer for Pygments.

Imports what declares the words: `graph`, `design` and below. The grammars of editors are written
from the same lists, by `editors/generate.py`.
"""
