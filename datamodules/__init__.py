"""Datasets, one ``LightningDataModule`` per file, each with its ``rep_in`` and ``rep_out``."""

import lazy_loader

# lazy, since the command line asks for environments of trajectories without loading torch
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
