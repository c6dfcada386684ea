"""Readers of synthesis reports, recognised by content."""
