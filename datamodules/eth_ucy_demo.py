"""ETH/UCY without its files: simulated pedestrians through the same code."""

from __future__ import annotations

from pathlib import Path

from softsym.datamodules.eth_ucy import EthUcy
from softsym.datamodules.motion.simulated_pedestrians import PedestrianSimulation, write_recordings
from softsym.symmetries import Rep


class EthUcyDemo(EthUcy):
    """Writes simulated recordings in the raw format and reads them as :class:`EthUcy` would.

    The numbers say nothing about real pedestrians.

    Args:
        scene: Scene held out for the test: eth, hotel, univ, zara1 or zara2.
        cache_dir: Folder of the written recordings and of the extracted windows.
        batch_size: Global batch of the training, summed over processes.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of the order.
        history: Observed frames, the last of them now.
        future: Predicted frames.
        rep_in: Type of the inputs.
        rep_out: Type of the targets.
        simulation_seed: Seed of the simulated people.
        arrivals: Pedestrians that appear per frame, on average.
    """

    def __init__(
        self,
        scene: str,
        cache_dir: str,
        batch_size: int,
        *,
        eval_batch_size: int = 4096,
        seed: int = 0,
        history: int = 8,
        future: int = 12,
        rep_in: str | Rep = "8T1",
        rep_out: str | Rep = "12T1",
        simulation_seed: int = 0,
        arrivals: float = 0.04,
    ) -> None:
        super().__init__(
            scene,
            None,
            cache_dir,
            batch_size,
            eval_batch_size=eval_batch_size,
            seed=seed,
            history=history,
            future=future,
            rep_in=rep_in,
            rep_out=rep_out,
        )
        self.simulation = PedestrianSimulation(seed=simulation_seed, arrivals=arrivals)

    def raw_folder(self) -> Path:
        """Writes the recordings, if they are not there, and returns their folder."""
        folder = self.cache_dir.absolute() / f"simulated-{self.simulation.key}"
        write_recordings(folder, self.simulation)
        return folder
