"""The methods of the classifier: settings, storing, metrics, progress and errors."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import threading
import time
from pathlib import Path

import deepcross
import numpy as np
import pandas as pd
import pytest
from conftest import make_rows, without_label, write_csv
from deepcross import ConfigError, DataError, DeepCrossingClassifier, DeepCrossWarning, Epoch, ModelFileError


@pytest.fixture(scope="module")
def fitted(train_rows) -> DeepCrossingClassifier:
    return DeepCrossingClassifier(epochs=2).fit(without_label(train_rows), train_rows["click"])


def test_a_stored_model_predicts_the_same(fitted, test_rows, tmp_path):
    expected = fitted.predict_proba(test_rows)
    fitted.save(tmp_path / "model.dcx")
    for other in (
        DeepCrossingClassifier.load(tmp_path / "model.dcx"),
        DeepCrossingClassifier.load(str(tmp_path / "model.dcx"), threads=1),
        pickle.loads(pickle.dumps(fitted)),
        copy.deepcopy(fitted),
    ):
        np.testing.assert_array_equal(other.predict_proba(test_rows), expected)
        assert other.classes_.tolist() == [0, 1]
        assert other.config_ == fitted.config_
        assert other.training_ == fitted.training_
    assert pickle.loads(pickle.dumps(fitted)).history_ == fitted.history_


def test_members_are_a_parameter_and_a_setting(train_rows, test_rows, tmp_path):
    X, y = without_label(train_rows), train_rows["click"]
    model = DeepCrossingClassifier(epochs=2, members=3).fit(X, y)
    single = DeepCrossingClassifier(epochs=2).fit(X, y)
    again = DeepCrossingClassifier(epochs=2, settings={"train.members": 3}).fit(X, y)
    expected = model.predict_proba(test_rows)
    np.testing.assert_array_equal(again.predict_proba(test_rows), expected)
    assert np.abs(single.predict_proba(test_rows) - expected).max() > 1e-4
    model.save(tmp_path / "model.dcx")
    stored = DeepCrossingClassifier.load(tmp_path / "model.dcx")
    np.testing.assert_array_equal(stored.predict_proba(test_rows), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(test_rows), expected)


def test_classes_are_those_of_the_labels(train_rows, test_rows, tmp_path):
    X, click = without_label(train_rows), np.array(train_rows["click"])
    expected = DeepCrossingClassifier(epochs=1).fit(X, click).predict_proba(test_rows)
    for negative, positive in [("no", "yes"), (1, 2), (-1, 1), (False, True), (0.0, 1.0)]:
        labels = [positive if value else negative for value in click]
        model = DeepCrossingClassifier(epochs=1).fit(X, labels)
        assert model.classes_.tolist() == [negative, positive]
        np.testing.assert_array_equal(model.predict_proba(test_rows), expected)
        assert set(model.predict(test_rows).tolist()) <= {negative, positive}
        copied = pickle.loads(pickle.dumps(model))
        assert copied.classes_.tolist() == [negative, positive]
        model.save(tmp_path / "model.dcx")
        stored = DeepCrossingClassifier.load(tmp_path / "model.dcx").classes_.tolist()
        assert stored == ([0, 1] if {negative, positive} == {0, 1} else [str(negative), str(positive)])


def test_positive_names_the_values_of_a_column(train_rows, test_rows):
    kinds = np.where(np.array(train_rows["click"]) == 1, "buys", "leaves")
    rows = without_label(train_rows) | {"what": kinds}
    model = DeepCrossingClassifier(epochs=1, positive="buys").fit(rows, "what")
    expected = DeepCrossingClassifier(epochs=1).fit(without_label(train_rows), train_rows["click"])
    np.testing.assert_array_equal(model.predict_proba(test_rows), expected.predict_proba(test_rows))
    assert model.classes_.tolist() == ["leaves", "buys"]


def test_parameters_and_settings_reach_the_configuration(train_rows):
    model = DeepCrossingClassifier(
        kind="mlp",
        embedding=3,
        hidden=(7, 5),
        epochs=1,
        batch=64,
        learning_rate=0.5e-3,
        random_state=9,
        settings={"train.weight_decay": 0.01, "train.optimizer": "adam-w", "field.age.missing_values": ["-1", 'a"b']},
    )
    with pytest.raises(ConfigError, match="adam-w"):
        model.fit(train_rows, "click")
    model.settings["train.optimizer"] = "adamw"
    model.fit(train_rows, "click")
    for line in ('kind = "mlp"', "embedding = 3", "hidden = [7, 5]", "epochs = 1", "batch = 64", "seed = 9"):
        assert line in model.config_.splitlines(), line
    assert "learning_rate = 0.0005" in model.config_
    assert model.training_["seed"] == 9
    other = DeepCrossingClassifier(**model.get_params()).set_params(random_state=8).fit(train_rows, "click")
    assert not np.array_equal(other.predict_proba(train_rows), model.predict_proba(train_rows))


def test_all_problems_of_settings_are_reported(train_rows):
    model = DeepCrossingClassifier(embedding=0, settings={"train.batchs": 3})
    with pytest.raises(ConfigError) as error:
        model.fit(train_rows, "click")
    assert "model.embedding" in str(error.value) and "train.batch" in str(error.value)
    assert isinstance(error.value, ValueError) and isinstance(error.value, deepcross.DeepCrossError)
    with pytest.raises(ConfigError, match="hidden"):
        DeepCrossingClassifier(kind="lr", hidden=[3]).fit(train_rows, "click")
    with pytest.raises(ConfigError, match="kind"):
        DeepCrossingClassifier(kind="deep").fit(train_rows, "click")
    with pytest.raises(ConfigError, match="no-such.toml"):
        DeepCrossingClassifier(fields=Path("no-such.toml")).fit(train_rows)
    with pytest.raises(ConfigError, match="threads"):
        DeepCrossingClassifier(threads=0).fit(train_rows, "click")
    with pytest.raises(ConfigError, match="train.batch"):
        DeepCrossingClassifier(settings={"train.batch": object()}).fit(train_rows, "click")


def test_kinds_leave_out_the_keys_that_they_do_not_have(train_rows):
    model = DeepCrossingClassifier(kind="lr", epochs=1).fit(train_rows, "click")
    assert 'kind = "lr"' in model.config_ and "hidden" not in model.config_


@pytest.mark.parametrize(
    ("X", "y", "part"),
    [
        ({"a": ["x", "y"]}, [0], "1 labels for 2 rows"),
        ({"a": ["x", "y"]}, [1, 1], "1 class: 1"),
        ({"a": ["x", "y", "z"]}, ["a", "b", "c"], "there are 3: 'a', 'b', 'c'"),
        ({"a": ["x", "y", "z"]}, [0.5, 1.5, 2.5], "Unknown label type"),
        ([[1, 2], [3]], [0, 1], "row 1 has 1 values"),
        ({"a": ["x", "y"]}, [1, None], "row 1 is missing"),
        ({"a": ["x", "y"]}, [1.0, float("nan")], "row 1 is missing"),
        ({"a": ["x", "y"]}, "b", "`b`"),
        ({"a": ["x", "y"]}, None, "requires y to be passed"),
        ({"a": ["x", "y"], "b": [1]}, [0, 1], "`b` has 1 values"),
        ({"a": "xy"}, [0, 1], "column `a`"),
        ({}, [0, 1], "no columns"),
        ([], [0, 1], "no rows"),
        (np.zeros(3), [0, 1, 0], "2 dimensions"),
        ("no-such-file.csv", "click", "no-such-file.csv"),
    ],
)
def test_rows_that_cannot_be_read_are_said(X, y, part):
    with pytest.raises(DataError, match=part):
        DeepCrossingClassifier(epochs=1).fit(X, y)


@pytest.mark.parametrize("X", [3, None, [3], {1, 2}, [["a"], 3]])
def test_other_objects_are_not_rows(X):
    with pytest.raises(TypeError, match="X: expected a data frame"):
        DeepCrossingClassifier().fit(X, [0, 1])


def test_values_of_other_types_are_refused(train_rows):
    rows = without_label(train_rows) | {"ad": [{"a": 1}] * 2000}
    with pytest.raises(TypeError, match="dict"):
        DeepCrossingClassifier().fit(rows, train_rows["click"])


def test_labels_of_all_types_give_the_model_of_zeros_and_ones(train_rows, test_rows):
    rows, clicks = without_label(train_rows), train_rows["click"]
    expected = DeepCrossingClassifier(epochs=1).fit(rows, clicks).predict_proba(test_rows)
    first, second = np.datetime64("2024-01-01", "ns"), np.datetime64("2024-01-02", "ns")
    for negative, positive in [("a\0", "b"), ("\t", "x"), ("a", "b\n"), (first, second), (2**70, 2**71)]:
        labels = np.array([positive if click else negative for click in clicks], dtype=None)
        listed = [positive if click else negative for click in clicks]
        for y in [labels, listed, pd.Series(listed, index=range(7, 2007)), iter(listed)]:
            if y is labels and negative == "a\0":
                # NumPy drops the zero byte itself.
                continue
            model = DeepCrossingClassifier(epochs=1).fit(rows, y)
            np.testing.assert_array_equal(model.predict_proba(test_rows), expected)
            assert set(model.predict(rows)) <= set(model.classes_.tolist()) | set(model.classes_)


@pytest.mark.parametrize(
    ("y", "part"),
    [
        (pd.Series(["a", None, "b"], dtype="string"), "y: the label of row 1 is missing"),
        (pd.Series([True, False, None], dtype="boolean"), "y: the label of row 2 is missing"),
        (["a", "a ", "a"], "y: the labels 'a' and 'a ' are the same text in a model, 'a'"),
        ({0, 1, 2}, "y: expected a sequence of one value for each row, but got set"),
        (b"abc", "but got bytes"),
        ([[1], [1, 2], [1]], "lists of different lengths"),
        ([], "y: there are 0 labels for 3 rows"),
    ],
)
def test_labels_that_cannot_be_read_are_said(y, part):
    with pytest.raises(DataError, match=part):
        DeepCrossingClassifier(epochs=1).fit({"a": ["x", "y", "z"]}, y)


@pytest.mark.parametrize(
    ("weights", "part"),
    [
        ([1, float("nan"), 1], "sample_weight: the weight of row 1 is nan, expected a number from 0 to 3.4e38"),
        ([1, 1, -0.5], "the weight of row 2 is -0.5"),
        ([1e300, 1, 1], r"the weight of row 0 is 1e\+300"),
        (pd.array([1.0, None, 1.0], dtype="Float64"), "the weight of row 1"),
        ([1, 1], "sample_weight: there are 2 weights for 3 rows"),
        ([1, 1j, 1], "real numbers"),
        (["x", 1, 1], "sample_weight: expected numbers"),
        ([0, 0, 0], "all 3"),
    ],
)
def test_weights_that_cannot_be_read_are_said(weights, part, train_rows):
    rows, y = {"a": ["x", "y", "z"]}, [0, 1, 0]
    with pytest.raises(DataError, match=part):
        DeepCrossingClassifier(epochs=1).fit(rows, y, weights)
    model = DeepCrossingClassifier(epochs=1).fit(rows, y, iter([1, 2, 1]))
    with pytest.raises(DataError, match=part):
        model.score(rows, y, weights)
    assert model.score(rows, y, [1, 0, 1]) in (0.0, 1.0)


@pytest.mark.parametrize(
    ("params", "part"),
    [
        ({"threads": True}, "threads: expected a number from 1 to 1024, but got True"),
        ({"kind": 5}, "kind: expected one of lr, .*, but got 5"),
        ({"settings": {"train.epochs=5\ntrain.batch": 1}}, "is more than the name of a key"),
        ({"settings": {"train.epochs=5": 1}}, "is more than the name of a key"),
    ],
)
def test_odd_parameters_are_refused(params, part, train_rows):
    with pytest.raises(ConfigError, match=part):
        DeepCrossingClassifier(**params).fit(train_rows, "click")


def test_names_of_keys_in_quotes_have_all_characters(train_rows):
    rows = {'a="b': train_rows["ad"], "age": train_rows["age"]}
    settings = {'field."a=\\"b".min_count': 3}
    model = DeepCrossingClassifier(epochs=1, settings=settings).fit(rows, train_rows["click"])
    assert "min_count = 3" in model.config_


@pytest.mark.parametrize(
    ("callbacks", "part"),
    [
        (print, "callbacks: expected a list of functions, but got <built-in function print>"),
        (None, "callbacks: expected a list of functions, but got None"),
        ([5], "callbacks: expected functions of an `Epoch`, but got 5"),
        ([deepcross.Progress], r"callbacks: Progress is a class: expected an object, as Progress\(\)"),
    ],
)
def test_odd_callbacks_are_refused_before_the_training(callbacks, part):
    with pytest.raises(TypeError, match=part):
        DeepCrossingClassifier().fit("no-such-file.csv", "click", callbacks=callbacks)


class WithMore(DeepCrossingClassifier):
    def __init__(self, extra=1, **params):
        super().__init__(**params)
        self.extra = extra


class WithLess(DeepCrossingClassifier):
    def __init__(self, epochs=1):
        super().__init__(epochs=epochs)


def test_subclasses_have_the_parameters_that_they_pass_on(train_rows, tmp_path):
    model = WithMore(extra=2, epochs=1)
    assert model.get_params() == DeepCrossingClassifier(epochs=1).get_params() | {"extra": 2}
    assert repr(model) == "WithMore(extra=2, epochs=1)" and repr(WithMore()) == "WithMore()"
    copied = type(model)(**model.set_params(batch=64).get_params())
    copied.fit(train_rows, "click").save(tmp_path / "model.dcx")
    again = pickle.loads(pickle.dumps(copied))
    np.testing.assert_array_equal(again.predict_proba(train_rows), copied.predict_proba(train_rows))
    for loaded in [WithMore.load(tmp_path / "model.dcx", threads=1), WithLess.load(tmp_path / "model.dcx", threads=1)]:
        assert loaded.threads == 1
        np.testing.assert_array_equal(loaded.predict_proba(train_rows), copied.predict_proba(train_rows))


def test_labels_that_stood_beside_the_rows_are_asked_for(train_rows):
    rows = without_label(train_rows)
    model = DeepCrossingClassifier(epochs=1).fit(rows, train_rows["click"])
    with pytest.raises(DataError, match="y: the rows have no column `label`, which had the labels of the training"):
        model.evaluate(rows)


def test_rows_that_are_skipped_are_not_counted_as_right(train_rows):
    rows = without_label(train_rows) | {"age": [str(age) for age in train_rows["age"]]}
    fields = [deepcross.Field("ad", "categorical"), deepcross.Field("age", "number")]
    model = DeepCrossingClassifier(fields=fields, epochs=1, settings={"data.bad_rows": "skip"})
    model.fit(rows, train_rows["click"])
    odd = rows | {"age": ["odd" if at < 700 else age for at, age in enumerate(rows["age"])]}
    good = {name: values[700:] for name, values in rows.items()}
    assert model.score(odd, train_rows["click"]) == model.score(good, train_rows["click"][700:])
    with pytest.warns(DeepCrossWarning, match="700 of 2000 rows cannot be read: `predict` gives them the class"):
        predicted = model.predict(odd)
    assert not predicted[:700].any()
    with pytest.warns(DeepCrossWarning, match="most rows"), pytest.raises(DataError, match="none of the 700 rows"):
        model.score({name: values[:700] for name, values in odd.items()}, train_rows["click"][:700])


def test_labels_beside_files_are_refused(train_rows, tmp_path):
    path = write_csv(train_rows, tmp_path / "rows.csv")
    with pytest.raises(DataError, match="name of a column"):
        DeepCrossingClassifier().fit(path, train_rows["click"])


def test_a_lacking_column_is_named(fitted):
    with pytest.raises(DataError, match="`price`"):
        fitted.predict_proba({"ad": ["ad1"], "device": ["phone"], "age": [3]})


def test_bytes_that_are_no_model_are_refused(fitted, tmp_path):
    with pytest.raises(ModelFileError, match="no-such.dcx"):
        DeepCrossingClassifier.load(tmp_path / "no-such.dcx")
    (tmp_path / "text.dcx").write_text("text")
    with pytest.raises(ModelFileError, match="text.dcx"):
        DeepCrossingClassifier.load(tmp_path / "text.dcx")
    state = fitted.__getstate__()
    with pytest.raises(ModelFileError, match="a model in memory"):
        DeepCrossingClassifier.__new__(DeepCrossingClassifier).__setstate__(state | {"_model": state["_model"][:-9]})


def test_metrics_are_those_of_scikit_learn(fitted, test_rows, tmp_path):
    metrics = pytest.importorskip("sklearn.metrics")
    labels, weights = np.array(test_rows["click"]), np.linspace(0.0, 2.0, 300)
    X = without_label(test_rows)
    scores = fitted.predict_proba(X)[:, 1]
    found = fitted.evaluate(X, labels)
    assert found["rows"] == 300 and found["positives"] == labels.sum()
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(labels, scores), abs=1e-9)
    weighted = fitted.evaluate(X, labels, weights)
    assert weighted["auc"] == pytest.approx(metrics.roc_auc_score(labels, scores, sample_weight=weights), abs=1e-7)
    columns = X | {"label": list(labels), "w": list(weights)}
    assert fitted.evaluate(columns) == found
    assert fitted.evaluate(columns, sample_weight="w") == weighted
    assert fitted.evaluate(pd.DataFrame(X | {"other": labels}), "other") == found
    assert fitted.evaluate(write_csv(columns, tmp_path / "rows.csv")) == found
    assert fitted.score(X, labels) == pytest.approx(np.mean((scores > 0.5) == labels))
    one_class = fitted.evaluate({name: values[:1] for name, values in X.items()}, labels[:1])
    assert one_class["auc"] is None


def test_callbacks_see_each_epoch(train_rows, capsys):
    seen: list[Epoch] = []
    model = DeepCrossingClassifier(epochs=3, settings={"train.patience": 3})
    model.fit(train_rows, "click", callbacks=[seen.append, deepcross.print_epoch])
    assert [epoch.epoch for epoch in seen] == [1, 2, 3]
    assert model.history_ == seen and all(0 < epoch.valid["auc"] < 1 for epoch in seen)
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == ["epoch 1", "epoch 2", "epoch 3"]


def test_an_exception_of_a_callback_ends_the_training(train_rows):
    seen = []

    def fail(epoch: Epoch) -> None:
        seen.append(epoch)
        raise KeyError("enough")

    model = DeepCrossingClassifier(epochs=10_000, settings={"train.patience": 10_000})
    with pytest.raises(KeyError, match="enough"):
        model.fit(train_rows, "click", callbacks=[fail])
    assert len(seen) == 1 and not hasattr(model, "classes_")


def test_an_interrupt_ends_the_training_and_other_threads_run_meanwhile(train_rows):
    model = DeepCrossingClassifier(epochs=1_000_000, settings={"train.patience": 1_000_000}, threads=1)
    counted, stopped = [0], []

    def interrupt(epoch: Epoch) -> None:
        if epoch.epoch == 1:
            threading.Timer(0.5, press).start()

    def press() -> None:
        stopped.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    def count() -> None:
        while not stopped:
            counted[0] += 1
            time.sleep(0.001)

    counter = threading.Thread(target=count, daemon=True)
    counter.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(train_rows, "click", callbacks=[interrupt])
    assert time.monotonic() - stopped[0] < 2.0
    counter.join()
    assert counted[0] > 50


def test_warnings_are_those_of_python(fitted, test_rows):
    rows = without_label(test_rows) | {"ad": [f"new{at}" for at in range(300)]}
    with pytest.warns(DeepCrossWarning, match="`ad`") as caught:
        fitted.predict_proba(rows)
    assert caught[0].filename == __file__


def test_columns_that_are_left_out_have_a_reason():
    rows = make_rows(500, 3) | {"constant": ["same"] * 500}
    model = DeepCrossingClassifier(epochs=1).fit(rows, "click")
    assert set(model.left_out_) == {"constant"} and model.left_out_["constant"]
    leak = rows | {"leak": [2 * click + 7 for click in rows["click"]]}
    with pytest.warns(DeepCrossWarning, match="`leak` is left out: it alone predicts the label") as caught:
        deepcross.infer_config(leak, "click")
    assert len(caught) == 1 and caught[0].filename == __file__


def test_patience_holds_rows_out_however_few_there_are():
    rows = make_rows(60, 5)
    model = DeepCrossingClassifier(patience=2, epochs=5, threads=1).fit(rows, "click")
    assert 0 < model.history_[0].valid["rows"] < 20
    assert DeepCrossingClassifier(epochs=5, threads=1).fit(rows, "click").history_[0].valid is None


def test_a_classifier_that_is_not_fitted_says_so(test_rows):
    with pytest.raises((AttributeError, ValueError), match="not fitted"):
        DeepCrossingClassifier().predict(test_rows)
    with pytest.raises(ValueError, match="the nearest is 'epochs'"):
        DeepCrossingClassifier().set_params(epoch=3)
    with pytest.raises(ValueError, match="the parameters are: fields, kind"):
        DeepCrossingClassifier().set_params(C=3)
    assert repr(DeepCrossingClassifier(epochs=3)) == "DeepCrossingClassifier(epochs=3)"
