"""Weights in files, and those of other libraries.

May import `lowering` and what is below it. Not for training's checkpoints, which hold more.
"""
