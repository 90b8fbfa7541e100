"""The exceptions of the package, which all derive from `DeepCrossError`, and its warning."""

import os
import sys
import warnings

__all__ = [
    "ConfigError",
    "DataError",
    "DeepCrossError",
    "DeepCrossWarning",
    "ModelFileError",
    "ServiceError",
    "TrainingError",
]


class DeepCrossError(Exception):
    """The base class of all exceptions of this package."""


class ConfigError(DeepCrossError, ValueError):
    """A setting is unknown or has a value that is not allowed; the message lists all problems."""


class DataError(DeepCrossError, ValueError):
    """Rows or files cannot be read, or lack a column."""


class ModelFileError(DeepCrossError, ValueError):
    """A model cannot be read or written, because its file is damaged, not a model, or out of reach."""


class TrainingError(DeepCrossError, RuntimeError):
    """A training failed, because a number became NaN or infinite, or no thread could be started."""


class ServiceError(DeepCrossError, RuntimeError):
    """A service cannot start, because its port is taken, say, or it failed."""


class DeepCrossWarning(UserWarning):
    """A fact about rows or a training that is no error, but that a user should know."""


def warn(message: str) -> None:
    """Warn in the name of the first caller outside of this package."""
    level, frame = 2, sys._getframe(1)
    here = os.path.dirname(__file__)
    while frame.f_back is not None and os.path.dirname(frame.f_code.co_filename) == here:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, DeepCrossWarning, stacklevel=level)
