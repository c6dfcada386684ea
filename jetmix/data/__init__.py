"""Jets: simulated or imported, in one schema, read by one loader."""
