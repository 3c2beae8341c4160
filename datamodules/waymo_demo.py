"""The paper's motion task without its files: simulated traffic, read by the same code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le
from typing_extensions import override

from softsym.datamodules.motion.simulated_traffic import TrafficSimulation, write_dataset
from softsym.datamodules.setting_checks import Count, NonNegative, Seed
from softsym.datamodules.waymo import Waymo

Records = Annotated[int, Ge(1), Le(100_000)]
"""Number of records in a shard; one takes about 100 kB on disk."""


class WaymoDemo(Waymo):
    """Writes simulated shards as tf.Example and reads them as :class:`Waymo` does.

    The results say nothing about real traffic.

    Args:
        cache_dir: Folder of the written shards and of the windows.
        batch_size: Global training batch, summed over processes.
        normalisation: Normalisation of :class:`Waymo`, here with constants of the simulation.
        simulation_seed: Seed of the simulated traffic.
        records: Number of records in each of the four training and two validation shards.
        slope: Root mean square of the ground's slope in any one direction; 0.06 is 6 percent.
        **settings: Further settings of :class:`Waymo`.
    """

    def __init__(
        self,
        cache_dir: str,
        batch_size: Count,
        *,
        normalisation: str = "computed_symm_aware",
        simulation_seed: Seed = 0,
        records: Records = 20,
        slope: NonNegative = 0.06,
        **settings: Any,
    ) -> None:
        super().__init__(None, cache_dir, batch_size, normalisation=normalisation, **settings)
        self.simulation = TrafficSimulation(seed=simulation_seed, records=records, slope=slope)

    @override
    def raw_folder(self) -> Path:
        folder = self.simulation.folder(self.cache_dir)
        write_dataset(folder, self.simulation)
        return folder
