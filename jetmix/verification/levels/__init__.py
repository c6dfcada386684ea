"""The levels of the ladder of bit-exactness."""
