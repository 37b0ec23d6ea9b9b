"""Populations: what a study draws and trains, how it is run, and what is said of the outcome.

May import `training`, `drawing` and what is below them. Not for the law of a space, which is in
`spaces`, nor for the training of one net, which is in `training`.
"""
