"""Random changes of training pictures, a whole batch at once on its device; one file a change.

Imports the declarations of `design`; knows nothing of where pictures come from or go to.
"""
