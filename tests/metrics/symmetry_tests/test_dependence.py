"""How much the halves of a cross-fitted test repeat each other."""

import torch

from softsym.metrics.symmetry_tests import kernel_ridge
from softsym.metrics.symmetry_tests.dependence import fold_correlation
from softsym.metrics.symmetry_tests.kernel_ridge import fit_kernel_ridge
from softsym.metrics.symmetry_tests.likeness import fit_positions
from softsym.symmetries import group, rep
from softsym.symmetries.orbit_moves import mover


def test_linear_fits_repeat_each_other(monkeypatch):
    def linear(a, b):
        return 1 + a @ b.T

    monkeypatch.setattr(kernel_ridge, "_kernels", lambda chart: [(linear, 3)])
    monkeypatch.setattr(kernel_ridge, "RIDGES", (1e-6,))
    x = torch.randn(1000, 2, generator=torch.Generator().manual_seed(1)).double()
    noise = torch.randn(1000, 1, generator=torch.Generator().manual_seed(2)).double()
    generator = torch.Generator().manual_seed(0)
    half = torch.arange(1000) < 500
    rows = half.nonzero()[:, 0], (~half).nonzero()[:, 0]
    one, other = (fit_kernel_ridge(x[r], 3 * x[r, 1:] + noise[r], generator) for r in rows)
    by = mover(group("Reflect(2)"), rep("T1"), rep("T0"), x)
    asked = rows, x, noise, torch.arange(1000), by, generator
    assert fold_correlation((one, other), (None, None), *asked) > 0.9
    # weights that are nearly 1 change little
    alike = fit_positions(x, [x[torch.randperm(1000, generator=generator)]], generator)
    assert fold_correlation((one, other), (alike, alike), *asked) > 0.9


def test_refitting_the_same_targets_gives_the_same_predictor():
    x = torch.randn(100, 2, generator=torch.Generator().manual_seed(1)).double()
    y = x[:, :1].sin()
    f = fit_kernel_ridge(x, y, torch.Generator().manual_seed(0))
    again = f.refitted(x, y - y.mean(0))
    torch.testing.assert_close(again(x) + y.mean(0), f(x))
