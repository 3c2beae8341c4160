"""The variants of the best recipe."""

from benchmarks.ablation import VARIANTS, variants


def test_each_variant_changes_the_recipe_and_nothing_else():
    found = {recipe.model: recipe for recipe in variants(0.25)}
    assert list(found) == list(VARIANTS)
    assert len({recipe.overrides for recipe in found.values()}) == len(VARIANTS)
    assert {(r.task, r.epochs) for r in found.values()} == {("inertia_z", 1000)}
    for name, changes in VARIANTS.items():
        assert set(found[name].overrides) - set(found["best"].overrides) == set(changes)
