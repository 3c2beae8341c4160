"""ETH/UCY without its files: simulated pedestrians, read by the same code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typing_extensions import override

from softsym.datamodules.eth_ucy import EthUcy
from softsym.datamodules.motion.simulated_pedestrians import PedestrianSimulation, write_recordings
from softsym.datamodules.setting_checks import Count, Seed


class EthUcyDemo(EthUcy):
    """Writes simulated recordings in the raw format and reads them as :class:`EthUcy` does.

    The results say nothing about real pedestrians.

    Args:
        scene: Scene held out for the test: eth, hotel, univ, zara1 or zara2.
        cache_dir: Folder of the written recordings and of the extracted windows.
        batch_size: Global training batch, summed over processes.
        simulation_seed: Seed of the simulated people.
        arrivals: Mean number of pedestrians that appear per frame.
        **settings: Further settings of :class:`EthUcy`.
    """

    def __init__(
        self,
        scene: str,
        cache_dir: str,
        batch_size: Count,
        *,
        simulation_seed: Seed = 0,
        arrivals: float = 0.04,
        **settings: Any,
    ) -> None:
        super().__init__(scene, None, cache_dir, batch_size, **settings)
        self.simulation = PedestrianSimulation(seed=simulation_seed, arrivals=arrivals)

    @override
    def raw_folder(self) -> Path:
        folder = self.simulation.folder(self.cache_dir)
        write_recordings(folder, self.simulation)
        return folder
