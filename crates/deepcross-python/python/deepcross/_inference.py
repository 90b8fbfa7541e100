"""A first configuration for rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _native
from ._native import Rows
from ._rows import RowsLike, read_rows
from ._targets import Labels, free_name, labels_of
from .errors import ConfigError, warn

__all__ = ["InferredConfig", "infer_config", "infer_from", "label_texts", "thread_count"]


@dataclass(frozen=True)
class InferredConfig:
    """A configuration that was inferred from rows.

    Attributes
    ----------
    text : str
        The configuration in TOML, with comments that say what each column holds. It may be changed, and is a value for
        the parameter `fields` of the classifier, or the content of a file for the program.
    left_out : dict of str to str
        The columns that are left out, each with its reason.
    """

    text: str
    left_out: dict[str, str]


def infer_config(
    X: RowsLike, y: Iterable[Any] | str, *, positive: Any = None, threads: int | None = None
) -> InferredConfig:
    """Infer a first configuration from rows, as ``deepcross infer-config`` does.

    Parameters
    ----------
    X : RowsLike
        The training rows.
    y : sequence or str
        One label a row, or the name of their column.
    positive : scalar or sequence, optional
        The values that mean 1, if `y` names a column whose values do not say it themselves.
    threads : int, optional
        The number of threads; all processors if None.

    Returns
    -------
    InferredConfig
        The configuration, and the columns that it leaves out. A column that may have helped gives a `DeepCrossWarning`.

    Raises
    ------
    DataError
        If rows cannot be read, or no column helps.

    Examples
    --------
    >>> rows, _ = deepcross.simulate(2000)
    >>> config = deepcross.infer_config(rows, "click").text
    >>> model = deepcross.DeepCrossingClassifier(fields=config, epochs=1).fit(rows)
    """
    rows = read_rows(X)
    if isinstance(y, str):
        return infer_from(rows, y, None, positive, thread_count(threads))
    labels, label = labels_of(rows, y), free_name("label", rows.columns() or [])
    return infer_from(labels.add_to(rows, label), label, labels, positive, thread_count(threads))


def infer_from(
    rows: Rows, label: str, labels: Labels | None, positive: Any, threads: int, fields: str | None = None
) -> InferredConfig:
    """Infer a configuration from rows with labels, which are `labels` unless they are a column of the caller.

    With `fields`, these tables are the fields of the configuration.
    """
    ones, zeros = label_texts(labels, positive)
    text, left_out = _native.infer(rows, label, ones, zeros, fields, threads)
    for name, reason, may_have_helped in left_out:
        if may_have_helped:
            warn(f"`{name}` is left out: {reason}")
    return InferredConfig(text, {name: reason for name, reason, _ in left_out})


def label_texts(labels: Labels | None, positive: Any) -> tuple[list[str], list[str]]:
    """Return the texts of the positive and of the negative values; empty if the values of the label say it."""
    ones = _texts(positive)
    if labels is None:
        return ones, []
    if ones:
        raise ConfigError("positive: expected only if `y` names a column; the greater label is positive")
    return ([], []) if labels.texts is None else ([labels.texts[1]], [labels.texts[0]])


def thread_count(threads: int | None) -> int:
    """Return a number of threads; None stands for all processors."""
    if threads is None:
        return _native.default_threads()
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)) or not 1 <= threads <= 1024:
        raise ConfigError(f"threads: expected a number from 1 to 1024, but got {threads!r}")
    return int(threads)


def _texts(values: Any) -> list[str]:
    """Return the texts of a value or of several."""
    if values is None:
        return []
    if isinstance(values, (list, tuple, set, np.ndarray)):
        return [str(value) for value in values]
    return [str(values)]
