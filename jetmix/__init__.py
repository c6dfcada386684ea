"""jetmix: from jets to bit-exact jet-tagging firmware."""

__version__ = "0.1.0"
