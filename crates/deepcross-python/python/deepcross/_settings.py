"""Settings of a run as the native module takes them: `section.key=value` in TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import ConfigError

__all__ = ["assignment", "checked_settings", "quoted", "seed_of"]


def quoted(text: str) -> str:
    """Return a text as a string of TOML."""
    # TOML has the escapes of JSON, but no surrogate pairs, and a delete character needs an escape.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def assignment(key: str, value: object) -> str:
    """Return the assignment of a value to a key such as ``train.batch``."""
    return f"{key}={_literal(key, value)}"


def checked_settings(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the settings of a caller, whose names have a section and a key."""
    if settings is None:
        return {}
    if not isinstance(settings, Mapping):
        raise ConfigError(f"settings: expected a mapping from keys to values, but got {settings!r}")
    for key in settings:
        if not isinstance(key, str) or "." not in key:
            raise ConfigError(f"settings: {key!r} must name a section and a key of it, as in 'train.epochs'")
        # Names in quotes may have all characters but the end of a line.
        if "\n" in key or "=" in re.sub(r"\"(\\.|[^\"\\])*\"|'[^']*'", "", key):
            raise ConfigError(f"settings: {key!r} is more than the name of a key, as in 'train.epochs'")
    return dict(settings)


def seed_of(random_state: object) -> int:
    """Return the seed that a number stands for, or that a generator of NumPy draws."""
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(np.iinfo(np.int32).max))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(np.iinfo(np.int32).max))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool) and 0 <= random_state < 2**63:
        return int(random_state)
    raise ConfigError(
        f"random_state: expected a number from 0 to 2**63 - 1, or a generator of NumPy, but got {random_state!r}"
    )


def _literal(key: str, value: object) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        # TOML has inf and nan, and the check of the key refuses them.
        return repr(value)
    if isinstance(value, Mapping):
        items = (f"{quoted(str(name))} = {_literal(key, item)}" for name, item in value.items())
        return "{ " + ", ".join(items) + " }"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ", ".join(_literal(key, item) for item in value) + "]"
    message = f"{key}: expected a truth value, a number, a string, a list or a mapping, but got {value!r}"
    raise ConfigError(message)
