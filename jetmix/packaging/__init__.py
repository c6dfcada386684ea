"""Packages: a verified synthesis as what another system takes, one file per target."""
