"""Rows of all kinds of objects give the same model and the same probabilities, those of the program."""

from __future__ import annotations

import datetime
import subprocess
from decimal import Decimal
from pathlib import Path

import deepcross
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from conftest import without_label, write_csv
from deepcross import DeepCrossingClassifier, Field
from sklearn.base import clone

CONFIG = """
[data]
label = "click"

[[field]]
name = "ad"
kind = "categorical"

[[field]]
name = "device"
kind = "categorical"

[[field]]
name = "age"
kind = "number"
transform = "standard"

[[field]]
name = "price"
kind = "number"
transform = "standard"

[model]
embedding = 4
bypass_below = 0
hidden = [8]

[train]
epochs = 2
batch = 128
learning_rate = 0.02
"""

FORMS = {
    "pandas": lambda rows, folder: pd.DataFrame(rows),
    "pandas of a part": lambda rows, folder: (
        pd.DataFrame({name: [None, *values] for name, values in rows.items()})
        .iloc[1:]
        .astype({"age": "int64"} | ({"click": "int64"} if "click" in rows else {}))
    ),
    "pandas by pyarrow": lambda rows, folder: pa.table(rows).to_pandas(types_mapper=pd.ArrowDtype),
    "pandas with categories": lambda rows, folder: pd.DataFrame(rows).astype({"ad": "category"}),
    "polars": lambda rows, folder: pl.DataFrame(rows),
    "polars in pieces": lambda rows, folder: pl.concat(
        [pl.DataFrame(rows)[:100], pl.DataFrame(rows)[100:]], rechunk=False
    ),
    "polars with categories": lambda rows, folder: pl.DataFrame(rows).with_columns(pl.col("ad").cast(pl.Categorical)),
    "pyarrow": lambda rows, folder: pa.table(rows),
    "batches of pyarrow": lambda rows, folder: pa.RecordBatchReader.from_batches(
        pa.table(rows).schema, pa.table(rows).to_batches(max_chunksize=77)
    ),
    "an iterator of batches": lambda rows, folder: iter(pa.table(rows).to_batches(max_chunksize=77)),
    "a reader of DuckDB": lambda rows, folder: duckdb_reader(rows),
    "a dictionary": lambda rows, folder: rows,
    "a dictionary of arrays": lambda rows, folder: {
        "ad": np.array(rows["ad"]),
        "device": pd.Series(rows["device"]),
        "age": np.array(rows["age"], dtype=np.int32),
        "price": pa.array(rows["price"]),
        **({"click": np.array(rows["click"], dtype=bool)} if "click" in rows else {}),
    },
    "a list of dictionaries": lambda rows, folder: [
        {name: value for name, value in zip(rows, values) if value is not None} for values in zip(*rows.values())
    ],
    "a path": lambda rows, folder: write_csv(rows, folder / "rows.csv"),
    "the text of a path": lambda rows, folder: str(write_csv(rows, folder / "rows.csv")),
    "a list of paths": lambda rows, folder: [
        write_csv({name: values[:100] for name, values in rows.items()}, folder / "first.csv"),
        write_csv({name: values[100:] for name, values in rows.items()}, folder / "second.csv"),
    ],
    "a file of Parquet": lambda rows, folder: written_parquet(rows, folder / "rows.parquet"),
}


def duckdb_reader(rows: dict[str, list]) -> pa.RecordBatchReader:
    duckdb = pytest.importorskip("duckdb")
    own = pa.table(rows)  # noqa: F841
    relation = duckdb.sql("select * from own")
    # Older versions call it so.
    return relation.to_arrow_reader(100) if hasattr(relation, "to_arrow_reader") else relation.fetch_record_batch(100)


def written_parquet(rows: dict[str, list], path: Path) -> Path:
    pyarrow.parquet.write_table(pa.table(rows), path)
    return path


@pytest.fixture(scope="module")
def from_csv(train_rows, tmp_path_factory) -> DeepCrossingClassifier:
    path = write_csv(train_rows, tmp_path_factory.mktemp("csv") / "train.csv")
    return DeepCrossingClassifier(fields=CONFIG, threads=2).fit(path)


