"""The lint rules, a folder a group and a file a rule; each is its own page, examples and fix."""
