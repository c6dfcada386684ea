"""Limits and baselines that a report is held to."""
