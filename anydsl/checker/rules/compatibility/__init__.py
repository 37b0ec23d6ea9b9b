"""C: what fits together, and is yet hardly meant."""