def model_bytes(model: DeepCrossingClassifier) -> bytes:
    return model.__getstate__()["_model"]


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_rows_give_the_same_model(form, train_rows, test_rows, from_csv, tmp_path):
    rows = FORMS[form](train_rows, tmp_path)
    model = DeepCrossingClassifier(fields=CONFIG, threads=1).fit(rows)
    assert model_bytes(model) == model_bytes(from_csv)
    expected = from_csv.predict_proba(without_label(test_rows))
    (tmp_path / "test").mkdir()
    found = model.predict_proba(FORMS[form](without_label(test_rows), tmp_path / "test"))
    np.testing.assert_array_equal(found, expected)
    assert found.shape == (300, 2) and np.std(found[:, 1]) > 0.02
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


@pytest.mark.parametrize("form", ["pandas", "polars", "pyarrow", "a dictionary"])
def test_inferred_models_are_those_of_the_column_in_a_file(form, train_rows, tmp_path):
    in_file = DeepCrossingClassifier(epochs=1).fit(write_csv(train_rows, tmp_path / "rows.csv"), "click")
    in_memory = DeepCrossingClassifier(epochs=1).fit(FORMS[form](train_rows, tmp_path), "click")
    assert model_bytes(in_memory) == model_bytes(in_file)


def test_labels_beside_the_rows_give_the_model_of_a_column_of_labels(train_rows, tmp_path):
    labels = train_rows["click"]
    beside = DeepCrossingClassifier(epochs=1).fit(pd.DataFrame(without_label(train_rows)), labels)
    inside = DeepCrossingClassifier(epochs=1).fit(without_label(train_rows) | {"label": labels}, "label")
    assert model_bytes(beside) == model_bytes(inside)
    bools = np.array(labels, dtype=bool)
    for other in (np.array(labels), pd.Series(labels), pl.Series(labels), pa.array(labels), bools):
        again = DeepCrossingClassifier(epochs=1).fit(pl.DataFrame(without_label(train_rows)), other)
        assert model_bytes(again) == model_bytes(beside)


def test_the_program_trains_and_predicts_the_same(program, train_rows, test_rows, tmp_path):
    train, test = write_csv(train_rows, tmp_path / "train.csv"), write_csv(test_rows, tmp_path / "test.csv")
    config, out = tmp_path / "run.toml", tmp_path / "model.dcx"

    def run(*arguments):
        return subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    run("infer-config", "--data", train, "--label", "click", "--out", config)
    run("train", "--config", config, "--set", "train.epochs=2", "--data", train, "--out", out)
    model = DeepCrossingClassifier(epochs=2).fit(pd.DataFrame(train_rows), "click")
    assert model_bytes(model) == out.read_bytes()
    model.save(tmp_path / "again.dcx")
    lines = run("predict", "--model", tmp_path / "again.dcx", "--data", test, "--with-logit").splitlines()
    expected = np.array([[np.float32(number) for number in line.split(",")] for line in lines[1:]])
    np.testing.assert_array_equal(model.predict_proba(pl.DataFrame(test_rows))[:, 1], expected[:, 0])
    np.testing.assert_array_equal(model.decision_function(pl.DataFrame(test_rows)), expected[:, 1])


def test_missing_null_and_unseen_values_have_the_probabilities_of_the_file(from_csv, tmp_path):
    rows = {
        "ad": ["ad1", None, "never"],
        "device": ["phone", "tablet", None],
        "age": [20, None, 30],
        "price": [None, 1.5, 2.0],
    }
    expected = from_csv.predict_proba(write_csv(rows, tmp_path / "rows.csv"))
    nan = float("nan")
    frames = [
        pd.DataFrame(rows),
        pl.DataFrame(rows),
        pa.table(rows),
        rows,
        rows | {"price": [nan, 1.5, 2.0], "age": np.array([20, nan, 30])},
        pd.DataFrame(rows | {"price": [nan, 1.5, 2.0]}),
        pl.DataFrame(rows | {"price": [nan, 1.5, 2.0]}),
    ]
    for frame in frames:
        np.testing.assert_array_equal(from_csv.predict_proba(frame), expected)
    assert len(set(expected[:, 1])) == 3


def test_arrays_have_columns_by_number(train_rows):
    array = np.array([train_rows["age"], [len(ad) for ad in train_rows["ad"]]], dtype=float).T
    model = DeepCrossingClassifier(epochs=1).fit(array, train_rows["click"])
    assert set(model.feature_names_in_) == {"x0", "x1"}
    named = model.predict_proba({"x0": array[:5, 0], "x1": array[:5, 1]})
    np.testing.assert_array_equal(model.predict_proba(array[:5]), named)
    np.testing.assert_array_equal(model.predict_proba(array[:5].tolist()), named)


