"""The test metrics of moved samples."""

import pytest
import torch
from small_runs import module, trainer
from torch import nn
from torchmetrics.classification import MulticlassAccuracy

from softsym.datamodules.base import TensorDataModule
from softsym.lightning_modules import moved_test
from softsym.networks import MLP


class Held(TensorDataModule):
    """The same vectors of the plane in every split."""

    def __init__(self, x, y, rep_in="T1", rep_out="T1", **settings):
        super().__init__(rep_in, rep_out, 2, 50, **settings)
        self.pair = x, y

    def load(self):
        return dict.fromkeys(("train", "val", "test"), self.pair)


class Radial(nn.Module):
    """x |x|, which every orthogonal group keeps."""

    def forward(self, x):
        return x * x.norm(dim=-1, keepdim=True)


class Skewed(nn.Module):
    """Looks at the first coordinate; counts the samples that it is given."""

    seen = 0

    def forward(self, x):
        self.seen += len(x)
        return x * x[:, :1]


def points(n=200):
    draw = torch.Generator().manual_seed(0)
    return torch.randn(n, 2, generator=draw), torch.randn(n, 2, generator=draw)


def measured(tmp_path, network, source, candidates=("SO(2)",), **settings):
    """The metrics of a test, and the module; candidates have the names of their groups."""
    names = {name.replace(", ", "+"): name for name in candidates}
    model = module(network=network, candidates=names, dim=2, **settings)
    (found,) = trainer(tmp_path, 1).test(model, source, verbose=False)
    return found, model


def test_an_equivariant_network_loses_nothing(tmp_path):
    groups = "SO(2)", "O(2)", "D(4)", "Reflect(2)"
    found, model = measured(tmp_path, Radial(), Held(*points()), groups)
    for name in groups:
        assert found[f"test/moved/{name}/mse"] == pytest.approx(found["test/mse"], rel=1e-5)
    assert model.moved.reasons == {}


def test_a_network_trained_on_one_direction_loses_where_the_world_turns(tmp_path):
    x, _ = points()
    x = torch.stack([1 + 0.1 * x[:, 0], 0.3 * x[:, 1]], 1)
    source = Held(x, x.square().sum(1, keepdim=True), rep_out="T0")
    network = MLP("T1", "T0", dim=2, channels=16)
    groups = {"turn": "SO(2)", "mirror": "Reflect(2, 1)"}
    model, run = module(network=network, candidates=groups, dim=2), trainer(tmp_path, 60)
    run.fit(model, source)
    (found,) = run.test(model, source, verbose=False)
    assert found["test/moved/turn/mse"] > 10 * found["test/mse"]
    # the data themselves are alike on both sides
    assert found["test/moved/mirror/mse"] < 3 * found["test/mse"]


@pytest.mark.parametrize("group", ["SO(2)", "D(4)", "Scaling(2)"])
def test_batches_and_order_change_nothing(tmp_path, group):
    x, y = points()
    key = f"test/moved/{group}/mse"
    whole, _ = measured(tmp_path, Skewed(), Held(x, y), [group])
    assert whole[key] != pytest.approx(whole["test/mse"], rel=0.01)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    for other in (Held(x, y, eval_batch_size=7), Held(x[order], y[order], eval_batch_size=64)):
        assert measured(tmp_path, Skewed(), other, [group])[0][key] == pytest.approx(whole[key])


def test_a_test_draws_nothing_from_the_global_generator(tmp_path):
    groups = {"turn": "SO(2)", "scale": "Scaling(2)"}
    model = module(network=Skewed(), candidates=groups, dim=2)
    before = torch.get_rng_state()
    trainer(tmp_path, 1).test(model, Held(*points()), verbose=False)
    assert torch.equal(torch.get_rng_state(), before)


