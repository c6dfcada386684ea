"""Model files and the Keras backend: the only place that opens a model."""
