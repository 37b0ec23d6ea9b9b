"""P: what makes a good network, after the RegNet paper."""
