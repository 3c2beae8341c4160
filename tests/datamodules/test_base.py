"""Batches, their shares, and the checks before training."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from softsym.datamodules.base import SliceLoader, TensorDataModule, check_split
from softsym.symmetries import rep

sizes = st.integers(1, 60)
worlds = st.integers(1, 7)


def numbered(n):
    """Samples whose input and target are their number."""
    values = torch.arange(n, dtype=torch.float32)[:, None]
    return values, 10 * values


def shares(n, batch, world, seed, epoch=0):
    """For each step the sample numbers of each rank."""
    loaders = [
        SliceLoader(numbered(n), batch, rank, world, seed, lambda: epoch) for rank in range(world)
    ]
    assert len({len(loader) for loader in loaders}) == 1
    steps = [[inputs.flatten().int().tolist() for inputs, _ in loader] for loader in loaders]
    assert all(len(step) == len(loaders[0]) for step in steps)
    return list(zip(*steps, strict=True))


def flat(parts):
    return [number for part in parts for number in part]


@given(sizes, sizes, worlds)
def test_evaluation_counts_every_sample_exactly_once(n, batch, world):
    steps = shares(n, batch, world, None)
    assert flat(flat(step) for step in steps) == list(range(n))
    assert len(steps) == math.ceil(n / min(batch, n))
    for step in steps:
        lengths = [len(part) for part in step]
        assert max(lengths) - min(lengths) <= 1


def test_evaluation_shares_may_be_empty():
    assert shares(2, 10, 4, None) == [([], [0], [], [1])]


@given(sizes, sizes, worlds, st.integers(0, 5))
def test_training_shares_are_equal_and_never_overlap(n, batch, world, epoch):
    assume(min(batch, n) >= world)
    steps = shares(n, batch, world, 3, epoch)
    used = flat(flat(step) for step in steps)
    assert len(set(used)) == len(used)
    lost = n - len(used)
    assert lost <= (world - 1) * math.ceil(n / min(batch, n))
    for step in steps:
        assert len({len(part) for part in step}) == 1
        assert step[0]


@given(st.integers(1, 8), st.integers(1, 5), st.sampled_from([1, 2, 3, 4, 6]))
def test_the_global_batch_does_not_depend_on_the_number_of_ranks(batches, twelves, world):
    batch = 12 * twelves
    n = batches * batch
    alone = [flat(step) for step in shares(n, batch, 1, 5)]
    assert [flat(step) for step in shares(n, batch, world, 5)] == alone
    assert sorted(flat(alone)) == list(range(n))


def test_the_order_depends_on_seed_and_epoch_alone():
    def order(seed, epoch):
        return flat(flat(step) for step in shares(40, 7, 1, seed, epoch))

    first = order(0, 0)
    torch.manual_seed(99)
    assert order(0, 0) == first
    others = [order(0, 1), order(0, 2), order(1, 0), list(range(40))]
    assert all(other != first for other in others)
    assert len({tuple(other) for other in others}) == 4


def test_a_loader_is_read_again_with_the_epoch_of_the_moment():
    now = [0]
    loader = SliceLoader(numbered(30), 30, shuffle_seed=0, epoch=lambda: now[0])
    (first, _), = loader  # fmt: skip
    (again, _), = loader  # fmt: skip
    now[0] = 1
    (later, _), = loader  # fmt: skip
    assert torch.equal(first, again)
    assert not torch.equal(first, later)


def test_targets_stay_with_their_inputs():
    for inputs, targets in SliceLoader(numbered(20), 6, shuffle_seed=1):
        assert torch.equal(targets, 10 * inputs)


def test_fewer_samples_than_ranks():
    with pytest.raises(ValueError, match=r"^3 training samples cannot be shared by 4 .* more samp"):
        SliceLoader(numbered(3), 100, 0, 4, shuffle_seed=0)
    with pytest.raises(ValueError, match=r"batch of 3 samples cannot be shared by 4 .* at least 4"):
        SliceLoader(numbered(30), 3, 0, 4, shuffle_seed=0)


class Given(TensorDataModule):
    """Hands out given splits."""

    def __init__(self, splits, rep_in="T0", rep_out="T0", labels=None, **settings):
        super().__init__(rep_in, rep_out, dim=3, **{"batch_size": 4, **settings})
        self.given, self.labels = splits, labels
        self.loads = 0

    def load(self):
        self.loads += 1
        self.clusters = self.labels
        return self.given


def three(n=10):
    return {name: numbered(n) for name in ("train", "val", "test")}


def test_setup_loads_once_and_training_alone_is_shuffled():
    data = Given(three(), eval_batch_size=6)
    for stage in ("fit", "fit", "test"):
        data.setup(stage)
    assert data.loads == 1
    train, val, test = data.train_dataloader(), data.val_dataloader(), data.test_dataloader()
    assert (len(train), len(val), len(test)) == (3, 2, 2)
    assert torch.cat([x for x, _ in val]).flatten().tolist() == list(range(10))
    order = torch.cat([x for x, _ in train]).flatten().tolist()
    assert order != list(range(10))
    assert sorted(order) == list(range(10))


def test_the_true_function_is_unknown_by_default():
    assert Given(three()).true_function() is None


def test_nothing_is_said_of_symmetries_that_nobody_knows():
    assert Given(three()).true_symmetries() == {}
    assert Given(three()).true_group() is None


def test_a_split_out_of_distribution_is_a_second_test():
    data = Given(three() | {"ood": numbered(7)}, eval_batch_size=4)
    data.setup()
    test, ood = data.test_dataloader()
    assert torch.cat([x for x, _ in test]).flatten().tolist() == list(range(10))
    assert torch.cat([x for x, _ in ood]).flatten().tolist() == list(range(7))


@pytest.mark.parametrize("name", ["train", "val", "test", "ood"])
def test_bad_split_stops_setup(name):
    broken = three() | {name: (torch.zeros(5, 2), torch.zeros(5, 1))}
    with pytest.raises(ValueError, match=f"but the {name} data have shape"):
        Given(broken).setup()


@pytest.mark.parametrize("settings", [{"batch_size": 0}, {"eval_batch_size": -1}])
def test_bad_batch_size(settings):
    with pytest.raises(ValueError, match="batch_size must be a whole number of at least 1; got"):
        Given(three(), **settings)


def labels(count=10, **changed):
    return {name: torch.arange(count) for name in ("train", "val", "test")} | changed


@pytest.mark.parametrize("number", [np.arange(10, dtype=np.uint16), torch.arange(10).int()])
def test_labels_become_tensors(number):
    data = Given(three(), labels=labels(val=number))
    assert data.clusters is None
    data.setup()
    assert data.clusters["val"].dtype == torch.int64
    assert data.clusters["val"].tolist() == list(range(10))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"val": torch.arange(10)}, "clusters must map each split .*; train, test missing"),
        (torch.arange(10), "clusters must map each split .*; train, val, test missing"),
        (labels(9), r"of split 'train' must be integers of shape \(10,\).*of shape \(9,\)"),
        (labels(test=torch.zeros(10)), r"of split 'test' must be .*; got torch.float32 of shape"),
        (labels(test=torch.zeros(10).bool()), "of split 'test' must be .*; got torch.bool of"),
        (labels(test=np.array(["a"] * 10)), "of split 'test' .* np.unique.names, return_inverse"),
        (labels(test=list(range(10))), r"of split 'test' .*; got list\."),
    ],
)
def test_wrong_labels(wrong, message):
    with pytest.raises(ValueError, match=message):
        Given(three(), labels=wrong).setup()


def with_nan(shape, row, column, value):
    values = torch.zeros(shape)
    values[row, column] = value
    return values


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (torch.zeros(3, 4), torch.zeros(2, 9), "Split 'val' has 3 inputs but 2 targets"),
        (torch.zeros(0, 4), torch.zeros(0, 9), "Split 'val' is empty"),
        (
            torch.zeros(3, 5),
            torch.zeros(3, 9),
            r"rep_in 'T0 \+ T1' has 4 numbers over R\^3, but the val data have shape \(3, 5\)\. "
            r"Change datamodule\.rep_in so that its size is 5",
        ),
        (
            torch.zeros(3, 4),
            torch.zeros(3, 3),
            r"rep_out 'T2' has 9 numbers .*rep_out so that .* 3",
        ),
        (torch.zeros(3, 2, 2), torch.zeros(3, 9), r"rep_in .* shape \(3, 2, 2\)"),
        (
            with_nan((3, 4), 1, 2, math.nan),
            torch.zeros(3, 9),
            "val data are not finite: rep_in column 2 of sample 1 is nan",
        ),
        (
            torch.zeros(3, 4),
            with_nan((3, 9), 2, 8, -math.inf),
            "rep_out column 8 of sample 2 is -i",
        ),
    ],
)
def test_what_is_wrong_with_a_split(inputs, targets, message):
    with pytest.raises(ValueError, match=message):
        check_split("val", (inputs, targets), rep("T0 + T1"), rep("T2"), 3)


@pytest.mark.parametrize("labels", [[0, 3, 1], [0, -1, 1], [0.0, 1.0, 2.0], [[0], [1], [2]]])
def test_labels_are_whole_numbers_below_the_number_of_classes(labels):
    types = rep("T1"), rep("3T0"), 3, False, 3
    check_split("val", (torch.zeros(3, 3), torch.tensor([2, 0, 1])), *types)
    with pytest.raises(ValueError, match=r"val targets must be labels \(n,\), int64, from 0 to 2"):
        check_split("val", (torch.zeros(3, 3), torch.tensor(labels)), *types)


def test_a_sound_split_passes():
    check_split("val", (torch.zeros(3, 4), torch.zeros(3, 9)), rep("T0 + T1"), rep("T2"), 3)


def test_targets_that_are_partly_observed():
    types = rep("T0 + T1"), rep("3T0"), 3
    inputs, targets = torch.zeros(3, 4), torch.zeros(3, 3)
    targets[1, 1:] = math.nan
    check_split("val", (inputs, targets), *types, partial=True)
    with pytest.raises(ValueError, match=r"not finite: rep_out column 1 of sample 1 is nan"):
        check_split("val", (inputs, targets), *types)
    targets[1] = math.nan
    with pytest.raises(ValueError, match=r"not finite: rep_out column 0 of sample 1 is nan"):
        check_split("val", (inputs, targets), *types, partial=True)
    targets[:, 1] = math.nan
    targets[1, 0] = 0.0
    with pytest.raises(ValueError, match="No sample of split 'val' has a target that is observed"):
        check_split("val", (inputs, targets), *types, partial=True)
    targets[0, 0] = math.inf
    with pytest.raises(ValueError, match=r"not finite: rep_out column 0 of sample 0 is inf"):
        check_split("val", (inputs, targets), *types, partial=True)
