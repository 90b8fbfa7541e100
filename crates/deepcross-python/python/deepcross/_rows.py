"""Rows of Python objects, as the native module takes them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, Protocol, TypeAlias

import numpy as np

from ._native import Rows
from .errors import DataError

__all__ = ["RowsLike", "n_unnamed_columns", "one_record", "read_rows"]


class ArrowStream(Protocol):
    """An object with the Arrow PyCapsule interface: the method ``__arrow_c_stream__``."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


#: What rows are read from: a data frame of pandas or polars, a table of pyarrow or another object with the Arrow
#: PyCapsule interface; an iterator of record batches, which are kept in a temporary file; a mapping from names to
#: columns; a sequence of mappings, one a row; a two-dimensional array of NumPy, a sparse one of SciPy or a sequence of
#: sequences, whose columns are called ``x0``, ``x1``, …; the path of a file or a folder, a pattern of paths, or a
#: sequence of these.
RowsLike: TypeAlias = (
    ArrowStream
    | Iterator[Any]
    | Mapping[str, Iterable[Any]]
    | Sequence[Mapping[str, Any]]
    | Sequence[Sequence[Any]]
    | np.ndarray
    | str
    | os.PathLike[str]
    | Sequence[str]
    | Sequence[os.PathLike[str]]
)


def read_rows(rows: RowsLike | Rows, what: str = "X") -> Rows:
    """Return the rows of an object; `what` is the name of the argument in messages."""
    if isinstance(rows, Rows):
        return rows
    given: Any = rows
    if hasattr(given, "__arrow_c_array__"):
        return Rows.from_array(*given.__arrow_c_array__())
    if isinstance(rows, (str, os.PathLike)):
        return Rows.from_files([rows])
    # A sparse matrix may be a mapping from positions to values, too.
    if type(rows) is dict or (isinstance(rows, Mapping) and not hasattr(rows, "tocsc")):
        return _read_columns(rows, what)
    if _is_pandas(rows):
        return _read_pandas(rows, what)
    if isinstance(rows, Iterator):
        return _read_batches(rows, what)
    if hasattr(given, "__arrow_c_stream__"):
        return _read_stream(given, what)
    if hasattr(rows, "tocsc"):
        return _read_sparse(rows, what)
    if hasattr(rows, "__array__"):
        return _read_array(np.asarray(rows), what)
    if isinstance(rows, Sequence):
        return _read_sequence(rows, what)
    raise _unread(rows, what)


def one_record(rows: object) -> dict[str, Any] | None:
    """Return the row of a list of one dictionary, or of a dictionary of lists of one value; None for other rows."""
    if type(rows) is list and len(rows) == 1 and type(rows[0]) is dict:
        return rows[0]
    if type(rows) is dict and rows:
        record = {}
        for name, values in rows.items():
            if type(values) is not list or len(values) != 1:
                return None
            record[name] = values[0]
        return record
    return None


def n_unnamed_columns(rows: object) -> int | None:
    """Return the number of columns of an object whose columns have no names; None for other objects."""
    if isinstance(rows, (list, tuple)):
        first = rows[0] if rows else {}
        return len(first) if isinstance(first, (list, tuple, np.ndarray)) else None
    if isinstance(rows, np.ndarray) or hasattr(rows, "tocsc"):
        shape: tuple[int, ...] = rows.shape  # type: ignore[union-attr]
        return shape[1] if len(shape) == 2 else None
    return None


def _unread(rows: object, what: str) -> TypeError:
    kind = f"{type(rows).__module__}.{type(rows).__qualname__}"
    hint = ": call its `collect`" if hasattr(rows, "collect") else ""
    return TypeError(
        f"{what}: expected a data frame, an Arrow table, a mapping from names to columns, a list of mappings, a "
        f"two-dimensional array, or paths of files, but got {kind}{hint}"
    )


def _is_pandas(rows: object) -> bool:
    return type(rows).__module__.partition(".")[0] == "pandas" and hasattr(rows, "columns")


def _read_stream(given: Any, what: str) -> Rows:
    try:
        return Rows.from_stream(given.__arrow_c_stream__())
    except DataError as error:
        if type(given).__module__.partition(".")[0] != "polars" or not hasattr(given, "schema"):
            raise DataError(f"{what}: {error}") from None
    try:
        return Rows.from_stream(_with_typed_columns(given).__arrow_c_stream__())
    except DataError:
        # Which column has a type that Arrow describes in another way, or not at all?
        for name, kind in given.schema.items():
            try:
                Rows.from_stream(_with_typed_columns(given.select(name).head(0)).__arrow_c_stream__())
            except DataError as error:
                raise DataError(
                    f"{what}: column `{name}` has the type {kind}, which is not read: cast or drop it ({error})"
                ) from None
        raise


