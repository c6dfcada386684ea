"""Readers of the file formats, one file per format."""
