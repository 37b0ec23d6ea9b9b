"""The language server: what the command line knows, while one types; a feature a file.

Imports everything below `cli` that needs no torch. Not for logic: a feature asks the checker, the
measurements and `design.symbols`, and puts the answer into the words of the protocol.
"""
