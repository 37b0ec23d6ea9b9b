"""The report of a study: one page that stands alone, and its trials as CSV.

Read from the database as it is, finished or not. Not for statistics, which are in `statistics`, nor
for the drawing of networks, which is in `anydsl.drawing`.
"""
