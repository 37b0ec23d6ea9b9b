"""From the graph to torch: one torch.fx.GraphModule per network, and its initialization.

May import `checker` and what is below it, and torch. Not for other formats: those are exporters.
"""