def test_metrics_are_in_the_units_of_the_data(tmp_path):
    class Scaled(Held):
        def load(self):
            self.target_scale = torch.tensor([3.0, 3.0])
            return super().load()

    plain, _ = measured(tmp_path, Skewed(), Held(*points()))
    scaled, _ = measured(tmp_path, Skewed(), Scaled(*points()))
    key = "test/moved/SO(2)/mse"
    assert scaled[key] == pytest.approx(9 * plain[key])


def test_missing_targets_are_left_out(tmp_path):
    x, y = points()
    gone = torch.cat([y, torch.full_like(y, torch.nan)], 1)
    gone[0, 2:] = y[0]

    class Twice(Radial):
        def forward(self, x):
            return super().forward(x).repeat(1, 2)

    source = Held(x, gone, rep_out="2T1")
    source.partial_targets = True
    found, _ = measured(tmp_path, Twice(), source)
    assert found["test/moved/SO(2)/mse"] == pytest.approx(found["test/mse"], rel=1e-5)
    wanted = (Twice()(x) - gone).square()
    assert found["test/mse"] == pytest.approx(float(wanted.nanmean()))


def test_labels_of_classes_stay(tmp_path):
    x, _ = points()
    labels = (x[:, 0] > 0).long()

    class Side(nn.Module):
        def forward(self, x):
            return torch.cat([-x[:, :1], x[:, :1]], 1)

    source = Held(x, labels, rep_out="2T0")
    source.classes = 2
    settings = {"loss": nn.CrossEntropyLoss(), "metrics": {"accuracy": MulticlassAccuracy(2)}}
    found, _ = measured(tmp_path, Side(), source, ["Reflect(2)", "Reflect(2, 1)"], **settings)
    kept = [found["test/accuracy"], found["test/moved/Reflect(2+1)/accuracy"]]
    assert kept == [1.0, 1.0]
    assert found["test/moved/Reflect(2)/accuracy"] == 0.0


def test_images_move_by_their_pixels(tmp_path):
    x = torch.randn(40, 9, generator=torch.Generator().manual_seed(0))
    whole, side = nn.Identity(), nn.Linear(9, 9)
    for network, equivariant in ((whole, True), (side, False)):
        source = Held(x, 0.5 * x, "Image(3,3)", "Image(3,3)")
        found, _ = measured(tmp_path, network, source, ["C(4)"])
        moved = pytest.approx(found["test/moved/C(4)/mse"], rel=1e-5)
        assert (found["test/mse"] == moved) == equivariant


def test_a_candidate_that_moves_nothing_has_a_reason_and_no_number(tmp_path, caplog):
    found, model = measured(tmp_path, Skewed(), Held(*points()), ["Trivial(2)", "SO(2)"])
    assert "test/moved/Trivial(2)/mse" not in found
    assert "test/moved/SO(2)/mse" in found
    assert model.moved.reasons == {"Trivial(2)": "Trivial(2) has no element that moves anything."}
    assert "The test has no error of samples moved by Trivial(2)" in caplog.text


def test_of_a_very_large_test_set_a_part_is_moved(tmp_path, monkeypatch):
    def tested(batch):
        network = Skewed()
        found, _ = measured(tmp_path, network, Held(*points(), eval_batch_size=batch))
        return network.seen, found["test/moved/SO(2)/mse"]

    whole, _ = tested(200)
    monkeypatch.setattr(moved_test, "MOST", 50)
    part, number = tested(200)
    assert 120 < whole - part < 180  # about 150 samples less
    assert tested(13)[1] == pytest.approx(number)


def test_targets_that_are_missing_in_part_cannot_be_moved(tmp_path):
    class Partial(Held):
        def load(self):
            self.partial_targets = True
            return super().load()

    x, y = points()
    y = y.clone()
    y[::2, 1] = torch.nan
    model, run = module(network=Skewed(), candidates={"turn": "SO(2)"}, dim=2), trainer(tmp_path, 1)
    (found,) = run.test(model, Partial(x, y), verbose=False)
    assert "test/moved/turn/mse" not in found
    assert "missing in part" in model.moved.reasons["turn"]
