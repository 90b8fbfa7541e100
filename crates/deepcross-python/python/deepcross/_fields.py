"""The fields of a model, as objects."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from . import _native
from ._settings import assignment, quoted
from .errors import ConfigError

__all__ = ["Field", "FieldsLike", "RunText", "run_text", "table_of"]

#: The kinds of fields.
Kind: TypeAlias = Literal["categorical", "multi-hot", "text", "number", "bucketized", "time", "cross", "vector"]


class Field:
    """An input of a model: a column, and how its values are read.

    Every key of a ``[[field]]`` table is a parameter, and the page about configurations describes them. A key that is
    None has the default of its kind. A name with ``*`` stands for one field for each column that matches.

    Parameters
    ----------
    name : str
        The name of the field.
    kind : str
        ``"categorical"``, ``"multi-hot"``, ``"text"``, ``"number"``, ``"bucketized"``, ``"time"``, ``"cross"``
        or ``"vector"``.
    column : str, optional
        The column that is read, if it has another name than the field. All kinds but crosses.
    columns : sequence of str, optional
        The two to eight columns of a cross, whose values together are one category.
    min_count : int, optional
        Values that occur less often share the slot for rare values. Categorical, multi-hot, text, cross, and bucketized
        by `log_square`; the next two as well.
    top : int, optional
        The number of values that keep a slot of their own.
    top_by : {"count", "positives"}, optional
        The order of values for `top`.
    buckets : int, optional
        The number of buckets that values are hashed into, instead of a vocabulary. Categorical, multi-hot, text, cross.
    seed : int, optional
        The seed of the hash, with `buckets`.
    counts : bool, optional
        Whether companion counts follow the field. Categorical, cross.
    smoothing : float or sequence of float, optional
        The clicks by which the click rate of a value is smoothed, with `counts`.
    spelling : {"number", "boolean", "text"}, optional
        Which texts are one value; learned from the rows if None. Categorical, multi-hot, cross.
    list : {"separated", "printed"}, optional
        How a list is written. Multi-hot.
    separator : str, optional
        The character between the elements of a list. Multi-hot; for vectors, a character that may stand between two
        numbers, besides the usual ones.
    weights : bool, optional
        Whether an element may have a weight, as in ``word:0.5``. Multi-hot; the next two as well.
    max_length : int, optional
        The most elements of a row that are kept.
    pooling : {"sum", "mean", "sqrt-n"}, optional
        How the embeddings of the elements are combined.
    grams : {"counts", "binary"}, optional
        The weight of a gram. Text.
    missing_values : scalar or sequence, optional
        Values that mean "missing" in this field.
    at_prediction : scalar, optional
        The value that every row has outside of training. All kinds but crosses.
    encoding : {"scaled", "piecewise-linear"}, optional
        What becomes of a number. Number.
    bins : int, optional
        The number of bins, with ``encoding="piecewise-linear"``.
    bins_by : {"quantiles", "label"}, optional
        The rule for the edges of the bins.
    transform : {"raw", "min-max", "standard", "log1p", "signed-log"}, optional
        How a number is scaled. Number.
    clip : pair of float, optional
        The range into which numbers are clipped. Number.
    missing : {"mean", "indicator"} or float, optional
        The replacement of a missing number. Number.
    decimal : {".", ","}, optional
        The character before the decimals. Number, bucketized.
    percent : bool, optional
        Whether ``%`` may follow a number. Number, bucketized.
    boundaries : sequence of float, optional
        Numbers that begin a new bucket, ascending. Bucketized.
    quantiles : int, optional
        The number of buckets with equally many values. Bucketized.
    log_square : bool, optional
        Whether the bucket of x is that of ln(x)². Bucketized.
    part : {"hour", "weekday"}, optional
        The part of a time that is the category. Time, which needs it.
    time_format : str, optional
        How a time is written, such as ``"unix"`` or ``"date-time"``. Time.
    utc_offset : str, optional
        The offset of the clock from UTC, such as ``"+02:00"``. Time.
    width : int, optional
        The number of numbers of a vector; that of the first one if None. Vector.
    normalize : bool, optional
        Whether a vector is divided by its length. Vector.

    Raises
    ------
    ConfigError
        If a value is not allowed, or the kind does not have a key.
    TypeError
        If a key is unknown; the message names the nearest one.

    Examples
    --------
    >>> Field("ad", "categorical", min_count=5, counts=True)
    Field('ad', 'categorical', min_count=5, counts=True)
    >>> pair = Field("ad_x_device", "cross", columns=["ad", "device"])
    >>> print(pair.to_toml(), end="")
    [[field]]
    name = "ad_x_device"
    kind = "cross"
    columns = ["ad", "device"]
    """

    __slots__ = ("_keys", "kind", "name")

    name: str
    kind: Kind
    _keys: dict[str, Any]

    def __init__(
        self,
        name: str,
        kind: Kind,
        column: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        min_count: int | None = None,
        top: int | None = None,
        top_by: Literal["count", "positives"] | None = None,
        buckets: int | None = None,
        seed: int | None = None,
        counts: bool | None = None,
        smoothing: float | Sequence[float] | None = None,
        spelling: Literal["number", "boolean", "text"] | None = None,
        list: Literal["separated", "printed"] | None = None,
        separator: str | None = None,
        weights: bool | None = None,
        max_length: int | None = None,
        pooling: Literal["sum", "mean", "sqrt-n"] | None = None,
        grams: Literal["counts", "binary"] | None = None,
        missing_values: Any = None,
        at_prediction: Any = None,
        encoding: Literal["scaled", "piecewise-linear"] | None = None,
        bins: int | None = None,
        bins_by: Literal["quantiles", "label"] | None = None,
        transform: Literal["raw", "min-max", "standard", "log1p", "signed-log"] | None = None,
        clip: Sequence[float] | None = None,
        missing: Literal["mean", "indicator"] | float | None = None,
        decimal: Literal[".", ","] | None = None,
        percent: bool | None = None,
        boundaries: Sequence[float] | None = None,
        quantiles: int | None = None,
        log_square: bool | None = None,
        part: Literal["hour", "weekday"] | None = None,
        time_format: str | None = None,
        utc_offset: str | None = None,
        width: int | None = None,
        normalize: bool | None = None,
        **unknown: Any,
    ) -> None:
        given = {key: value for key, value in locals().items() if key in _NAMES and value is not None}
        if unknown:
            key = next(iter(unknown))
            nearest = _native.nearest(key, [*_NAMES])
            hint = f"; the nearest known one is `{nearest}`" if nearest else ""
            raise TypeError(f"a field has no key `{key}`{hint}")
        if not isinstance(name, str) or not isinstance(kind, str):
            raise TypeError(f"a field has a name and a kind, but got {name!r} and {kind!r}")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "_keys", {key: _frozen(value) for key, value in given.items()})
        # A name with `*` stands for columns, which are not known yet.
        name = name if column is not None else name.replace("*", "_")
        _native.check_fields(self._table(name))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a field does not change: make another one with another `{name}`")

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    @property
    def keys(self) -> dict[str, Any]:
        """The keys that are set, with their values, without name and kind."""
        return dict(self._keys)

    def to_toml(self) -> str:
        """Return the field as a ``[[field]]`` table of a configuration.

        Returns
        -------
        str
            The table in TOML.
        """
        return self._table(self.name)

    def _table(self, name: str) -> str:
        keys = {"name": name, "kind": self.kind} | self._keys
        lines = (assignment(key, value).replace("=", " = ", 1) for key, value in keys.items())
        return "\n".join(["[[field]]", *lines]) + "\n"

    def __repr__(self) -> str:
        keys = (f"{key}={[*value] if isinstance(value, tuple) else value!r}" for key, value in self._keys.items())
        return f"Field({', '.join([repr(self.name), repr(self.kind), *keys])})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Field) and self.to_toml() == other.to_toml()

    def __hash__(self) -> int:
        return hash(self.to_toml())

    def __reduce__(self) -> Any:
        return _made, (self.name, self.kind, dict(self._keys))


def _made(name: str, kind: Kind, keys: dict[str, Any]) -> Field:
    """Make a field again that was copied or pickled."""
    return Field(name, kind, **keys)


def _frozen(value: Any) -> Any:
    """Return a value that does not change with a list of the caller."""
    if isinstance(value, (str, bytes, Mapping)):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    return tuple(value) if isinstance(value, Sequence) else value


#: The keys of a field beside its name and its kind.
_NAMES = [
    name for name in inspect.signature(Field.__init__).parameters if name not in ("self", "name", "kind", "unknown")
]

#: What the parameter `fields` takes: ``"infer"``, a sequence of fields, or a run's configuration in TOML, as a text or
#: the path of its file.
FieldsLike: TypeAlias = str | os.PathLike[str] | Sequence[Field]

#: The text of a configuration and its name in messages.
RunText: TypeAlias = tuple[str, str]


def table_of(fields: FieldsLike) -> str | None:
    """Return the tables of a sequence of fields; None if `fields` is something else."""
    if isinstance(fields, (str, os.PathLike)):
        return None
    if isinstance(fields, Field) or not isinstance(fields, Sequence):
        raise ConfigError(
            f'fields: expected "infer", a list of `Field`, or a configuration in TOML or its path, but got {fields!r}'
        )
    if not fields:
        raise ConfigError("fields: the list is empty, expected at least one `Field`")
    tables = []
    for field in fields:
        if not isinstance(field, Field):
            raise ConfigError(f"fields: expected a list of `Field`, but it has {field!r}")
        tables.append(field.to_toml())
    return "\n".join(tables)


def run_text(fields: FieldsLike) -> RunText | None:
    """Return the text of a run's configuration; None if `fields` is something else."""
    if not isinstance(fields, (str, os.PathLike)) or fields == "infer":
        return None
    if isinstance(fields, str) and "\n" in fields:
        return fields, "fields"
    try:
        return Path(fields).read_text(encoding="utf-8"), os.fspath(fields)
    except (OSError, UnicodeDecodeError) as error:
        hint = ""
        if isinstance(fields, str) and not fields.endswith(".toml"):
            hint = '; `fields` is "infer", a list of `Field`, the path of a configuration, or its text of several lines'
        raise ConfigError(f"fields: {quoted(os.fspath(fields))} cannot be read: {error}{hint}") from error
