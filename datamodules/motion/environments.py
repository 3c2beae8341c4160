"""The environments whose tracks can be read: sampling, splits, requirements and folders."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from softsym.datamodules.motion.drone_files import RAW, repaired_annotations
from softsym.datamodules.motion.pedestrian_files import LAYOUT, RECORDINGS, SOURCE, check_recordings
from softsym.datamodules.motion.zarr_files import require_plain_zarr

EXTRA = '-e ".[trajectory]"'
"""The extra that installs trajdata and pyarrow."""

AGENT_TYPES = ("unknown", "vehicle", "pedestrian", "bicycle", "motorcycle")
"""Kinds of agents, in the order of trajdata's numbers."""


@dataclass(frozen=True)
class Environment:
    """What must be known about a set of recordings before it is read.

    If two of our splits name the same of its own, its scenes are split randomly.
    """

    name: str  # the one of trajdata if trajdata reads it
    rate: Fraction  # frames per second, exactly
    splits: Mapping[str, str]  # our splits -> its own
    layout: str  # required content of its folder
    raw: tuple[str, ...]  # patterns of the files that contain its tracks, relative to the folder
    source: str  # where to get it
    usual: tuple[float, float, float]  # seconds between two steps, observed, and predicted
    required: str | None = None  # pattern of a path that must exist; the first of raw by default
    by_trajdata: bool = True
    module: str | None = None  # further module without which it cannot be read
    package: str | None = None  # argument of pip that installs this module
    heights: bool = True  # whether z is meaningful
    files: tuple[str, ...] = ()  # all must exist
    check: Callable[[Path], None] | None = None  # of these files, before they are used
    # copies the files that trajdata misreads, repaired, from the folder to an empty one
    repair: Callable[[Path, Path], Path] | None = None

    @property
    def dt(self) -> float:
        """Seconds between two frames."""
        return float(1 / self.rate)

    def require_module(self) -> None:
        """Raises an ImportError that says what to install, unless all needed modules exist."""
        if self.by_trajdata and int(np.__version__.split(".")[0]) > 1:
            raise ImportError(
                f"{self.name} is read by trajdata, which works with numpy 1; numpy "
                f"{np.__version__} is installed. Run pip install {EXTRA}, which brings a set that "
                "fits together."
            )
        needs = {"trajdata": EXTRA} if self.by_trajdata else {}
        for module, package in (needs | {self.module: self.package}).items():
            if module is not None and importlib.util.find_spec(module) is None:
                raise ImportError(
                    f"{self.name} needs {module}, which is not installed. Run pip install "
                    f"{package}."
                )

    def require_folder(self, data_dir: Path | None) -> Path:
        """Returns the folder of the raw data after checking that it looks like one."""
        help_ = f"{self.layout} {self.source}"
        if data_dir is None:
            raise ValueError(
                f"datamodule.data_dir is not set, so there are no {self.name} files to read. "
                f"{help_} Then pass datamodule.data_dir=<that folder>."
            )
        if not data_dir.is_dir():
            raise FileNotFoundError(
                f"The {self.name} folder {str(data_dir)!r} does not exist. {help_}"
            )
        missing = [name for name in self.files if not (data_dir / name).is_file()]
        if missing:
            raise FileNotFoundError(
                f"The {self.name} folder {str(data_dir)!r} lacks {', '.join(missing)}. {help_}"
            )
        required = self.required or self.raw[0]
        if next(data_dir.glob(required), None) is None:
            raise FileNotFoundError(
                f"The folder {str(data_dir)!r} has no {required}, so it is not that of "
                f"{self.name}. {help_}"
            )
        return data_dir


def _variants(template: Environment, **splits: Mapping[str, str]) -> tuple[Environment, ...]:
    """Copies an environment for each name -> splits."""
    return tuple(replace(template, name=name, splits=own) for name, own in splits.items())


def _all_from(split: str) -> dict[str, str]:
    return dict.fromkeys(("train", "val", "test"), split)


def _nuscenes(name: str, version: str, splits: Mapping[str, str]) -> Environment:
    return Environment(
        name=name,
        rate=Fraction(2),
        splits=splits,
        layout=f"The folder contains {version}/ with scene.json, sample.json, "
        "sample_annotation.json and the other tables.",
        raw=(f"{version}/*.json",),
        required=f"{version}/scene.json",
        source="nuScenes is at https://www.nuscenes.org/nuscenes (the metadata suffice).",
        usual=(0.5, 2.0, 6.0),
        module="nuscenes",
        package="nuscenes-devkit",
    )


OWN_PARTS = {"train": "train", "val": "val", "test": "test"}
HALVED_VAL = {"train": "train", "val": "val", "test": "val"}
HALVED_TRAINING = {"train": "mini_train", "val": "mini_train", "test": "mini_val"}

