"""What dashboards show, by command lines and by folders."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from softsym.cli import resolvers
from softsym.dashboards.contents import from_command_line, from_folder
from softsym.runs.errors import UserError

resolvers.register()


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_names_come_from_what_the_command_line_builds(tmp_path):
    shown = from_command_line(
        [
            "~regularizers.xz",
            "seed=0,1",
            "regularizers.xy.strength=interval(1,9)",
            "network=mlp,emlp",
        ]
    )
    assert shown.symmetries == shown.tuned == ("xy", "yz", "o3")
    assert shown.val == ("val/mse",)
    assert shown.test == ("test/mse", "ood/mse")
    assert shown.swept == ("seed", "regularizers.xy.strength", "network._target_")
    assert shown.figures == ("breaks", "moved_test", "strengths", "penalties", "predictions")
    assert (shown.name, shown.project, shown.monitor) == ("quickstart", "softsym", "val/mse")
    assert list(tmp_path.iterdir()) == []  # no folder is claimed for a run


def test_watched_candidates_have_errors_but_no_strengths():
    shown = from_command_line(["regularizers=none", '+candidates.xy="O(2)@xy"'])
    assert shown.symmetries == ("xy",)
    assert shown.tuned == ()
    assert shown.figures == ("breaks", "moved_test", "predictions")
    assert shown.swept == ("initial_strength", "seed")


def test_a_policy_that_constrains_has_prices_of_those_that_take_part():
    shown = from_command_line(["policy=constrain"])
    assert shown.constrained == ("xy", "yz", "xz")
    assert "constraints" in shown.figures
    assert from_command_line(["policy=fixed"]).constrained == ()


@pytest.mark.parametrize(
    ("overrides", "swept", "message"),
    [
        (["sed=1,2"], [], r"Unknown config key 'sed'. Did you mean 'seed'"),
        (["experiment=inertja"], [], r"no experiment called 'inertja'. Did you mean 'inertia'"),
        (["seed"], [], r"missing EQUAL"),
        ([], ["regularizers.xy.strenth"], r"swept key 'regularizers.xy.strenth' is not in the"),
    ],
)
def test_mistakes_are_told(overrides, swept, message):
    with pytest.raises(UserError, match=message):
        from_command_line(overrides, swept)


def test_folder_of_a_sweep_tells_what_was_swept(tmp_path):
    config = OmegaConf.create(
        {
            "name": "mine",
            "seed": 0,
            "monitor": "val/mse",
            "track_dim": 2,
            "logger": {"wandb": {"project": "p", "entity": "me"}},
            "datamodule": {},
            "module": {
                "_target_": "softsym.lightning_modules.SymmetryModule",
                "network": {"_target_": "torch.nn.Linear", "in_features": 1, "out_features": 1},
                "loss": {"_target_": "torch.nn.MSELoss"},
                "optimizer": None,
                "metrics": {"mse": {"_target_": "torchmetrics.MeanSquaredError"}},
            },
        }
    )
    for seed in (0, 1):
        config.seed, config.datamodule.seed = seed, seed + 7
        (tmp_path / str(seed)).mkdir()
        OmegaConf.save(config, tmp_path / str(seed) / "config.yaml")
    shown = from_folder(tmp_path)
    assert shown.swept == ("seed",)
    assert (shown.project, shown.entity, shown.symmetries) == ("p", "me", ())
    assert shown.test == ("test/mse",)
    assert shown.figures == ("predictions", "tracks", "moved_scenes")


def test_folder_without_runs_is_told(tmp_path):
    with pytest.raises(UserError, match=r"There is no run in .* which holds config.yaml"):
        from_folder(tmp_path)


@pytest.mark.parametrize(
    "target",
    ["os.system", "torch.load", "torch.nn.functional.importlib.import_module", "mine.Net"],
)
def test_a_folder_of_somebody_else_builds_known_classes_only(tmp_path, target):
    module = {"_target_": "softsym.networks.MLP", "layers": [{"_target_": target}]}
    config = {"seed": 0, "datamodule": {}, "module": module}
    OmegaConf.save(OmegaConf.create(config), tmp_path / "config.yaml")
    with pytest.raises(UserError, match=rf"module\.layers\.0\._target_ is '{target}'"):
        from_folder(tmp_path)


def test_groups_of_many_settings_get_no_panels(caplog):
    shown = from_command_line(["regularizers=planes,none", "seed=0,1"])
    assert shown.swept == ("seed",)
    assert "no panels over regularizers" in caplog.text
