"""Trials: what a package holds, built and run on vectors as its user would."""
