"""Recipes: TOML files that become frozen dataclasses; presets and all defaults."""
