"""Comparisons of kinds of model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from . import _native
from ._classifier import DeepCrossingClassifier, checked_callbacks
from ._progress import Epoch
from ._rows import RowsLike
from ._tables import html, html_table, number, text_table
from .errors import ConfigError, warn

__all__ = ["ComparedModel", "Comparison", "compare"]


@dataclass(frozen=True)
class ComparedModel:
    """A model of a comparison; its metrics are means over seeds, on the same rows for all models.

    Attributes
    ----------
    name : str
        The kind of the model.
    n_parameters : int
        The number of its weights.
    auc, log_loss : float
        The metrics.
    auc_low, auc_high, log_loss_low, log_loss_high : float
        Their 95 % intervals, over other rows and other seeds.
    auc_to_best, log_loss_to_best : float or None
        Its metrics minus those of the best model; None for the best.
    auc_p, log_loss_p : float or None
        The p-values of these differences: two-sided, paired on the same rows, and adjusted by Holm for all models.
    left_out : list of str
        The keys of ``[model]`` that the kind does not use.
    config : str
        The configuration of its runs in TOML, with the first seed.
    runs : list of dict
        One for each seed: ``"seed"``, ``"training"``, ``"epochs"`` and ``"test"``, the metrics on the rows.
    """

    name: str
    n_parameters: int
    auc: float
    auc_low: float
    auc_high: float
    log_loss: float
    log_loss_low: float
    log_loss_high: float
    auc_to_best: float | None
    auc_p: float | None
    log_loss_to_best: float | None
    log_loss_p: float | None
    left_out: list[str]
    config: str
    runs: list[dict[str, Any]]

    @classmethod
    def _from(cls, found: dict[str, Any]) -> ComparedModel:
        def ends(key: str) -> dict[str, Any]:
            one = found[key]
            return {key: one["value"], f"{key}_low": one["low"], f"{key}_high": one["high"]}

        def to_best(key: str) -> dict[str, Any]:
            best = found["to_best"]
            return {
                f"{key}_to_best": None if best is None else best[key]["difference"],
                f"{key}_p": None if best is None else best[f"{key}_p_adjusted"],
            }

        same = {key: found[key] for key in ("name", "n_parameters", "left_out", "config", "runs")}
        return cls(**same, **ends("auc"), **ends("log_loss"), **to_best("auc"), **to_best("log_loss"))

    def _cells(self) -> list[str]:
        def estimate(value: float, low: float, high: float) -> str:
            return f"{value:.4f} ± {(high - low) / 2:.4f}"

        return [
            self.name,
            estimate(self.auc, self.auc_low, self.auc_high),
            "best" if self.auc_to_best is None else f"{self.auc_to_best:+.4f}",
            "" if self.auc_to_best is None else number(self.auc_p),
            estimate(self.log_loss, self.log_loss_low, self.log_loss_high),
            "" if self.log_loss_to_best is None else f"{self.log_loss_to_best:+.4f}",
            "" if self.log_loss_to_best is None else number(self.log_loss_p),
            f"{self.n_parameters:,}",
        ]


@dataclass(frozen=True)
class Comparison:
    """Models of several kinds, compared on the same rows.

    Attributes
    ----------
    tested_on : {"test", "validation"}
        The rows that the models were tested on. Validation rows have chosen the epochs, so that each model looks a
        little better than it is.
    rows, positives : int
        The number of these rows, and of the positive ones.
    level : float
        The probability that intervals cover.
    models : list of ComparedModel
        The models, in the order of the call.
    """

    tested_on: str
    rows: int
    positives: int
    level: float
    models: list[ComparedModel]

    @property
    def best(self) -> ComparedModel:
        """The model with the highest AUC."""
        return next(model for model in self.models if model.auc_to_best is None)

    def __getitem__(self, name: str) -> ComparedModel:
        for model in self.models:
            if model.name == name:
                return model
        raise KeyError(name)

    def to_dict(self) -> dict[str, list[Any]]:
        """Return a dictionary of columns, with one value a model.

        Returns
        -------
        dict of str to list
            The attributes of `ComparedModel` that are texts and numbers.
        """
        names = [name for name in ComparedModel.__dataclass_fields__ if name not in ("left_out", "config", "runs")]
        return {name: [getattr(model, name) for model in self.models] for name in names}

    def _head(self) -> str:
        rows = "the validation rows" if self.tested_on == "validation" else "test rows"
        seeds = len(self.models[0].runs)
        plural = "" if seeds == 1 else "s"
        return f"{self.rows:,} {rows}, {self.positives:,} positive; means of {seeds} seed{plural}"

    def _note(self) -> str:
        return (
            "± is half a 95 % interval. The best model has the highest AUC; p-values are paired on the same rows, and "
            "adjusted by Holm."
        )

    def __repr__(self) -> str:
        cells = [model._cells() for model in self.models]
        return f"{self._head()}\n{text_table(_HEADER, cells)}\n{self._note()}"

    def _repr_html_(self) -> str:
        cells = [model._cells() for model in self.models]
        return html(html_table(self._head(), _HEADER, cells), f"<p>{escape(self._note())}</p>")


_HEADER = ["model", "AUC", "to the best", "p", "log loss", "to the best", "p", "weights"]


def compare(
    X: RowsLike,
    y: Iterable[Any] | str | None = None,
    *,
    kinds: Sequence[str] | None = None,
    model: DeepCrossingClassifier | None = None,
    test: Any = None,
    sample_weight: Iterable[float] | str | None = None,
    eval_set: Any = None,
    seeds: int = 3,
    callbacks: Iterable[Callable[[Epoch], object]] = (),
) -> Comparison:
    """Train models of several kinds with several seeds each, and compare them, as ``deepcross compare`` does.

    No model is tested before all are trained. An interrupt (Ctrl-C) ends the comparison within a step.

    Parameters
    ----------
    X : RowsLike
        The training rows.
    y : sequence or str, optional
        One label a row, or the name of their column, as for `DeepCrossingClassifier.fit`.
    kinds : sequence of str, optional
        The kinds of model; all if None.
    model : DeepCrossingClassifier, optional
        A classifier whose parameters are those of all models: fields, sizes, settings and threads. Each kind uses the
        keys of ``[model]`` that it knows; settings such as ``"compare.lr.train.optimizer"`` are for one kind alone.
        The classifier is not trained.
    test : tuple or RowsLike, optional
        Test rows with their labels, in the forms of `eval_set`. Without them, the validation rows.
    sample_weight : sequence or str, optional
        One weight a row, or the name of the column that has them.
    eval_set : tuple or RowsLike, optional
        Validation rows: ``(X, y)`` or ``(X, y, sample_weight)``, or only rows if `y` names a column.
    seeds : int
        The number of seeds of each model.
    callbacks : iterable of callable, optional
        Functions that are called with an `Epoch` after each epoch of each run. An exception in one ends the comparison.

    Returns
    -------
    Comparison
        The models with their metrics; a notebook shows a table.

    Raises
    ------
    ConfigError
        If a setting is unknown, if its value is not allowed, or without rows to test on.
    DataError
        If rows cannot be read.

    Examples
    --------
    >>> rows, _ = deepcross.simulate(1500, seed=1)
    >>> test, _ = deepcross.simulate(500, seed=2)
    >>> small = deepcross.DeepCrossingClassifier(epochs=1, threads=1)
    >>> found = deepcross.compare(rows, "click", kinds=["lr", "fm"], model=small, test=test, seeds=2)
    >>> [model.name for model in found.models], found.rows
    (['lr', 'fm'], 500)
    """
    model = DeepCrossingClassifier() if model is None else model
    if not isinstance(model, DeepCrossingClassifier):
        raise ConfigError(f"model: expected a classifier, but got {model!r}")
    if model.kind is not None:
        raise ConfigError("model: it has a kind, but `kinds` names the kinds of a comparison")
    if kinds is None:
        kinds = _native.kinds()
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if not all(isinstance(kind, str) for kind in kinds):
        raise ConfigError(f"kinds: expected some of {', '.join(_native.kinds())}, but got {kinds!r}")
    if isinstance(seeds, bool) or not isinstance(seeds, (int, np.integer)) or not 1 <= seeds <= 1000:
        raise ConfigError(f"seeds: expected a number from 1 to 1000, but got {seeds!r}")
    listed = checked_callbacks(callbacks)
    run = model._prepared(X, y, sample_weight, eval_set, test)

    def observe(kind: str, message: str) -> None:
        if kind == "warning":
            warn(message)
        elif kind == "epoch":
            for callback in listed:
                callback(Epoch._from_json(message))

    text = _native.compare(
        run.rows,
        run.valid,
        run.test,
        run.text,
        name=run.name,
        set=run.set,
        unset=run.unset,
        kinds=kinds,
        n_seeds=int(seeds),
        threads=run.threads,
        observe=observe,
    )
    found = json.loads(text)
    models = [ComparedModel._from(one) for one in found["models"]]
    return Comparison(found["tested_on"], found["rows"], found["positives"], found["level"], models)
