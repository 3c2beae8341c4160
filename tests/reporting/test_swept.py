from __future__ import annotations

from pathlib import Path

import pytest
from run_folders import write_run, write_sweep

from softsym.reporting.swept import seeds, shown, swept_keys
from softsym.runs.reading import Run, find_runs, read_run


def runs_in(folder):
    return [read_run(path) for path in find_runs([folder])]


def keys_of(runs, **settings):
    return [key.key for key in swept_keys(runs, **settings)]


def plain(*configs, overrides=()):
    return [Run(Path(str(i)), config=c, overrides=overrides) for i, c in enumerate(configs)]


def test_seeds_and_places_tell_nothing_apart(tmp_path):
    assert keys_of(runs_in(write_sweep(tmp_path, strengths=(1.0,)))) == []


def test_the_given_key_stands_for_what_it_changed(tmp_path):
    runs = runs_in(write_sweep(tmp_path, rates=(1e-3, 1e-2), seeds=2))
    strength, rate = swept_keys(runs)
    assert (strength.key, rate.key) == ("initial_strength", "optimizer.lr")
    assert (strength.numeric, rate.numeric) == (True, True)
    assert set(rate.values) == {1e-3, 1e-2}


def test_a_config_group_stands_for_what_its_options_hold(tmp_path):
    runs = runs_in(write_sweep(tmp_path, strengths=(1.0, 2.0), networks=("mlp", "emlp"), seeds=1))
    network, strength = swept_keys(runs)
    assert (network.key, strength.key) == ("network", "initial_strength")
    assert set(network.values) == {"mlp", "emlp"}
    assert not network.numeric


def test_a_recipe_stands_for_all_that_it_sets():
    made = (("a", "mlp", 1), ("a", "mlp", 1), ("b", "emlp", 2))
    runs = [
        Run(
            Path(str(i)),
            config={"network._target_": net, "channels": n, "network.channels": n, "lr": i % 2},
            choices={"experiment": recipe, "network": net},
            overrides=(f"experiment={recipe}", f"lr={i % 2}"),
        )
        for i, (recipe, net, n) in enumerate(made)
    ]
    assert keys_of(runs) == ["experiment", "lr"]


def test_values_drawn_at_random_are_all_kept(tmp_path):
    for i in range(4):
        write_run(tmp_path / str(i), strength=1.5**i, rate=1e-3 * (1 + i))
    assert keys_of(runs_in(tmp_path)) == ["initial_strength", "optimizer.lr"]


def test_without_command_lines_equal_columns_are_one():
    runs = plain(*({"module.lr": v, "lr": v, "other": -v} for v in (1, 2)))
    assert keys_of(runs) == ["lr", "other"]


def test_a_missing_key_and_null_are_the_same():
    assert keys_of(plain({"a": None, "b": 1}, {"b": 2})) == ["b"]


def test_chosen_keys_replace_those_that_differ(tmp_path):
    runs = runs_in(write_sweep(tmp_path, seeds=2))
    assert keys_of(runs, by=["seed", "network", "seed"]) == ["seed", "network"]


def test_an_unknown_key_is_answered_with_those_there_are(tmp_path):
    runs = runs_in(write_sweep(tmp_path))
    with pytest.raises(
        ValueError, match=r"No run has the key 'optimizer.rl'. Did you mean opt"
    ) as e:
        swept_keys(runs, by=["optimizer.rl"])
    assert "Keys that differ between the runs: initial_strength." in str(e.value)


def test_short_names_stay_apart():
    keys = ("a.x.strength", "b.x.strength", "c.y.lr", "dim")
    runs = plain(
        *({key: value for key in keys} for value in (1, 2)), overrides=[f"{k}=" for k in keys]
    )
    assert [key.label for key in swept_keys(runs)] == [
        "a.x.strength",
        "b.x.strength",
        "y.lr",
        "dim",
    ]


def test_seeds_of_a_run_include_those_set_apart():
    a, b = plain({"seed": 0, "data_seed": 1}, {"seed": 0, "data_seed": 2})
    assert seeds(a) != seeds(b)


def test_texts_and_booleans_are_no_numbers():
    keys = swept_keys(plain({"a": 1, "b": True, "c": "x", "d": 1}, {"a": 2, "b": False, "c": 1}))
    assert {key.key: key.numeric for key in keys} == {"a": True, "b": False, "c": False, "d": False}
    values = [shown(v) for v in (2.0, 0.0001, 2000, 1, True, False, None, "mlp")]
    assert values == ["2", "1e-4", "2000", "1", "true", "false", "null", "mlp"]
