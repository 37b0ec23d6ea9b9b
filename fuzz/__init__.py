"""Looks for texts that break what reads a stranger's file."""
