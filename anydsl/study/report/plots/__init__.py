"""The plots of a report, each a function that gives SVG; matplotlib draws them.

Not for numbers: what is plotted was found before, in `findings` or in the population.
"""
