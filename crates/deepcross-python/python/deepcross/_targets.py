"""Labels and weights of rows."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._native import Rows
from ._settings import assignment
from .errors import DataError

__all__ = ["Labels", "add_weights", "free_name", "labels_of", "weights_of"]


@dataclass(frozen=True)
class Labels:
    """The labels of rows: the two classes, and for each row whether it is of the second.

    Attributes
    ----------
    classes : ndarray
        The negative and the positive class.
    positive : ndarray of uint8
        One number a row: 1 if it is of the positive class.
    """

    classes: np.ndarray
    positive: np.ndarray

    @property
    def texts(self) -> tuple[str, str] | None:
        """The texts of the classes in a model; None for 0 and 1, and for False and True."""
        if set(self.classes.tolist()) == {0, 1}:
            return None
        # White space around a text has no meaning where rows are read.
        negative, positive = (str(value).strip() for value in self.classes.tolist())
        return negative, positive

    def add_to(self, rows: Rows, name: str) -> Rows:
        """Return the rows with a column of these labels."""
        return rows.with_labels(name, self.positive.tobytes(), self.texts)

    def setting(self, name: str) -> str:
        """Return the setting of a label in the column `name`."""
        if self.texts is None:
            return assignment("data.label", name)
        negative, positive = self.texts
        return assignment("data.label", {"column": name, "positive": [positive], "negative": [negative]})


def labels_of(rows: Rows, y: Iterable[Any], classes: np.ndarray | None = None, what: str = "y") -> Labels:
    """Return the labels of a table as the two classes that they have, or those that a model knows."""
    values = _one_dimension(y, what)
    n_rows = rows.n_rows()
    if n_rows is None:
        raise DataError(f"{what}: the rows are those of files, expected the name of a column of them")
    if len(values) != n_rows:
        raise DataError(f"{what}: there are {len(values)} labels for {n_rows} rows")
    if n_rows == 0:
        raise DataError(f"{what}: there are no rows")
    missing = next((at for at, value in enumerate(values.tolist()) if _is_missing(value)), None)
    if missing is not None:
        raise DataError(f"{what}: the label of row {missing} is missing")
    if classes is None:
        try:
            classes = np.unique(values)
        except TypeError:
            raise DataError(f"{what}: expected labels of one type, but the types differ") from None
        if len(classes) != 2:
            raise DataError(f"{what}: {_other_classes(classes)}")
        texts = Labels(classes, np.empty(0)).texts
        if texts is not None and texts[0] == texts[1]:
            first, second = classes.tolist()
            raise DataError(
                f"{what}: the labels {first!r} and {second!r} are the same text in a model, {texts[0]!r}: expected "
                "other texts, or 0 and 1"
            )
    negative, positive = classes.tolist()
    # Arrays are compared, since NumPy would read some values as something else, such as a tuple as an array.
    is_positive = values == classes[1:]
    strange = ~(is_positive | (values == classes[:1]))
    if np.any(strange):
        at = int(np.argmax(strange))
        found = values[at : at + 1].tolist()[0]
        raise DataError(f"{what}: the label of row {at} is {found!r}, expected {negative!r} or {positive!r}")
    return Labels(classes, np.asarray(is_positive, dtype=np.uint8))


def _other_classes(classes: np.ndarray) -> str:
    """Return the problem of labels that are not of two classes, in words that tools of scikit-learn know."""
    shown = ", ".join(repr(value) for value in classes[:5].tolist()) + (", …" if len(classes) > 5 else "")
    if len(classes) == 1:
        return f"expected labels of two classes, but there is 1 class: {shown}"
    if classes.dtype.kind == "f" and np.any(classes != np.floor(classes)):
        return f"Unknown label type: continuous: expected labels of two classes, but got the numbers {shown}"
    return (
        f"Only binary classification is supported. The type of the target is multiclass: expected two classes, but "
        f"there are {len(classes)}: {shown}"
    )


def add_weights(rows: Rows, name: str, weights: Iterable[float], what: str = "sample_weight") -> Rows:
    """Return the rows with a column of weights."""
    return rows.with_weights(name, weights_of(weights, rows.n_rows() or 0, what).tobytes())


def weights_of(weights: Iterable[float], n_rows: int, what: str = "sample_weight") -> np.ndarray:
    """Return the weights of rows as 64-bit numbers."""
    values = _one_dimension(weights, what)
    if np.issubdtype(values.dtype, np.complexfloating):
        raise DataError(f"{what}: expected real numbers, but they are complex")
    if len(values) != n_rows:
        raise DataError(f"{what}: there are {len(values)} weights for {n_rows} rows")
    try:
        # NumPy makes no number of the missing values of pandas.
        objects = values.dtype == object
        given = [np.nan if _is_missing(value) else value for value in values.tolist()] if objects else values
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{what}: expected numbers") from None
    wrong = ~((numbers >= 0) & (numbers <= np.finfo(np.float32).max))
    if np.any(wrong):
        at = int(np.argmax(wrong))
        found = values[at : at + 1].tolist()[0]
        raise DataError(f"{what}: the weight of row {at} is {found!r}, expected a number from 0 to 3.4e38")
    return numbers


def free_name(name: str, columns: Iterable[str]) -> str:
    """Return `name`, with underscores behind it as long as it is the name of a column."""
    taken = {column.strip() for column in columns}
    while name in taken:
        name += "_"
    return name


def _is_missing(value: object) -> bool:
    """Whether a value is None, a NaN, or one of the missing values of pandas."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        # An array, say, which is no number.
        return False


def _one_dimension(values: Iterable[Any], what: str) -> np.ndarray:
    if isinstance(values, str) or not (isinstance(values, Iterable) or hasattr(values, "__array__")):
        raise DataError(f"{what}: expected one value for each row, but got {values!r}")
    if isinstance(values, (list, tuple)) and any(isinstance(value, str) for value in values):
        # NumPy would make texts of numbers among texts.
        array: np.ndarray = np.empty(len(values), dtype=object)
        array[:] = values
    elif isinstance(values, (Set, Mapping, bytes)):
        raise DataError(f"{what}: expected a sequence of one value for each row, but got {type(values).__name__}")
    else:
        try:
            array = np.asarray(values if hasattr(values, "__array__") else list(values))
        except ValueError:
            raise DataError(
                f"{what}: expected one value for each row, but some are lists of different lengths"
            ) from None
    if array.shape[1:] == (1,):
        if "sklearn" in sys.modules:
            from sklearn.utils import column_or_1d

            column_or_1d(array, warn=True)
        array = array.ravel()
    if array.ndim != 1:
        raise DataError(f"{what}: expected one dimension, but it has {array.ndim}")
    return array
