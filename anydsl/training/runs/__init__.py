"""The folder of a run: what is written while training, and what is read of it later.

Not for the training itself.
"""
