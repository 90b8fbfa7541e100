"""The search for better settings."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, TypeAlias

import numpy as np

from . import _native
from ._classifier import DeepCrossingClassifier, checked_callbacks
from ._inference import thread_count
from ._progress import Progress, SearchProgress, TrialResult, settings_text
from ._rows import RowsLike
from ._settings import assignment, quoted
from ._tables import html, html_table, number, text_table
from .errors import ConfigError, warn

__all__ = ["Search", "tune"]

#: The metrics that trials are chosen by.
_METRICS = ("log-loss", "auc", "auc-log-loss")

#: The most trials and keys that a table shows.
_SHOWN = 8

#: What callbacks are called with.
SearchEvent: TypeAlias = TrialResult | SearchProgress


@dataclass(frozen=True)
class Search:
    """The result of a search for better settings.

    Attributes
    ----------
    verdict : str
        What the search has found, in one or two sentences.
    is_better : bool
        Whether the winner is better than the configuration as it is by more than chance explains, on rows and seeds
        that had no part in the search.
    gain : float or None
        The gain by the metric `by` on these rows, above 0 if the winner is better; None if nothing was compared, since
        the configuration as it is has the best validation, or since a run could not be trained.
    interval : tuple of float, or None
        The 95 % interval of the gain, over other rows and other seeds.
    winner : dict
        The settings of the best trial; empty if that is the configuration as it is.
    winner_number : int
        The number of the best trial; 0 is the configuration as it is.
    config : str
        The configuration of the winner in TOML, a value for the parameter `fields` of a classifier.
    model : DeepCrossingClassifier
        The model of the winner, trained on the rows of the search: all but those that were cut off for the comparison.
        Its parameter `fields` is `config`, so that ``search.model.fit(X, y)`` trains the same on other rows.
    by : {"log-loss", "auc", "auc-log-loss"}
        The metric that trials were chosen by.
    trials : list of dict
        One for each trial and rung, with the keys of `TrialResult`, the metrics among them.
    ranking : list of int
        The numbers of the trials that can be compared, the best first.
    out : dict of int to str
        The trials that were not trained or cannot win, each with the reason.
    importance : list of dict
        How much each key mattered, with ``"key"``, ``"share"``, ``"by_chance"`` and ``"p_value"``: the share of the
        differences between the trials of the first rung that goes with its values, and the share that chance gives.
    ranges : dict
        The keys that trials have changed, each with the list of its values or the keys of its range.
    comparison : dict or None
        The last comparison, with the metrics of both sides.
    is_cut_short : bool
        Whether the time ended before the last rung was complete.
    report : str
        The page of the search, in HTML.
    """

    verdict: str
    is_better: bool
    gain: float | None
    interval: tuple[float, float] | None
    winner: dict[str, Any]
    winner_number: int
    config: str
    model: DeepCrossingClassifier
    by: str
    trials: list[dict[str, Any]]
    ranking: list[int]
    out: dict[int, str]
    importance: list[dict[str, Any]]
    ranges: dict[str, Any]
    comparison: dict[str, Any] | None
    is_cut_short: bool
    report: str

    @classmethod
    def _from(cls, found: dict[str, Any], model: DeepCrossingClassifier, report: str) -> Search:
        gain = None if found["comparison"] is None else found["comparison"]["gain"]
        out = {one["trial"]: one["reason"] for one in found["out"]}
        return cls(
            verdict=found["sentence"],
            is_better=found["verdict"] == "better",
            gain=None if gain is None else gain["value"],
            interval=None if gain is None else (gain["low"], gain["high"]),
            winner=found["settings"] or {},
            winner_number=found["winner"],
            config=found["config"],
            model=model,
            by=found["chosen_by"],
            trials=[_columns(TrialResult._from(record), out) for record in found["trials"]],
            ranking=found["ranking"],
            out=out,
            importance=found["importance"],
            ranges=found["ranges"],
            comparison=found["comparison"],
            is_cut_short=found["cut_short"],
            report=report,
        )

    def to_frame(self) -> Any:
        """Return the trials as a data frame of pandas.

        Returns
        -------
        pandas.DataFrame
            A row for each trial and rung: the keys of `trials`, and a column for each key of the settings.
        """
        import pandas as pd

        rows = []
        for trial in self.trials:
            plain = {name: value for name, value in trial.items() if name != "settings"}
            rows.append(plain | {key: trial["settings"].get(key) for key in self.ranges})
        return pd.DataFrame(rows)

    def _best(self) -> list[list[str]]:
        latest = {trial["number"]: trial for trial in self.trials}
        best = [latest[number] for number in self.ranking[:_SHOWN]]
        return [
            [
                str(trial["number"]),
                str(trial["epochs"]),
                number(trial["log_loss"]),
                number(trial["auc"]),
                settings_text(trial["number"], trial["settings"]),
            ]
            for trial in best
        ]

    def _mattered(self) -> list[list[str]]:
        return [
            [one["key"], f"{one['share']:.2f}", f"{one['by_chance']:.2f}", f"{one['p_value']:.4f}"]
            for one in self.importance[:_SHOWN]
        ]

    def __repr__(self) -> str:
        best = text_table(_BEST, self._best(), texts=(4,))
        mattered = self._mattered()
        return "\n\n".join([self.verdict, best, *([text_table(_MATTERED, mattered)] if mattered else [])])

    def _repr_html_(self) -> str:
        mattered = self._mattered()
        return html(
            f"<p>{escape(self.verdict)}</p>",
            html_table("The best trials, by validation", _BEST, self._best(), is_text=True),
            html_table("What mattered", _MATTERED, mattered) if mattered else "",
        )


_BEST = ["trial", "epochs", "log loss", "AUC", "settings"]
_MATTERED = ["key", "share", "by chance", "p"]


def tune(
    X: RowsLike,
    y: Iterable[Any] | str | None = None,
    *,
    model: DeepCrossingClassifier | None = None,
    ranges: Mapping[str, Any] | None = None,
    trials: int = 60,
    minutes: float | None = None,
    jobs: int = 1,
    threads: int | None = None,
    by: str | None = None,
    seeds: int = 5,
    test: Any = None,
    final_fraction: float | None = None,
    sample_weight: Iterable[float] | str | None = None,
    eval_set: Any = None,
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    cache_gib: float = 10.0,
    callbacks: Iterable[Callable[[SearchEvent], object]] = (),
) -> Search:
    """Search for better settings, and say whether anything was won, as ``deepcross tune`` does.

    Trial 0 is the configuration as it is, and each other trial has one value of each key of `ranges`. All trials train
    a few epochs, and the best third of them goes on with three times as many, up to ``train.epochs``. The winner and
    the configuration are then trained with new seeds, and compared on rows that the search has not seen.

    The trials and the winner do not depend on `jobs`, `threads` or interruptions. An interrupt (Ctrl-C) ends the search
    within a step; with `folder`, ``resume=True`` continues it.

    Parameters
    ----------
    X : RowsLike
        The training rows.
    y : sequence or str, optional
        One label a row, or the name of their column, as for `DeepCrossingClassifier.fit`.
    model : DeepCrossingClassifier, optional
        A classifier whose parameters are the configuration as it is: fields, kind, sizes and settings. It is not
        trained.
    ranges : mapping, optional
        The values of keys, as in the section ``[tune]`` of a configuration: a list of values, or a range
        ``{"low": 1e-4, "high": 1e-2, "scale": "log"}``. A key is one of ``train``, ``model`` or a field, as
        ``"train.batch"``, ``"field.*.min_count"`` or ``"field.age"``. Without ranges, those of the configuration, and
        without these, usual ones for the kind of model and the fields.
    trials : int
        The number of trials, from 1; the first is the configuration as it is.
    minutes : float, optional
        The minutes after which the search ends, with the trials that are complete; the comparison comes after them.
    jobs : int
        The trainings that run at the same time.
    threads : int, optional
        The threads of all trainings together; those of `model` if None, or else all processors.
    by : {"log-loss", "auc", "auc-log-loss"}, optional
        The validation metric that trials are chosen by; that of ``train.monitor`` if None.
    seeds : int
        The number of seeds that winner and configuration are compared with.
    test : tuple or RowsLike, optional
        The rows of the comparison with their labels, in the forms of `eval_set`. Without them, a share of the training
        rows is cut off before the search.
    final_fraction : float, optional
        That share; 0.1, or what the configuration says, if None. The rows are chosen by the rule of
        ``train.valid_by``. Rows in memory are divided where they are; files must be text, since they are copied.
    sample_weight : sequence or str, optional
        One weight a row, or the name of the column that has them.
    eval_set : tuple or RowsLike, optional
        Validation rows: ``(X, y)`` or ``(X, y, sample_weight)``, or only rows if `y` names a column. Without them,
        some of the training rows are held out, the same for all trials.
    folder : str or path, optional
        A folder for the results and for all that the search keeps until its end: ``winner.toml``, ``winner.dcx``,
        ``trials.csv``, ``report.html`` and ``journal.jsonl``. Without it, a temporary one, which is removed.
    resume : bool
        Whether to continue the search in `folder`, if there is one. Rows, settings and `trials` must be the same.
    cache_gib : float
        The most GiB of encoded rows on disk.
    callbacks : iterable of callable, optional
        Functions that are called with a `TrialResult` when a trial has completed a rung, and with a `SearchProgress`
        when a rung or the comparison begins and after each of their trainings. `Progress` shows both. An exception in
        one ends the search, as an interrupt does.

    Returns
    -------
    Search
        The verdict, the winner with its model, and all trials; a notebook shows tables.

    Raises
    ------
    ConfigError
        If a setting or a range is unknown or not allowed, if arguments contradict each other, or if the search in the
        folder is another one.
    DataError
        If rows cannot be read, or cut off for the comparison.
    TrainingError
        If the configuration as it is cannot be trained, or if no trial was complete in time.

    Examples
    --------
    >>> rows, _ = deepcross.simulate(1500, seed=1)
    >>> small = deepcross.DeepCrossingClassifier(epochs=1, hidden=[8], embedding=4, threads=1)
    >>> ranges = {"train.learning_rate": {"low": 1e-4, "high": 1e-1, "scale": "log"}, "train.batch": [32, 64]}
    >>> search = deepcross.tune(rows, "click", model=small, ranges=ranges, trials=3, seeds=2)
    >>> sorted(search.ranges), len(search.trials)
    (['train.batch', 'train.learning_rate'], 3)
    >>> search.model.predict_proba(rows).shape
    (1500, 2)
    """
    model = DeepCrossingClassifier() if model is None else model
    if not isinstance(model, DeepCrossingClassifier):
        raise ConfigError(f"model: expected a classifier, but got {model!r}")
    _check_numbers(minutes, final_fraction, cache_gib)
    n_trials, n_jobs = _count("trials", trials, 10_000), _count("jobs", jobs, 256)
    n_seeds = _count("seeds", seeds, 1000)
    if by is not None and by not in _METRICS:
        raise ConfigError(f"by: expected one of {', '.join(_METRICS)}, but got {by!r}")
    if threads is not None and model.threads is not None:
        raise ConfigError("threads: `model` has a parameter `threads` too: expected one of both")
    if test is not None and final_fraction is not None:
        raise ConfigError("final_fraction: no rows are cut off, since `test` has those of the comparison")
    changes = _range_assignments(ranges)
    if changes and n_trials == 1:
        raise ConfigError("ranges: `trials` is 1, and the first trial is the configuration as it is")
    listed = checked_callbacks(callbacks, "a `TrialResult` or a `SearchProgress`")
    kept = _checked_folder(folder, resume)
    run = model._prepared(X, y, sample_weight, eval_set, test, needs_valid=True)
    watchers = _Watchers(listed)
    with _folder(kept) as path:
        try:
            native, text, report = _native.tune(
                run.rows,
                run.valid,
                run.test,
                run.text,
                name=run.name,
                set=run.set,
                unset=run.unset,
                kind=model.kind,
                ranges=changes,
                final_fraction=None if final_fraction is None else float(final_fraction),
                folder=path,
                resume=bool(resume),
                trials=n_trials,
                minutes=None if minutes is None else float(minutes),
                jobs=n_jobs,
                threads=run.threads if threads is None else thread_count(threads),
                by=by,
                n_seeds=n_seeds,
                cache_bytes=min(int(cache_gib * 2**30), 2**63),
                observe=watchers.observe,
            )
        except ConfigError:
            raise
        except BaseException as error:
            if kept is not None and os.path.exists(os.path.join(kept, "journal.jsonl")) and sys.version_info >= (3, 11):
                error.add_note(f"the search is in {kept}: the same call with resume=True continues it")
            raise
        finally:
            watchers.end()
    found = json.loads(text)
    winner = DeepCrossingClassifier(fields=found["config"], threads=model.threads if threads is None else threads)
    winner._take_trained(native, run, X, eval_set)
    return Search._from(found, winner, report)


class _Watchers:
    """Passes the messages of a search on to callbacks."""

    def __init__(self, callbacks: list[Callable[[Any], object]]) -> None:
        self._callbacks = callbacks
        self._bars = [callback for callback in callbacks if isinstance(callback, Progress)]
        for bar in self._bars:
            bar._begin(0)

    def observe(self, kind: str, message: str) -> None:
        if kind == "warning":
            warn(message)
            return
        event: SearchEvent
        if kind == "trial":
            event = TrialResult._from(json.loads(message))
        else:
            event = SearchProgress(**json.loads(message))
        for callback in self._callbacks:
            callback(event)

    def end(self) -> None:
        for bar in self._bars:
            bar._end()


def _columns(result: TrialResult, out: dict[int, str]) -> dict[str, Any]:
    """Return the result of a trial as one dictionary; the reason why it is out may have been found later."""
    columns = {name: getattr(result, name) for name in ("number", "rung", "epochs", "kept_epoch")}
    metrics = result.metrics or {}
    columns |= {name: metrics.get(name) for name in ("score", "log_loss", "auc")}
    return columns | {"seconds": result.seconds, "reason": out.get(result.number), "settings": result.settings}


def _count(name: str, value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 1 <= value <= most:
        raise ConfigError(f"{name}: expected a number from 1 to {most}, but got {value!r}")
    return int(value)


def _check_numbers(minutes: object, final_fraction: object, cache_gib: object) -> None:
    """Refuse numbers that are out of range."""

    def is_number(value: object) -> bool:
        is_one = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
        return is_one and math.isfinite(float(value))  # type: ignore[arg-type]

    def check(name: str, value: Any, is_right: Callable[[Any], bool], expected: str) -> None:
        if value is not None and not (is_number(value) and is_right(value)):
            raise ConfigError(f"{name}: expected a number {expected}, but got {value!r}")

    check("minutes", minutes, lambda value: value > 0, "above 0")
    check("final_fraction", final_fraction, lambda value: 0 < value < 1, "between 0 and 1")
    if cache_gib is None:
        raise ConfigError("cache_gib: expected a number from 0, but got None")
    check("cache_gib", cache_gib, lambda value: value >= 0, "from 0")


def _checked_folder(folder: str | os.PathLike[str] | None, resume: object) -> str | None:
    """Return the folder of a search that is kept."""
    if not isinstance(resume, (bool, np.bool_)):
        raise ConfigError(f"resume: expected True or False, but got {resume!r}")
    if folder is None:
        if resume:
            raise ConfigError("resume: expected a `folder` to continue from")
        return None
    path = os.fsdecode(folder)
    if not path:
        raise ConfigError("folder: the path is empty, expected that of a folder")
    if os.path.exists(path) and not os.path.isdir(path):
        raise ConfigError(f"folder: {path} is a file, expected a folder")
    return path


@contextlib.contextmanager
def _folder(kept: str | None) -> Iterator[str]:
    """Give the folder of a search: the one that is kept, or a temporary one."""
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="deepcross-") as temporary:
        yield temporary


def _range_assignments(ranges: Mapping[str, Any] | None) -> list[str]:
    """Return the assignments to the section ``[tune]``, one for each section of the ranges."""
    if ranges is None:
        return []
    if not isinstance(ranges, Mapping) or not ranges:
        raise ConfigError(f"ranges: expected a mapping from keys to values, or None, but got {ranges!r}")
    sections: dict[str, Any] = {}
    for key, value in ranges.items():
        *path, last = _parts(key)
        inner = sections
        for part in path:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise ConfigError(f"ranges: {key!r} is below a key that has values itself")
        if last in inner:
            raise ConfigError(f"ranges: {key!r} is given twice, or has values itself and keys below it")
        inner[last] = _plain(value)
    return [assignment(f"tune.{quoted(section)}", value) for section, value in sections.items()]


def _plain(value: Any) -> Any:
    """Return a mapping as a dictionary of its own, which later keys may be added to."""
    return {str(name): _plain(item) for name, item in value.items()} if isinstance(value, Mapping) else value


def _parts(key: object) -> list[str]:
    """Return the parts of a key. A part with dots stands in quotes."""
    if not isinstance(key, str) or not key:
        raise ConfigError(f"ranges: {key!r} must be the name of a key, as in 'train.batch'")
    parts, quote = [""], ""
    for char in key:
        if char == quote:
            quote = ""
        elif not quote and char in "\"'":
            quote = char
        elif not quote and char == ".":
            parts.append("")
        else:
            parts[-1] += char
    if quote or not all(parts):
        raise ConfigError(f"ranges: {key!r} must be the name of a key, as in 'train.batch'")
    return parts
