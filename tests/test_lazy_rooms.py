import ast
import importlib
import inspect
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("room", ["symmetries", "networks"])
def test_public_names_are_those_of_the_stub_even_where_a_file_has_the_same_name(room):
    package = importlib.import_module(f"softsym.{room}")
    for file in (ROOT / room).glob("[a-z]*.py"):
        importlib.import_module(f"softsym.{room}.{file.stem}")
    stub = ast.parse((ROOT / room / "__init__.pyi").read_text())
    listed = [alias.name for node in stub.body for alias in node.names]
    assert sorted(package.__all__) == sorted(listed)
    for name in listed:
        assert not inspect.ismodule(getattr(package, name)), name
