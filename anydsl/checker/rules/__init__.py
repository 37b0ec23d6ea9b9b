"""The lint rules, one file each, found by this folder; each is its own page, examples and fix."""
