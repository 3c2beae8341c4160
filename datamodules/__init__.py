"""Datasets, one ``LightningDataModule`` a file; each says its ``rep_in`` and ``rep_out``."""

from datamodules.base import TensorDataModule
from datamodules.cosine_similarity import CosineSimilarity
from datamodules.eth_ucy import EthUcy
from datamodules.eth_ucy_demo import EthUcyDemo
from datamodules.inertia import Inertia
from datamodules.known_answer import KnownAnswer
from datamodules.se3_distance import SE3Distance
from datamodules.synthetic import SyntheticDataModule
from datamodules.trajectories import TrajectoryDataModule
from datamodules.waymo import Waymo
from datamodules.waymo_demo import WaymoDemo

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
