"""Weights & Biases: the logger that continues a run, and the workspace as code."""
