"""Coordinates for kernels: objects are found in types, and sharpen the predictor."""

import torch

from softsym.metrics.symmetry_tests.charts import Chart, Layout
from softsym.metrics.symmetry_tests.kernel_ridge import fit_kernel_ridge
from softsym.symmetries import rep


def test_objects_have_one_copy_of_each_numerous_term_and_share_the_rest():
    layout = Layout.of(rep("2T0 + 2T1 + T2"), 3)
    assert [copy.stop - copy.start for copy in layout.copies] == [1, 1, 3, 3, 9]
    assert layout.objects == ((0, 2, 4), (1, 3, 4))
    assert Layout.of(rep("T0 + T1"), 3).objects == ()


def test_polar_coordinates_are_directions_and_logarithms_of_lengths():
    layout = Layout.of(rep("2T1"), 2)
    x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)).double() + 1
    z, bigger = (Chart.of(v, layout, True) for v in (x, 100 * x))
    assert [len(one) for one in z.objects] == [3, 3]
    difference = z(x) * z.scale + z.center - (bigger(100 * x) * bigger.scale + bigger.center)
    directions = torch.tensor([0, 1, 3, 4])
    assert float(difference[:, directions].abs().max()) < 0.05
    assert float((difference[:, 2] + torch.tensor(100.0).log()).abs().max()) < 0.05


def test_a_sum_over_particles_is_learned_from_few():
    x = torch.randn(700, 16, generator=torch.Generator().manual_seed(0)).double()
    layout = Layout.of(rep("4T0 + 4T1"), 3)
    y = (x[:, :4] * x[:, 4:].unflatten(1, (4, 3)).square().sum(-1)).sum(1, keepdim=True)
    y = y / y.std()
    errors = []
    for known in (None, layout):
        f = fit_kernel_ridge(x[:400], y[:400], torch.Generator().manual_seed(0), layout=known)
        errors.append(float((f(x[400:]) - y[400:]).square().mean()))
    assert errors[1] < 0.02
    assert errors[0] > 0.2


def test_a_recipe_for_objects_that_inputs_lack_is_no_obstacle():
    """One vector is constant: turns about it leave one object, others make it two."""
    x = torch.randn(300, 6, generator=torch.Generator().manual_seed(0)).double()
    x[:, 3:] = torch.tensor([1.0, 0.0, 0.0])
    layout = Layout.of(rep("2T1"), 3)
    y = x[:, :1] + x[:, 1:2].square()
    fits = [
        fit_kernel_ridge(x, y, torch.Generator().manual_seed(0), layout=layout, recipe=recipe)
        for recipe in ((False, 8), None)
    ]
    torch.testing.assert_close(fits[0](x), fits[1](x))
