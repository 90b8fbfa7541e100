"""Metrics with intervals, importance, calibration, pages and exports, which equal those of the program."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import deepcross
import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import make_rows, without_label, write_csv
from deepcross import ConfigError, DataError, DeepCrossingClassifier, DeepCrossWarning, ModelFileError
from deepcross._classifier import tensors_of


@pytest.fixture(scope="module")
def fitted(train_rows) -> DeepCrossingClassifier:
    return DeepCrossingClassifier(epochs=2, threads=1).fit(train_rows, "click")


@pytest.fixture(scope="module")
def files(fitted, test_rows, tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("files")
    fitted.save(folder / "model.dcx")
    return folder / "model.dcx", write_csv(test_rows, folder / "test.csv")


def printed(*arguments: object) -> dict:
    found = subprocess.run([str(argument) for argument in arguments], check=True, capture_output=True, text=True)
    return json.loads(found.stdout)


def test_metrics_are_those_that_the_program_prints(fitted, test_rows, files, program):
    model, data = files
    found = fitted.evaluate(test_rows)
    assert found == printed(program, "evaluate", "--model", model, "--data", data, "--json")
    assert set(found.intervals) == {"auc", "log_loss", "normalized_entropy", "brier", "calibration"}
    low, high = found.intervals["auc"]
    assert low < found["auc"] < high
    # The standard error of log loss is that of a mean.
    labels, scores = np.array(test_rows["click"]), fitted.predict_proba(test_rows)[:, 1]
    losses = -np.log(np.where(labels == 1, scores, 1 - scores))
    half = 1.959964 * losses.std(ddof=1) / np.sqrt(len(losses))
    low, high = found.intervals["log_loss"]
    assert (high - low) / 2 == pytest.approx(half, rel=0.01)
    assert all(isinstance(value, (int, float, type(None))) for value in found.numbers.values())
    assert found.numbers["auc"] == found["auc"]
    assert copy.deepcopy(found) == found and isinstance(pickle.loads(pickle.dumps(found)), deepcross.Metrics)
    assert f"{found['auc']:.4f}" in repr(found) and f"{found['auc']:.4f}" in found._repr_html_()
    one_class = fitted.evaluate({name: values[:1] for name, values in test_rows.items()})
    assert "auc" in one_class["undefined"] and "–" in repr(one_class)


def test_importance_is_that_of_the_program(fitted, test_rows, files, program):
    model, data = files
    found = fitted.importance(test_rows, repeats=4)
    expected = printed(program, "evaluate", "--model", model, "--data", data, "--json", "--importance", 4)["importance"]
    assert [one.fields for one in found] == [" + ".join(one["fields"]) for one in expected["fields"]]
    for one, other in zip([*found, found.all_fields], [*expected["fields"], expected["all"]]):
        assert (one.log_loss, one.log_loss_low, one.log_loss_high) == tuple(
            other["log_loss"][key] for key in ("lost", "low", "high")
        )
        assert (one.auc, one.auc_low, one.auc_high) == tuple(other["auc"][key] for key in ("lost", "low", "high"))
    assert (found.rows, found.repeats) == (300, 4)
    # Clicks depend on the ad and the device.
    assert {found[0].fields.split(" + ")[0], found[1].fields.split(" + ")[0]} == {"ad", "device"}
    for table in (pd.DataFrame(found), pd.DataFrame(found.to_dict()), pl.DataFrame(found.to_dict()).to_pandas()):
        assert table["fields"].tolist() == [one.fields for one in found]
        assert table["log_loss"].tolist() == [one.log_loss for one in found]
    assert fitted.importance(test_rows, repeats=2, max_rows=100).rows == 100
    assert pickle.loads(pickle.dumps(found)) == found and pickle.loads(pickle.dumps(found)).rows == 300
    assert "(all fields)" in repr(found) and found[0].fields in found._repr_html_()
    X, y = without_label(test_rows), np.where(np.array(test_rows["click"]) == 1, 1, 0)
    assert fitted.importance(X, y, repeats=4) == found
    other = fitted.importance(test_rows, repeats=4, random_state=2)
    assert other != found
    for wrong in ({"repeats": 1}, {"max_rows": 1}, {"random_state": -1}, {"repeats": 2.5}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            fitted.importance(test_rows, **wrong)


@pytest.mark.parametrize("method", ["platt", "temperature", "isotonic"])
def test_a_calibrated_classifier_is_that_of_the_program(fitted, test_rows, files, program, tmp_path, method):
    model, data = files
    before = fitted.predict_proba(test_rows)
    calibrated = fitted.calibrate(test_rows, method=method)
    np.testing.assert_array_equal(fitted.predict_proba(test_rows), before)
    assert not np.array_equal(calibrated.predict_proba(test_rows), before)
    out = tmp_path / "calibrated.dcx"
    command = [program, "calibrate", "--model", model, "--data", data, "--method", method, "--out", out]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    calibrated.save(tmp_path / "own.dcx")
    assert (tmp_path / "own.dcx").read_bytes() == out.read_bytes()
    assert calibrated.calibration_["method"] == method and calibrated.history_ == fitted.history_
    assert set(calibrated.calibration_["before"]) >= {"auc", "log_loss"} and not hasattr(fitted, "calibration_")
    assert calibrated.evaluate(test_rows)["calibrator"] == method
    # Logits are those before the calibration.
    np.testing.assert_array_equal(calibrated.decision_function(test_rows), fitted.decision_function(test_rows))
    again = copy.copy(calibrated).fit(test_rows, "click")
    assert not hasattr(again, "calibration_")


def test_a_calibration_warns_and_refuses(fitted, train_rows, test_rows):
    with pytest.raises(ConfigError, match='"platt"'):
        fitted.calibrate(test_rows, method="plat")
    with pytest.warns(DeepCrossWarning, match="the model was trained on"):
        fitted.calibrate(train_rows)
    one_class = {name: values[:1] for name, values in test_rows.items()}
    with pytest.raises(DataError):
        fitted.calibrate(one_class)


class Texts(HTMLParser):
    """Collects the texts and the elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts, self.elements = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)

    def handle_data(self, data):
        self.texts.append(data.strip())


