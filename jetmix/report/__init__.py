"""The report: this tagger beside published ones."""
