"""Files, stages, records, tools and the terminal; knows nothing of jets or FPGAs."""