def test_the_page_of_a_training_is_that_of_the_program(train_rows, program, tmp_path):
    data = write_csv(train_rows, tmp_path / "train.csv")
    model = DeepCrossingClassifier(epochs=3, threads=1, settings={"data.missing": ["", "?"]}).fit(data, "click")
    model.report(tmp_path / "own.html")
    (tmp_path / "run.toml").write_text(model.config_, encoding="utf-8")
    command = [program, "train", "--config", tmp_path / "run.toml", "--data", data, "--out", tmp_path / "m.dcx"]
    command += ["--report", tmp_path / "theirs.html"]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    own, theirs = ((tmp_path / f"{name}.html").read_text(encoding="utf-8") for name in ("own", "theirs"))
    assert own == theirs.replace("m.dcx", "deep-crossing model")
    page = Texts(own)
    assert page.elements.count("svg") >= 6 and "Residual units" in page.texts and "train.csv" in page.texts
    # A copy and a model that was loaded have a page as well, with what they know.
    pickle.loads(pickle.dumps(model)).report(tmp_path / "copy.html")
    copied = Texts((tmp_path / "copy.html").read_text(encoding="utf-8"))
    assert copied.elements.count("svg") == 2 and "Epochs" in copied.texts and "Residual units" not in copied.texts
    DeepCrossingClassifier.load(tmp_path / "m.dcx").report(tmp_path / "loaded.html")
    assert "Layers" in (tmp_path / "loaded.html").read_text(encoding="utf-8")
    with pytest.raises(ModelFileError, match="no-such"):
        model.report(tmp_path / "no-such" / "page.html")


def test_exports_are_those_of_the_program(fitted, files, program, tmp_path):
    fitted.to_onnx(tmp_path / "own.onnx")
    fitted.export_safetensors(str(tmp_path / "own.safetensors"))
    for name in ("onnx", "safetensors"):
        command = [program, "export", "--model", files[0], "--format", name, "--out", tmp_path / f"theirs.{name}"]
        subprocess.run([str(part) for part in command], check=True, capture_output=True)
        assert (tmp_path / f"own.{name}").read_bytes() == (tmp_path / f"theirs.{name}").read_bytes()
    with pytest.raises(ModelFileError, match="no-such"):
        fitted.to_onnx(tmp_path / "no-such" / "model.onnx")


def test_rows_are_encoded_as_the_program_encodes_them(fitted, files, test_rows, program, tmp_path):
    command = [program, "export", "--model", files[0], "--format", "onnx", "--out", tmp_path / "model.onnx"]
    command += ["--sample", files[1], "--sample-out", tmp_path / "sample.safetensors"]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    sample = tensors_of((tmp_path / "sample.safetensors").read_bytes())
    found = fitted.encode(test_rows)
    assert set(found) == set(sample) and {"ad.ids", "age.numbers", "probability"} <= set(found)
    for name, tensor in found.items():
        np.testing.assert_array_equal(tensor, sample[name])
        assert len(tensor) == 300
    assert found["ad.ids"].dtype == np.int64 and found["age.numbers"].dtype == np.float32
    np.testing.assert_array_equal(found["probability"].astype(float), fitted.predict_proba(test_rows)[:, 1])


def test_what_needs_a_model_says_so(test_rows, tmp_path):
    model = DeepCrossingClassifier()
    for call in (
        lambda: model.evaluate(test_rows),
        lambda: model.importance(test_rows),
        lambda: model.calibrate(test_rows),
        lambda: model.report(tmp_path / "page.html"),
        lambda: model.to_onnx(tmp_path / "model.onnx"),
        lambda: model.encode(test_rows),
        lambda: model.export_safetensors(tmp_path / "model.safetensors"),
        lambda: deepcross.serve(model),
    ):
        with pytest.raises((AttributeError, ValueError), match="not fitted"):
            call()


def test_scripts_in_names_are_texts_in_a_notebook():
    evil = "<script>alert('x')</script>"
    rows = make_rows(2400, 9)
    rows = {evil: rows["ad"], "other": rows["age"], "</table>": ["same"] * 2400, "click": rows["click"]}
    model = DeepCrossingClassifier(epochs=2, threads=1).fit(rows, "click")
    shown = [
        model._repr_html_(),
        model.importance(rows, repeats=2)._repr_html_(),
        model.evaluate(rows)._repr_html_(),
        deepcross.describe(rows, "click")._repr_html_(),
        DeepCrossingClassifier(fields=evil)._repr_html_(),
    ]
    for page in shown:
        found = Texts(page)
        assert "script" not in found.elements and page.count("<div") == page.count("</div>")
        assert page.count("<table") == page.count("</table>")
    for at in (0, 1, 3):
        assert any(evil in text for text in Texts(shown[at]).texts), at
    found = Texts(shown[0])
    assert found.elements.count("svg") == 2 and "Left out" in found.texts and "</table>" in found.texts
    assert "not fitted" in shown[-1]
