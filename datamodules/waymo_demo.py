"""The paper's motion task without its files: simulated traffic through the same code."""

from __future__ import annotations

from pathlib import Path

from softsym.datamodules.motion.simulated_traffic import TrafficSimulation, write_dataset
from softsym.datamodules.waymo import OWN, Waymo
from softsym.symmetries import Rep


class WaymoDemo(Waymo):
    """Writes simulated shards as tf.Example and reads them as :class:`Waymo` would.

    The numbers say nothing about real traffic.

    Args:
        cache_dir: Folder of the written shards and of the windows.
        batch_size: Global batch of the training, summed over processes.
        eval_batch_size: Global batch of validation and test.
        normalisation: As for :class:`Waymo`.
        centring: As for :class:`Waymo`.
        splits: As for :class:`Waymo`.
        min_dz: Least change of height over the observed points, metres.
        max_dxy: Bound of the change of x and of y over the observed points, metres.
        rep_in: Type of the inputs.
        rep_out: Type of the targets.
        dim: Dimension of the base space.
        workers: Processes that read shards when the cache is built.
        split_seed: As for :class:`Waymo`.
        seed: Seed of the order.
        simulation_seed: Seed of the simulated traffic.
        records: Records in each of the four training and two validation shards.
        slope: Root mean square of the ground's slope in any one direction; 0.06 is 6 percent.

    Raises:
        ValueError: If a setting is none of what is allowed.
    """

    def __init__(
        self,
        cache_dir: str,
        batch_size: int,
        *,
        eval_batch_size: int = 4096,
        normalisation: str = "computed_symm_aware",
        centring: str = "history",
        splits: str = OWN,
        min_dz: float = 0.05,
        max_dxy: float = 5.0,
        rep_in: str | Rep = "6T1",
        rep_out: str | Rep = "6T1",
        dim: int = 3,
        workers: int = 1,
        split_seed: int = 0,
        seed: int = 0,
        simulation_seed: int = 0,
        records: int = 20,
        slope: float = 0.06,
    ) -> None:
        super().__init__(
            None,
            cache_dir,
            batch_size,
            eval_batch_size=eval_batch_size,
            normalisation=normalisation,
            centring=centring,
            splits=splits,
            min_dz=min_dz,
            max_dxy=max_dxy,
            rep_in=rep_in,
            rep_out=rep_out,
            dim=dim,
            workers=workers,
            split_seed=split_seed,
            seed=seed,
        )
        self.simulation = TrafficSimulation(seed=simulation_seed, records=records, slope=slope)

    def raw_folder(self) -> Path:
        """Writes the shards, if they are not there, and returns their folder."""
        folder = self.cache_dir.absolute() / f"simulated-{self.simulation.key}"
        write_dataset(folder, self.simulation)
        return folder
