"""Vendor and open synthesis tools: run as subprocesses, their text read."""
