"""Text: sources, spans, diagnostics, the parser with its recovery, the tree and the formatter.

May import `errors` only. Not for meaning: a word is just a name here.
"""
