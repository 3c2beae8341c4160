"""What a search may say, and that a folder holds one search only."""

import pytest

from softsym.runs.errors import UserError
from softsym.sweeps.search.plan import keep_plan, make_plan, require_same_plan

LR = {"type": "float", "low": 1e-3, "high": 1e-2, "log": True}
SEARCH = {"name": "s", "experiment": "quickstart", "space": {"optimizer.lr": LR}}


def plan(overrides=(), **changes):
    return make_plan(SEARCH | changes, overrides)


def test_the_user_wins_over_the_file():
    search = SEARCH | {"overrides": ["trainer.max_epochs=9", "seed=1"]}
    made = make_plan(search, ["trainer.max_epochs=5"])
    assert made.fixed == ["experiment=quickstart", "trainer.max_epochs=5", "seed=1"]
    assert plan(monitor="val/ade").fixed[-1] == "monitor=val/ade"
    assert made.drawn({"optimizer.lr": 0.002}) == ["optimizer.lr=0.002"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spaces": {}}, "A search has no spaces; it takes name, experiment"),
        ({"space": {}}, "The space of a search maps keys"),
        ({"experiment": None}, "needs an experiment to vary"),
        ({"monitor": "test/mse"}, "minimizes a validation metric, such as val/mse"),
        ({"pruning": 3}, "pruning must be null or settings"),
        ({"overrides": "a=1"}, "overrides must be a list"),
        ({"overrides": ["a"]}, "'a' is no override of train.py; write key=value"),
        ({"overrides": ["optimizer.lr=1"]}, "optimizer.lr is searched"),
        ({"overrides": ["run_dir=x"]}, "run_dir is set by the search; give it as folder="),
        ({"overrides": ["experiment=x"]}, "experiment is set by the search; give it as search.exp"),
        ({"space": {"ckpt_path": LR}}, "ckpt_path is set by the search"),
    ],
)
def test_mistakes(changes, message):
    with pytest.raises(UserError, match=message):
        plan(**changes)


def test_a_folder_keeps_its_plan(tmp_path):
    first = plan(overrides=["seed=3", "~regularizers.xz"], pruning={"min_epochs": 9})
    require_same_plan(first, tmp_path)
    keep_plan(first, tmp_path)
    require_same_plan(first, tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"overrides": ["seed=4"]}, "overrides/seed: 'seed=3' then, 'seed=4' now"),
        ({"space": {"optimizer.lr": LR | {"low": 1e-4}}}, "low: 0.001 then, 0.0001 now"),
        ({"experiment": "inertia"}, "experiment: 'quickstart' then, 'inertia' now"),
        ({"pruning": {"min_epochs": 3}}, "pruning/min_epochs: None then, 3 now"),
    ],
)
def test_another_search_in_the_folder_is_refused(changes, message, tmp_path):
    keep_plan(plan(overrides=["seed=3"]), tmp_path)
    with pytest.raises(UserError, match=message) as error:
        require_same_plan(plan(**{"overrides": ["seed=3"]} | changes), tmp_path)
    assert "start a new one with name=<name>" in str(error.value)
