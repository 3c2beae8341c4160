"""Tests for every task with a known function, and for dependent samples; both ask for ``make``."""

from __future__ import annotations

import pytest
import torch

from softsym.datamodules.base import TensorDataModule
from softsym.datamodules.synthetic import SyntheticDataModule, symmetry_word
from softsym.metrics import equivariance_error
from softsym.symmetries import T, equivariant_projector, group, rep

SAMPLES = 60


class ClustersSuite:
    """Inherit and implement ``make``, with the same samples whenever it is called."""

    def make(self) -> TensorDataModule:
        raise NotImplementedError

    def data(self):
        data = self.make()
        data.setup()
        return data

    def test_every_sample_has_one_label(self):
        data = self.data()
        assert set(data.clusters) == set(data.splits)
        for name, (inputs, _) in data.splits.items():
            assert data.clusters[name].dtype == torch.int64
            assert data.clusters[name].shape == (len(inputs),)

    def test_some_samples_share_a_label_and_some_do_not(self):
        for labels in self.data().clusters.values():
            assert 1 < len(labels.unique()) < len(labels)

    def test_labels_of_splits_do_not_collide(self):
        val, test = (set(self.data().clusters[name].tolist()) for name in ("val", "test"))
        assert not val & test

    def test_labels_are_the_same_again(self):
        one, same = self.data().clusters, self.data().clusters
        assert all(torch.equal(one[name], same[name]) for name in one)