PEDESTRIANS = Environment(
    name="eupeds",
    rate=Fraction(5, 2),
    splits={"train": "train_loo", "val": "val_loo", "test": "test_loo"},
    layout=LAYOUT,
    raw=("*.txt",),
    source=f"{SOURCE} Without them, experiment=eth_ucy_demo simulates pedestrians.",
    usual=(0.4, 2.8, 4.8),
    heights=False,
    files=tuple(f"{name}.txt" for name in RECORDINGS),
    check=check_recordings,
)

DRONE = Environment(
    name="sdd",
    rate=Fraction(30),
    splits=OWN_PARTS,
    layout="The folder contains the scenes bookstore, coupa, deathCircle, gates, hyang, little, "
    "nexus and quad, each with video<number>/annotations.txt.",
    raw=(RAW,),
    source="The Stanford Drone annotations are at https://cvgl.stanford.edu/projects/uav_data.",
    usual=(0.4, 2.8, 4.8),
    heights=False,
    repair=repaired_annotations,
)

LYFT = Environment(
    name="lyft_sample",
    rate=Fraction(10),
    splits=HALVED_TRAINING,
    layout="The folder is that of one zarr, such as scenes/sample.zarr, with agents/, frames/ and "
    "scenes/ in it.",
    raw=("scenes/*", "frames/*", "agents/*"),
    required="agents/.zarray",
    source="The Lyft Level 5 prediction set was published with l5kit "
    "(https://github.com/woven-planet/l5kit).",
    usual=(0.1, 1.0, 3.0),
    module="l5kit",
    # l5kit pins requirements that are years old; these are all that reading needs.
    package="--no-deps l5kit prettytable pymap3d transforms3d",
    check=require_plain_zarr,
)

NUPLAN = Environment(
    name="nuplan_mini",
    rate=Fraction(20),
    splits={"train": "mini_train", "val": "mini_val", "test": "mini_test"},
    layout="The folder contains maps/ and nuplan-v1.1/ with its splits of .db logs.",
    raw=("nuplan-v1.1/**/*.db",),
    source="nuPlan is at https://www.nuscenes.org/nuplan.",
    usual=(0.5, 2.0, 8.0),
    module="nuplan",
    package="git+https://github.com/motional/nuplan-devkit",
)

INTERACTION = Environment(
    name="interaction",
    rate=Fraction(10),
    splits=HALVED_VAL,
    layout="The folder is that of the single-agent or multi-agent tracks, with maps/, train/ and "
    "val/ of csv files.",
    raw=("train/**/*.csv", "val/**/*.csv"),
    source="INTERACTION is at http://interaction-dataset.com.",
    usual=(0.1, 0.9, 3.0),
    module="lanelet2",
    package="lanelet2",
    heights=False,
)

ARGOVERSE2 = Environment(
    name="argoverse2",
    rate=Fraction(10),
    splits=HALVED_VAL,
    layout="The folder contains train/ and val/ with one folder per scenario, which contains "
    "scenario_<id>.parquet.",
    raw=("*/*/scenario_*.parquet",),
    source="The Argoverse 2 motion forecasting set is at "
    "https://www.argoverse.org/av2.html#forecasting-link.",
    usual=(0.1, 4.9, 6.0),
    by_trajdata=False,
    module="pyarrow",
    package=EXTRA,
    heights=False,
)

SCENES = ("eth", "hotel", "univ", "zara1", "zara2")
_ALL = (
    *_variants(PEDESTRIANS, **{f"eupeds_{scene}": PEDESTRIANS.splits for scene in SCENES}),
    DRONE,
    _nuscenes("nusc_mini", "v1.0-mini", HALVED_TRAINING),
    _nuscenes(
        "nusc_trainval", "v1.0-trainval", {"train": "train", "val": "train_val", "test": "val"}
    ),
    LYFT,
    *_variants(LYFT, lyft_train=_all_from("train"), lyft_train_full=_all_from("train")),
    *_variants(LYFT, lyft_val=_all_from("val")),
    NUPLAN,
    *_variants(NUPLAN, **{f"nuplan_{part}": _all_from(part) for part in ("train", "val", "test")}),
    *_variants(INTERACTION, interaction_single=HALVED_VAL, interaction_multi=HALVED_VAL),
    ARGOVERSE2,
)
ENVIRONMENTS = {environment.name: environment for environment in _ALL}


def environment(name: str) -> Environment:
    """Returns the environment of that name; a ValueError lists the known ones."""
    if name in ENVIRONMENTS:
        return ENVIRONMENTS[name]
    if str(name).startswith("waymo"):
        raise ValueError(
            f"datamodule.env is {name!r}, which trajdata reads through a TensorFlow that does not "
            "install on current Python versions. Use datamodule=waymo, which needs none."
        )
    close = difflib.get_close_matches(str(name), ENVIRONMENTS, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(
        f"datamodule.env is {name!r}; it must be one of {', '.join(ENVIRONMENTS)}.{hint}"
    )
