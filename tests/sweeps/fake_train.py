"""Stands in for train.py in tests: leaves what a run leaves, in no time.

Words before the overrides say how: ``--seconds=2`` how long it takes, ``--fail=message`` ends as
a user's error, ``--once`` kills itself the first time in a folder, ``--kill=3`` always in trial 3,
``--prune=3`` is pruned in trial 3, ``--until=file`` waits for a file.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path


def main():
    how = dict(word[2:].partition("=")[::2] for word in sys.argv[1:] if word.startswith("--"))
    given = dict(word.partition("=")[::2] for word in sys.argv[1:] if not word.startswith("--"))
    folder = Path(given["run_dir"].strip("'"))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "starts").open("a") as file:
        file.write(f"{os.getpid()}\n")
    starts = len((folder / "starts").read_text().split())
    sys.stderr.write(f"start {starts}\n")
    config = {"seed": 0, "datamodule": {}, "monitor": "val/mse", "lr": given["optimizer.lr"]}
    (folder / "config.yaml").write_text(json.dumps(config))
    time.sleep(float(how.get("seconds", 0)))
    while "until" in how and not Path(how["until"]).exists():
        time.sleep(0.05)
    if "fail" in how:
        sys.stderr.write(f"\nerror: {how['fail']}\n")
        sys.exit(1)
    if ("once" in how and starts == 1) or how.get("kill") == folder.name:
        os.kill(os.getpid(), signal.SIGKILL)
    if how.get("prune") == folder.name:
        pruned = {"epochs": 9, "monitor": "val/mse", "value": 5.0}
        (folder / "pruned.json").write_text(json.dumps(pruned))
        return
    value = abs(float(given["optimizer.lr"]) - 3e-3)
    (folder / "metrics.json").write_text(json.dumps({"val/mse": value, "test/mse": -1.0}))
    (folder / "run.json").write_text(json.dumps({"status": "finished", "monitor": "val/mse"}))


if __name__ == "__main__":
    main()