def test_weights_and_validation_rows_are_those_of_columns(train_rows, test_rows):
    weights, other = np.linspace(0.5, 2.0, 2000), np.linspace(0.5, 2.0, 300)
    X, valid, labels = without_label(train_rows), without_label(test_rows), train_rows["click"]
    beside = DeepCrossingClassifier(epochs=2).fit(
        X, labels, sample_weight=weights, eval_set=(valid, test_rows["click"], other)
    )
    inside = DeepCrossingClassifier(
        fields=DeepCrossingClassifier(epochs=2).fit(X, labels).config_, settings={"data.weight": "weight"}
    ).fit(
        X | {"label": labels, "weight": list(weights)},
        eval_set=valid | {"label": test_rows["click"], "weight": list(other)},
    )
    assert model_bytes(beside) == model_bytes(inside)
    assert beside.history_[0].valid["rows"] == 300
    assert beside.history_[0].valid["weight"] == pytest.approx(other.sum())
    without = DeepCrossingClassifier(epochs=2).fit(X, labels, eval_set=(valid, test_rows["click"]))
    assert model_bytes(without) != model_bytes(beside)


def test_the_index_of_a_frame_is_not_a_column(train_rows):
    frame = pd.DataFrame(train_rows)
    plain = DeepCrossingClassifier(epochs=1).fit(frame, "click")
    named = frame.set_index(frame.click.rename("answer"))
    indexed = DeepCrossingClassifier(epochs=1).fit(named, "click")
    assert model_bytes(indexed) == model_bytes(plain)
    assert list(indexed.feature_names_in_) == list(without_label(train_rows)) and not indexed.left_out_


def test_simulated_rows_are_those_of_the_program(program, tmp_path):
    out, truth = tmp_path / "rows.tsv", tmp_path / "truth.csv"
    options = ["--rows", "500", "--seed", "3", "--liking", "0.5"]
    subprocess.run([program, "simulate", *options, "--out", out, "--truth", truth], check=True, capture_output=True)
    rows, probabilities = deepcross.simulate(500, seed=3, liking=0.5)
    pd.testing.assert_frame_equal(pd.DataFrame(rows), pd.read_csv(out, sep="\t"))
    np.testing.assert_array_equal(probabilities, [float(line) for line in truth.read_text().splitlines()[1:]])
    with pytest.raises(deepcross.ConfigError, match="returning"):
        deepcross.simulate(5, returning=2.0)


def test_an_inferred_configuration_trains_the_same_model(train_rows):
    X, y = without_label(train_rows), train_rows["click"]
    inferred = deepcross.infer_config(pl.DataFrame(X), y)
    direct = DeepCrossingClassifier(epochs=1).fit(X, y)
    assert model_bytes(DeepCrossingClassifier(fields=inferred.text, epochs=1).fit(X, y)) == model_bytes(direct)
    assert inferred.left_out == direct.left_out_
    of_column = deepcross.infer_config(train_rows, "click", threads=1).text
    assert of_column == inferred.text.replace('label = "label"', 'label = "click"')


@pytest.mark.parametrize("n_rows", [1, 5, 16, 17, 96, 97, 300])
@pytest.mark.parametrize("form", FORMS)
def test_a_part_of_the_rows_has_the_probabilities_of_all(form, n_rows, test_rows, from_csv, tmp_path):
    rows = without_label(test_rows)
    part = {name: values[:n_rows] for name, values in rows.items()}
    expected = from_csv.predict_proba(rows)[:n_rows]
    np.testing.assert_array_equal(from_csv.predict_proba(FORMS[form](part, tmp_path)), expected)


def value_forms() -> dict[str, tuple[list, list]]:
    """Return values as a frame has them, and as a file has them, by name."""
    day, moment = datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 13, 5, 7)
    return {
        "integers": ([1, 2, None], ["1", "2", ""]),
        "integers beyond 64 bits": ([10**30, 5, None], [str(10**30), "5", ""]),
        "fractions": ([0.5, 1e-7, None], ["0.5", "1e-7", ""]),
        "truth values": ([True, False, None], ["true", "false", ""]),
        "decimals": ([Decimal("1.50"), Decimal("2.00"), None], ["1.50", "2.00", ""]),
        "dates": ([day, day + datetime.timedelta(1), None], ["2024-02-29", "2024-03-01", ""]),
        "times": ([moment, moment.replace(hour=0), None], ["2024-02-29 13:05:07", "2024-02-29 00:05:07", ""]),
        "lists": ([["a", "b"], [], None], ["a|b", "", ""]),
        "lists of integers": ([[1, 2], [3], None], ["1|2", "3", ""]),
    }


