"""Published jets, read from their archives."""
