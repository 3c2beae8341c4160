"""Datasets, one ``LightningDataModule`` a file; each says its ``rep_in`` and ``rep_out``."""

from datamodules.base import TensorDataModule
from datamodules.eth_ucy import EthUcy
from datamodules.eth_ucy_demo import EthUcyDemo
from datamodules.inertia import Inertia

__all__ = ["EthUcy", "EthUcyDemo", "Inertia", "TensorDataModule"]
