"""The console script ``softsym``, which runs each script of the project from any folder."""

from __future__ import annotations

import difflib
import runpy
import signal
import sys

COMMANDS = {
    "train": ("softsym.train", "train one model and report which symmetries the data have"),
    "test": ("softsym.cli.symmetry_test", "test which symmetries a file of numbers has"),
    "sweep": ("softsym.sweep", "search hyperparameters, locally or on SLURM"),
    "report": ("softsym.report", "gather many runs into one page, or make that of one run again"),
    "predict": ("softsym.cli.predict", "predict new samples with the model of a run"),
    "export": ("softsym.cli.export", "write the model of a run for use elsewhere"),
    "groups": ("softsym.symmetries", "list groups, and solve for equivariant bases"),
    "convert": ("softsym.cli.convert", "convert pedestrian recordings of other distributions"),
    "init": ("softsym.cli.init", "write a small project of your own to start from"),
}
"""What may follow ``softsym``: the module that runs, and what it does."""


def main() -> None:
    """Runs the command that the command line names.

    Raises:
        SystemExit: With 2 if there is no such command; otherwise as the command ends.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during the imports leaves no traceback
    name, *rest = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        sys.stdout.write(_usage())
        return
    if name == "--version":
        from softsym import __version__  # noqa: PLC0415 (no command needs it)

        sys.stdout.write(f"softsym {__version__}\n")
        return
    if name not in COMMANDS:
        close = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        sys.stderr.write(f"error: softsym has no command {name!r}.{hint}\n\n{_usage()}")
        sys.exit(2)
    # as "python -m" does: a project's own modules are importable from the folder it is in
    sys.path.insert(0, "")
    sys.argv[1:] = rest
    runpy.run_module(COMMANDS[name][0], run_name="__main__", alter_sys=True)


def _usage() -> str:
    commands = "\n".join(f"  {name:8} {what}" for name, (_, what) in COMMANDS.items())
    return (
        f"Usage: softsym <command> ...\n\n{commands}\n\nsoftsym <command> --help tells more; "
        "softsym --version tells the version.\n"
    )
