"""Faults planted on purpose, and how many the vectors catch."""
