"""Rows that the tests share, and the program to compare with."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

# A shell that starts the tests in the background ignores Ctrl-C for them, and some tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

COLUMNS = ("ad", "device", "age", "price")


def make_rows(n_rows: int, seed: int) -> dict[str, list]:
    """Return rows whose clicks depend on the ad and the device, with missing values in all types of columns."""
    random = np.random.default_rng(seed)
    ad = random.integers(0, 12, n_rows)
    phone = random.random(n_rows) < 0.5
    age = random.integers(18, 80, n_rows)
    price = np.round(random.lognormal(1.0, 0.7, n_rows), 2)
    rate = 0.08 + 0.05 * ad + np.where(phone, 0.2, 0.0)
    click = (random.random(n_rows) < rate).astype(int)
    lacks = random.random((2, n_rows)) < 0.05
    return {
        "ad": [f"ad{value}" for value in ad],
        "device": [None if lack else ("phone" if value else "desktop") for value, lack in zip(phone, lacks[0])],
        "age": [int(value) for value in age],
        "price": [None if lack else float(value) for value, lack in zip(price, lacks[1])],
        "click": [int(value) for value in click],
    }


def without_label(rows: dict[str, list]) -> dict[str, list]:
    """Return the columns that a model reads."""
    return {name: rows[name] for name in COLUMNS}


def write_csv(rows: dict[str, list], path: Path) -> Path:
    """Write rows as CSV, with empty fields for missing values."""
    lines = [",".join(rows)]
    for values in zip(*rows.values()):
        lines.append(",".join("" if value is None else str(value) for value in values))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def train_rows() -> dict[str, list]:
    return make_rows(2000, 1)


@pytest.fixture(scope="session")
def test_rows() -> dict[str, list]:
    return make_rows(300, 2)


@pytest.fixture(scope="session")
def program() -> str:
    """The program `deepcross`: that of the environment variable, or the one that cargo has built."""
    target = os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[3] / "target")
    path = os.environ.get("DEEPCROSS_PROGRAM", str(Path(target) / "debug" / "deepcross"))
    if not Path(path).exists():
        pytest.skip(f"there is no program at {path}")
    subprocess.run([path, "--version"], check=True, capture_output=True)
    return path