class SyntheticSuite:
    """Inherit, implement ``make`` and list ``variants``: settings -> candidates kept exactly."""

    variants: tuple[tuple[dict, tuple[str, ...]], ...] = ()

    def make(self, **settings) -> SyntheticDataModule:
        raise NotImplementedError

    def splits(self, **settings):
        data = self.make(**{"samples": SAMPLES, "batch_size": 20, **settings})
        data.setup()
        return data.splits

    def inputs(self, data, count=4000):
        """Draws inputs in float64 other than those by which the words were chosen."""
        return data.draw(count, seed=123).double()

    def error(self, data, name, f=None):
        """Measures the error behind the words, after subtracting the mean of scalar targets."""
        f, x = f or data.true_function(), self.inputs(data)
        centre = f(x).mean(0) if data.rep_out == rep("T0") else 0.0
        types = data.rep_in, data.rep_out
        settings = {"seed": 7, "relative_to": "paper"}
        return equivariance_error(
            lambda x: f(x) - centre, *types, group(name, data.dim), x, **settings
        )

    def test_three_splits_of_the_right_sizes_and_types(self):
        splits, data = self.splits(), self.make()
        assert list(splits) == ["train", "val", "test"]
        for inputs, targets in splits.values():
            assert inputs.shape == (SAMPLES, data.rep_in.size(data.dim))
            assert targets.shape == (SAMPLES, data.rep_out.size(data.dim))
            assert inputs.dtype == targets.dtype == torch.float32
        assert data.clusters is None  # every sample is drawn by itself

    def test_splits_are_disjoint_and_together_the_whole(self):
        splits = self.splits(data_seed=4)
        rows = torch.cat([inputs for inputs, _ in splits.values()])
        drawn = self.make().draw(3 * SAMPLES, 4)
        assert torch.equal(torch.unique(rows, dim=0), torch.unique(drawn, dim=0))
        assert len(torch.unique(rows, dim=0)) == 3 * SAMPLES

    def test_the_seed_deals_out_and_the_data_seed_draws(self):
        one, same, other = (self.splits(seed=seed, ood="shift") for seed in (1, 1, 2))
        drawn = self.splits(seed=1, ood="shift", data_seed=77)
        for name in one:
            assert torch.equal(one[name][0], same[name][0])
            assert not torch.equal(one[name][0], drawn[name][0])
        assert not torch.equal(one["train"][0], other["train"][0])
        assert torch.equal(one["ood"][0], other["ood"][0])

    @pytest.mark.parametrize("ood", ["shift", "sign"])
    def test_targets_are_the_true_function_of_the_inputs(self, ood):
        f = self.make().true_function()
        for inputs, targets in self.splits(ood=ood).values():
            torch.testing.assert_close(f(inputs), targets)

    def test_the_test_is_one_loader_without_ood_and_two_with_it(self):
        alone, both = self.make(ood=None), self.make(ood="shift")
        for data in (alone, both):
            data.setup()
        assert len(list(alone.test_dataloader())) == 1
        test, ood = both.test_dataloader()
        assert torch.equal(next(iter(test))[0], both.splits["test"][0])
        assert torch.equal(next(iter(ood))[0], both.splits["ood"][0])

    def test_shift_moves_coordinates_alone_and_leaves_the_rest_of_the_data(self):
        near, far = (self.splits(ood="shift", shift=shift) for shift in (0, 2.5))
        none = self.splits(ood=None)
        moved = far["ood"][0] - near["ood"][0]
        coordinates = self.make().coordinates
        assert coordinates.any()
        torch.testing.assert_close(moved, 2.5 * coordinates.float().expand_as(moved))
        for name in none:
            assert torch.equal(none[name][0], far[name][0])
        assert set(far) == {*none, "ood"}

    def test_ood_samples_are_drawn_anew(self):
        splits = self.splits(ood="shift", shift=0)
        old = torch.cat([splits[name][0] for name in ("train", "val", "test")])
        column = int(self.make().coordinates.nonzero()[0])
        assert not torch.isin(splits["ood"][0][:, column], old[:, column]).any()

    def test_sign_parts_positive_from_negative_coordinates(self):
        splits, plain = self.splits(ood="sign"), self.splits()
        coordinates = self.make().coordinates
        for name, (inputs, _) in splits.items():
            points, rest = inputs[:, coordinates], inputs[:, ~coordinates]
            assert (points < 0).all() if name == "ood" else (points > 0).all()
            assert (rest > 0).all()
        for name, (inputs, _) in plain.items():
            assert torch.equal(torch.where(coordinates, inputs.abs(), inputs), splits[name][0])

    def test_the_true_function_works_in_the_dtype_it_is_given(self):
        data = self.make()
        f, x = data.true_function(), self.inputs(data, 50)
        exact, rounded = f(x), f(x.float())
        assert (exact.dtype, rounded.dtype) == (torch.float64, torch.float32)
        torch.testing.assert_close(rounded, exact.float(), atol=1e-4, rtol=1e-4)
        alone = torch.cat([f(row[None]) for row in x])
        torch.testing.assert_close(alone, exact)

    def test_words_say_what_is_measured(self):
        for settings, kept in self.variants:
            data = self.make(**settings)
            words = data.true_symmetries()
            measured = {name: self.error(data, name) for name in data.candidates}
            assert words == {n: symmetry_word(e) for n, e in measured.items()}, settings
            assert {n for n, word in words.items() if word == "exact"} == set(kept), settings

    def test_the_true_group_is_kept_exactly(self):
        for settings, _ in self.variants:
            data = self.make(**settings)
            assert self.error(data, data.true_group()) < 1e-6, settings

    def test_the_true_group_holds_what_is_kept_and_lies_within_the_candidates(self):
        def projectors(name, dim):
            return [equivariant_projector(group(name, dim), R) for R in (T(1, 1), T(0, 2))]

        for settings, kept in self.variants:
            data = self.make(**settings)
            of_truth = projectors(data.true_group(), data.dim)
            for name in kept:
                for P, Q in zip(of_truth, projectors(name, data.dim), strict=True):
                    assert (Q @ P - P).abs().max() < 1e-6, (settings, name)
            for P, Q in zip(of_truth, projectors("*".join(data.candidates), data.dim), strict=True):
                assert (P @ Q - Q).abs().max() < 1e-6, settings

    def test_words_are_not_given_for_types_that_do_not_fit(self):
        with pytest.raises(ValueError, match="but the probe data have shape"):
            self.make(rep_in="T0").true_symmetries()

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"ood": "far"}, r"datamodule\.ood must be one of shift, sign, null; got 'far'"),
            ({"shift": "1"}, r"datamodule\.shift must be a finite number; got '1'"),
            ({"shift": float("nan")}, r"datamodule\.shift must be a finite number; got nan"),
            ({"samples": 0}, "samples must be a whole number of at least 1; got 0"),
            ({"batch_size": 0}, "batch_size must be a whole number of at least 1; got 0"),
        ],
    )
    def test_bad_common_settings(self, settings, message):
        with pytest.raises(ValueError, match=message):
            self.make(**settings)
