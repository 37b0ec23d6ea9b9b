"""The data sets, one file each, called as in a recipe: `data = digits` is read by `digits.py`.

A file has `holds(root)`, `parts(root)`, `download(root)` and `opened(dataset, root, channels)`: see
`Reader` in `anydsl.training.feeding.source`. Nothing else belongs here, for the folder is the list
of data sets.
"""
