"""Formulas over columns of jets, parsed into checked trees: of data cards, and of firmware."""
