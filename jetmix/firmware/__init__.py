"""Lowering a trained tagger to a Vitis HLS project."""
