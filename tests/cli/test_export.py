"""softsym export: files that predict what the model predicts."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from run_folders import TYPED, write_trained
from safetensors import safe_open
from safetensors.torch import load_file

from softsym import load
from softsym.cli import model_files
from softsym.cli.export import main
from softsym.runs.errors import UserError


@pytest.fixture
def run(tmp_path):
    return write_trained(tmp_path / "run")


@pytest.mark.parametrize("network", [None, TYPED], ids=["mlp", "typed"])
def test_a_traced_program_takes_any_batch(network, tmp_path, capsys):
    run = write_trained(tmp_path / "run", network=network)
    main([str(run), "--to", "torch_export"])
    assert (
        f"Wrote {run / 'model.pt2'}, whose predictions differ by at most" in capsys.readouterr().out
    )
    program = torch.export.load(run / "model.pt2").module()
    for count in (1, 5, 5000):
        x = torch.randn(count, 6, generator=torch.Generator().manual_seed(count))
        torch.testing.assert_close(program(x), load(run)(x), rtol=1e-5, atol=1e-5)


def test_weights_and_scales_are_those_of_the_model(run, tmp_path):
    path = tmp_path / "weights.safetensors"
    main([str(run), "--to", "safetensors", "--output", str(path)])
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"format": "pt", "rep_in": "2T1", "rep_out": "T0"}
    read = load_file(path)
    assert torch.equal(read["inputs_scale"], 0.5 * torch.arange(1.0, 7.0).double())
    for name, weight in load(run).network.state_dict().items():
        assert torch.equal(read[f"network.{name}"], weight)


def test_a_file_that_predicts_something_else_is_not_kept(run, monkeypatch):
    monkeypatch.setattr(
        model_files, "_program", lambda model, path: lambda x: model(x) * (1 + 3e-5)
    )
    with pytest.raises(UserError, match=r"differs from the trained one by 3e-05 of the largest"):
        main([str(run), "--to", "torch_export"])
    assert not list(run.glob("model*"))
    assert not list(run.glob(".model*"))


def test_what_cannot_be_traced_is_said(run, monkeypatch):
    def forward(self, inputs):
        return inputs if inputs.sum() > 0 else -inputs

    monkeypatch.setattr("softsym.networks.MLP.forward", forward)
    with pytest.raises(UserError, match=r"MLP cannot be traced by PyTorch: .* --to safetensors"):
        main([str(run), "--to", "torch_export"])


def test_a_network_that_does_not_know_its_width(run, monkeypatch):
    monkeypatch.setattr("softsym.cli.trained._size", lambda *_: None)
    with pytest.raises(UserError, match=r"MLP does not say how many inputs it takes\. Give it an"):
        main([str(run), "--to", "safetensors"])


def test_missing_packages_are_named_in_one_line(run, monkeypatch):
    monkeypatch.setattr("softsym.cli.export.find_spec", lambda name: None if "t" in name else name)
    with pytest.raises(UserError) as caught:
        main([str(run), "--to", "onnx"])
    wanted = "--to onnx needs onnxscript, onnxruntime, not installed here: pip install "
    assert str(caught.value) == f"{wanted}'softsym[onnx]'."


class FakeProgram:
    """What torch.onnx.export returns, as far as it is used."""

    def save(self, path):
        Path(path).write_bytes(b"onnx")


def test_onnx_is_asked_for_any_batch_and_checked_by_its_runtime(run, monkeypatch):
    asked, plain = {}, inspect.signature(torch.onnx.export)

    def export(*given, **settings):
        asked.update(plain.bind(*given, **settings).arguments)
        return FakeProgram()

    class Session:
        def __init__(self, path, providers):
            assert Path(path).read_bytes() == b"onnx"

        def run(self, names, feed):
            return [load(run)(feed["inputs"]).numpy()]

    monkeypatch.setattr(torch.onnx, "export", export)
    monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(InferenceSession=Session))
    monkeypatch.setattr("softsym.cli.export.find_spec", lambda name: name)
    main([str(run), "--to", "onnx"])
    assert (run / "model.onnx").read_bytes() == b"onnx"
    assert asked["dynamic_shapes"][0][0].__name__ == "batch"
    assert (asked["input_names"], asked["output_names"]) == (["inputs"], ["predictions"])


@pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("onnx", "onnxscript", "onnxruntime"))),
    reason="the extra 'onnx' is not installed",
)
def test_onnx(run):
    main([str(run), "--to", "onnx"])
    assert (run / "model.onnx").exists()


def test_onnx_packages_that_do_not_fit_together_are_told_from_a_bad_network(run, monkeypatch):
    def export(*_, **__):
        raise ImportError("cannot import name 'runtime_version'")

    monkeypatch.setattr(torch.onnx, "export", export)
    monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace())
    monkeypatch.setattr("softsym.cli.export.find_spec", lambda name: name)
    with pytest.raises(UserError, match=r"do not fit together: .*without the extra trajectory"):
        main([str(run), "--to", "onnx"])


def test_other_bad_input_is_answered(run, tmp_path, capsys):
    with pytest.raises(UserError, match=r"'.*none' is no run folder that can be loaded"):
        main([str(tmp_path / "none"), "--to", "onnx"])
    with pytest.raises(
        UserError, match=r"is a folder\. Give a file, such as --output .*model\.pt2"
    ):
        main([str(run), "--to", "torch_export", "--output", str(tmp_path)])
    with pytest.raises(SystemExit):
        main([str(run), "--to", "tensorflow"])
    assert "safetensors" in capsys.readouterr().err