MAKERS = {
    "pandas": pd.DataFrame,
    "pandas with its own types": lambda columns: pd.DataFrame(columns).convert_dtypes(),
    "pandas by pyarrow": lambda columns: pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype),
    "pandas with categories": lambda columns: pd.DataFrame(columns).astype({"value": "category"}),
    "polars": lambda columns: pl.DataFrame(columns, strict=False),
    "pyarrow": pa.table,
    "a dictionary": lambda columns: columns,
    "records": lambda columns: [dict(zip(columns, row)) for row in zip(*columns.values())],
}

#: Values that a library does not have in a form.
NOT_THERE = {
    ("pandas with categories", "lists"): "lists are no categories",
    ("pandas with categories", "lists of integers"): "lists are no categories",
    ("pandas", "integers beyond 64 bits"): "Arrow has no such integers",
    ("pandas with its own types", "integers beyond 64 bits"): "Arrow has no such integers",
    ("pandas by pyarrow", "integers beyond 64 bits"): "Arrow has no such integers",
    ("pandas with categories", "integers beyond 64 bits"): "Arrow has no such integers",
    ("pyarrow", "integers beyond 64 bits"): "Arrow has no such integers",
    ("polars", "integers beyond 64 bits"): "Arrow has no such integers",
}


@pytest.mark.parametrize("values", value_forms())
@pytest.mark.parametrize("maker", MAKERS)
def test_values_of_all_types_are_those_of_a_file(maker, values, tmp_path):
    if NOT_THERE.get((maker, values)):
        pytest.skip(NOT_THERE[maker, values])
    objects, texts = value_forms()[values]
    kind = "multi-hot" if values.startswith("lists") else "categorical"
    config = f"""
[data]
label = "click"

[[field]]
name = "value"
kind = "{kind}"

[model]
kind = "lr"

[train]
epochs = 3
batch = 30
learning_rate = 0.3
"""
    clicks = [0, 1, 1, 0, 1, 0] * 20
    path = write_csv({"value": texts * 40, "click": clicks}, tmp_path / "train.csv")
    model = DeepCrossingClassifier(fields=config, threads=1).fit(path)
    frame = MAKERS[maker]({"value": objects * 40, "click": clicks})
    assert model_bytes(DeepCrossingClassifier(fields=config, threads=1).fit(frame)) == model_bytes(model)
    expected = model.predict_proba(path)[:3]
    np.testing.assert_array_equal(model.predict_proba(MAKERS[maker]({"value": objects})), expected)
    # A row alone is not read as a table is. A frame of polars with an empty list alone has no type that Arrow has.
    for value, one in zip(objects, expected):
        if (maker, value) != ("polars", []):
            np.testing.assert_array_equal(model.predict_proba(MAKERS[maker]({"value": [value]}))[0], one)
    assert len(np.unique(expected[:, 1])) == (3 if values != "lists" else 2)


def test_missing_values_of_pandas_are_missing(from_csv):
    base = {"ad": "ad1", "device": "phone", "age": 20, "price": 1.5}
    expected = from_csv.predict_proba([base | {"age": None}])
    for missing in (None, float("nan"), np.float32("nan"), pd.NaT, pd.NA):
        for rows in (
            [base | {"age": missing}],
            {name: [value] for name, value in (base | {"age": missing}).items()},
            pd.DataFrame([base | {"age": missing}]),
            pd.DataFrame({"age": pd.array([missing], dtype="Int64") if missing is not pd.NaT else [pd.NaT]}).assign(
                **{name: value for name, value in base.items() if name != "age"}
            ),
        ):
            np.testing.assert_array_equal(from_csv.predict_proba(rows), expected)


def test_scalars_of_numpy_are_those_of_python(from_csv):
    base = {"ad": "ad1", "device": "phone", "age": 20, "price": 1.5}
    numpy = {"ad": np.str_("ad1"), "device": "phone", "age": np.int16(20), "price": np.float32(1.5)}
    np.testing.assert_array_equal(from_csv.predict_proba([numpy]), from_csv.predict_proba([base]))


