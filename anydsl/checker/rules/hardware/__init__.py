"""H: what runs slower than its cost says; off unless selected."""
