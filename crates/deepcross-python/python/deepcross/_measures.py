"""What is measured on rows with labels."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from ._tables import html, html_table, number, text_table

__all__ = ["Importance", "Importances", "Metrics"]

#: The metrics that a table shows, with their names.
_SHOWN = {
    "auc": "AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "normalized_entropy": "normalized entropy",
    "brier": "Brier score",
    "calibration": "calibration",
    "expected_calibration_error": "expected calibration error",
    "base_rate": "base rate",
    "mean_prediction": "mean prediction",
}


class Metrics(dict[str, Any]):
    """The metrics of a model, with all that ``deepcross evaluate --json`` prints.

    ``metrics["auc"]``, ``metrics["log_loss"]``, ``metrics["calibration"]`` and so on are numbers, or None if the rows
    do not define them; ``metrics["undefined"]`` has the reasons. ``metrics["rows"]`` and ``metrics["positives"]`` are
    counts, and ``metrics["missing"]``, ``metrics["unseen"]`` and the like count values of each field.
    """

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """The 95 % intervals of the metrics that have one: by DeLong for the AUC, for a large sample for the others."""
        return {key: (ends["low"], ends["high"]) for key, ends in self["intervals"].items()}

    @property
    def numbers(self) -> dict[str, float | None]:
        """The metrics and the counts of rows alone, without intervals and counts by field."""
        return {key: value for key, value in self.items() if value is None or isinstance(value, (int, float))}

    def _cells(self) -> list[list[str]]:
        def interval(key: str) -> str:
            ends = self.intervals.get(key)
            return "" if ends is None else f"{ends[0]:.4f} to {ends[1]:.4f}"

        return [[name, number(self[key]), interval(key)] for key, name in _SHOWN.items() if key in self]

    def _head(self) -> str:
        return f"{self['rows']:,} rows, {self['positives']:,} positive"

    def __repr__(self) -> str:
        return f"{self._head()}\n{text_table(['metric', 'model', '95 % interval'], self._cells())}"

    def _repr_html_(self) -> str:
        return html(html_table(self._head(), ["metric", "model", "95 % interval"], self._cells()))

    def __reduce__(self) -> Any:
        return type(self), (dict(self),)


@dataclass(frozen=True)
class Importance:
    """How much worse a model becomes if the values of some fields are permuted among the rows.

    Attributes
    ----------
    fields : str
        The fields of one column, which are permuted together, joined by ``" + "``.
    log_loss : float or None
        The log loss that is added, in nats, as a mean over the permutations.
    log_loss_low, log_loss_high : float or None
        Its 95 % interval, over other rows and other permutations.
    auc : float or None
        The AUC that is lost; None if the rows do not define it.
    auc_low, auc_high : float or None
        Its 95 % interval.
    """

    fields: str
    log_loss: float | None
    log_loss_low: float | None
    log_loss_high: float | None
    auc: float | None
    auc_low: float | None
    auc_high: float | None

    @classmethod
    def _from(cls, found: dict[str, Any]) -> Importance:
        def parts(key: str) -> list[float | None]:
            lost = found[key]
            return [None] * 3 if lost is None else [lost["lost"], lost["low"], lost["high"]]

        return cls(" + ".join(found["fields"]), *parts("log_loss"), *parts("auc"))

    def _cells(self, name: str | None = None) -> list[str]:
        def interval(low: float | None, high: float | None) -> str:
            return "–" if low is None or high is None else f"{low:.4f} to {high:.4f}"

        return [
            name or self.fields,
            number(self.log_loss),
            interval(self.log_loss_low, self.log_loss_high),
            number(self.auc),
            interval(self.auc_low, self.auc_high),
        ]


class Importances(list[Importance]):
    """The importance of each field, the largest added log loss first.

    ``pandas.DataFrame(importances)`` is a table of it.

    Attributes
    ----------
    rows : int
        The number of rows that were permuted.
    repeats : int
        The number of permutations of each field.
    all_fields : Importance
        The importance of all fields together: all that the model has learned from its inputs.
    """

    def __init__(self, fields: list[Importance], rows: int, repeats: int, all_fields: Importance) -> None:
        super().__init__(fields)
        self.rows = rows
        self.repeats = repeats
        self.all_fields = all_fields

    @classmethod
    def _from_json(cls, text: str) -> Importances:
        found = json.loads(text)
        fields = [Importance._from(one) for one in found["fields"]]
        return cls(fields, found["rows"], found["repeats"], Importance._from(found["all"]))

    def to_dict(self) -> dict[str, list[Any]]:
        """Return a dictionary of columns.

        Returns
        -------
        dict of str to list
            The attributes of `Importance`, one value a field.
        """
        return {name: [asdict(one)[name] for one in self] for name in Importance.__dataclass_fields__}

    def _cells(self) -> list[list[str]]:
        return [one._cells() for one in self] + [self.all_fields._cells("(all fields)")]

    def _head(self) -> str:
        return f"{self.rows:,} rows, {self.repeats} permutations of each field"

    def __repr__(self) -> str:
        return f"{self._head()}\n{text_table(_HEADER, self._cells())}"

    def _repr_html_(self) -> str:
        note = (
            "The loss if the values of a field are permuted among the rows. If two fields say the same, each may look "
            "unimportant."
        )
        return html(html_table(self._head(), _HEADER, self._cells()), f"<p>{escape(note)}</p>")

    def __reduce__(self) -> Any:
        return type(self), ([*self], self.rows, self.repeats, self.all_fields)


_HEADER = ["fields", "log loss added", "95 % interval", "AUC lost", "95 % interval"]
