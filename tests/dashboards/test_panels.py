"""Which panels there are; that runs log what they show is in tests/integration/test_logged.py."""

from __future__ import annotations

import dataclasses

import pytest

from softsym.dashboards.contents import Contents

CONTENTS = Contents(
    name="n",
    project="p",
    entity=None,
    symmetries=("xy", "o3"),
    tuned=("xy",),
    monitor="val/mse",
    val=("val/mse",),
    test=("test/mse",),
    swept=("seed", "a.b"),
    figures=("strengths",),
)


@pytest.fixture(scope="module")
def panels():
    try:
        from softsym.dashboards import panels
    except ImportError:
        pytest.skip("the extra 'dashboard' is not installed")
    return panels


def configs(section):
    """The settings of each panel of a section, as Weights & Biases keeps them."""
    made = (panel._to_model() for panel in section.panels)
    return [model.model_dump(by_alias=True, exclude_none=True)["config"] for model in made]


def test_sections(panels):
    made = {section.name: configs(section) for section in panels.sections(CONTENTS)}
    assert list(made) == [
        "Symmetries",
        "Equivariance errors",
        "Training",
        "Test metrics over the sweep",
        "Strengths over swept values",
        "Figures of the report",
        "Custom charts",
    ]
    lines = made["Symmetries"] + made["Training"]
    assert all(config["yLogScale"] and config["xAxis"] == "epoch" for config in lines)
    assert ["strength/xy"] in [config["metrics"] for config in lines]
    errors = made["Equivariance errors"]
    assert errors[0]["metrics"] == ["test/equivariance_error/xy", "test/equivariance_error/o3"]
    assert errors[2]["metrics"] == ["test/mse", "test/moved/xy/mse", "test/moved/o3/mse"]
    grouped = [c["groupBy"] for c in made["Test metrics over the sweep"] if "groupBy" in c]
    assert grouped == ["seed.value", "a.value.b"]
    over = made["Strengths over swept values"]
    axes = [(c["xAxis"], c["yAxis"]) for c in over[:-1]]
    assert axes == [
        ("config:seed.value", "summary:strength/xy"),
        ("config:a.value.b", "summary:strength/xy"),
    ]
    parallel = [column["accessor"] for column in over[-1]["columns"]]
    assert parallel == [
        *("config:seed.value", "config:a.value.b"),
        *("summary:strength/xy", "summary:test/mse"),
    ]
    assert made["Figures of the report"][0]["mediaKeys"] == ["figures/strengths"]
    custom = made["Custom charts"]
    assert {c["panelDefId"] for c in custom} == {"wandb/bar/v0", "wandb/scatter/v0"}
    assert custom[0]["fieldSettings"] == {"label": "symmetry", "value": "strength"}


def test_constraints_stand_beside_their_tolerances(panels):
    shown = dataclasses.replace(CONTENTS, constrained=("xy",))
    lines = [config["metrics"] for config in configs(panels.sections(shown)[0])]
    assert lines[-2:] == [["price/xy"], ["asymmetry/xy", "tolerance/xy"]]
    plain = [config["metrics"] for config in configs(panels.sections(CONTENTS)[0])]
    assert lines[:-2] == plain


def test_no_symmetries_no_panels_of_them(panels):
    bare = dataclasses.replace(CONTENTS, symmetries=(), tuned=(), swept=(), figures=())
    names = [section.name for section in panels.sections(bare)]
    assert names == ["Training", "Test metrics over the sweep"]
