"""The fields of a model, its settings, its seed and its preset."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import make_rows, without_label
from deepcross import ConfigError, DeepCrossingClassifier, Field, infer_config

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"

FIELDS = [
    Field("ad", "categorical", min_count=2, counts=True, smoothing=[4, 16.0]),
    Field("gadget", "categorical", "device", missing_values=["none", -1], spelling="text"),
    Field("price", "number", transform="standard", clip=[0, 50.5], missing="indicator"),
    Field("age", "bucketized", quantiles=5),
    Field("pair", "cross", columns=["ad", "device"], buckets=64, seed=3),
]


def test_each_key_of_a_field_is_a_parameter():
    table = PAGE.read_text(encoding="utf-8").split("## `[[field]]`")[1].split("```")[0]
    keys = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert len(keys) > 25
    parameters = inspect.signature(Field.__init__).parameters
    assert set(keys) == set(parameters) - {"self", "unknown"}
    documented = inspect.getdoc(Field)
    assert all(f"\n{key} : " in documented for key in keys)


def test_fields_show_compare_and_copy_themselves():
    for field in FIELDS:
        assert eval(repr(field), {"Field": Field}) == field
        assert copy.deepcopy(field) == field == pickle.loads(pickle.dumps(field))
        assert hash(copy.copy(field)) == hash(field)
    assert len({field.to_toml() for field in FIELDS}) == len(FIELDS) == len(set(FIELDS))
    assert FIELDS[0] != Field("ad", "categorical", min_count=3, counts=True, smoothing=[4, 16.0])
    assert FIELDS[0] != "ad"
    assert FIELDS[2].keys == {"transform": "standard", "clip": (0, 50.5), "missing": "indicator"}
    with pytest.raises(AttributeError, match="another"):
        FIELDS[0].name = "other"


def test_a_list_of_a_caller_is_copied():
    columns = ["ad", "device"]
    field = Field("pair", "cross", columns=columns)
    columns.append("age")
    assert field.keys["columns"] == ("ad", "device")


@pytest.mark.parametrize(
    ("make", "error", "part"),
    [
        (lambda: Field("a", "number", transfrom="raw"), TypeError, "the nearest known one is `transform`"),
        (lambda: Field("a", "number", zzz=1), TypeError, "no key `zzz`$"),
        (lambda: Field("a", "numbr"), ConfigError, "unknown variant `numbr`"),
        (lambda: Field("a", "number", transform="standrd"), ConfigError, "standrd"),
        (lambda: Field("a", "number", top=3), ConfigError, "`field.a.top`"),
        (lambda: Field("a", "categorical", top=0), ConfigError, "`field.a.top`: must be at least 1"),
        (lambda: Field("a", "categorical", top=3, buckets=4), ConfigError, "buckets"),
        (lambda: Field("", "categorical"), ConfigError, "name"),
        (lambda: Field("a", "cross"), ConfigError, "columns"),
        (lambda: Field("a", "time"), ConfigError, "part"),
        (lambda: Field(3, "number"), TypeError, "name"),
        (lambda: Field("a", "number", clip={"a": object()}), ConfigError, "clip"),
    ],
)
def test_wrong_keys_and_values_are_refused(make, error, part):
    with pytest.raises(error, match=part):
        make()


def test_fields_are_those_of_the_model(train_rows, test_rows):
    X, y = without_label(train_rows), train_rows["click"]
    model = DeepCrossingClassifier(fields=FIELDS, epochs=1).fit(X, y)
    found = re.findall(r"\[\[field\]\]\nname = \"(\w+)\"", model.config_)
    assert found == [field.name for field in FIELDS] and model.left_out_ == {}
    assert "clip = [0.0, 50.5]" in model.config_ and "hidden = [64, 64]" in model.config_
    # The same by the text of the configuration, and by a column of labels.
    again = DeepCrossingClassifier(fields=model.config_).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(test_rows), model.predict_proba(test_rows))
    named = DeepCrossingClassifier(fields=tuple(FIELDS), epochs=1).fit(train_rows, "click")
    np.testing.assert_array_equal(named.predict_proba(test_rows), model.predict_proba(test_rows))


def test_fields_go_through_the_tools_of_scikit_learn(train_rows):
    base = pytest.importorskip("sklearn.base")
    selection = pytest.importorskip("sklearn.model_selection")
    X, y = pd.DataFrame(without_label(train_rows)), np.array(train_rows["click"])
    model = DeepCrossingClassifier(fields=FIELDS, epochs=10, batch=64, threads=1)
    assert base.clone(model).get_params() == model.get_params()
    search = selection.GridSearchCV(model, {"fields": [FIELDS[:1], FIELDS]}, cv=2, scoring="roc_auc").fit(X, y)
    # Clicks depend on the device as well.
    assert search.best_params_["fields"] == FIELDS


def test_fields_may_read_columns_that_an_inference_would_leave_out():
    rows = make_rows(400, 8) | {"constant": ["same"] * 400}
    fields = [Field("constant", "categorical"), Field("a*", "categorical")]
    model = DeepCrossingClassifier(fields=fields, epochs=1).fit(rows, "click")
    assert model.feature_names_in_.tolist() == [*[*rows][:4], "constant"]
    assert re.findall(r"^name = \"(\w+)\"", model.config_, re.MULTILINE) == ["constant", "ad", "age"]
    only = DeepCrossingClassifier(fields=fields[:1], epochs=1).fit({"constant": ["a"] * 60}, [0, 1] * 30)
    assert only.n_features_in_ == 1


def test_classes_of_a_column_are_named_beside_fields(train_rows):
    rows = without_label(train_rows) | {"what": ["buys" if click else "leaves" for click in train_rows["click"]]}
    model = DeepCrossingClassifier(fields=FIELDS[:1], epochs=1, positive="buys").fit(rows, "what")
    assert model.classes_.tolist() == ["leaves", "buys"]


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ([], "empty"),
        ([Field("ad", "categorical"), "age"], "it has 'age'"),
        (Field("ad", "categorical"), "a list of `Field`"),
        (3, "a list of `Field`"),
        ("infr", "the path of a configuration"),
        (Path("no-such.toml"), "no-such.toml"),
        ([Field("ad", "categorical"), Field("ad", "text")], "ad"),
        ([Field("label", "categorical", "click")], "column of the label"),
        ([Field("ad", "categorical"), Field("zz*", "number")], "zz"),
    ],
)
def test_other_fields_are_refused(train_rows, fields, part):
    with pytest.raises(ConfigError, match=part):
        DeepCrossingClassifier(fields=fields).fit(train_rows, "click")


def test_a_run_in_toml_is_a_text_or_a_file(train_rows, test_rows, tmp_path):
    text = infer_config(train_rows, "click").text
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    models = [DeepCrossingClassifier(fields=fields, epochs=1).fit(train_rows) for fields in (text, path, str(path))]
    models.append(DeepCrossingClassifier(epochs=1).fit(train_rows, "click"))
    for model in models[1:]:
        np.testing.assert_array_equal(model.predict_proba(test_rows), models[0].predict_proba(test_rows))


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"train.batchs": 3}, "nearest known one is `batch`"),
        ({"trian.batch": 3}, "nearest known one is `train`"),
        ({"field.agee.top": 3}, "nearest is `age`"),
        ({"field.age.topp": 3}, "nearest known one is `top`"),
        ({"batch": 3}, "'batch' must name a section and a key"),
        ({3: 3}, "must name a section"),
        ("train.batch=3", "expected a mapping"),
    ],
)
def test_unknown_settings_are_refused_with_the_nearest(train_rows, settings, part):
    with pytest.raises(ConfigError, match=part):
        DeepCrossingClassifier(settings=settings).fit(train_rows, "click")


def test_a_seed_is_a_number_or_drawn(train_rows):
    def seeds(random_state, n=1):
        model = DeepCrossingClassifier(epochs=1, random_state=random_state, hidden=[4], embedding=2)
        return [model.fit(train_rows, "click").training_["seed"] for _ in range(n)]

    assert seeds(None) == [1] and seeds(0) == [0] and seeds(np.int64(5)) == [5]
    drawn = seeds(np.random.RandomState(3), 2)
    assert drawn[0] != drawn[1] and drawn == seeds(np.random.RandomState(3), 2)
    assert seeds(np.random.default_rng(3), 2) == seeds(np.random.default_rng(3), 2)
    for wrong in (-1, 2**63, 1.5, "1", True):
        with pytest.raises(ConfigError, match="random_state"):
            seeds(wrong)


def test_a_preset_replaces_the_inferred_sizes(train_rows):
    X = train_rows
    model = DeepCrossingClassifier(preset="paper", hidden=[8], epochs=1, settings={"model.embedding": 4}).fit(
        X, "click"
    )
    assert "hidden = [8]" in model.config_ and "embedding = 4" in model.config_
    assert "bypass_below = 0" in infer_config(X, "click").text and "bypass_below = 0" not in model.config_
    with pytest.raises(ConfigError, match="preset"):
        DeepCrossingClassifier(preset="papr").fit(X, "click")


def test_patience_on_few_rows_says_what_helps():
    rows = make_rows(20, 3)
    with pytest.raises(ConfigError, match="eval_set.*train.valid_fraction"):
        DeepCrossingClassifier(patience=2, settings={"train.valid_fraction": 0.0}).fit(rows, "click")
    model = DeepCrossingClassifier(patience=2, epochs=3, settings={"train.valid_fraction": 0.3})
    assert len(model.fit(rows, "click").history_) <= 3
    model = DeepCrossingClassifier(patience=2, epochs=3).fit(rows, "click", eval_set=make_rows(20, 4))
    assert model.training_["valid_rows"] == 20
    assert len(DeepCrossingClassifier(epochs=3).fit(rows, "click").history_) == 3
