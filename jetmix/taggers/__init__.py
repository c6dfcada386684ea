"""Jet taggers in High-Granularity-Quantization form."""
