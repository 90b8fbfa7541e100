"""The progress of a training and of a search."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import dataclass
from html import escape
from typing import Any, TextIO

__all__ = ["Epoch", "Progress", "SearchProgress", "TrialResult", "print_epoch", "settings_text"]


@dataclass(frozen=True)
class Epoch:
    """The report of an epoch.

    Attributes
    ----------
    epoch : int
        The number of the epoch, from 1.
    train_loss : float
        The mean log loss over the rows of the epoch, each taken before the step on its batch.
    learning_rate : float
        The learning rate of the last step.
    valid : dict of str to float, or None
        The metrics of the validation rows, such as ``"auc"`` and ``"log_loss"``; None if there are no such rows.
        A metric that the rows do not define is None.
    best : bool
        Whether the weights of this epoch are the best so far.
    """

    epoch: int
    train_loss: float
    learning_rate: float
    valid: dict[str, float | None] | None
    best: bool

    @classmethod
    def _from_json(cls, text: str) -> Epoch:
        return cls(**json.loads(text))


@dataclass(frozen=True)
class TrialResult:
    """A trial of a search that has completed a rung.

    Attributes
    ----------
    number : int
        The number of the trial; 0 is the configuration as it is.
    rung : int
        The rung, from 0.
    epochs : int or None
        The epochs that it has trained so far; None if it could not be trained.
    settings : dict
        The keys that it changes, with its values; empty for the configuration as it is.
    metrics : dict of str to float, or None
        The validation metrics of the epoch that is kept: ``"log_loss"``, ``"auc"``, and ``"score"``, by which trials
        are chosen; a higher score is better. None if it could not be trained.
    kept_epoch : int or None
        The epoch that is kept.
    seconds : float
        The seconds that it took on this rung.
    reason : str or None
        Why it could not be trained, if so.
    """

    number: int
    rung: int
    epochs: int | None
    settings: dict[str, Any]
    metrics: dict[str, float | None] | None
    kept_epoch: int | None
    seconds: float
    reason: str | None

    @classmethod
    def _from(cls, record: dict[str, Any]) -> TrialResult:
        trained = record.get("trained")
        names = ("score", "log_loss", "auc")
        return cls(
            number=record["trial"],
            rung=record["rung"],
            epochs=None if trained is None else trained["epochs"],
            settings=record["settings"],
            metrics=None if trained is None else {name: trained[name] for name in names},
            kept_epoch=None if trained is None else trained["kept_epoch"],
            seconds=record["seconds"],
            reason=record.get("failed"),
        )

    def __str__(self) -> str:
        if self.metrics is None:
            return f"trial {self.number} is out: {self.reason}"
        parts = [f"trial {self.number}, epochs {self.epochs}"]
        for name, title in (("log_loss", "validation loss"), ("auc", "AUC")):
            value = self.metrics[name]
            if value is not None:
                parts.append(f"{title} {value:.5f}")
        return ", ".join(parts) + f": {settings_text(self.number, self.settings)}"


def settings_text(number: int, settings: dict[str, Any]) -> str:
    """Return the settings of a trial in one line."""
    if number == 0:
        return "the configuration as it is"
    return ", ".join(f"{key} = {value}" for key, value in settings.items())


@dataclass(frozen=True)
class SearchProgress:
    """The progress of a search.

    Attributes
    ----------
    phase : {"trials", "comparison"}
        Whether trials are trained, or the runs of the last comparison.
    done, total : int
        The trials of the rung, or the runs of the comparison, that are complete, and the number of all.
    rung : int or None
        The rung, from 0; None in the comparison.
    rungs : int
        The number of rungs.
    epochs : int or None
        The epochs that trials have after this rung; None in the comparison.
    """

    phase: str
    done: int
    total: int
    rung: int | None
    rungs: int
    epochs: int | None

    def __str__(self) -> str:
        if self.rung is None:
            return f"last comparison: {self.done} of {self.total} runs"
        return f"rung {self.rung + 1} of {self.rungs}, up to epoch {self.epochs}: {self.done} of {self.total} trials"


def print_epoch(epoch: Epoch) -> None:
    """Print the report of an epoch in one line.

    Parameters
    ----------
    epoch : Epoch
        The report.

    Examples
    --------
    ``model.fit(rows, labels, callbacks=[deepcross.print_epoch])``
    """
    print(_line(epoch))


def _line(epoch: Epoch | TrialResult) -> str:
    """Return the report of an epoch or of a trial in one line."""
    if isinstance(epoch, TrialResult):
        return str(epoch)
    parts = [f"epoch {epoch.epoch}", f"training loss {epoch.train_loss:.5f}"]
    for name, title in (("log_loss", "validation loss"), ("auc", "AUC")):
        value = (epoch.valid or {}).get(name)
        if value is not None:
            parts.append(f"{title} {value:.5f}")
    return ", ".join(parts) + (" (best)" if epoch.best else "")


class Progress:
    """Shows the progress of a training or a search: a callback for `DeepCrossingClassifier.fit` and `tune`.

    In a terminal, a line shows the share of the epoch and the loss so far, and is replaced by the report of the epoch
    at its end. In a notebook, one output grows by a line for each epoch. Elsewhere, each epoch is a line. In a search,
    the trials that have completed a rung take the place of the epochs.

    Parameters
    ----------
    file : text stream, optional
        The stream to write to, outside of notebooks; the standard error if None.

    Examples
    --------
    ``model.fit(rows, labels, callbacks=[deepcross.Progress()])``
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = file
        self._n_rows = 0
        self._lines: list[str] = []
        self._output: Any = None
        self._width = 0

    def __call__(self, epoch: Epoch | TrialResult | SearchProgress) -> None:
        if isinstance(epoch, SearchProgress):
            self._show_now(str(epoch))
            return
        self._lines.append(_line(epoch))
        if self._output is not None:
            self._show_all()
        else:
            self._rewrite(self._lines[-1], "\n")

    def _begin(self, n_rows: int) -> None:
        """Begin a training on this many rows."""
        self._n_rows, self._lines, self._width = n_rows, [], 0
        self._output = _notebook_output() if self._file is None else None

    def _step(self, epoch: int, member: int, members: int, rows: int, loss: float) -> None:
        """Show the place within an epoch."""
        # Rows that are held out or dropped are among those of the training.
        share = f"{min(100 * rows // self._n_rows, 99)} %" if self._n_rows else f"{rows:,} rows"
        place = f", member {member} of {members}" if members > 1 else ""
        self._show_now(f"epoch {epoch}{place}, {share}, training loss {loss:.5f}")

    def _show_now(self, now: str) -> None:
        """Show a line that the next one replaces."""
        if self._output is not None:
            self._show_all(now)
        elif self._stream().isatty():
            self._rewrite(now, "")

    def _end(self) -> None:
        """End the line of a training that was ended early."""
        if self._output is None and self._width:
            self._rewrite("", "")

    def _stream(self) -> TextIO:
        return sys.stderr if self._file is None else self._file

    def _rewrite(self, line: str, end: str) -> None:
        """Write a line in place of the one that is there."""
        stream = self._stream()
        clear = f"\r{' ' * self._width}\r" if self._width else ""
        stream.write(clear + line + end)
        stream.flush()
        self._width = 0 if end else len(line)

    def _show_all(self, *more: str) -> None:
        """Show all lines in the output of the notebook."""
        text = "\n".join([*self._lines, *more])
        self._output.update({"text/plain": text, "text/html": f"<pre>{escape(text)}</pre>"}, raw=True)


def _notebook_output() -> Any:
    """Return an output of the notebook that can be changed; None outside of notebooks."""
    # Outside of a notebook, IPython is not imported for this.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    display = importlib.import_module("IPython.display").display
    return display({"text/plain": ""}, raw=True, display_id=True)
