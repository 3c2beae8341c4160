"""The projection regularizer (PER), and the pass over the weights that computes it."""

from softsym.regularizers.projection.regularizer import ProjectionRegularizer

__all__ = ["ProjectionRegularizer"]
