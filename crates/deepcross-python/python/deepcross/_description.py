"""Descriptions of the columns of rows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import _native
from ._inference import label_texts
from ._rows import RowsLike, read_rows
from ._tables import html, html_table, number, share, text_table
from ._targets import free_name, labels_of

__all__ = ["Column", "Description", "describe"]


@dataclass(frozen=True)
class Column:
    """What a column holds.

    Attributes
    ----------
    name : str
        Its name.
    kind : str
        The kind of field that an inference would make of it.
    left_out : str or None
        Why an inference would leave it out, in a word or two.
    reason : str
        How it would be read and why, or why it would be left out.
    distinct : int
        The number of distinct values, or of distinct elements of lists.
    distinct_is_exact : bool
        Whether this number is exact.
    missing : int
        The rows without a value.
    mean_label, mean_label_of_missing : float or None
        The share of positive rows among those with a value and those without.
    auc : float or None
        The AUC of predicting the label by this column alone.
    mean_characters : float
        The mean length of the values in characters.
    numbers : dict or None
        ``"min"``, ``"max"``, ``"mean"`` and ``"median"``, if there are numbers.
    lists : dict or None
        ``"separator"``, ``"distinct_values"``, ``"mean_length"`` and ``"longest"``, if the values are lists.
    counted_as_missing, top : list of dict
        The values that would count as missing, and the most frequent ones: ``"value"``, ``"rows"``, ``"mean_label"``.
    """

    name: str
    kind: str
    left_out: str | None
    reason: str
    distinct: int
    distinct_is_exact: bool
    missing: int
    mean_label: float | None
    mean_label_of_missing: float | None
    auc: float | None
    mean_characters: float
    numbers: dict[str, float | None] | None
    lists: dict[str, Any] | None
    counted_as_missing: list[dict[str, Any]]
    top: list[dict[str, Any]]

    def _cells(self, rows: int) -> list[str]:
        distinct = ("" if self.distinct_is_exact else "~") + f"{self.distinct:,}"
        summary = ", ".join(str(value["value"]) for value in self.top[:3])
        if self.numbers is not None and self.kind == "number" and self.numbers["min"] is not None:
            summary = f"{self.numbers['min']:g} to {self.numbers['max']:g}"
        return [self.name, self.left_out or self.kind, distinct, share(self.missing, rows), number(self.auc), summary]


@dataclass(frozen=True)
class Description:
    """What the columns of rows hold.

    Attributes
    ----------
    rows : int
        The number of rows.
    skipped : int
        The number of rows that cannot be read.
    mean_label : float or None
        The share of positive rows.
    missing_values : list of str
        The values that mean "missing".
    columns : list of Column
        The columns, in order.
    """

    rows: int
    skipped: int
    mean_label: float | None
    missing_values: list[str]
    columns: list[Column]

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def _head(self) -> str:
        positive = "" if self.mean_label is None else f", {100 * self.mean_label:.2f} % positive"
        skipped = f"; {self.skipped:,} more cannot be read" if self.skipped else ""
        return f"{self.rows:,} rows{positive}{skipped}"

    def _cells(self) -> list[list[str]]:
        return [column._cells(self.rows) for column in self.columns]

    def __repr__(self) -> str:
        return f"{self._head()}\n{text_table(_HEADER, self._cells(), (0, 1, 5))}"

    def _repr_html_(self) -> str:
        return html(html_table(self._head(), _HEADER, self._cells()))


_HEADER = ["column", "kind", "distinct", "missing", "AUC", "range, or frequent values"]


def describe(
    X: RowsLike, y: Iterable[Any] | str | None = None, *, positive: Any = None, examples: bool = True
) -> Description:
    """Describe the columns of rows, as ``deepcross describe`` does.

    Parameters
    ----------
    X : RowsLike
        Rows.
    y : sequence or str, optional
        One label a row, or the name of their column.
    positive : scalar or sequence, optional
        The values that mean 1, if `y` names a column whose values do not say it themselves.
    examples : bool
        Whether the result may have values of the rows: the most frequent ones, and the least and the greatest number.

    Returns
    -------
    Description
        One `Column` for each column of the rows; a notebook shows a table.

    Raises
    ------
    DataError
        If rows cannot be read.

    Examples
    --------
    >>> rows, _ = deepcross.simulate(1000)
    >>> found = deepcross.describe(rows, "click")
    >>> found.rows, found["device"].kind, found["click"].left_out
    (1000, 'categorical', 'label')
    """
    rows, labels = read_rows(X), None
    label = y if isinstance(y, str) else None
    if y is not None and label is None:
        labels, label = labels_of(rows, y), free_name("label", rows.columns() or [])
        rows = labels.add_to(rows, label)
    ones, zeros = label_texts(labels, positive)
    found = json.loads(_native.describe(rows, label, ones, zeros, examples))
    columns = [Column(lists=column.pop("list"), **column) for column in found.pop("columns")]
    if labels is not None:
        columns = [column for column in columns if column.name != label]
    return Description(**found, columns=columns)