def test_categories_without_rows_do_no_harm(train_rows, test_rows, from_csv):
    for frame in (pd.DataFrame(train_rows), pd.DataFrame(train_rows).iloc[:3]):
        ad = frame.ad.astype(pd.CategoricalDtype(["ghost", *sorted(set(train_rows["ad"])), "zombie"]))
        np.testing.assert_array_equal(from_csv.predict_proba(frame.assign(ad=ad)), from_csv.predict_proba(frame))


def test_sparse_matrices_have_the_values_of_dense_ones(train_rows):
    sparse = pytest.importorskip("scipy.sparse")
    random = np.random.default_rng(3)
    dense = np.where(random.random((2000, 6)) < 0.2, random.integers(1, 9, (2000, 6)), 0)
    y = (random.random(2000) < 0.2 + 0.1 * (dense[:, 0] > 4)).astype(int)
    model = DeepCrossingClassifier(epochs=1, threads=1).fit(dense, y)
    for form in ("csr", "csc", "coo", "lil"):
        for made in (getattr(sparse, f"{form}_matrix"), getattr(sparse, f"{form}_array")):
            again = DeepCrossingClassifier(epochs=1, threads=1).fit(made(dense), y)
            assert model_bytes(again) == model_bytes(model)
            np.testing.assert_array_equal(model.predict_proba(made(dense)), model.predict_proba(dense))


def test_an_iterator_leaves_no_file(train_rows, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    batches = pa.table(train_rows).to_batches(max_chunksize=500)
    model = DeepCrossingClassifier(epochs=1, threads=1).fit(iter(batches), "click")
    assert model.predict_proba(iter(batches)).shape == (2000, 2)
    with pytest.raises(TypeError, match="iterator"):
        model.predict_proba(iter([1, 2]))
    with pytest.raises(deepcross.DataError, match="no record batches"):
        model.predict_proba(iter([]))
    assert list(tmp_path.iterdir()) == []


def test_columns_that_cannot_be_told_apart_are_refused(from_csv):
    twice = pd.DataFrame([["a", "b"], ["c", "d"]], columns=["ad", "ad"])
    with pytest.raises(deepcross.DataError, match="two columns have the name `ad`"):
        from_csv.predict_proba(twice)
    with pytest.raises(deepcross.DataError, match="`ad`"):
        from_csv.predict_proba(pa.table([["a"], ["b"]], names=["ad", "ad"]))


@pytest.mark.parametrize("n_rows", [4, 40])
def test_objects_of_several_types_are_texts(n_rows, train_rows, test_rows):
    def frame(rows, n):
        return pd.DataFrame(without_label(rows)).head(n).assign(ad=pd.Series([10**30, "x", True, None] * (n // 4)))

    trained, tested = frame(train_rows, 2000), frame(test_rows, 300)
    model = DeepCrossingClassifier(epochs=1).fit(trained, train_rows["click"])
    texts = trained.assign(ad=[str(10**30), "x", "True", None] * 500)
    assert model_bytes(model) == model_bytes(DeepCrossingClassifier(epochs=1).fit(texts, train_rows["click"]))
    expected = model.predict_proba(tested)[:n_rows]
    np.testing.assert_array_equal(model.predict_proba(tested.head(n_rows)), expected)


def test_sparse_columns_are_dense_ones(train_rows):
    frame = pd.DataFrame({"a": np.arange(2000) % 3, "age": train_rows["age"]})
    model = DeepCrossingClassifier(epochs=1).fit(frame, train_rows["click"])
    sparse = frame.assign(a=pd.arrays.SparseArray(frame["a"]))
    assert model_bytes(DeepCrossingClassifier(epochs=1).fit(sparse, train_rows["click"])) == model_bytes(model)


def vectors_of(n_rows: int) -> np.ndarray:
    """Return vectors of single precision; the sign of the first number of each is its label."""
    return np.random.default_rng(5).normal(size=(n_rows, 4)).astype(np.float32)


@pytest.mark.parametrize(
    "column",
    [
        lambda vectors: pd.DataFrame({"image": vectors.tolist()}),
        lambda vectors: pd.DataFrame({"image": list(vectors)}),
        lambda vectors: {"image": vectors.tolist()},
        lambda vectors: pl.DataFrame({"image": pl.Series(vectors, dtype=pl.Array(pl.Float32, 4))}),
        lambda vectors: pl.DataFrame({"image": pl.Series(vectors.tolist(), dtype=pl.List(pl.Float64))}),
        lambda vectors: pa.table({"image": pa.array(vectors.tolist(), pa.list_(pa.float32(), 4))}),
        lambda vectors: pa.table({"image": pa.array(vectors.tolist(), pa.large_list(pa.float64()))}),
    ],
)
def test_vectors_of_all_types_give_one_model(column):
    vectors = vectors_of(2000)
    label = (vectors[:, 0] > 0).astype(int)
    model = DeepCrossingClassifier(fields=[Field("image", "vector")], epochs=3, learning_rate=0.01)
    texts = pd.DataFrame({"image": [" ".join(map(repr, map(float, vector))) for vector in vectors]})
    expected = clone(model).fit(texts, label)
    found = clone(model).fit(column(vectors), label)
    assert model_bytes(found) == model_bytes(expected)
    np.testing.assert_array_equal(found.predict_proba(column(vectors[:7])), expected.predict_proba(texts.head(7)))
    assert found.score(column(vectors), label) > 0.95


def columns(**values) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in values.items()})


STRUCTS = pa.array([{"ad": "ad1"}, None])


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        (pd.DataFrame({"ad": [1j]}), "X: column `ad` has values of the type complex128, which are not read"),
        (columns(ad=["a", ["b"]]), "X: column `ad` has a list among values of other types"),
        (columns(ad=["\ud800"]), "X: column 'ad' has .*, which is not valid Unicode"),
        (columns(ad=["\ud800"] * 20), "X: column `ad` has .*, which is not valid Unicode"),
        ({"ad": ["\ud800"]}, "X: column 'ad' has .*, which is not valid Unicode"),
        ({"\ud800": ["a"]}, "X: column .* has .*, which is not valid Unicode"),
        (columns(**{"a\0b": ["a"]}), "has a zero byte"),
        (STRUCTS, "row 1 is missing as a whole"),
        (pa.chunked_array([STRUCTS[:1], STRUCTS]), "row 2 is missing as a whole"),
        (pd.Series([1]), "X: expected columns with names, but got one column of Int64"),
        (pl.Series([1]), "expected columns with names"),
        (pa.chunked_array([[1]]), "expected columns with names"),
        (pl.DataFrame({"a": [1], "b": [[None]]}), r"X: column `b` has the type List\(Null\), which is not read"),
        (pl.DataFrame({"a": [1], "b": pl.Series([1], dtype=pl.Int128)}), "column `b` has the type Int128"),
        (iter([pa.record_batch({"a": [1]}), pa.record_batch({"b": [1]})]), "other columns, or other types"),
    ],
)
def test_odd_columns_are_refused_by_name(rows, part, from_csv):
    with pytest.raises(deepcross.DataError, match=part):
        from_csv.predict_proba(rows)


