"""Engines that lower a Keras HGQ model to a graph of shifts and additions, and write its HDL."""