def _with_typed_columns(rows: Any) -> Any:
    """Return a frame of polars with texts in place of columns of the type Null, which Arrow describes otherwise."""
    untyped = [name for name, kind in rows.schema.items() if str(kind) == "Null"]
    if not untyped:
        return rows
    return rows.cast(dict.fromkeys(untyped, type(rows)({"": [""]}).schema[""]))


#: The most rows of a data frame of pandas that are read as objects of Python, which is faster for so few.
_FEW = 16

#: The types of pandas whose values are the same as objects of Python.
_PLAIN = {"bool", "float64", "int64", "object", "str"}


def _read_pandas(frame: Any, what: str) -> Rows:
    """Read a data frame of pandas, whose index is not a column."""
    # Sections of columns that are not texts are called as they print.
    names = [name if type(name) is str else _name(name) for name in frame.columns.tolist()]
    if any("\0" in name for name in names):
        name = next(name for name in names if "\0" in name)
        raise DataError(f"{what}: the name of the column {name!r} has a zero byte, where Arrow ends a name")
    if len(set(names)) < len(names):
        repeated = next(name for at, name in enumerate(names) if name in names[:at])
        raise DataError(f"{what}: two columns have the name `{repeated}`")
    if 0 < len(frame) <= _FEW and names:
        values = _plain_values(frame)
        if values is not None:
            return _made(list(zip(names, values)), what)
    frame = frame.reset_index(drop=True)
    frame.columns = names
    try:
        capsule = frame.__arrow_c_stream__()
    except ImportError:
        # Without pyarrow, pandas does not have the interface.
        columns = {name: frame.iloc[:, at] for at, name in enumerate(names)}
        present = {name: column.astype(object).where(column.notna(), None) for name, column in columns.items()}
        return _read_columns(present, what)
    except Exception:
        # Errors of pyarrow and Python alike: the columns are looked at one by one.
        capsule = _convertible(frame, what).__arrow_c_stream__()
    return Rows.from_stream(capsule)


def _convertible(frame: Any, what: str) -> Any:
    """Return a frame with texts in place of objects of several types, which Arrow has no type for."""
    columns = {}
    for at, name in enumerate(frame.columns):
        column = frame.iloc[:, at]
        if hasattr(column.dtype, "fill_value"):
            # A column that stores only some of its values.
            column = column.sparse.to_dense()
        try:
            column.to_frame().__arrow_c_stream__()
        except Exception as error:
            if column.dtype != object:
                reason = " ".join(str(part) for part in error.args[:1]) or type(error).__name__
                raise DataError(
                    f"{what}: column `{name}` has values of the type {column.dtype}, which are not read: {reason}"
                ) from None
            column = column.map(lambda value, name=name: _text(value, name, what), na_action="ignore")
        columns[name] = column
    return type(frame)(columns)


def _text(value: Any, name: str, what: str) -> str:
    """Return the text of a value among others of other types."""
    if (not isinstance(value, str) and isinstance(value, (Sequence, Mapping, Set))) or hasattr(value, "__array__"):
        kind = type(value).__name__
        raise DataError(
            f"{what}: column `{name}` has a {kind} among values of other types: expected values of one type"
        )
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DataError(f"{what}: column `{name}` has {text!r}, which is not valid Unicode") from None
    return text


def _plain_values(frame: Any) -> list[list[Any]] | None:
    """Return the columns as objects of Python; None if Arrow has other types for them than these objects."""
    dtypes = frame.dtypes.tolist()
    if not {dtype.name for dtype in set(dtypes)} <= _PLAIN:
        return None
    columns: list[list[Any]] = frame.to_numpy(dtype=object).T.tolist()
    for dtype, values in zip(dtypes, columns):
        if dtype.name == "object" and not all(type(value) is str or value is None for value in values):
            return None
    return columns


def _name(name: object) -> str:
    return "_".join(str(part) for part in name) if isinstance(name, tuple) else str(name)


