"""Meaning: networks, stages, spaces, recipes and studies, and how text is resolved to them.

May import `language` and `errors`. Not for computation: no operation and no shape is known here.
"""
