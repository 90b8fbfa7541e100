"""Comparisons of models and descriptions of columns, which equal those of the program."""

from __future__ import annotations

import json
import subprocess

import deepcross
import numpy as np
import pandas as pd
import pytest
from conftest import make_rows, without_label, write_csv
from deepcross import ConfigError, DataError, DeepCrossingClassifier, _native


def printed(*arguments: object) -> dict:
    found = subprocess.run([str(argument) for argument in arguments], check=True, capture_output=True, text=True)
    return json.loads(found.stdout)


def test_a_comparison_is_that_of_the_program(train_rows, test_rows, program, tmp_path):
    model = DeepCrossingClassifier(epochs=1, threads=1, settings={"compare.lr.train.learning_rate": 0.05})
    epochs = []
    found = deepcross.compare(
        train_rows,
        "click",
        kinds=["lr", "deep-crossing"],
        model=model,
        test=test_rows,
        seeds=2,
        callbacks=[epochs.append],
    )
    paths = [write_csv(rows, tmp_path / name) for rows, name in ((train_rows, "train.csv"), (test_rows, "test.csv"))]
    (tmp_path / "run.toml").write_text(deepcross.infer_config(train_rows, "click").text, encoding="utf-8")
    expected = printed(
        program, "compare", "--config", tmp_path / "run.toml", "--data", paths[0], "--test", paths[1], "--json",
        "--models", "lr,deep-crossing", "--seeds", 2, "--set", "train.epochs=1",
        "--set", "compare.lr.train.learning_rate=0.05",
    )  # fmt: skip
    assert (found.tested_on, found.rows, found.positives) == ("test", 300, sum(test_rows["click"]))
    assert [one.name for one in found.models] == ["lr", "deep-crossing"] and len(epochs) == 4
    for one, other in zip(found.models, expected["models"]):
        assert (one.auc, one.auc_low, one.auc_high) == tuple(other["auc"][key] for key in ("value", "low", "high"))
        assert (one.log_loss, one.n_parameters) == (other["log_loss"]["value"], other["n_parameters"])
        assert one.left_out == other["left_out"] and one.config == other["config"]
        assert [run["seed"] for run in one.runs] == [1, 2]
        if other["to_best"] is not None:
            assert one.auc_to_best == other["to_best"]["auc"]["difference"]
            assert one.auc_p == other["to_best"]["auc_p_adjusted"]
    assert found.best is found.models[expected["best"]] and found[found.best.name] is found.best
    assert "learning_rate = 0.05" in found["lr"].config and "hidden" in found["lr"].left_out
    table = pd.DataFrame(found.to_dict())
    assert table["name"].tolist() == ["lr", "deep-crossing"] and table["auc"].tolist() == [
        one.auc for one in found.models
    ]
    for text in (repr(found), found._repr_html_()):
        assert "deep-crossing" in text and "best" in text and f"{found.best.auc:.4f}" in text
    with pytest.raises(KeyError):
        found["fm"]


def test_a_comparison_takes_labels_beside_rows_and_other_forms(train_rows, test_rows):
    model = DeepCrossingClassifier(epochs=1, threads=1)
    named = deepcross.compare(train_rows, "click", kinds="lr", model=model, test=test_rows, seeds=1)
    X, y = without_label(train_rows), np.array(train_rows["click"])
    test = (without_label(test_rows), np.array(test_rows["click"]))
    assert deepcross.compare(X, y, kinds=("lr",), model=model, test=test, seeds=1).to_dict() == named.to_dict()
    held_out = deepcross.compare(X, y, kinds=("lr",), model=model, seeds=1)
    assert held_out.tested_on == "validation" and "validation rows" in repr(held_out)
    given = deepcross.compare(X, y, kinds=("lr",), model=model, seeds=1, eval_set=test)
    assert given.rows == 300 and given.tested_on == "validation"


