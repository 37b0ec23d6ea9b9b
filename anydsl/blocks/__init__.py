"""Blocks: their definitions, evaluated once and interpreted as cost or as a graph.

May import `design`, `graph`, `language` and `errors`. Not for torch: see `lowering`.
"""
