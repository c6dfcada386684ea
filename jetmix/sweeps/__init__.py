"""Sweeps: many trainings of one kind, each a run directory, and what comes out of them."""
