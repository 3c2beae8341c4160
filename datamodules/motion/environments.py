"""The environments whose tracks can be read: their sampling, splits, needs and folders."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from softsym.datamodules.motion.pedestrian_files import LAYOUT, RECORDINGS, SOURCE, check_recordings

ARGOVERSE2 = "argoverse2"

THREE_PARTS = {"train": "train", "val": "val", "test": "test"}
TRAINING_IN_TWO = {"train": "mini_train", "val": "mini_train", "test": "mini_val"}

AGENT_TYPES = ("unknown", "vehicle", "pedestrian", "bicycle", "motorcycle")
"""Kinds of agents, in the order of trajdata's numbers."""


@dataclass(frozen=True)
class Environment:
    """What has to be known of a set of recordings before it is read.

    Attributes:
        name: Its name, trajdata's where trajdata reads it.
        rate: Frames in a second, exactly.
        splits: Our splits -> its own; where two of ours name the same, its scenes are dealt out.
        layout: What belongs into its folder.
        raw: Patterns of the files that its tracks are read from, relative to the folder.
        required: A pattern of which at least one path must exist.
        source: Where to get it.
        module: Module without which trajdata cannot read it.
        package: What installs that module.
        usual: Seconds between two steps, observed and predicted, that people use for it.
        heights: Whether its z says something.
        files: Files that must all be there.
        check: Checks these files, before anything is computed from them.
    """

    name: str
    rate: Fraction
    splits: Mapping[str, str]
    layout: str
    raw: tuple[str, ...]
    required: str
    source: str
    usual: tuple[float, float, float]
    module: str | None = None
    package: str | None = None
    heights: bool = True
    files: tuple[str, ...] = ()
    check: Callable[[Path], None] | None = None

    @property
    def dt(self) -> float:
        """Seconds between two frames."""
        return float(1 / self.rate)

    def require_module(self) -> None:
        """Checks that what reads this environment is installed.

        Raises:
            ImportError: If it is not; says what to install.
        """
        if self.name != ARGOVERSE2 and importlib.util.find_spec("trajdata") is None:
            raise ImportError(
                f"{self.name} is read through trajdata, which is not installed. Run "
                'pip install -e ".[trajectory]".'
            )
        needs = "pyarrow" if self.name == ARGOVERSE2 else self.module
        if needs is not None and importlib.util.find_spec(needs) is None:
            install = self.package or '-e ".[trajectory]"'
            raise ImportError(
                f"{self.name} needs {needs}, which is not installed. Run pip install {install}."
            )

    def require_folder(self, data_dir: Path | None) -> Path:
        """The folder of the raw data, once it is known to look like one.

        Raises:
            ValueError: If none is given.
            FileNotFoundError: If it is not there, or holds other things.
        """
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
        if next(data_dir.glob(self.required), None) is None:
            raise FileNotFoundError(
                f"The folder {str(data_dir)!r} has no {self.required}, so it is not that of "
                f"{self.name}. {help_}"
            )
        return data_dir


def _pedestrians(scene: str) -> Environment:
    return Environment(
        f"eupeds_{scene}",
        Fraction(5, 2),
        {"train": "train_loo", "val": "val_loo", "test": "test_loo"},
        LAYOUT,
        ("*.txt",),
        "*.txt",
        f"{SOURCE} Without them, experiment=eth_ucy_demo simulates pedestrians.",
        (0.4, 2.8, 4.8),
        heights=False,
        files=tuple(f"{name}.txt" for name in RECORDINGS),
        check=check_recordings,
    )


def _nuscenes(name: str, version: str, splits: Mapping[str, str]) -> Environment:
    return Environment(
        name,
        Fraction(2),
        splits,
        f"The folder holds {version}/ with scene.json, sample.json, sample_annotation.json and the "
        "other tables.",
        (f"{version}/*.json",),
        f"{version}/scene.json",
        "nuScenes is at https://www.nuscenes.org/nuscenes (the metadata alone suffice).",
        (0.5, 2.0, 6.0),
        "nuscenes",
        "nuscenes-devkit",
    )


