from __future__ import annotations

import pytest

from cli import resolvers
from cli.errors import UserError
from cli.overrides import check_command_line, require_writable

resolvers.register()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["experiment=inertia", "seed=3"],
        ["trainer=ddp_cpu", "trainer.devices=4"],
        ["~regularizers.xz"],
        ["+regularizer@regularizers.sl=projection", 'regularizers.sl.group="SL(3)"'],
        ["trainer.max_epochs=1e3"],
        ["network.nonsense=1", "--help"],
    ],
)
def test_good_command_lines_pass(arguments):
    check_command_line(arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sed=1"], r"Unknown config key 'sed'. Did you mean 'seed'"),
        (["network.chanels=1"], r"'network.chanels'. Did you mean 'channels'"),
        (["experiment=inertia", "policy.a.b=1"], r"Keys under 'policy': epoch, exponent, window"),
        (["~regularizers.nope"], r"Unknown config key 'regularizers.nope'"),
        (["policy=none"], r"no policy called 'none'. Choose one of: adjust_once, adjust"),
        (["policy={low: 3}"], r"'policy.low'. For .*of: adjust_once, .*'policy': epoch, exponent"),
        (["policy=fixed", "policy={low: 3}"], r"'policy.low'. For .* Keys under 'policy': none"),
        (["trainer={max_epoch: 3}"], r"'trainer.max_epoch'. Did you mean 'max_epochs'"),
        (["datamodule.samples=many"], r"must be a number, such as 1000; got 'many'"),
        (["debug=often"], r"debug must be true or false; got 'often'"),
        (["experiment"], "missing EQUAL"),
        (["datamodule.samples=???"], r"lacks a value for datamodule.samples"),
    ],
)
def test_bad_command_lines_are_explained(arguments, message):
    with pytest.raises(UserError, match=message):
        check_command_line(arguments)


def test_folder_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"'.*file' is no folder. Choose another with run_dir="):
        require_writable(tmp_path / "file" / "run")


def test_folder_that_does_not_exist_yet_is_fine(tmp_path):
    require_writable(tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()
