"""What the errors of a study say: distributions, comparisons, the factorial, each with its doubt.

Arrays in, values out; SciPy and statsmodels do the statistics. Not for reading a study's results.
"""
