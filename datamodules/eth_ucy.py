"""Real pedestrians: the ETH and UCY recordings, leave-one-scene-out, in metres."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from datamodules.base import Split, TensorDataModule
from datamodules.pedestrian_files import LAYOUT, SOURCE
from datamodules.trajectory_windows import SCENES, cached_windows
from symmetries import Rep


class EthUcy(TensorDataModule):
    """Every 20-frame window of every pedestrian, relative to the last observed position.

    Frames are 0.4 s apart. One scene is the test (``test_loo``); the others are cut in time into
    training (``train_loo``) and validation (``val_loo``). Windows of one track overlap.

    Inputs are float32 (n, history * 2) and targets (n, future * 2), row-major (time, xy), metres;
    the last input position is zero.

    Args:
        scene: Scene held out for the test: eth, hotel, univ, zara1 or zara2.
        data_dir: Folder of the eight raw files; None says where to get them when they are needed.
        cache_dir: Folder in which the extracted windows are kept.
        batch_size: Global batch of the training, summed over processes.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of the order.
        history: Observed frames, the last of them now.
        future: Predicted frames.
        rep_in: Type of the inputs, of the size of ``history`` vectors.
        rep_out: Type of the targets, of the size of ``future`` vectors.

    Raises:
        ValueError: If the scene is unknown or a number of frames is too small.
    """

    def __init__(
        self,
        scene: str,
        data_dir: str | None,
        cache_dir: str,
        batch_size: int,
        *,
        eval_batch_size: int = 4096,
        seed: int = 0,
        history: int = 8,
        future: int = 12,
        rep_in: str | Rep = "8T1",
        rep_out: str | Rep = "12T1",
    ) -> None:
        super().__init__(rep_in, rep_out, 2, batch_size, eval_batch_size=eval_batch_size, seed=seed)
        if scene not in SCENES:
            raise ValueError(
                f"datamodule.scene is {scene!r}; it must be one of {', '.join(SCENES)}."
            )
        if history < 1 or future < 1:
            raise ValueError(
                "datamodule.history and datamodule.future must be at least 1 frame; got "
                f"{history} and {future}."
            )
        self.scene, self.history, self.future = scene, history, future
        self.data_dir = None if data_dir is None else Path(data_dir).expanduser()
        self.cache_dir = Path(cache_dir).expanduser()

    def prepare_data(self) -> None:
        """Extracts the windows into the cache, unless they are there.

        Raises:
            FileNotFoundError: If raw files are missing.
            ValueError: If no folder is given or raw files are damaged.
            ImportError: If trajdata is not installed.
        """
        self._windows()

    def load(self) -> Mapping[str, Split]:
        """Returns the splits from the cache."""
        return {part: self._split(windows) for part, windows in self._windows().items()}

    def raw_folder(self) -> Path:
        """The folder of the raw files.

        Raises:
            ValueError: If none was given.
        """
        if self.data_dir is None:
            raise ValueError(
                f"datamodule.data_dir is not set, so there are no ETH/UCY files to read. {LAYOUT} "
                f"{SOURCE} Then pass datamodule.data_dir=<that folder>, or try "
                "experiment=eth_ucy_demo, which simulates pedestrians."
            )
        return self.data_dir

    def _windows(self) -> dict[str, np.ndarray]:
        folder = self.raw_folder().absolute()
        return cached_windows(
            self.scene, folder, self.cache_dir.absolute(), self.history, self.future
        )

    def _split(self, windows: np.ndarray) -> Split:
        steps = torch.from_numpy(windows)
        return (
            steps[:, : self.history].flatten(1).contiguous(),
            steps[:, self.history :].flatten(1).contiguous(),
        )
