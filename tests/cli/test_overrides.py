from __future__ import annotations

import pytest

from softsym.cli import resolvers
from softsym.cli.overrides import check_command_line, hydra_arguments
from softsym.cli.places import require_writable
from softsym.runs.errors import UserError

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
        (
            ["experiment=inertia", "policy.a.b=1"],
            r"Keys under 'policy': epoch, exponent, growth, relative, window",
        ),
        (["~regularizers.nope"], r"There is no key 'regularizers.nope' to leave out. Keys under"),
        (["policy=none"], r"no policy called 'none'. Choose one of: adjust_once, adjust"),
        (["policy={low: 3}"], r"'policy.low'. For .*of: adjust_once, .*'policy': epoch, exponent"),
        (["policy=fixed", "policy={low: 3}"], r"'policy.low'. For .* Keys under 'policy': none"),
        (["trainer={max_epoch: 3}"], r"'trainer.max_epoch'. Did you mean 'max_epochs'"),
        (
            ["datamodule.samples=many"],
            r"samples must be a whole number from 1 to 10000000; got 'many'",
        ),
        (["debug=often"], r"debug must be true or false; got 'often'"),
        (["experiment"], "'experiment' is no setting: write key=value, as in experiment=<value>"),
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "seed=0,1", "optimizer.lr=1e-3,fast"], "optimizer.lr must be a number above 0"),
        (["--multirun", "policy=fixed,none"], "no policy called 'none'"),
        (["-m", "seed=0,1", "sed=3"], "Unknown config key 'sed'"),
        (["-m", "hydra/launcher=slurm", "hydra.launcher.part=x"], "Did you mean 'partition'"),
        (
            ["-m", "hydra/launcher=local", "hydra.launcher.slots=two"],
            "slots must be a whole number",
        ),
        (["-m", "hydra/launcher=submitit"], "no hydra/launcher called 'submitit'.*local, slurm"),
        (["seed=0,1"], "To run each of them add -m"),
    ],
)
def test_every_value_of_a_sweep_is_checked(arguments, message):
    with pytest.raises(UserError, match=message):
        check_command_line(arguments)


def test_sweeps_pass_and_name_their_folders_themselves():
    assert check_command_line(["-m", "seed=range(3)", "regularizers.xy.strength=1,10"]) == []
    assert check_command_line(["-m", "seed=0,1", "hydra.sweep.subdir=${hydra.job.num}"]) == []


def test_multirun_may_stand_anywhere():
    assert hydra_arguments(["b=1", "-m", "a=1,2"]) == ["--multirun", "b=1", "a=1,2"]


def test_own_configs_are_found_and_checked(tmp_path):
    (tmp_path / "own configs" / "experiment").mkdir(parents=True)
    recipe = "# @package _global_\ntrainer:\n  max_epochs: 5\n"
    (tmp_path / "own configs" / "experiment" / "mine.yaml").write_text(recipe)
    given = hydra_arguments(["experiment=mine", "--config-dir", "own configs"])
    assert check_command_line(given)[0].startswith("run_dir=")
    with pytest.raises(UserError, match=r"no experiment called 'main'.*mine"):
        check_command_line([*given, "experiment=main"])
    with pytest.raises(UserError, match="Did you mean 'seed'"):
        check_command_line([*given, "sed=3"])
    (tmp_path / "own configs").rename(tmp_path / "conf")
    check_command_line(hydra_arguments(["experiment=mine"]))
    with pytest.raises(UserError, match="--config-dir: there is no folder 'nowhere'"):
        hydra_arguments(["--config-dir=nowhere"])
    with pytest.raises(UserError, match="as in --config-dir conf"):
        hydra_arguments(["--config-dir"])
    assert hydra_arguments(["experiment=mine", "--cfg", "job"])[2:] == ["--cfg", "job"]
    assert hydra_arguments(["--cfg", "job", "experiment=mine"])[:2] == ["--cfg", "job"]
    (tmp_path / "conf" / "experiment" / "inertia.yaml").write_text(recipe)
    with pytest.raises(UserError, match=r"inertia.yaml' has the name of a shipped config"):
        hydra_arguments([])


@pytest.fixture
def job(monkeypatch):
    def give(rank):
        for name, value in {"JOB_ID": "7", "STEP_ID": "0", "PROCID": str(rank)}.items():
            monkeypatch.setenv(f"SLURM_{name}", value)

    return give


def test_all_ranks_of_a_job_share_a_folder_and_it_goes_on_there(job, tmp_path):
    given = []
    for rank in (0, 3):
        job(rank)
        given.append(check_command_line(["name=mine", "seed=4"]))
    assert given[0] == given[1]
    folder, resume = given[0]
    assert folder.startswith("run_dir='outputs/mine/slurm-7-0-")
    assert resume == "ckpt_path=auto"
    assert check_command_line(["run_dir=here"]) == ["ckpt_path=auto"]
    with pytest.raises(UserError, match="no run has started in 'here'"):
        check_command_line(["run_dir=here", "ckpt_path=last"])


def test_a_job_that_resumes_the_newest_run_does_so(job, tmp_path):
    job(0)
    with pytest.raises(UserError, match="ckpt_path=auto starts one where there is none"):
        check_command_line(["name=mine", "ckpt_path=last"])
    older = tmp_path / "outputs" / "mine" / "older"
    older.mkdir(parents=True)
    (older / "config.yaml").touch()
    assert check_command_line(["name=mine", "ckpt_path=last"]) == ["run_dir='outputs/mine/older'"]
