"""How well a trained net does, and how well it knows: scores, classes, calibration.

May import what `training` may. Not for the loop, which needs an accuracy only
(`training.evaluation`), nor for tables and pictures of what is found here.
"""
