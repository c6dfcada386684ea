"""Simulated jets: Pythia 8, a detector of cells and tracks, FastJet, features."""
