"""The checker: rules, waivers, fixes, and the pages that explain every finding.

May import `blocks` and what is below it. Rules that judge a design read networks and name field
paths; only those that judge how it is written see the text.
"""
