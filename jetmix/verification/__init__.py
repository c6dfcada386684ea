"""Proof that what was trained is what runs, level by level."""
