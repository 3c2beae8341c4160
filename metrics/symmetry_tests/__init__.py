"""The symmetry test: which symmetries hold in data, how nearly, and how sure that is."""

from softsym.metrics.symmetry_tests.procedure import symmetry_test
from softsym.metrics.symmetry_tests.verdict import SymmetryTest, Verdict

__all__ = ["SymmetryTest", "Verdict", "symmetry_test"]
