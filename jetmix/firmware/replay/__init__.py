"""Keras layers replayed on traced values, the same for every engine."""
