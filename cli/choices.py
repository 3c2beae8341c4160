"""Options of config groups: the shipped ones, and those of the user's own folders."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser

from softsym.cli.plugin_configs import plugin_names

CONF = Path(__file__).resolve().parents[1] / "conf"
SEARCHPATH = "hydra.searchpath"


def config_folders(arguments: Sequence[str]) -> list[Path]:
    """Folders of configs: ours, and those that an override of Hydra's search path adds."""
    given = [word for word in arguments if word.startswith(f"{SEARCHPATH}=")]
    own = OverridesParser.create().parse_override(given[-1]).value() if given else []
    listed = own if isinstance(own, list) else [own]
    return [CONF, *(Path(str(each).removeprefix("file://")) for each in listed)]


def choices(group: str, folders: Sequence[Path]) -> list[str]:
    """Options of a config group, in folders and of installed packages.

    Those in a subfolder have its name before theirs.
    """
    in_folders = {
        path.relative_to(folder / group).with_suffix("").as_posix()
        for folder in folders
        for path in (folder / group).rglob("*.yaml")
    }
    return sorted(in_folders.union(plugin_names(group)))


def choose_among(group: str, folders: Sequence[Path], wrong: str = "") -> str:
    """Lists the options to choose from; empty if there is no such group.

    Args:
        group: The config group.
        folders: Where configs are.
        wrong: What was given instead; options near it come first, subfolders otherwise by name.
    """
    options = choices(group, folders)
    if not (group and options):
        return ""
    place = wrong.rpartition("/")[0]
    near = [each for each in options if each.rpartition("/")[0] == place]
    near = near or [each for each in options if "/" not in each]
    inner = sorted({each.rpartition("/")[0] for each in options} - {"", place})
    more = f"; and those in {', '.join(inner)}" if inner else ""
    close = difflib.get_close_matches(wrong, options, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{hint} Choose one of: {', '.join(near)}{more}."
