"""Records a core reads in a second, of both Waymo formats, with checksums and windows.

    python benchmarks/waymo_reader.py                    # the real files in ../shared, if there
    python benchmarks/waymo_reader.py --repeats 50 training_tfexample.tfrecord-00000-of-01000

Simulated records are read too where no file is named. Seconds are those of the CPU, so that other
work on the machine counts little; the median of the repeats is printed.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from scenario_files import scenario_payload

from benchmarks.timing import positive
from softsym.datamodules.motion.simulated_traffic import TrafficSimulation
from softsym.datamodules.motion.tfrecord import write_records
from softsym.datamodules.motion.waymo_records import example_payload, read_waymo
from softsym.datamodules.motion.waymo_windows import cut_windows

REAL = ROOT.parent / "shared" / "data" / "waymo"


def measure(path: Path, repeats: int) -> tuple[float, int, int]:
    """Median over repeats of records per second of the CPU; number of records and of windows."""
    rates = []
    for _ in range(repeats):
        start = time.process_time()
        counts = [len(cut_windows(record)) for record in read_waymo(path)]
        rates.append(len(counts) / (time.process_time() - start))
    return statistics.median(rates), len(counts), sum(counts)


def simulated(folder: Path, records: int) -> list[Path]:
    """One file of each format, of the same motion."""
    motion = list(TrafficSimulation(records=records).shard("training", 0))
    paths = []
    for kind, payload in (("example", example_payload), ("scenario", scenario_payload)):
        paths.append(folder / f"simulated_{kind}.tfrecord")
        write_records(paths[-1], map(payload, motion))
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="TFRecord files of either format")
    parser.add_argument("--repeats", type=positive, default=30, help="readings of each file (30)")
    parser.add_argument("--records", type=positive, default=10, help="simulated records (10)")
    given = parser.parse_args()
    missing = [str(path) for path in given.files if not path.is_file()]
    if missing:
        parser.error(f"there is no file {', '.join(missing)}")
    print(f"{platform.machine()}, Python {platform.python_version()}, one process")
    print("| file | records | windows | records a second |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        files = given.files or [
            *sorted(REAL.glob("*.tfrecord")),
            *simulated(Path(folder), given.records),
        ]
        for path in files:
            try:
                rate, records, windows = measure(path, given.repeats)
            except ValueError as error:
                sys.exit(f"error: {error}")
            print(f"| {path.name} | {records} | {windows} | {rate:.0f} |", flush=True)


if __name__ == "__main__":
    main()
