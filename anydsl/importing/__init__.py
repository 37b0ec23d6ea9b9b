"""Designs of other libraries as `.anynet` text: torchvision, timm and the files of pycls.

May import `lowering` and what is below it, to check what it wrote. Not for other libraries'
parameters: those are in `weights`.
"""
