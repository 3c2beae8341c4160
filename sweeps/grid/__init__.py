"""Grids: every combination of the swept values, as ``train.py -m`` composes them."""
