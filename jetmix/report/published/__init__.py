"""Published taggers, and the rules of a fair comparison with them."""
