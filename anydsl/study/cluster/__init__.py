"""Studies on more than one machine: Ray places the workers, this machine keeps the results.

Whoever runs the sweep claims trials in the database, sends them to workers, and writes down what
comes back. Workers see neither the folder nor the database.
"""
