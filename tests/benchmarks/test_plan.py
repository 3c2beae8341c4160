"""What the grid runs."""

import pytest

from benchmarks.grid.plan import ABLATION, DEFAULT_TASKS, MODELS, TASKS, VARIANTS, Run, recipes
from softsym.symmetries import group


def test_names_of_tasks_are_their_keys_and_all_recipes_exist():
    assert all(task.name == name for name, task in TASKS.items())
    assert len(DEFAULT_TASKS) == 9
    assert len([t for t in TASKS.values() if t.family == "known_answer"]) == 13


@pytest.fixture(scope="module")
def found():
    return recipes(["inertia_x", "cosine_scale"], MODELS, 0.1, ["datamodule.samples=50"])


def test_every_model_of_every_task(found):
    assert [(r.task, r.model) for r in found] == [
        (task, model) for task in ("inertia_x", "cosine_scale") for model in MODELS
    ]


def test_epochs_and_a_late_adjustment_shrink_together(found):
    per = found[0]
    assert per.epochs == 800
    assert {"trainer.max_epochs=800", "adjust_epoch=200", "datamodule.axis=0"} <= set(per.overrides)
    assert "datamodule.samples=50" in per.overrides


def test_an_early_adjustment_keeps_its_epoch_where_it_fits():
    long, short = (recipes(["inertia_z"], ["best"], scale)[0] for scale in (0.125, 0.1))
    assert {"trainer.max_epochs=500", "adjust_epoch=120"} <= set(long.overrides)
    assert {"trainer.max_epochs=400", "adjust_epoch=100"} <= set(short.overrides)


def test_the_oracle_keeps_the_true_group(found):
    oracles = {r.task: r for r in found if r.model == "oracle"}
    assert "constraint='O(2)@yz'" in oracles["inertia_x"].overrides
    assert "constraint='Scaling(3)'" in oracles["cosine_scale"].overrides


def test_candidates_and_what_is_true_of_them(found):
    for recipe in found:
        assert recipe.candidates == found[0 if "inertia" in recipe.task else len(MODELS)].candidates
        for name in recipe.candidates.values():
            assert group(name).dim == 3
            assert recipe.truth[name] in ("exact", "approximate", "broken")
    assert found[0].truth["O(2)@yz"] == "exact"
    assert found[0].truth["O(2)@xy"] == "broken"


def test_a_run_is_told_its_seed_and_folder(found, tmp_path):
    run = Run(found[0], 3, tmp_path)
    assert run.overrides[-2:] == ["seed=3", f"run_dir='{tmp_path}'"]
    assert run.label == "inertia_x per seed 3"


def test_misspecified_candidates_have_a_truth_as_well():
    (sl3,) = recipes(["inertia_exact"], ["per_sl3"], 1.0)
    assert sl3.truth["SL(3)"] == sl3.truth["SL(2)@xy"] == "broken"
    assert sl3.truth["O(2)@xy"] == "exact"
    (bodies,) = recipes(["inertia_z"], ["per_s5"], 1.0)
    assert bodies.truth == {"S(5)": "exact", "O(5)": "broken"}
    assert recipes(["cosine_so3"], ["per_s5"], 1.0) == []


def test_the_oracle_of_changed_data():
    (oracle,) = recipes(["inertia_z"], ["oracle"], 1.0, ["datamodule.eps=0"])
    assert "constraint='O(3)'" in oracle.overrides


def test_overrides_for_all_win_and_show():
    (recipe,) = recipes(["inertia_z"], ["mlp"], 0.5, ["trainer.max_epochs=100", "threads=2"])
    assert recipe.epochs == 100
    assert recipe.overrides.index("threads=2") > recipe.overrides.index("threads=1")


@pytest.mark.parametrize(("override", "option"), [("seed=3", "--seeds"), ("run_dir=x", "--out")])
def test_what_the_grid_sets_itself(override, option):
    with pytest.raises(ValueError, match=f"sets {override.split('=')[0]} itself: use {option}"):
        recipes(["inertia_z"], ["mlp"], 1.0, [override])


def test_each_variant_changes_its_recipe_and_nothing_else():
    names = ["best", "rpp", "mixed_rpp", *VARIANTS]
    found = {r.model: set(r.overrides) for r in recipes(["inertia_z"], names, 0.25)}
    assert list(found) == names
    for name, (base, changes) in VARIANTS.items():
        assert set(changes) <= found[name]
        keys = {change.split("=")[0] for change in changes}
        assert {o.split("=")[0] for o in found[name] ^ found[base]} == keys


def test_the_ablation_is_of_the_best_recipe():
    assert ABLATION[0] == "best"
    assert {name for name in ABLATION[1:]} == {n for n in VARIANTS if n.startswith("best_")}


def test_variants_are_of_inertia_alone():
    assert recipes(["cosine_so3", "dial_0"], ["best_exponent_2"], 1.0) == []


def test_a_variant_that_a_short_training_undoes_is_refused():
    with pytest.raises(ValueError, match=r"In 80 epochs .*best_adjusted_at_60 trains as best does"):
        recipes(["inertia_z"], ["best", "best_adjusted_at_60"], 0.02)
