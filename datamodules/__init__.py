"""Datasets, one ``LightningDataModule`` per file, each with its ``rep_in`` and ``rep_out``."""

from softsym.datamodules.base import TensorDataModule
from softsym.datamodules.cosine_similarity import CosineSimilarity
from softsym.datamodules.eth_ucy import EthUcy
from softsym.datamodules.eth_ucy_demo import EthUcyDemo
from softsym.datamodules.inertia import Inertia
from softsym.datamodules.known_answer import KnownAnswer
from softsym.datamodules.se3_distance import SE3Distance
from softsym.datamodules.synthetic import SyntheticDataModule
from softsym.datamodules.trajectories import TrajectoryDataModule
from softsym.datamodules.waymo import Waymo
from softsym.datamodules.waymo_demo import WaymoDemo

__all__ = [
    "CosineSimilarity",
    "EthUcy",
    "EthUcyDemo",
    "Inertia",
    "KnownAnswer",
    "SE3Distance",
    "SyntheticDataModule",
    "TensorDataModule",
    "TrajectoryDataModule",
    "Waymo",
    "WaymoDemo",
]
