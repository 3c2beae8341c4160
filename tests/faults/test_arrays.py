"""Arrays, types and numbers given through Python: plain numbers of the right shape, or one line."""

import time

import numpy as np
import pytest
import torch

from softsym.datamodules import CosineSimilarity, EthUcy, Inertia, TrajectoryDataModule, Waymo
from softsym.datamodules.array_store import ArrayWriter, cached_arrays
from softsym.datamodules.base import TensorDataModule
from softsym.datamodules.motion.environments import environment
from softsym.lightning_modules.symmetry_module import SymmetryModule

NAN = float("nan")


class Own(TensorDataModule):
    """A user's own data."""

    def __init__(self, splits, rep_in="2T0", rep_out="T0"):
        super().__init__(rep_in, rep_out, 3, batch_size=4)
        self.given = splits

    def load(self):
        return self.given


def three(inputs, targets):
    return dict.fromkeys(("train", "val", "test"), (inputs, targets))


X, Y = np.arange(12.0).reshape(6, 2), np.arange(6.0)[:, None]

READ = {
    "float64": (X, Y),
    "tensors": (torch.tensor(X), torch.tensor(Y)),
    "whole numbers": (X.astype(np.int64), Y.astype(np.uint8)),
    "bool": (X > 3, Y > 3),
    "read-only": (np.broadcast_to(X[:1], X.shape), Y),
    "backwards": (X[::-1], Y[::-1]),
    "big-endian": (X.astype(">f4"), Y.astype(">i2")),
}


@pytest.mark.parametrize("what", READ)
def test_arrays_of_numbers_are_read(what):
    data = Own(three(*READ[what]))
    data.setup()
    for (x, y), name in zip(data.splits.values(), data.splits, strict=True):
        assert x.dtype == y.dtype == torch.float32, name
        np.testing.assert_array_equal(x, np.asarray(READ[what][0], np.float32))


