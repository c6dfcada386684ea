"""Where two levels part: layers and pipeline stages."""
