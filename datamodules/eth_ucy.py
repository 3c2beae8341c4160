"""Real pedestrians: the ETH and UCY recordings, leave-one-scene-out, in metres."""

from __future__ import annotations

from softsym.datamodules.trajectories import TrajectoryDataModule
from softsym.symmetries import Rep

SCENES = ("eth", "hotel", "univ", "zara1", "zara2")

DT = 0.4
"""Seconds between two frames."""


class EthUcy(TrajectoryDataModule):
    """The standard protocol: every 20-frame window of every pedestrian, one scene held out.

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

    experiment = "eth_ucy"

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
        if scene not in SCENES:
            raise ValueError(
                f"datamodule.scene is {scene!r}; it must be one of {', '.join(SCENES)}."
            )
        if history < 1 or future < 1:
            raise ValueError(
                "datamodule.history and datamodule.future must be at least 1 frame; got "
                f"{history} and {future}."
            )
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