PLAIN = "must be a tensor or array of real numbers"
REFUSED = {
    "nothing": (None, r"Own\.load\(\) must return a mapping with .* train, val, test missing"),
    "a list": ([X, Y], "train, val, test missing"),
    "no test": ({"train": (X, Y), "val": (X, Y)}, "; test missing"),
    "no pair": ({**three(X, Y), "val": X}, "a pair of inputs and targets for 'val'; got ndarray"),
    "three parts": ({**three(X, Y), "val": (X, Y, Y)}, "a pair of inputs and targets for 'val'"),
    "objects": (three(X.astype(object), Y), rf"train inputs {PLAIN}; got object"),
    "text": (three(X.astype(str), Y), rf"train inputs {PLAIN}; got <U"),
    "dates": (three(X.astype("M8[s]"), Y), rf"{PLAIN}; got datetime64"),
    "fields": (three(np.zeros(6, [("x", "f4")]), Y), rf"{PLAIN}; got \[\('x'"),
    "complex": (three(X, Y + 1j), rf"train targets {PLAIN}; got complex128"),
    "a complex tensor": (three(torch.tensor(X) + 1j, Y), rf"{PLAIN}; got torch.complex128"),
    "lists": (three(X.tolist(), Y), rf"{PLAIN}; got list.* np.asarray"),
    "targets (n,)": (three(X, Y[:, 0]), r"rep_out have the shape \(6,\).*\[:, None\]"),
    "inputs (n,)": (three(X[:, 0], Y), r"rep_in have the shape \(6,\).*\[:, None\]"),
    "NaN": (three(X, Y * NAN), "train data are not finite: rep_out column 0 of sample 0 is nan"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_data(what):
    splits, message = REFUSED[what]
    with pytest.raises(ValueError, match=message) as raised:
        Own(splits).setup()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("values", [X.astype(object), X.astype(str), np.zeros(3, [("a", "f4")])])
def test_caches_take_plain_numbers_only(tmp_path, values):
    def build(writer: ArrayWriter) -> None:
        writer.append("values", values)

    with pytest.raises(ValueError, match="only plain numbers are kept and read"):
        cached_arrays(tmp_path, "name", "key", build)


def test_a_loss_never_broadcasts_the_targets_of_own_loaders():
    module = SymmetryModule(torch.nn.Linear(2, 1), torch.nn.MSELoss(), torch.optim.SGD)
    with pytest.raises(ValueError, match=r"targets have the shape \(6,\).*Return targets\[:, None"):
        module.training_step((torch.zeros(6, 2), torch.zeros(6)), 0)


INERTIA = {"axis": 2, "eps": -1.0, "bodies": 5, "samples": 10, "batch_size": 5}
COSINE = {"symmetry": "so3", "samples": 10, "batch_size": 5}
TRACKS = {"env": "eupeds_zara1", "data_dir": None, "cache_dir": "c", "batch_size": 5}
PEDESTRIANS = {"scene": "zara1", "data_dir": None, "cache_dir": "c", "batch_size": 5}
WAYMO = {"data_dir": None, "cache_dir": "c", "batch_size": 5}

SETTINGS = [
    # (class, its usual settings, wrong ones, the message after "datamodule.<name> must be")
    (Inertia, INERTIA, {"eps": [NAN, "1", None]}, "a finite number"),
    (Inertia, INERTIA, {"samples": [0, "10", 2.5, True]}, "a whole number of at least 1"),
    (Inertia, INERTIA, {"noise_masses": [-1, NAN]}, "a finite number of at least 0"),
    (Inertia, INERTIA, {"seed": [-1, None, 2**70]}, "a whole number from 0"),
    (Inertia, INERTIA, {"shift": [NAN, "far"]}, "a finite number"),
    (Inertia, INERTIA, {"bodies_as_axes": [1, "yes"]}, "true or false"),
    (Inertia, INERTIA, {"rep_in": [5, None]}, "text or a Rep"),
    (CosineSimilarity, COSINE, {"eps": [NAN, "a"]}, "a finite number"),
    (TrajectoryDataModule, TRACKS, {"history_sec": [NAN, -1, "2.8"]}, "a finite number of at lea"),
    (TrajectoryDataModule, TRACKS, {"dt": [NAN, 0, "0.4"]}, "a finite number above 0"),
    (TrajectoryDataModule, TRACKS, {"neighbours": [10**9, 1.5]}, "a whole number from 0 to 1000"),
    (TrajectoryDataModule, TRACKS, {"workers": [10**9]}, "a whole number from 0 to 1024"),
    (TrajectoryDataModule, TRACKS, {"splits": ["train"]}, "a mapping or null"),
    (EthUcy, PEDESTRIANS, {"history": [0, "8", NAN]}, "a whole number of at least 1"),
    (EthUcy, PEDESTRIANS, {"cache_dir": [None, 5]}, "text"),
    (Waymo, WAYMO, {"min_dz": [NAN, -1]}, "a finite number of at least 0"),
]


@pytest.mark.parametrize(
    ("kind", "usual", "name", "value", "message"),
    [(k, u, n, v, m) for k, u, wrong, m in SETTINGS for n, vs in wrong.items() for v in vs],
)
def test_settings_in_plain_words(kind, usual, name, value, message):
    with pytest.raises(ValueError, match=rf"^datamodule\.{name} must be {message}.*; got "):
        kind(**{**usual, name: value})


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Inertia, {**INERTIA, "samples": 2_000_000_000}),
        (Inertia, {**INERTIA, "bodies": 2_000_000_000, "rep_in": "T0"}),
        (CosineSimilarity, {**COSINE, "samples": 10**15}),
    ],
)
def test_samples_that_do_not_fit_are_estimated(kind, settings):
    start = time.perf_counter()
    with pytest.raises(
        ValueError, match=r"Drawing .* samples .* needs [\d,.]+ GiB, more than half"
    ):
        kind(**settings)
    assert time.perf_counter() - start < 2


def test_trajdata_beside_numpy_2(monkeypatch):
    monkeypatch.setattr(np, "__version__", "2.1.0")
    with pytest.raises(ImportError, match=r"works with numpy 1; numpy 2\.1\.0 .*pip install -e"):
        environment("sdd").require_module()
    assert not environment("argoverse2").by_trajdata
