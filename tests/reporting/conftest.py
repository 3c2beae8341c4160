from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

# importlib mode puts no test folder on the path; the shared samples get a name of their own.
_spec = importlib.util.spec_from_file_location(
    "reporting_samples", Path(__file__).with_name("samples.py")
)
_module = importlib.util.module_from_spec(_spec)
sys.modules["reporting_samples"] = _module
_spec.loader.exec_module(_module)