def _read_columns(columns: Mapping[str, Iterable[Any]], what: str) -> Rows:
    values = [
        (name if type(name) is str else _name(name), column if type(column) is list else _values(column, name, what))
        for name, column in columns.items()
    ]
    if not values:
        raise DataError(f"{what}: there are no columns")
    first, length = values[0][0], len(values[0][1])
    for name, column in values:
        if len(column) != length:
            raise DataError(f"{what}: column `{name}` has {len(column)} values, but `{first}` has {length}")
    return _made(values, what)


def _made(columns: list[tuple[str, list[Any]]], what: str) -> Rows:
    """Return rows of columns of Python values; an error names the column."""
    try:
        return Rows.from_columns(columns)
    except (TypeError, UnicodeEncodeError):
        for name, values in columns:
            try:
                Rows.from_columns([(name, values)])
            except UnicodeEncodeError as error:
                raise DataError(f"{what}: column {name!r} has {error.object!r}, which is not valid Unicode") from None
            except TypeError as error:
                raise TypeError(f"{what}: column `{name}`: {error}") from None
        raise


def _values(column: Iterable[Any], name: object, what: str) -> list[Any]:
    """Return the values of a column as a list."""
    if isinstance(column, (str, bytes)) or not isinstance(column, Iterable):
        raise DataError(f"{what}: column `{name}` must be a sequence of values, but is {column!r}")
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, method):
            values: list[Any] = getattr(column, method)()
            return values
    return list(column)


def _read_batches(batches: Iterator[Any], what: str) -> Rows:
    """Keep record batches in a temporary file, since a training reads its rows several times."""
    try:
        from pyarrow import parquet, record_batch
    except ImportError:
        raise DataError(f"{what}: an iterator of record batches needs pyarrow, which keeps them in a file") from None
    handle, path = tempfile.mkstemp(prefix="deepcross-", suffix=".parquet")
    os.close(handle)
    rows = Rows.from_kept(path)
    writer = None
    try:
        for batch in batches:
            if not hasattr(batch, "__arrow_c_array__"):
                kind = f"{type(batch).__module__}.{type(batch).__qualname__}"
                raise TypeError(f"{what}: expected an iterator of Arrow record batches, but it has {kind}: make a list")
            batch = record_batch(batch)
            writer = writer or parquet.ParquetWriter(path, batch.schema)
            if not batch.schema.equals(writer.schema):
                raise DataError(f"{what}: the record batches have other columns, or other types, than the first one")
            writer.write_batch(batch)
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise DataError(f"{what}: there are no record batches")
    return rows


def _read_sparse(matrix: Any, what: str) -> Rows:
    """Read a sparse matrix of SciPy, whose values that are not stored are 0."""
    _check_array(matrix, what)
    matrix = matrix.tocsc()
    columns = ((f"x{at}", matrix[:, [at]].toarray().ravel().tolist()) for at in range(matrix.shape[1]))
    return _made(list(columns), what)


def _read_array(array: np.ndarray, what: str) -> Rows:
    _check_array(array, what)
    return _read_columns({f"x{at}": array[:, at] for at in range(array.shape[1])}, what)


def _check_array(array: Any, what: str) -> None:
    if array.ndim != 2:
        raise DataError(
            f"{what}: expected an array of 2 dimensions, but it has {array.ndim}. Reshape your data, for instance by "
            "`reshape(-1, 1)` if it is one column"
        )
    if np.issubdtype(array.dtype, np.complexfloating):
        raise DataError(f"{what}: Complex data not supported: expected real numbers")
    if array.shape[1] == 0:
        raise DataError(f"{what}: 0 feature(s) (shape={array.shape}) while a minimum of 1 is required.")


def _read_sequence(rows: Sequence[Any], what: str) -> Rows:
    if not rows:
        raise DataError(f"{what}: there are no rows")
    if all(isinstance(row, (str, os.PathLike)) for row in rows):
        return Rows.from_files(list(rows))
    if all(isinstance(row, Mapping) for row in rows):
        names = dict.fromkeys(name for row in rows for name in row)
        return _read_columns({name: [row.get(name) for row in rows] for name in names}, what)
    if all(isinstance(row, (list, tuple, np.ndarray)) for row in rows):
        width = len(rows[0])
        for at, row in enumerate(rows):
            if len(row) != width:
                raise DataError(f"{what}: row {at} has {len(row)} values, but row 0 has {width}")
        return _read_columns({f"x{at}": [row[at] for row in rows] for at in range(width)}, what)
    raise _unread(rows, what)
