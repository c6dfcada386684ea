"""Where two levels differ first: layers and pipeline stages."""
