"""Design spaces as laws and as sets: how they are drawn from, counted, and what lies in them.

May import `blocks` and what is below. Not for text: spaces are read in `design`, and whether a
drawn net keeps the principles is for `checker`. Only what draws needs NumPy; counting and
membership are whole numbers and fractions.
"""
