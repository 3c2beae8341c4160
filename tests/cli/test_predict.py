"""softsym predict: new samples in, predictions in the user's units out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import yaml
from run_folders import write_trained

from softsym import load
from softsym.cli.predict import main
from softsym.runs.errors import UserError


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_trained(tmp_path / "run", rep_out="T1 + T0")


@pytest.fixture
def x(tmp_path):
    values = np.random.default_rng(0).normal(size=(23, 6))
    np.savez(tmp_path / "new.npz", X=values, other=values[:, :5])
    return values


def configure(run, **settings):
    """Changes the datamodule's settings in the config of a run."""
    config = yaml.safe_load((run / "config.yaml").read_text())
    config["datamodule"] |= settings
    (run / "config.yaml").write_text(yaml.safe_dump(config))


def read(path):
    if path.suffix == ".csv":
        return np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float32)
    found = np.load(path)
    return found if path.suffix == ".npy" else found["Y"]


@pytest.mark.parametrize("name", ["p.npz", "p.npy", "p.csv"])
def test_predictions_of_batches_are_those_of_the_model(run, x, name, tmp_path, capsys):
    main([str(run), "new.npz", "--output", name, "--batch-size", "10"])
    wanted = load(run)(x).numpy()
    assert wanted.std() > 0.1
    np.testing.assert_allclose(read(tmp_path / name), wanted, rtol=1e-5)
    assert f"Wrote 23 predictions of 4 numbers to {name}" in capsys.readouterr().out


def test_a_lone_array_needs_no_key_and_is_not_read_at_once(run, x, tmp_path):
    np.save(tmp_path / "lone.npy", x.reshape(23, 2, 3))
    main([str(run), "lone.npy"])
    np.testing.assert_allclose(read(tmp_path / "predictions.npz"), load(run)(x).numpy(), rtol=1e-5)


def test_names_are_those_of_the_run(run, x, tmp_path):
    names = ["p_x", "p_y", "p_z", "q"]
    configure(run, inputs="a_*", targets=", ".join(names))
    head = ",".join(f"a_{i}" for i in range(6))
    np.savetxt(tmp_path / "new.csv", x, delimiter=",", header=head, comments="")
    main([str(run), "new.csv", "--output", "p.csv"])
    assert (tmp_path / "p.csv").read_text().splitlines()[0] == ",".join(names)
    configure(run, inputs=None, targets="inertia")
    main([str(run), "new.npz"])
    assert np.load(tmp_path / "predictions.npz").files == ["inertia"]
    main([str(run), "new.npz", "--output", "p.csv"])
    assert (tmp_path / "p.csv").read_text().startswith("inertia0,inertia1,inertia2,inertia3\n")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["none", "new.npz"], r"'none' is no run folder that can be loaded: config\.yaml"),
        (["run", "none.npz"], r"There is no file 'none\.npz' to predict from\."),
        (["run", "new.npz", "--output", "p.txt"], r"unknown kind; give one of \.npz, \.npy, \.csv"),
        (["run", "new.npz", "--output", "none/p/"], r"none/p' is of an unknown kind"),
        (["run", "new.npz", "--output", "new.npz/p.npy"], r"new\.npz' is no folder\. Name another"),
        (["run", "new.npz", "--batch-size", "0"], r"--batch-size must be at least 1; got 0\."),
        (["run", "new.npz", "--device", "warp"], r"--device warp: Expected one of cpu, cuda"),
        (
            ["run", "new.npz", "--inputs", "other"],
            r"'new\.npz': the inputs have 5 columns, but the model in 'run' takes 6, of type 2T1\.",
        ),
    ],
)
def test_bad_input_is_answered(run, x, given, message):
    with pytest.raises(UserError, match=message):
        main(given)


def test_missing_keys_are_answered_with_those_there_are(run, x):
    with pytest.raises(ValueError, match=r"there is no 'Z' in the file, which holds X \(23, 6\)"):
        main(["run", "new.npz", "--inputs", "Z"])


def test_no_samples(run, tmp_path):
    np.save(tmp_path / "empty.npy", np.zeros((0, 6)))
    with pytest.raises(UserError, match=r"'empty\.npy': the inputs have shape \(0, 6\): no samp"):
        main(["run", "empty.npy"])


def test_a_bad_row_is_named_and_the_file_before_stays(run, x, tmp_path):
    (tmp_path / "p.npy").write_text("before")
    x[17, 2] = np.nan
    np.save(tmp_path / "bad.npy", x)
    with pytest.raises(UserError, match=r"'bad\.npy': row 17, column 2 of the inputs is nan\."):
        main(["run", "bad.npy", "--output", "p.npy", "--batch-size", "10"])
    assert (tmp_path / "p.npy").read_text() == "before"
    assert not list(tmp_path.glob(".p.npy*"))


def test_a_network_that_does_not_know_its_width_says_what_it_is_given(run, x, monkeypatch):
    monkeypatch.setattr("softsym.cli.trained._size", lambda *_: None)
    checkpoint = run / "checkpoints" / "best.ckpt"
    kept = torch.load(checkpoint)
    torch.save({"state_dict": kept["state_dict"]}, checkpoint)
    with pytest.raises(UserError, match=r"does not take inputs of shape \(23, 5\): mat1 and mat2"):
        main(["run", "new.npz", "--inputs", "other"])


def test_classes_have_probabilities_and_names(run, x, tmp_path):
    names = ("cat", "dog, wild", "emu")
    made = write_trained(tmp_path / "classes", rep_out="3T0", class_names=names)
    main([str(made), "new.npz", "--output", "p.csv"])
    assert (tmp_path / "p.csv").read_text().splitlines()[0] == 'cat,"dog, wild",emu'
    model = load(made)
    mean, scale = model.scales["inputs"]
    logits = model.network(((torch.as_tensor(x) - mean) / scale).float()).detach()
    wanted = logits.softmax(1)
    np.testing.assert_allclose(read(tmp_path / "p.csv"), wanted, rtol=1e-5)
