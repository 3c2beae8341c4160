"""Builds the workspace of Weights & Biases: ``python dashboards/wandb_workspace.py --help``."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import wandb
from rich.console import Console

from softsym.cli import resolvers
from softsym.cli.errors import reported
from softsym.dashboards.contents import Contents, from_command_line, from_folder
from softsym.runs.errors import UserError
from softsym.runs.files import write_json

log = logging.getLogger(__name__)

USAGE = """
Give the overrides of the sweep: keys with several values become the axes of the panels.

  python dashboards/wandb_workspace.py experiment=inertia regularizers.xy.strength=1,10 seed=0,1,2
  python dashboards/wandb_workspace.py --folder multirun/inertia
  python dashboards/wandb_workspace.py --publish --entity my-team
"""


def main(arguments: Sequence[str]) -> None:
    """Saves the workspace as JSON, and publishes it where a key is configured."""
    options = parse(arguments)
    workspace = build(_read_contents(options), options)
    # the format of Weights & Biases
    model = workspace._to_model().model_dump(mode="json", by_alias=True, exclude_none=True)
    write_json(options.output, model)
    Console(soft_wrap=True).print(f"Workspace saved: {options.output}", highlight=False)
    if options.publish or (options.publish is None and not resolvers.wandb_offline()):
        Console(soft_wrap=True).print(f"Workspace published: {publish(workspace)}", highlight=False)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parses options, and overrides as train.py takes them."""
    parser = argparse.ArgumentParser(
        prog="python dashboards/wandb_workspace.py",
        description="Builds the W&B workspace of a run or sweep and saves it as JSON; publishes "
        "it where a key is configured.",
        epilog=USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("overrides", nargs="*", help="as for train.py -m")
    parser.add_argument(
        "-m",
        "--multirun",
        action="store_true",
        help="ignored, so that the command line of train.py can be copied",
    )
    parser.add_argument(
        "--folder", type=Path, help="folder of a run or sweep, in place of overrides"
    )
    parser.add_argument(
        "--trust",
        default="",
        metavar="PACKAGES",
        help="your own packages, a,b, whose classes the config in --folder may build",
    )
    parser.add_argument("--swept", default="", help="further swept config keys: a,b.c")
    parser.add_argument("--output", type=Path, default=Path("outputs/wandb_workspace.json"))
    parser.add_argument(
        "--publish",
        action=argparse.BooleanOptionalAction,
        help="publish or not (default: publish if a key is configured)",
    )
    parser.add_argument("--entity", help="team or user (default: that of the key)")
    parser.add_argument("--project", help="project (default: that of conf/logger/wandb.yaml)")
    parser.add_argument("--name", help="name of the workspace")
    options = parser.parse_intermixed_args(arguments)
    if options.output.is_dir():
        raise UserError(f"--output {options.output} is a folder; name a file in it.")
    return options


def _read_contents(options: argparse.Namespace) -> Contents:
    swept = [key.strip() for key in options.swept.split(",") if key.strip()]
    if options.folder is None:
        return from_command_line(options.overrides, swept)
    if options.overrides:
        raise UserError(
            f"--folder={options.folder} has a config of its own; leave out "
            f"{', '.join(options.overrides)}, or the folder."
        )
    trusted = [name.strip() for name in options.trust.split(",") if name.strip()]
    return from_folder(options.folder, swept, trusted)


def build(contents: Contents, options: argparse.Namespace) -> Any:
    """Builds the workspace, with the same ids each time."""
    try:
        panels = importlib.import_module("softsym.dashboards.panels")
    except ImportError as error:
        raise UserError(
            f"The workspace needs wandb-workspaces ({error}). Install it with "
            'pip install -e ".[dashboard]".'
        ) from error
    made = panels.sections(contents)
    for section in made:
        for number, panel in enumerate(section.panels):
            panel._id = f"{section.name.lower().replace(' ', '-')}-{number}"
    columns = [*contents.test, *(f"strength/{name}" for name in contents.tuned)]
    return panels.ws.Workspace(
        entity=options.entity or contents.entity or "",
        project=options.project or contents.project,
        name=options.name or f"SoftSym: {contents.name}",
        sections=made,
        runset_settings=panels.ws.RunsetSettings(
            pinned_columns=[f"summary:{key}" for key in columns]
        ),
    )


def publish(workspace: Any) -> str:
    """Saves the workspace on the server as a new view, and returns its address."""
    if resolvers.wandb_offline():
        raise UserError(
            "Publishing needs a key of Weights & Biases: set WANDB_API_KEY, or run wandb login, "
            "and leave WANDB_MODE unset. Without --publish the workspace is saved as JSON only."
        )
    try:
        workspace.entity = workspace.entity or wandb.Api(timeout=20).default_entity
        workspace.save()
        return str(workspace.url)
    except Exception as error:  # whatever the client and its transport raise
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise UserError(
            f"The workspace was not published to {workspace.entity}/{workspace.project}: {first} "
            "Check key, network, --entity and --project; the JSON file was written."
        ) from error


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    resolvers.register()
    with reported(command="workspace"):
        main(sys.argv[1:])
