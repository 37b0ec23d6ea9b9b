"""Computation: the closed set of operations, each with its shape rule and its cost, and the graph.

May import `language` and `errors`. Not for meaning: no network, stage or block is known here.
"""