@pytest.mark.parametrize(
    ("changes", "error", "part"),
    [
        ({"kinds": ["lr", "deep"]}, ConfigError, "no kind `deep`"),
        ({"kinds": []}, ConfigError, "no model"),
        ({"kinds": ["lr", "lr"]}, ConfigError, "same name"),
        ({"seeds": 0}, ConfigError, "seeds"),
        ({"model": DeepCrossingClassifier(kind="lr")}, ConfigError, "kinds"),
        ({"test": without_label(make_rows(20, 3))}, DataError, "click"),
        ({"test": ([], [], [], [])}, DataError, "test: expected"),
    ],
)
def test_wrong_comparisons_are_refused(train_rows, changes, error, part):
    arguments = {"kinds": ["lr"], "model": DeepCrossingClassifier(epochs=1), "seeds": 1} | changes
    with pytest.raises(error, match=part):
        deepcross.compare(train_rows, "click", **arguments)


def test_all_kinds_are_compared_unless_some_are_named(train_rows, test_rows):
    seen = []

    def stop(epoch):
        seen.append(epoch)
        if len(seen) == 2:
            raise KeyError("enough")

    model = DeepCrossingClassifier(epochs=1, hidden=[4], embedding=2)
    found = deepcross.compare(train_rows, "click", model=model, test=test_rows, seeds=1)
    assert [one.name for one in found.models] == _native.kinds() and len(found.models) >= 6
    with pytest.raises(KeyError):
        deepcross.compare(train_rows, "click", model=model, callbacks=[stop])
    assert len(seen) == 2


def test_an_exception_ends_a_comparison(train_rows):
    def fail(epoch):
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        deepcross.compare(train_rows, "click", kinds=["lr"], callbacks=[fail])


def test_a_description_is_that_of_the_program(train_rows, program, tmp_path):
    found = deepcross.describe(train_rows, "click")
    path = write_csv(train_rows, tmp_path / "rows.csv")
    expected = printed(program, "describe", "--data", path, "--label", "click", "--json")
    of_file = deepcross.describe(path, "click")
    assert (of_file.rows, of_file.mean_label) == (expected["rows"], expected["mean_label"])
    for column, other in zip(of_file.columns, expected["columns"]):
        assert {"list" if key == "lists" else key: value for key, value in vars(column).items()} == other
    assert [column.name for column in found.columns] == [*train_rows]
    assert found.mean_label == np.mean(train_rows["click"])
    ages = np.array(train_rows["age"])
    assert found["age"].numbers["min"] == ages.min() and found["age"].numbers["max"] == ages.max()
    missing = sum(value is None for value in train_rows["price"])
    assert found["price"].missing == missing and found["device"].distinct == 2
    for text in (repr(found), found._repr_html_()):
        assert "categorical" in text and "18 to 79" in text and "2,000 rows" in text
    with pytest.raises(KeyError):
        found["absent"]


def test_a_description_needs_no_labels_and_may_hide_values(train_rows):
    X, y = without_label(train_rows), ["yes" if click else "no" for click in train_rows["click"]]
    plain = deepcross.describe(X)
    assert plain.mean_label is None and plain["ad"].auc is None
    beside = deepcross.describe(X, y)
    assert [column.name for column in beside.columns] == [*X] and beside.mean_label == np.mean(train_rows["click"])
    assert beside["ad"].auc == deepcross.describe(train_rows, "click")["ad"].auc
    named = deepcross.describe(X | {"what": y}, "what", positive="yes")
    assert named.mean_label == beside.mean_label
    hidden = deepcross.describe(train_rows, "click", examples=False)
    assert hidden["ad"].top == [] and hidden["age"].numbers["min"] is None and "ad3" not in repr(hidden)
    lists = deepcross.describe({"tags": ["a|b", "b|c", "a", "c|a|b"] * 20})
    assert lists["tags"].lists is None or lists["tags"].lists["longest"] == 3
    with pytest.raises(DataError, match="`absent`"):
        deepcross.describe(train_rows, "absent")


def test_odd_parameters_of_a_comparison_are_refused(train_rows):
    for wrong, part in [
        ({"kinds": [5]}, r"kinds: expected some of lr, .*, but got \[5\]"),
        ({"model": "lr"}, "model: expected a classifier, but got 'lr'"),
        ({"seeds": True}, "seeds: expected a number from 1 to 1000"),
    ]:
        with pytest.raises(deepcross.ConfigError, match=part):
            deepcross.compare(train_rows, "click", **wrong)
    with pytest.raises(TypeError, match="callbacks: expected a list of functions"):
        deepcross.compare(train_rows, "click", callbacks=print)
