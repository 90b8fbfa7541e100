"""The scripts of `examples/`, each run as a user runs it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"

#: Each script with the libraries that it needs, its arguments, and a part of what it prints.
SCRIPTS = {
    "simulated_clicks.py": ([], ["."], "calibration before"),
    "optuna_search.py": (["optuna"], ["5"], "5 trials, "),
    "mlflow_model.py": (["mlflow", "pandas"], ["."], "5000 probabilities, all equal"),
    "shap_values.py": (["shap", "pandas"], ["5"], "0.0"),
    "polars_and_duckdb.py": (["polars", "pyarrow", "duckdb"], [], "1000 rows of a query have the same"),
    "onnx_run.py": (["onnxruntime"], ["."], "5000 probabilities differ by at most"),
}


def test_each_example_is_run_and_documented():
    page = (Path(__file__).parents[3] / "docs" / "python.md").read_text(encoding="utf-8")
    assert {path.name for path in FOLDER.glob("*.py")} == set(SCRIPTS)
    assert all(f"| `{name}` |" in page for name in SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_runs(name, tmp_path):
    libraries, arguments, part = SCRIPTS[name]
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{name} needs {library}, which is not installed")
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", FOLDER / name, *arguments],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert part in done.stdout, done.stdout