def _lyft(name: str, splits: Mapping[str, str]) -> Environment:
    return Environment(
        name,
        Fraction(10),
        splits,
        "The folder is that of one zarr, such as scenes/sample.zarr, with agents/, frames/ and "
        "scenes/ in it.",
        ("scenes/*", "frames/*", "agents/*"),
        "agents/.zarray",
        "The Lyft Level 5 prediction set was published with l5kit "
        "(https://github.com/woven-planet/l5kit).",
        (0.1, 1.0, 3.0),
        "l5kit",
        # its own requirements are of years ago; these are what reading takes
        "--no-deps l5kit prettytable pymap3d transforms3d",
    )


def _nuplan(name: str, splits: Mapping[str, str]) -> Environment:
    return Environment(
        name,
        Fraction(20),
        splits,
        "The folder holds maps/ and nuplan-v1.1/ with its splits of .db logs.",
        ("nuplan-v1.1/**/*.db",),
        "nuplan-v1.1/**/*.db",
        "nuPlan is at https://www.nuscenes.org/nuplan.",
        (0.5, 2.0, 8.0),
        "nuplan",
        "git+https://github.com/motional/nuplan-devkit",
    )


def _interaction(name: str, part: str) -> Environment:
    return Environment(
        name,
        Fraction(10),
        {"train": "train", "val": "val", "test": "val"},
        f"The folder is that of the {part}, with maps/, train/ and val/ of csv files.",
        ("train/**/*.csv", "val/**/*.csv"),
        "train/**/*.csv",
        "INTERACTION is at http://interaction-dataset.com.",
        (0.1, 0.9, 3.0),
        "lanelet2",
        "lanelet2",
        heights=False,
    )


_ALL = (
    *(_pedestrians(scene) for scene in ("eth", "hotel", "univ", "zara1", "zara2")),
    Environment(
        "sdd",
        Fraction(30),
        THREE_PARTS,
        "The folder holds the scenes bookstore, coupa, deathCircle, gates, hyang, little, nexus "
        "and quad, each with video<number>/annotations.txt.",
        ("*/video*/annotations.txt",),
        "*/video*/annotations.txt",
        "The Stanford Drone annotations are at https://cvgl.stanford.edu/projects/uav_data.",
        (0.4, 2.8, 4.8),
        heights=False,
    ),
    _nuscenes("nusc_mini", "v1.0-mini", TRAINING_IN_TWO),
    _nuscenes(
        "nusc_trainval",
        "v1.0-trainval",
        {"train": "train", "val": "train_val", "test": "val"},
    ),
    _lyft("lyft_sample", TRAINING_IN_TWO),
    _lyft("lyft_train", dict.fromkeys(THREE_PARTS, "train")),
    _lyft("lyft_train_full", dict.fromkeys(THREE_PARTS, "train")),
    _lyft("lyft_val", dict.fromkeys(THREE_PARTS, "val")),
    _nuplan("nuplan_mini", {"train": "mini_train", "val": "mini_val", "test": "mini_test"}),
    *(
        _nuplan(f"nuplan_{part}", dict.fromkeys(THREE_PARTS, part))
        for part in ("train", "val", "test")
    ),
    _interaction("interaction_single", "single-agent tracks"),
    _interaction("interaction_multi", "multi-agent tracks"),
    Environment(
        ARGOVERSE2,
        Fraction(10),
        {"train": "train", "val": "val", "test": "val"},
        "The folder holds train/ and val/ with a folder for each scenario, in which "
        "scenario_<id>.parquet lies.",
        ("*/*/scenario_*.parquet",),
        "*/*/scenario_*.parquet",
        "The Argoverse 2 motion forecasting set is at "
        "https://www.argoverse.org/av2.html#forecasting-link.",
        (0.1, 4.9, 6.0),
        heights=False,
    ),
)
ENVIRONMENTS = {environment.name: environment for environment in _ALL}


def environment(name: str) -> Environment:
    """The environment of that name.

    Raises:
        ValueError: If there is none; says which there are.
    """
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
