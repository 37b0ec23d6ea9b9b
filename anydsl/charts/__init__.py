"""Pictures of numbers: confusion matrices, reliability diagrams, learning curves; SVG and PNG.

May import `drawing`, for how text is measured, coloured and rasterized. Not for finding the
numbers: plain sequences come in.
"""