def test_objects_to_be_converted_first_are_said(from_csv):
    with pytest.raises(TypeError, match="call its `collect`"):
        from_csv.predict_proba(pl.LazyFrame({"a": [1]}))
    with pytest.raises(TypeError, match="record batches, but it has builtins.dict: make a list"):
        from_csv.predict_proba(row for row in [{"a": 1}])
    with pytest.raises(TypeError, match="X: column `b`: a list stands among other values"):
        from_csv.predict_proba({"a": [1, 2], "b": [[1], 2]})


def test_names_that_are_no_texts_are_called_as_they_print(train_rows):
    frame = pd.DataFrame(without_label(train_rows))
    frame.columns = [1, ("b", 2), "age", 2.5]
    model = DeepCrossingClassifier(epochs=1).fit(frame, train_rows["click"])
    assert list(model.feature_names_in_) == ["1", "b_2", "age", "2.5"]
    assert model.predict_proba(frame.head(3)).shape == (3, 2)


@pytest.mark.parametrize("maker", ["pandas", "polars", "pyarrow", "a dictionary"])
def test_frames_without_rows_have_no_probabilities(maker, from_csv, test_rows):
    empty = MAKERS[maker]({name: values[:0] for name, values in without_label(test_rows).items()})
    assert from_csv.predict_proba(empty).shape == (0, 2)


@pytest.mark.parametrize("value", [-1, True, "5", 2.5])
def test_odd_numbers_of_simulated_rows_are_refused(value):
    with pytest.raises(deepcross.ConfigError, match="n_rows: expected a number from 0"):
        deepcross.simulate(value)
    with pytest.raises(deepcross.ConfigError, match="seed: expected a number from 0"):
        deepcross.simulate(10, seed=value)
