"""Data cards: TOML files of ten to thirty lines that say how a source becomes jets."""
