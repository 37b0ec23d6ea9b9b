"""Compiled networks in other forms: one file per format, found by this folder.

May import `lowering` and what is below it. Not for naming schemes of other libraries: those are
`weights`.
"""
