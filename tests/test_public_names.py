"""What ``import softsym`` offers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import softsym

STUB = Path(softsym.__file__).with_name("__init__.pyi")
NAMES = [
    alias.asname
    for node in ast.parse(STUB.read_text()).body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
]


def test_every_public_name_is_there_and_documented():
    assert sorted(softsym.__all__) == sorted(NAMES)
    undocumented = [name for name in NAMES if not getattr(softsym, name).__doc__]
    assert undocumented == []


def test_a_name_that_is_not_public_is_an_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = softsym.no_such_name


def test_importing_it_loads_nothing_large():
    code = "import sys, softsym; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "hydra", "lightning"} & set(done.stdout.split())
