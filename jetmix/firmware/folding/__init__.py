"""A tagger that takes a jet in several clocks, with one copy of what repeats."""
