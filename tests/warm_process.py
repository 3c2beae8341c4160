"""Forks a process that has imported everything, once for each script that a test runs.

Reads a job as a line of JSON (``argv``, ``cwd``, ``env``, ``output``) and answers with the number
of its process; asked whether that has ``ended``, it answers with the exit code or null. The child
ends as any Python does, with its exit handlers and tracebacks, but skips the interpreter's own
clean-up, which would copy every page that it shares with its parent.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import sys
import threading

ROOT = sys.argv[1]
IMPORTS = (
    "torch",
    "softsym.cli.run",
    "softsym.cli.report",
    "softsym.datamodules.inertia",
    "softsym.sweeps.search.run",
)


def preload():
    """Imports what the scripts import; no thread may be started, since a fork loses them."""
    sys.path.insert(0, ROOT)
    for module in IMPORTS:
        with contextlib.suppress(ModuleNotFoundError):  # of an extra that is not installed
            importlib.import_module(module)
    sys.modules["torch"].set_num_threads(1)
    del sys.path[0]
    gc.freeze()  # a collection in a child would copy every page as well


def next_job():
    """Forks for each job; returns it in the child, and None in the parent after the last."""
    for line in sys.stdin:
        job = json.loads(line)
        if "ended" in job:
            child, status = os.waitpid(job["ended"], os.WNOHANG)
            answer(os.waitstatus_to_exitcode(status) if child else None)
            continue
        child = os.fork()
        if child == 0:
            return job
        answer(child)
    return None


def answer(value):
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


def become(job):
    """Makes this process look like one that was started with the job's command line."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    output = os.open(job["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    sys.argv[:] = job["argv"]
    sys.orig_argv[:] = [sys.executable, *job["argv"]]
    sys.path[0] = os.path.dirname(job["argv"][0])


def run(script):
    """Runs a script to its end; returns the exit code that Python would end with."""
    code = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        if isinstance(stop.code, str):
            sys.stderr.write(f"{stop.code}\n")
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


signal.signal(signal.SIGINT, signal.SIG_IGN)
preload()
answer("ready")
if (job := next_job()) is not None:
    become(job)
    os._exit(run(job["argv"][0]))
