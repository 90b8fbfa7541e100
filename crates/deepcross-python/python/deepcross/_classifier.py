"""The classifier, with the methods of estimators of scikit-learn."""

from __future__ import annotations

import copy
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

import numpy as np

from . import _native
from ._fields import FieldsLike, run_text, table_of
from ._inference import infer_from, thread_count
from ._measures import Importances, Metrics
from ._native import Rows
from ._progress import Epoch, Progress
from ._rows import RowsLike, n_unnamed_columns, one_record, read_rows
from ._settings import assignment, checked_settings, seed_of
from ._tables import html, html_table, number, share
from ._targets import Labels, add_weights, free_name, labels_of, weights_of
from .errors import ConfigError, DataError, warn

__all__ = ["DeepCrossingClassifier", "checked_callbacks"]

#: The keys of a configuration that have a parameter of their own, in the order in which they are set.
_KEYS = {
    "preset": "model.preset",
    "embedding": "model.embedding",
    "hidden": "model.hidden",
    "epochs": "train.epochs",
    "batch": "train.batch",
    "learning_rate": "train.learning_rate",
    "patience": "train.patience",
    "members": "train.members",
}


class DeepCrossingClassifier:
    """A click model: a network over embeddings of categories and numbers, such as Deep Crossing.

    The fields of the model and the sizes of network and training are inferred from the rows, as ``deepcross
    infer-config`` does, unless `fields` says something else. Parameters that are None leave the value that was
    inferred, or the one of the configuration.

    Parameters
    ----------
    fields : "infer", sequence of Field, str or path
        The inputs of the model. With ``"infer"`` they are inferred. With a list of `Field` they are these, and all
        else is inferred. The text of a run's configuration in TOML, or the path of its file, replaces the inference
        as a whole; a text of one line is a path.
    kind : str, optional
        The kind of the model, such as ``"deep-crossing"``, ``"dcn-v2"``, ``"deepfm"`` or ``"lr"``. Keys of
        ``[model]`` that this kind does not have are left out, unless a parameter sets them.
    preset : str, optional
        The source of the values of ``[model]`` that are not set, such as ``"paper"``. It replaces all values of
        ``[model]`` that would be inferred.
    embedding : int, optional
        The width of each embedding.
    hidden : sequence of int, optional
        The hidden width of each residual unit, or of each hidden layer.
    epochs : int, optional
        The most epochs.
    batch : int, optional
        The rows of a step.
    learning_rate : float, optional
        The learning rate.
    patience : int, optional
        The number of epochs without progress on the validation rows after which the training ends. If few rows are of
        the rarer class, the inference holds no rows out; then `fit` needs an `eval_set`, or a setting
        ``"train.valid_fraction"``.
    members : int, optional
        The number of networks that are trained, from 1 to 16, each with a seed of its own. The model predicts the mean
        of their probabilities.
    random_state : int, RandomState or Generator, optional
        The seed of all random choices, from 0; if None, that of the configuration, and 1 if this has none. A generator
        of NumPy draws another seed in each `fit`. The same rows, settings and seed give the same model, to the bit, on
        any number of threads.
    positive : scalar or sequence, optional
        The values that mean 1, if `y` is the name of a column whose values do not say it themselves. All other values
        mean 0. Not with a configuration, which names them itself.
    settings : mapping, optional
        Any keys of the configuration with their values, such as ``{"train.weight_decay": 1e-4,
        "field.age.transform": "standard"}``. They replace parameters of this list. An unknown key is refused, with the
        nearest known one.
    threads : int, optional
        The number of threads; all processors if None. The result does not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The negative and the positive class.
    feature_names_in_ : ndarray of str
        The names of the columns of the training rows, without label and weight. For files, and for a model that was
        loaded, the names of the columns that the model reads.
    n_features_in_ : int
        Their number.
    config_ : str
        The configuration of the run in TOML, with all its values.
    history_ : list of Epoch
        The reports of the epochs; empty for a model that was loaded.
    left_out_ : dict of str to str
        The columns that the inference left out, each with its reason; empty if `fields` names the fields, and for a
        model that was loaded.
    training_ : dict
        The summary of the training, such as ``"best_epoch"`` and ``"valid_auc"``.
    calibration_ : dict
        Only for a classifier that `calibrate` has returned: ``"method"``, and the metrics ``"before"`` and ``"after"``.

    Examples
    --------
    >>> rows, _ = deepcross.simulate(2000, seed=1)
    >>> model = deepcross.DeepCrossingClassifier(epochs=2, threads=1).fit(rows, "click")
    >>> test, _ = deepcross.simulate(500, seed=2)
    >>> model.predict_proba(test).shape
    (500, 2)
    >>> model.evaluate(test)["rows"]
    500
    """

    # Older versions of scikit-learn know a classifier by this.
    _estimator_type = "classifier"

    history_: list[Epoch]
    left_out_: dict[str, str]
    calibration_: dict[str, Any]

    def __init__(
        self,
        *,
        fields: FieldsLike = "infer",
        kind: str | None = None,
        preset: str | None = None,
        embedding: int | None = None,
        hidden: Sequence[int] | None = None,
        epochs: int | None = None,
        batch: int | None = None,
        learning_rate: float | None = None,
        patience: int | None = None,
        members: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        positive: Any = None,
        settings: Mapping[str, Any] | None = None,
        threads: int | None = None,
    ) -> None:
        self.fields = fields
        self.kind = kind
        self.preset = preset
        self.embedding = embedding
        self.hidden = hidden
        self.epochs = epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.patience = patience
        self.members = members
        self.random_state = random_state
        self.positive = positive
        self.settings = settings
        self.threads = threads

    def fit(
        self,
        X: RowsLike,
        y: Iterable[Any] | str | None = None,
        sample_weight: Iterable[float] | str | None = None,
        eval_set: Any = None,
        callbacks: Iterable[Callable[[Epoch], object]] = (),
        *,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        cache: str | os.PathLike[str] | None = None,
    ) -> DeepCrossingClassifier:
        """Train a model.

        An interrupt (Ctrl-C) ends the training within a step, with a checkpoint if there is a file for it. Other
        threads of Python run meanwhile.

        Parameters
        ----------
        X : RowsLike
            The training rows: a data frame of pandas or polars, a table of pyarrow or another object with the Arrow
            PyCapsule interface, a mapping from names to columns, a list of mappings, a two-dimensional array, or
            paths of files.
        y : sequence or str, optional
            One label a row, of two classes; the greater one is positive. Or the name of the column of `X` that has the
            labels. None if a configuration names it.
        sample_weight : sequence or str, optional
            One weight a row, at least 0, or the name of the column that has them.
        eval_set : tuple or RowsLike, optional
            Validation rows with their labels, and weights if there are any: ``(X, y)`` or ``(X, y, sample_weight)``.
            Only rows, if `y` names a column. Without them, some of the training rows are held out.
        callbacks : iterable of callable, optional
            Functions that are called with an `Epoch` after each epoch. An exception in one ends the training, as an
            interrupt does.
        checkpoint : str or path, optional
            A file for checkpoints, or a folder, in which it is ``deepcross.checkpoint``. One is written every ten
            minutes (see ``train.checkpoint_minutes`` and ``train.checkpoint_steps``) and if the training is ended
            early; it is removed when the training has ended well.
        resume : bool
            Whether to continue from the checkpoint, if there is one. The model is then the same, to the bit, as that of
            a training without a break. Rows and settings must be the same.
        cache : str or path, optional
            A file for the encoded rows, so that each epoch need not encode them again. A later training on the same
            rows and fields uses it, and any other one makes it again.

        Returns
        -------
        DeepCrossingClassifier
            The classifier itself.

        Raises
        ------
        ConfigError
            If a setting is unknown or its value is not allowed, or if the checkpoint is that of other rows or settings.
        DataError
            If rows cannot be read.
        TrainingError
            If a number becomes NaN or infinite.
        """
        file = _checkpoint_file(checkpoint, resume)
        if file is not None and not resume and os.path.exists(file):
            warn(f"the first checkpoint replaces {file}: resume=True would continue from it")
        kept = _cache_file(cache)
        if not isinstance(resume, (bool, np.bool_)):
            raise ConfigError(f"resume: expected True or False, but got {resume!r}")
        listed = checked_callbacks(callbacks)
        run = self._prepared(X, y, sample_weight, eval_set)
        history: list[Epoch] = []
        watchers = _Watchers(listed, history)
        try:
            model = _native.fit(
                run.rows,
                run.valid,
                run.text,
                name=run.name,
                set=run.set,
                unset=run.unset,
                kind=self.kind,
                threads=run.threads,
                checkpoint=file,
                resume=bool(resume),
                cache=kept,
                observe=watchers.observe,
            )
        except ConfigError as error:
            raise _with_remedy(error) from None
        except BaseException as error:
            if file is not None and os.path.exists(file) and sys.version_info >= (3, 11):
                error.add_note(f"the checkpoint is {file}: the same call with resume=True continues from it")
            raise
        finally:
            watchers.end()
        self._take_trained(model, run, X, eval_set)
        self.history_ = history
        return self

    def predict_proba(self, X: RowsLike) -> np.ndarray:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : RowsLike
            Rows with or without labels.

        Returns
        -------
        ndarray of shape (n_rows, 2)
            The probabilities of the negative and of the positive class. A row that the configuration allows to be
            skipped, and that cannot be read, has NaN.
        """
        positive = self._predict(X, logits=False)
        both = np.empty((len(positive), 2))
        np.subtract(1.0, positive, out=both[:, 0])
        both[:, 1] = positive
        return both

    def predict_log_proba(self, X: RowsLike) -> np.ndarray:
        """Return the natural logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : RowsLike
            Rows with or without labels.

        Returns
        -------
        ndarray of shape (n_rows, 2)
            The logarithms, for the negative and the positive class.
        """
        with np.errstate(divide="ignore"):
            logarithms: np.ndarray = np.log(self.predict_proba(X))
        return logarithms

    def decision_function(self, X: RowsLike) -> np.ndarray:
        """Return the logits of the positive class, before any calibration.

        Parameters
        ----------
        X : RowsLike
            Rows with or without labels.

        Returns
        -------
        ndarray of shape (n_rows,)
            The logits, which have an order where probabilities are rounded to 0 or 1.
        """
        return self._predict(X, logits=True)

    def predict(self, X: RowsLike) -> np.ndarray:
        """Return the class that is more probable.

        Parameters
        ----------
        X : RowsLike
            Rows with or without labels.

        Returns
        -------
        ndarray of shape (n_rows,)
            A class for each row. Clicks are rare, so that most models predict none: the probabilities say more.
            A row that cannot be read has the negative class, and a warning says how many there are.
        """
        positive = self._predict(X, logits=False)
        unread = int(np.isnan(positive).sum())
        if unread:
            warn(
                f"{unread} of {len(positive)} rows cannot be read: `predict` gives them the class {self.classes_[0]!r}"
            )
        return self.classes_[(positive > 0.5).astype(np.intp)]

    def score(self, X: RowsLike, y: Iterable[Any], sample_weight: Iterable[float] | None = None) -> float:
        """Return the share of rows whose class is predicted, as estimators of scikit-learn do.

        Parameters
        ----------
        X : RowsLike
            Rows.
        y : sequence
            One label a row.
        sample_weight : sequence of float, optional
            One weight a row.

        Returns
        -------
        float
            The share. `evaluate` returns metrics that suit probabilities.
        """
        rows = self._read(X)
        labels = labels_of(rows, y, self._fitted_classes())
        positive = self._predict(rows, logits=False)
        weights = np.ones(len(positive)) if sample_weight is None else weights_of(sample_weight, len(positive))
        if not np.any(weights):
            raise DataError(f"sample_weight: all {len(weights)} rows have a weight of zero")
        # As `evaluate` does, rows that cannot be read are left out.
        is_read = ~np.isnan(positive)
        if not np.any(weights[is_read]):
            raise DataError(f"X: none of the {len(positive)} rows can be read")
        is_right = (positive > 0.5) == (labels.positive == 1)
        return float(np.average(is_right[is_read], weights=weights[is_read]))

    def evaluate(
        self,
        X: RowsLike,
        y: Iterable[Any] | str | None = None,
        sample_weight: Iterable[float] | str | None = None,
    ) -> Metrics:
        """Return the metrics of the model with their intervals, as ``deepcross evaluate`` computes them.

        Parameters
        ----------
        X : RowsLike
            Rows.
        y : sequence or str, optional
            One label a row, or the name of their column. None for the column of the training rows.
        sample_weight : sequence or str, optional
            One weight a row, or the name of their column. None for the column of the training rows, if these have it.

        Returns
        -------
        Metrics
            A dictionary with the metrics, such as ``"auc"``, ``"log_loss"``, ``"calibration"`` and ``"base_rate"``; a
            metric that the rows do not define is None. Its attribute `intervals` has the 95 % intervals.
        """
        rows, label, weight = self._targeted(X, y, sample_weight)
        text, messages = _native.metrics(self._fitted(), rows, label, weight, self._threads())
        for message in messages:
            warn(message)
        return Metrics(json.loads(text))

    def importance(
        self,
        X: RowsLike,
        y: Iterable[Any] | str | None = None,
        sample_weight: Iterable[float] | str | None = None,
        *,
        repeats: int = 3,
        max_rows: int = 200_000,
        random_state: int = 1,
    ) -> Importances:
        """Return how much worse the model becomes if the values of a field are permuted among the rows.

        This is the importance that ``deepcross evaluate --importance`` measures. It says what this model relies on: if
        two fields say the same, each may look unimportant.

        Parameters
        ----------
        X : RowsLike
            Rows that the model was not trained on.
        y : sequence or str, optional
            One label a row, or the name of their column. None for the column of the training rows.
        sample_weight : sequence or str, optional
            One weight a row, or the name of their column. None for the column of the training rows, if these have it.
        repeats : int
            The number of permutations of each field, from 2.
        max_rows : int
            The most rows to permute, from 2; they are chosen by their position.
        random_state : int
            The seed of the permutations.

        Returns
        -------
        Importances
            A list of `Importance`, the largest added log loss first.

        Examples
        --------
        >>> rows, _ = deepcross.simulate(2000)
        >>> model = deepcross.DeepCrossingClassifier(epochs=1, threads=1).fit(rows, "click")
        >>> found = model.importance(rows, repeats=2)
        >>> found.rows, len(found) == len(found.to_dict()["log_loss"])
        (2000, True)
        """
        for name, value, least in [
            ("repeats", repeats, 2),
            ("max_rows", max_rows, 2),
            ("random_state", random_state, 0),
        ]:
            if not isinstance(value, (int, np.integer)) or value < least:
                raise ConfigError(f"{name}: expected a number from {least}, but got {value!r}")
        rows, label, weight = self._targeted(X, y, sample_weight)
        text, messages = _native.importance(
            self._fitted(), rows, label, weight, repeats, max_rows, int(random_state), self._threads()
        )
        for message in messages:
            warn(message)
        return Importances._from_json(text)

    def calibrate(
        self,
        X: RowsLike,
        y: Iterable[Any] | str | None = None,
        sample_weight: Iterable[float] | str | None = None,
        *,
        method: str = "platt",
    ) -> DeepCrossingClassifier:
        """Return this classifier with a calibrator, as ``deepcross calibrate`` fits it.

        Parameters
        ----------
        X : RowsLike
            Rows that the model was not trained on.
        y : sequence or str, optional
            One label a row, or the name of their column. None for the column of the training rows.
        sample_weight : sequence or str, optional
            One weight a row, or the name of their column. None for the column of the training rows, if these have it.
        method : {"platt", "temperature", "isotonic"}
            The kind of calibrator: two numbers, one number, or any rising function, which needs many rows.

        Returns
        -------
        DeepCrossingClassifier
            Another classifier, whose attribute ``calibration_`` has the method and the metrics ``"before"`` and
            ``"after"``, these measured in folds that the calibrator was not fitted to. This one does not change.

        Raises
        ------
        ConfigError
            If the method is not one of these.
        DataError
            If a class is missing, or higher logits go with fewer positive rows.
        """
        rows, label, weight = self._targeted(X, y, sample_weight)
        model, text, messages = _native.calibrated(self._fitted(), rows, label, weight, method, self._threads())
        for message in messages:
            warn(message)
        calibrated = copy.copy(self)
        calibrated._model = model
        calibrated.calibration_ = json.loads(text)
        return calibrated

    def report(self, path: str | os.PathLike[str]) -> None:
        """Write an HTML page about the training, as ``deepcross train --report`` does.

        It has curves of the epochs and of the units, the values of the fields, the layers and the configuration. For a
        model that was loaded it has what the model file knows; a copy lacks the units and the values.

        Parameters
        ----------
        path : str or path
            The file, by custom with the end ``.html``. It needs nothing from the network.
        """
        model = self._fitted()
        data, valid = self._names
        _native.write_page(model, path, f"{model.kind()} model", data, valid, self._epochs_json())

    def encode(self, X: RowsLike) -> dict[str, np.ndarray]:
        """Return rows as the inputs of the graph that `to_onnx` writes, with the expected outputs.

        Parameters
        ----------
        X : RowsLike
            Rows with or without labels, at most 1,048,576. Rows that cannot be read, and that the configuration allows
            to be skipped, are left out.

        Returns
        -------
        dict of str to ndarray
            For a field ``F``, ``"F.ids"`` of shape (n_rows,), or for lists ``"F.ids"`` and ``"F.weights"`` of shape
            (n_rows, n_values), or ``"F.numbers"`` of shape (n_rows, width); and ``"probability"`` and ``"logit"`` of
            shape (n_rows,).
        """
        return tensors_of(_native.encoded(self._fitted(), self._read(X), self._threads()))

    def to_onnx(self, path: str | os.PathLike[str]) -> None:
        """Write the graph of the model as ONNX, as ``deepcross export`` does.

        Parameters
        ----------
        path : str or path
            The file. Its graph leads from ids and numbers to a probability; the encoder is not part of it, and `encode`
            gives its inputs.
        """
        _native.export_onnx(self._fitted(), path)

    def export_safetensors(self, path: str | os.PathLike[str]) -> None:
        """Write the weights of the model as safetensors, as ``deepcross export`` does.

        Parameters
        ----------
        path : str or path
            The file.
        """
        _native.export_safetensors(self._fitted(), path)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file, whole or not at all.

        The program reads it, and `load` does. It holds the configuration, the encoder and the weights.

        Parameters
        ----------
        path : str or path
            The file, by custom with the end ``.dcx``.
        """
        self._fitted().save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, threads: int | None = None) -> DeepCrossingClassifier:
        """Read a model file that `save` or the program has written.

        Parameters
        ----------
        path : str or path
            The file.
        threads : int, optional
            The number of threads; all processors if None.

        Returns
        -------
        DeepCrossingClassifier
            The classifier. Its classes are 0 and 1, or the texts of the values that the configuration names.
        """
        loaded = cls()
        if threads is not None:
            loaded.threads = threads
        loaded._take(_native.Model.load(path), None)
        return loaded

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters with their values.

        Parameters
        ----------
        deep : bool
            Without effect, since no parameter is an estimator.

        Returns
        -------
        dict
            The parameters.
        """
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> DeepCrossingClassifier:
        """Set parameters.

        Parameters
        ----------
        **params
            Parameters of the constructor with their values.

        Returns
        -------
        DeepCrossingClassifier
            The classifier itself.
        """
        known = self._parameters()
        for name, value in params.items():
            if name not in known:
                nearest = _native.nearest(name, known)
                hint = f"the nearest is {nearest!r}" if nearest else f"the parameters are: {', '.join(known)}"
                raise ValueError(f"{name!r} is not a parameter; {hint}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = {
            name: one.default
            for known in reversed(type(self).__mro__)
            if "__init__" in vars(known) and known is not object
            for name, one in inspect.signature(known).parameters.items()
        }
        changed = {name: value for name, value in self.get_params().items() if value is not defaults.get(name)}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    def _repr_html_(self) -> str:
        if not self.__sklearn_is_fitted__():
            return html(f"<p>{escape(repr(self))}: not fitted yet</p>")
        model, training = self._model, self.training_
        facts = [
            ["kind", model.kind()],
            ["weights", f"{_native.n_weights(model):,}"],
            ["training rows", f"{training['rows']:,}"],
            ["positive", share(training["positives"], training["rows"])],
            ["epochs", f"{training['epochs']}, kept {training['best_epoch']}"],
            ["validation rows", f"{training['valid_rows']:,}"],
            ["validation AUC", number(training["valid_auc"])],
            ["validation log loss", number(training["valid_log_loss"])],
            ["seed", str(training["seed"])],
        ]
        curves = _native.curves(self._epochs_json(), training["best_epoch"])
        left_out = [[name, why] for name, why in self.left_out_.items()]
        return html(
            html_table(type(self).__name__, ["", ""], facts, is_text=True),
            f'<div class="plots">{"".join(curves)}</div>',
            html_table("Fields", ["field", "column", "encoding"], _native.encodings(model), is_text=True),
            html_table("Left out", ["column", "reason"], left_out, is_text=True) if left_out else "",
        )

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if "_model" in state:
            state["_model"] = state["_model"].to_bytes()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_model" in state:
            self._model = _native.Model.from_bytes(state["_model"])

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_model")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(multi_class=False),
            input_tags=InputTags(string=True, categorical=True, allow_nan=True, sparse=True),
        )

    @classmethod
    def _parameters(cls) -> list[str]:
        """Return the names of the parameters, with those that a subclass passes on as ``**kwargs``."""
        names: list[str] = []
        for known in cls.__mro__:
            if "__init__" not in vars(known):
                continue
            own = list(inspect.signature(known).parameters.values())
            names += [one.name for one in own if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
            if all(one.kind != one.VAR_KEYWORD for one in own):
                break
        return list(dict.fromkeys(names))

    def _threads(self) -> int:
        return thread_count(self.threads)

    def _prepared(
        self,
        X: RowsLike,
        y: Any,
        sample_weight: Any,
        eval_set: Any,
        test: Any = None,
        needs_valid: bool = False,
    ) -> _Run:
        """Return rows and configuration of a training, which may need validation rows in any case."""
        threads = self._threads()
        if not (self.kind is None or isinstance(self.kind, str)):
            raise ConfigError(f"kind: expected one of {', '.join(_native.kinds())}, but got {self.kind!r}")
        rows = read_rows(X)
        columns = rows.columns()
        rows, label, labels, changes = self._labelled(rows, y)
        text, name, left_out, unset = self._configuration(rows, label, labels, threads)
        weight, rows = _weighted(rows, sample_weight, "weight", "sample_weight")
        if weight is not None:
            changes.append(assignment("data.weight", weight))
        valid = self._validation(eval_set, (label, labels), weight)
        needs_valid = (
            needs_valid or valid is not None or self.patience is not None or "train.patience" in (self.settings or {})
        )
        if needs_valid and run_text(self.fields) is None and re.search("^valid_fraction =", text, re.MULTILINE):
            # There are rows to validate on, or some must be held out however few there are.
            unset.append("train.valid_fraction")
        return _Run(
            rows,
            valid,
            self._validation(test, (label, labels), weight, "test"),
            text,
            name,
            [*changes, *self._changes()],
            unset,
            threads,
            columns,
            label,
            labels,
            weight,
            left_out,
        )

    def _targeted(
        self, X: RowsLike, y: Iterable[Any] | str | None, sample_weight: Iterable[float] | str | None
    ) -> tuple[Rows, str | None, str | None]:
        """Return rows with labels and weights, and the names of their columns if they are not those of the training."""
        rows = self._read(X)
        label: str | None = None
        stored, columns = self._fitted().label(), rows.columns()
        if y is None and stored is not None and columns is not None and stored[0] not in map(str.strip, columns):
            raise DataError(
                f"y: the rows have no column `{stored[0]}`, which had the labels of the training: expected labels, or "
                "the name of their column"
            )
        if isinstance(y, str):
            label = y
        elif y is not None:
            label = free_name("label", rows.columns() or [])
            found = labels_of(rows, y, self._fitted_classes())
            rows = Labels(self._stored_classes(), found.positive).add_to(rows, label)
        weight, rows = _weighted(rows, sample_weight, "weight", "sample_weight")
        return rows, label, weight

    def _labelled(self, rows: Rows, y: Iterable[Any] | str | None) -> tuple[Rows, str | None, Labels | None, list[str]]:
        """Return rows with labels, their column, the labels unless they are a column of `X`, and the settings."""
        is_run = run_text(self.fields) is not None
        if y is None:
            if not is_run:
                raise DataError(
                    "this classifier requires y to be passed, but the target y is None: expected labels, or the name "
                    "of their column"
                )
            return rows, None, None, []
        if isinstance(y, str):
            # The inference finds the classes itself.
            return rows, y, None, [assignment("data.label", y)] if is_run else []
        labels = labels_of(rows, y)
        label = free_name("label", rows.columns() or [])
        return labels.add_to(rows, label), label, labels, [labels.setting(label)]

    def _configuration(
        self, rows: Rows, label: str | None, labels: Labels | None, threads: int
    ) -> tuple[str, str, dict[str, str], list[str]]:
        """Return the text of the configuration, its name, the columns that are left out, and the keys to remove."""
        run = run_text(self.fields)
        if run is not None:
            if self.positive is not None:
                raise ConfigError("positive: the configuration names the values of the label, in `data.label`")
            return (*run, {}, [])
        assert label is not None
        inferred = infer_from(rows, label, labels, self.positive, threads, table_of(self.fields))
        # The inferred values of `[model]` would hide those of the preset.
        unset = [] if self.preset is None else ["model"]
        return inferred.text, "the inferred configuration", inferred.left_out, unset

    def _validation(
        self,
        eval_set: Any,
        target: tuple[str | None, Labels | None],
        weight: str | None,
        what: str = "eval_set",
    ) -> Rows | None:
        """Return validation or test rows with the columns that the training rows have."""
        if eval_set is None:
            return None
        label, labels = target
        if isinstance(eval_set, list) and len(eval_set) == 1 and isinstance(eval_set[0], tuple):
            eval_set = eval_set[0]
        X: Any = eval_set
        y, weights = None, None
        if isinstance(eval_set, tuple):
            if len(eval_set) not in (2, 3):
                raise DataError(f"{what}: expected (X, y) or (X, y, sample_weight), but got {len(eval_set)} parts")
            X, y, weights = (*eval_set, None)[:3]
        rows = read_rows(X, what)
        if labels is not None:
            if y is None or isinstance(y, str):
                raise DataError(f"{what}: expected (X, y) with one label a row, as in training")
            rows = labels_of(rows, y, labels.classes, what).add_to(rows, str(label))
        elif y is not None and not (isinstance(y, str) and y == label):
            raise DataError(f"{what}: expected rows alone, since their labels are a column as in training")
        if weights is not None and not isinstance(weights, str):
            if weight is None:
                raise DataError(f"{what}: it has weights, but the training rows have none")
            _check_table(rows, what)
            rows = add_weights(rows, weight, weights, what)
        elif weight is not None and weight not in (rows.columns() or [weight]):
            # Rows without weights count alike.
            rows = add_weights(rows, weight, np.ones(rows.n_rows() or 0))
        return rows

    def _changes(self) -> list[str]:
        """Return the settings of the parameters."""
        set_here = {_KEYS[name]: getattr(self, name) for name in _KEYS if getattr(self, name) is not None}
        if self.random_state is not None:
            set_here["train.seed"] = seed_of(self.random_state)
        return [assignment(key, value) for key, value in (set_here | checked_settings(self.settings)).items()]

    def _take(self, model: _native.Model, classes: np.ndarray | None) -> None:
        self._model = model
        self.classes_ = self._stored_classes() if classes is None else classes
        columns = model.columns()
        self.n_features_in_ = len(columns)
        self.feature_names_in_ = np.array(columns, dtype=object)
        self.config_ = model.config()
        self.training_ = json.loads(model.training())
        self.history_ = []
        self.left_out_ = {}
        self._names = ("", "")
        self._n_unnamed: int | None = None
        self.__dict__.pop("calibration_", None)

    def _take_trained(self, model: _native.Model, run: _Run, X: RowsLike, eval_set: Any) -> None:
        """Take a model that was trained on the rows of a run."""
        self._take(model, None if run.labels is None else run.labels.classes)
        self.left_out_ = run.left_out
        self._n_unnamed = n_unnamed_columns(X)
        self._names = (rows_name(X), "" if eval_set is None else "given beside the training rows")
        if run.columns is not None:
            read = [column for column in run.columns if column not in (run.label, run.weight)]
            self.n_features_in_ = len(read)
            self.feature_names_in_ = np.array(read, dtype=object)

    def _epochs_json(self) -> str:
        """Return the reports of the epochs in JSON."""
        return json.dumps([asdict(epoch) for epoch in self.history_])

    def _stored_classes(self) -> np.ndarray:
        """Return the classes that the model file knows."""
        label = self._fitted().label()
        if label is None or label[1] is None or any(len(values) != 1 for values in label[1]):
            return np.array([0, 1])
        negative, positive = label[1]
        return np.array([negative[0], positive[0]], dtype=object)

    def _fitted_classes(self) -> np.ndarray:
        self._fitted()
        return self.classes_

    def _fitted(self) -> _native.Model:
        if not hasattr(self, "_model"):
            message = f"this {type(self).__name__} is not fitted yet: call `fit`, or `load` a model"
            try:
                from sklearn.exceptions import NotFittedError
            except ImportError:
                raise AttributeError(message) from None
            raise NotFittedError(message)
        return self._model

    def _read(self, X: RowsLike | Rows) -> Rows:
        """Return the rows of an object, whose columns have names if those of the training rows had some."""
        model, n_unnamed = self._fitted(), n_unnamed_columns(X)
        if n_unnamed is not None:
            columns = model.columns()
            if not all(re.fullmatch("x[0-9]+", column) for column in columns):
                shown = ", ".join(f"`{column}`" for column in columns[:3]) + (", …" if len(columns) > 3 else "")
                raise DataError(
                    f"X: its columns have no names, but the model finds its columns by name ({shown}): expected a data "
                    "frame, or a mapping from names to columns"
                )
            if self._n_unnamed not in (None, n_unnamed):
                # In words that tools of scikit-learn know.
                raise DataError(
                    f"X has {n_unnamed} features, but {type(self).__name__} is expecting {self._n_unnamed} features as "
                    "input"
                )
        return read_rows(X)

    def _predict(self, X: RowsLike | Rows, logits: bool) -> np.ndarray:
        model = self._fitted()
        record = one_record(X)
        found = None if record is None else model.predict_record(record, logits)
        if found is not None:
            number, messages = found
            for message in messages:
                warn(message)
            return np.array([number])
        # 0 stands for all processors, which are counted only if there are many rows.
        threads = 0 if self.threads is None else self._threads()
        numbers, messages = model.predict(self._read(X), logits, threads)
        for message in messages:
            warn(message)
        return np.frombuffer(numbers, dtype=np.float32).astype(np.float64)


@dataclass(frozen=True)
class _Run:
    """The rows and the configuration of a training."""

    rows: Rows
    valid: Rows | None
    test: Rows | None
    text: str
    name: str
    set: list[str]
    unset: list[str]
    threads: int
    columns: list[str] | None
    label: str | None
    labels: Labels | None
    weight: str | None
    left_out: dict[str, str]


class _Watchers:
    """Passes the messages of a training on to callbacks, and keeps the reports of the epochs."""

    def __init__(self, callbacks: Iterable[Callable[[Epoch], object]], history: list[Epoch]) -> None:
        self._callbacks = list(callbacks)
        self._bars = [callback for callback in self._callbacks if isinstance(callback, Progress)]
        self._history = history

    def observe(self, kind: str, message: str) -> None:
        if kind == "warning":
            warn(message)
        elif kind == "epoch":
            epoch = Epoch._from_json(message)
            self._history.append(epoch)
            for callback in self._callbacks:
                callback(epoch)
        elif kind == "resumed":
            self._history[:] = [Epoch(**report) for report in json.loads(message)]
        elif kind == "fitted":
            for bar in self._bars:
                bar._begin(int(message))
        elif kind == "step":
            for bar in self._bars:
                bar._step(**json.loads(message))

    def end(self) -> None:
        for bar in self._bars:
            bar._end()


def _checkpoint_file(checkpoint: str | os.PathLike[str] | None, resume: bool) -> str | None:
    """Return the file of checkpoints."""
    if checkpoint is None:
        if resume:
            raise ConfigError("resume: expected a `checkpoint` to continue from")
        return None
    path = os.fsdecode(checkpoint)
    if os.path.isdir(path):
        path = os.path.join(path, "deepcross.checkpoint")
    _check_kept(path, "checkpoint", b"DEEPCKPT")
    return path


def _cache_file(cache: str | os.PathLike[str] | None) -> str | None:
    """Return the file of encoded rows."""
    if cache is None:
        return None
    path = os.fsdecode(cache)
    _check_kept(path, "cache", b"DEEPROWS")
    return path


def _check_kept(path: str, what: str, magic: bytes) -> None:
    """Refuse the path of a checkpoint or a cache that cannot be written, or whose file is something else."""
    if not path:
        raise ConfigError(f"{what}: the path is empty, expected that of a file")
    _check_folder(path, what)
    if os.path.isdir(path):
        raise ConfigError(f"{what}: {path} is a folder, expected a file")
    try:
        with open(path, "rb") as file:
            begin = file.read(len(magic))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise ConfigError(f"{what}: {path!r} cannot be read: {error}") from None
    if begin not in (magic, b""):
        raise ConfigError(f"{what}: {path} exists and is not a {what}, so it is not replaced: expected another file")


def checked_callbacks(
    callbacks: Iterable[Callable[[Any], object]], event: str = "an `Epoch`"
) -> list[Callable[[Any], object]]:
    """Return the callbacks of a training or a search, before it begins."""
    if callable(callbacks) or not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks: expected a list of functions, but got {callbacks!r}")
    listed = list(callbacks)
    for callback in listed:
        if isinstance(callback, type):
            raise TypeError(f"callbacks: {callback.__name__} is a class: expected an object, as {callback.__name__}()")
        if not callable(callback):
            raise TypeError(f"callbacks: expected functions of {event}, but got {callback!r}")
    return listed


def _check_folder(path: str, what: str) -> None:
    """Refuse a file that could not be written, before a training that would be lost."""
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise ConfigError(f"{what}: the folder {folder} does not exist")


def _check_table(rows: Rows, what: str) -> None:
    """Refuse a column beside files, whose rows are read from the disk again and again."""
    if rows.columns() is None:
        raise DataError(f"{what}: the rows are those of files, expected the name of a column of them")


def _weighted(rows: Rows, weights: Iterable[float] | str | None, name: str, what: str) -> tuple[str | None, Rows]:
    """Return the column of weights, and the rows with it."""
    if weights is None:
        return None, rows
    if isinstance(weights, str):
        return weights, rows
    _check_table(rows, what)
    name = free_name(name, rows.columns() or [])
    return name, add_weights(rows, name, weights, what)


def _with_remedy(error: ConfigError) -> ConfigError:
    """Return the error with what helps a caller of Python."""
    if "needs validation rows" not in str(error):
        return error
    return ConfigError(
        f"{error}; give `fit` an `eval_set`, or hold rows out by settings={{'train.valid_fraction': 0.2}}"
    )


def rows_name(X: RowsLike) -> str:
    """Return what a page calls rows: the names of files without their folders, or a table in memory."""
    paths: Any = [X] if isinstance(X, (str, os.PathLike)) else X
    if not isinstance(paths, (list, tuple)) or not all(isinstance(path, (str, os.PathLike)) for path in paths):
        return "a table in memory"
    names = [os.path.basename(os.fspath(path).rstrip(os.sep)) for path in paths]
    return ", ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} more files"


def tensors_of(file: bytes) -> dict[str, np.ndarray]:
    """Return the tensors of the bytes of a safetensors file."""
    length = int.from_bytes(file[:8], "little")
    tensors, header = {}, json.loads(file[8 : 8 + length])
    header.pop("__metadata__", None)
    for name, about in header.items():
        kind = {"F32": np.float32, "I64": np.int64}[about["dtype"]]
        start, end = about["data_offsets"]
        found: np.ndarray = np.frombuffer(file[8 + length + start : 8 + length + end], dtype=kind)
        tensors[name] = found.reshape(about["shape"])
    return tensors
