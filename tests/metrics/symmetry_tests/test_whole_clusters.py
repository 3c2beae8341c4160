"""No cluster is in both parts of a split, and what is chosen on one half is judged on the other."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from softsym.metrics import symmetry_test
from softsym.metrics.symmetry_tests.kernel_ridge import fit_kernel_ridge
from softsym.metrics.symmetry_tests.whole_clusters import split_clusters


@given(st.lists(st.integers(0, 8), min_size=2, max_size=40), st.integers(0, 99))
def test_no_cluster_is_cut(labels, seed):
    clusters = torch.tensor(labels)
    rows = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    first, second = split_clusters(clusters, rows, 0.75)
    assert sorted(torch.cat([first, second]).tolist()) == list(range(len(labels)))
    assert not set(clusters[first].tolist()) & set(clusters[second].tolist())
    assert len(clusters[first].unique()) == int(0.75 * len(set(labels)))


def test_single_samples_keep_their_order():
    rows = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    first, second = split_clusters(torch.arange(20), rows, 0.75)
    assert torch.cat([first, second]).tolist() == rows.tolist()
    assert len(first) == 15


def test_large_clusters_are_drawn_no_sooner():
    clusters = torch.tensor([0] * 50 + list(range(1, 11)))
    orders = (torch.randperm(60, generator=torch.Generator().manual_seed(i)) for i in range(400))
    held = sum(0 in clusters[split_clusters(clusters, rows, 0.5)[1]] for rows in orders)
    assert 0.4 < held / 400 < 0.7  # 6 of 11 clusters


def tracks(count=60, length=20, seed=0):
    """Samples of a track nearly coincide, and share their noise."""
    draw = torch.Generator().manual_seed(seed)
    clusters = torch.arange(count).repeat_interleave(length)
    x = torch.randn(count, 3, generator=draw).double()[clusters]
    x = x + 0.02 * torch.randn(x.shape, generator=draw).double()
    y = x[:, :1] + 2.0 * torch.randn(count, 1, generator=draw).double()[clusters]
    return x, y, clusters


def test_the_noise_of_a_track_is_not_learned():
    x, y, clusters = tracks()
    new, truth = (values[::20] for values in tracks(count=400, seed=1)[:2])
    errors = {
        what: float((fit_kernel_ridge(x, y, torch.Generator(), known)(new) - truth).square().mean())
        for what, known in (("tracks", clusters), ("rows", None))
    }
    assert errors["tracks"] < 0.8 * errors["rows"]


def test_inputs_of_few_tracks_may_still_look_alike():
    x, y, clusters = tracks(count=40)
    tested = symmetry_test(x, y, ["Reflect(3)"], "T1", "T0", clusters=clusters)
    assert tested["Reflect(3)"].inputs_p > 0.05
    assert tested["Reflect(3)"].clusters == 40
