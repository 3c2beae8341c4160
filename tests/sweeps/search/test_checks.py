"""A search is tried against train.py's config before any trial."""

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from softsym.cli import resolvers
from softsym.cli.choices import CONF
from softsym.runs.errors import UserError
from softsym.sweeps.command_line import train_values
from softsym.sweeps.search.plan import make_plan
from softsym.sweeps.search.trials import check_trials, monitor_and_defaults, sample_params

LR = {"type": "float", "low": 1e-3, "high": 1e-2}
SEARCHES = sorted(path.stem for path in (CONF / "search").glob("*.yaml"))
NEEDS = {"pedestrians": ["datamodule.data_dir=x"]}
resolvers.register()


def search(name):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("sweep", [f"search={name}"])
    return OmegaConf.to_container(config.search, resolve=True)


@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_fits_the_config(name, tmp_path):
    settings = search(name)
    assert settings["name"] == name
    check_trials(make_plan(settings, NEEDS.get(name, [])), tmp_path / name)


def test_a_search_minimizes():
    given = ["loss=cross_entropy", "datamodule.rep_out=2T0"]
    settings = search("quickstart") | {"monitor": "val/cross_entropy"}
    assert monitor_and_defaults(make_plan(settings, given))[0] == "val/cross_entropy"
    with pytest.raises(UserError, match="minimizes, but val/accuracy is better when higher"):
        monitor_and_defaults(make_plan(settings | {"monitor": "val/accuracy"}, given))


@pytest.mark.parametrize("name", SEARCHES)
def test_trials_are_compared_when_the_strengths_have_settled(name):
    settings = search(name)
    assert settings["pruning"]["min_epochs"] > 2 * settings["space"]["adjust_epoch"]["high"]


@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_says_its_command_and_is_small(name):
    lines = (CONF / "search" / f"{name}.yaml").read_text().splitlines()
    assert lines[0].startswith("# python sweep.py")
    assert name == "quickstart" or f"search={name}" in lines[0]
    assert len(lines) < 45


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"space": {"optimizer.rl": LR}}, "Unknown config key 'optimizer.rl'. Did you mean"),
        ({"space": {"adjust_epoch": LR}}, "adjust_epoch must be a whole number of at least 1"),
        (
            {"experiment": "quickstrat"},
            "no experiment called 'quickstrat'. Did you mean",
        ),
        ({"overrides": ["trainer.epochs=3"]}, "Unknown config key 'trainer.epochs'"),
        ({"pruning": {"min_epoch": 3}}, "'callbacks.pruning.min_epoch'. Did you mean 'min_epochs'"),
        ({"pruning": {}}, r"lacks .* callbacks.pruning.min_epochs; .*for a search: in overrides="),
    ],
)
def test_mistakes_are_told_as_train_tells_them(changes, message, tmp_path):
    plan = make_plan({"experiment": "quickstart", "space": {"optimizer.lr": LR}} | changes, [])
    with pytest.raises(UserError, match=f"search s: .*{message}"):
        check_trials(plan, tmp_path / "s")


def test_every_choice_of_a_group_is_tried(tmp_path):
    space = {"policy": {"type": "categorical", "choices": ["fixed", "adjust_wice"]}}
    plan = make_plan({"experiment": "quickstart", "space": space}, [])
    with pytest.raises(UserError, match="no policy called 'adjust_wice'"):
        check_trials(plan, tmp_path / "s")


def test_of_numbers_one_is_tried():
    space = {"a": {"type": "categorical", "choices": [1, 2, "x"]}, "b": LR}
    plan = make_plan({"experiment": "quickstart", "space": space}, [])
    assert [params["a"] for params in sample_params(plan)] == [1, "x"]


def test_values_of_the_config_of_train():
    values = train_values(["experiment=inertia"], ["optimizer.lr", "policy", "monitor", "no.where"])
    assert values == {"optimizer.lr": 1e-3, "monitor": "val/mse"}
