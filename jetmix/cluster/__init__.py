"""Dask: workers on the cores at hand or of a batch system, and tasks on them."""
