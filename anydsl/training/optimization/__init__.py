"""How a step changes the weights: optimizers, the learning rate over time, averages of weights.

Imports recipes of `design`; not for the loop that calls it.
"""
