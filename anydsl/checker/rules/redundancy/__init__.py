"""R: what can be taken out or written once, and means the same."""
