from __future__ import annotations

from functools import partial

import pytest
import torch
from small_runs import ADAM, data, module, network

from softsym.cli.rehearsal import rehearse
from softsym.datamodules.eth_ucy import EthUcy
from softsym.metrics import AverageDisplacementError, CrossEntropy, CrossEntropyLoss, DistanceLoss
from softsym.runs.errors import UserError

COSINE = partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=3)
LATE = [
    # (settings of the module, track_dim, words): what would be told after the training otherwise
    (
        {"candidates": {"o2": "O(2)"}},
        None,
        "'o2': O(2) acts on R^2, but the data live over R^3",
    ),
    ({}, 2, "track_dim=2: a target has 9 numbers, which are no track in 2 dimensions"),
    (
        {"optimizer": partial(torch.optim.RMSprop, lr=1e-3, fused=True)},
        None,
        "RMSprop takes no 'fused'. Leave it out with '~optimizer.fused'",
    ),
    (
        {"optimizer": partial(torch.optim.SGD, lr=1e-3, momentum=-1)},
        None,
        "SGD: Invalid momentum value: -1. Settings: lr=0.001, momentum=-1",
    ),
    (
        {"loss": DistanceLoss(2)},
        None,
        "loss does not go with the targets, which are vectors of 9 numbers: The distance is one",
    ),
    (
        {"metrics": {"ade": AverageDisplacementError(2)}},
        None,
        "metrics.ade does not go with the targets",
    ),
]


@pytest.mark.parametrize(("settings", "track_dim", "words"), LATE)
def test_what_would_fail_at_the_end_is_told_at_the_start(settings, track_dim, words):
    with pytest.raises(UserError) as caught:
        rehearse(module(**settings), data(), track_dim)
    assert words in str(caught.value)


def test_a_rehearsal_changes_nothing():
    model = module(candidates={"o2": "O(2)@xy"}, dim=3, scheduler=COSINE)
    before = torch.get_rng_state()
    rehearse(model, data(), None)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(
        torch.equal(*pair)
        for pair in zip(model.network.parameters(), network().parameters(), strict=True)
    )


def test_labels_and_metrics_of_numbers_do_not_meet():
    classes = data()
    classes.classes = 9
    rehearse(module(loss=CrossEntropyLoss(), metrics={"nll": CrossEntropy()}), classes, None)
    with pytest.raises(UserError, match=r"metrics.mse .* labels of 9 classes.*=classification"):
        rehearse(module(loss=CrossEntropyLoss()), classes, None)
    with pytest.raises(UserError, match=r"class_weights has 2 numbers, but .* of 9 classes"):
        rehearse(module(loss=CrossEntropyLoss([1.0, 2.0])), classes, None)


def test_tracks_that_fit_pass():
    tracks = EthUcy("zara1", None, "cache", batch_size=8)
    rehearse(module(optimizer=ADAM), tracks, 2)
    with pytest.raises(UserError, match="track_dim=3: the observed path has 16 numbers"):
        rehearse(module(), tracks, 3)
