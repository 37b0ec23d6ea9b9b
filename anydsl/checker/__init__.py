"""The checker: rules, waivers, and the pages that explain every finding.

May import `spaces` and what is below it. Not for text: rules read networks and name field paths.
"""
