"""Real pedestrians: the ETH and UCY recordings, leave-one-scene-out, in metres."""

from __future__ import annotations

from softsym.datamodules.motion.environments import SCENES
from softsym.datamodules.setting_checks import Count, Seed, require_choice
from softsym.datamodules.trajectories import TrajectoryDataModule
from softsym.symmetries import Rep

DT = 0.4
"""Seconds between two frames."""


class EthUcy(TrajectoryDataModule):
    """The standard protocol: every 20-frame window of every pedestrian, one scene held out.

    One scene is the test (``test_loo``); the others are split in time into training (``train_loo``)
    and validation (``val_loo``). Windows of one pedestrian overlap, so ``clusters`` labels them by
    pedestrian.

    Inputs are float32 (n, history * 2) and targets (n, future * 2), row-major (time, xy), in metres
    relative to the last observed position.

    Args:
        scene: Scene held out for the test: eth, hotel, univ, zara1 or zara2.
        data_dir: Folder of the eight raw files; None raises an error that says where to get them.
        cache_dir: Folder of the extracted windows.
        batch_size: Global training batch, summed over processes.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of the order.
        history: Number of observed frames, the last of them now; frames are 0.4 s apart.
        future: Number of predicted frames.
        rep_in: Type of the inputs, of the size of ``history`` vectors.
        rep_out: Type of the targets, of the size of ``future`` vectors.

    Raises:
        ValueError: If the scene is unknown or a number of frames is below 1.
    """

    experiment = "eth_ucy"

    def __init__(
        self,
        scene: str,
        data_dir: str | None,
        cache_dir: str,
        batch_size: Count,
        *,
        eval_batch_size: Count = 4096,
        seed: Seed = 0,
        history: Count = 8,
        future: Count = 12,
        rep_in: str | Rep = "8T1",
        rep_out: str | Rep = "12T1",
    ) -> None:
        require_choice("scene", scene, SCENES)
        super().__init__(
            f"eupeds_{scene}",
            data_dir,
            cache_dir,
            batch_size,
            eval_batch_size=eval_batch_size,
            seed=seed,
            history_sec=(history - 1) * DT,
            future_sec=future * DT,
            rep_in=rep_in,
            rep_out=rep_out,
        )
        self.scene = scene
