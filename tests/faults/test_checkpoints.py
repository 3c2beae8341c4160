"""Checkpoints that are damaged, foreign, or of another network: each is named, none is believed."""

from __future__ import annotations

import io
import os
import pickle
import random
import warnings
import zipfile

import pytest
import torch
from integration.conftest import Trainer
from small_runs import data, module, network, planes, trainer

from softsym.cli.quiet import quiet
from softsym.lightning_modules.checkpoint_io import (
    AtomicCheckpointIO,
    load_weights,
    read_checkpoint,
    require_resumable,
)
from softsym.networks import SoftEMLP
from softsym.runs.errors import UserError


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The bytes of a checkpoint to resume from."""
    folder = tmp_path_factory.mktemp("good")
    run = trainer(folder, 1, plugins=[AtomicCheckpointIO()])
    with warnings.catch_warnings():
        quiet()
        run.fit(module(planes()), data())
    run.save_checkpoint(folder / "last.ckpt")
    return (folder / "last.ckpt").read_bytes()


@pytest.fixture
def path(good, tmp_path):
    (tmp_path / "last.ckpt").write_bytes(good)
    return tmp_path / "last.ckpt"


class Code:
    """Code that a pickle would run."""

    def __reduce__(self):
        return os.system, ("touch softsym-was-here",)


def resave(change):
    """Loads, changes and saves again."""

    def damage(path):
        content = torch.load(path, weights_only=True)
        torch.save(change(content), path)

    return damage


def archive(path):
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("readme.txt", "no weights")


def compressed(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("archive/data.pkl", b"\0" * 10**7)


def truncated(path):
    path.write_bytes(path.read_bytes()[:-1000])


def fifo(path):
    path.unlink()
    os.mkfifo(path)


def link(target):
    def damage(path):
        path.unlink()
        path.symlink_to(target)

    return damage


DAMAGES = [
    ("missing", os.unlink, "There is no checkpoint"),
    ("empty file", lambda path: path.write_bytes(b""), "is damaged, or no checkpoint"),
    ("text", lambda path: path.write_text("weights"), "is damaged, or no checkpoint"),
    ("truncated", truncated, "is damaged, or no checkpoint"),
    ("a plain pickle", lambda path: path.write_bytes(pickle.dumps({})), "no checkpoint of PyTorch"),
    ("a pickle with code", lambda path: path.write_bytes(pickle.dumps(Code())), "no checkpoint of"),
    ("code in an archive", resave(lambda _: {"state_dict": Code()}), "more than tensors and plain"),
    ("another archive", archive, "is an archive of another kind"),
    ("an archive that grows", compressed, "stands for more bytes than it holds"),
    ("a pipe", fifo, "is no plain file"),
    ("an endless device", link("/dev/zero"), "is no plain file"),
    ("a dangling link", link("/nowhere"), "There is no checkpoint"),
    ("a tensor", resave(lambda _: torch.zeros(3)), "holds no weights"),
    ("an empty dict", resave(lambda _: {}), "holds no weights"),
    ("no weights but numbers", resave(lambda _: {"state_dict": {"a": 1}}), "holds no weights"),
    ("weights alone", resave(lambda c: {"state_dict": c["state_dict"]}), "lacks optimizer_states"),
    (
        "no optimizer state",
        resave(lambda c: {k: v for k, v in c.items() if k != "optimizer_states"}),
        "lacks optimizer_states.*init_from",
    ),
    (
        "another network's shapes",
        resave(lambda c: c | {"state_dict": {k: v[:1] for k, v in c["state_dict"].items()}}),
        "is of another network: .* in the file, .* here.*channels",
    ),
    ("a renamed layer", resave(lambda c: c | {"state_dict": {}}), "absent in the file"),
]


@pytest.mark.parametrize(("damage", "words"), [d[1:] for d in DAMAGES], ids=[d[0] for d in DAMAGES])
def test_each_is_named(damage, words, path, monkeypatch):
    monkeypatch.chdir(path.parent)
    damage(path)
    with pytest.raises(UserError, match=f"last.ckpt.*{words}|{words}.*last.ckpt"):
        require_resumable(read_checkpoint(path), path, network())
    assert not (path.parent / "softsym-was-here").exists()


def saved(content):
    """The bytes of a checkpoint of the content, which are the same for the same content."""
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def test_a_flipped_bit_is_found_or_changes_nothing(path, good):
    """A flip in a date or in the padding between tensors is harmless, and found or not."""
    draw, found = random.Random(0), 0
    whole = saved(read_checkpoint(path))
    for _ in range(60):
        flipped = bytearray(good)
        flipped[draw.randrange(len(good))] ^= 1 << draw.randrange(8)
        path.write_bytes(flipped)
        try:
            assert saved(read_checkpoint(path)) == whole
        except UserError:
            found += 1
    assert found > 30


def test_weights_of_another_run_are_compared(path):
    model = network(seed=5)
    load_weights(model, path)
    kept = torch.load(path, weights_only=True)["state_dict"]
    assert all(torch.equal(w, kept[f"network.{n}"]) for n, w in model.state_dict().items())
    wider = SoftEMLP("2T0 + 2T1", "T2", "O(3)", channels=12, hidden_layers=1)
    with pytest.raises(UserError, match=r"another network: .*\(\d+, \d+\) in the file"):
        load_weights(wider, path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, warm):
    """A trained run, whose metrics are gone; ``again`` resumes a copy after some damage."""
    folder = tmp_path_factory.mktemp("trained")
    return Trainer(folder, warm)("trainer.max_epochs=14")


@pytest.fixture
def again(trained, tmp_path, warm):
    def run(damage, *overrides, **options):
        copy = tmp_path / "run"
        copy.mkdir()
        for path in [p for p in trained.folder.rglob("*") if p.is_file()]:
            (copy / path.relative_to(trained.folder)).parent.mkdir(parents=True, exist_ok=True)
            (copy / path.relative_to(trained.folder)).write_bytes(path.read_bytes())
        damage(copy / "checkpoints" / "best.ckpt")
        length = () if any("max_epochs" in o for o in overrides) else ("trainer.max_epochs=14",)
        return Trainer(tmp_path, warm)("ckpt_path=last", *length, *overrides, **options)

    return run


@pytest.mark.parametrize(
    ("damage", "words"), [(os.unlink, "There is no checkpoint"), (truncated, "is damaged")]
)
def test_the_best_model_is_needed_before_the_first_step(damage, words, again):
    run = again(damage, "trainer.max_epochs=500", ok=False)
    text = " ".join(run.output.split())
    assert words in text
    assert "best.ckpt" in text
    assert "test_model=last to test the last model" in text
    assert "epoch 15/" not in text
    assert "Traceback" not in text


def loops(path):
    """Damages the last checkpoint: no progress of the training is in it."""
    resave(lambda content: content | {"loops": {}})(path.with_name("last.ckpt"))


@pytest.mark.parametrize(
    ("damage", "epochs", "words"),
    [(loops, 20, "KeyError: 'fit_loop'"), (lambda path: None, 5, "max_epochs=5")],
)
def test_a_state_that_does_not_fit_is_told_as_such(damage, epochs, words, again):
    run = again(damage, f"trainer.max_epochs={epochs}", ok=False)
    text = " ".join(run.output.split())
    assert "last.ckpt' does not fit this training" in text
    assert words in text
    assert "Traceback" not in text


def test_the_last_model_is_tested_if_asked_for_and_the_metrics_say_so(again, trained):
    run = again(os.unlink, "test_model=last")
    assert run.metrics["test/last_model"] == 1.0
    assert "test_model=last: the last model is tested" in " ".join(run.output.split())
    assert "test/last_model" not in trained.metrics
