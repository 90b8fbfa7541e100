"""The progress of a training."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import dataclass
from html import escape
from typing import Any, TextIO

__all__ = ["Epoch", "Progress", "print_epoch"]


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


def _line(epoch: Epoch) -> str:
    """Return the report of an epoch in one line."""
    parts = [f"epoch {epoch.epoch}", f"training loss {epoch.train_loss:.5f}"]
    for name, title in (("log_loss", "validation loss"), ("auc", "AUC")):
        value = (epoch.valid or {}).get(name)
        if value is not None:
            parts.append(f"{title} {value:.5f}")
    return ", ".join(parts) + (" (best)" if epoch.best else "")


class Progress:
    """Shows the progress of a training: a callback for `DeepCrossingClassifier.fit`.

    In a terminal, a line shows the share of the epoch and the loss so far, and is replaced by the report of the epoch
    at its end. In a notebook, one output grows by a line for each epoch. Elsewhere, each epoch is a line.

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

    def __call__(self, epoch: Epoch) -> None:
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
        now = f"epoch {epoch}{place}, {share}, training loss {loss:.5f}"
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
