"""Searches for better settings, which equal those of the program."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

import deepcross
import numpy as np
import pandas as pd
import pytest
from conftest import make_rows, without_label, write_csv
from deepcross import (
    ConfigError,
    DataError,
    DeepCrossingClassifier,
    Progress,
    SearchProgress,
    TrainingError,
    TrialResult,
)

#: The ranges of the tests, and the same as a section of a configuration.
RANGES = {
    "train.learning_rate": {"low": 1e-4, "high": 1e-1, "scale": "log"},
    "train.batch": [64, 128],
    "field.age": [{"kind": "number"}, {"kind": "bucketized", "quantiles": 5}],
    "field.*.min_count": {"low": 1, "high": 3},
}
SECTION = """
[tune]
train.learning_rate = { low = 1e-4, high = 1e-1, scale = "log" }
train.batch = [64, 128]
field.age = [{ kind = "number" }, { kind = "bucketized", quantiles = 5 }]
field."*".min_count = { low = 1, high = 3 }
"""


def small(**changes) -> DeepCrossingClassifier:
    """Return a classifier whose learning rate is far too low."""
    parameters = {"epochs": 3, "learning_rate": 1e-5, "hidden": [4], "embedding": 2, "threads": 1} | changes
    return DeepCrossingClassifier(**parameters)


def search(rows, y="click", **changes) -> deepcross.Search:
    arguments = {"model": small(), "ranges": RANGES, "trials": 6, "seeds": 2} | changes
    return deepcross.tune(rows, y, **arguments)


def without_seconds(trials: list[dict]) -> list[dict]:
    return [{name: value for name, value in trial.items() if name != "seconds"} for trial in trials]


def bytes_of(model: DeepCrossingClassifier, tmp_path) -> bytes:
    model.save(tmp_path / "saved.dcx")
    return (tmp_path / "saved.dcx").read_bytes()


@pytest.mark.parametrize("is_given", [False, True])
def test_a_search_is_that_of_the_program(train_rows, test_rows, program, tmp_path, is_given):
    train, test = write_csv(train_rows, tmp_path / "train.csv"), write_csv(test_rows, tmp_path / "test.csv")
    config = deepcross.infer_config(train_rows, "click").text
    (tmp_path / "run.toml").write_text(config + SECTION, encoding="utf-8")
    changes = ["train.epochs=3", "train.learning_rate=1e-5", "model.hidden=[4]", "model.embedding=2"]
    call = [program, "tune", "--config", tmp_path / "run.toml", "--data", train, "--trials", 6, "--seeds", 2, "--json"]
    call += ["--out", tmp_path / "search", *(part for change in changes for part in ("--set", change))]
    call += ["--test", test] if is_given else []
    done = subprocess.run([str(part) for part in call], check=True, capture_output=True, text=True)
    expected = json.loads(done.stdout)

    found = search(train_rows, test=test_rows if is_given else None)
    assert (found.verdict, found.winner_number) == (expected["sentence"], expected["winner"])
    assert found.config == expected["config"] and found.by == expected["chosen_by"]
    assert {key: str(value) for key, value in found.winner.items() if "." in key and "age" not in key} == {
        key: value for key, value in expected["settings"].items() if "age" not in key
    }
    assert bytes_of(found.model, tmp_path) == (tmp_path / "search" / "winner.dcx").read_bytes()
    assert found.comparison == expected["comparison"] and found.importance == expected["importance"]
    gain = expected["comparison"]["gain"]
    assert (found.gain, found.interval) == (gain["value"], (gain["low"], gain["high"]))
    assert found.is_better == (expected["verdict"] == "better")
    for trial, record in zip(found.trials, expected["trials"]):
        assert (trial["number"], trial["rung"]) == (record["trial"], record["rung"])
        assert all(trial[name] == record["trained"][name] for name in ("score", "log_loss", "auc", "epochs"))
    assert len(found.trials) == len(expected["trials"])
    if not is_given:
        # Files are copied, to the same search.
        assert without_seconds(search(train).trials) == without_seconds(found.trials)


def test_the_model_of_the_winner_is_that_of_a_training(train_rows, test_rows, tmp_path):
    found = search(train_rows, test=make_rows(4000, 5), seeds=4)
    assert found.winner_number > 0 and found.is_better and 0 < found.interval[0] < found.gain < found.interval[1]
    trained = DeepCrossingClassifier(fields=found.config, threads=1).fit(train_rows)
    assert bytes_of(found.model, tmp_path) == bytes_of(trained, tmp_path)
    assert found.model.config_ == found.config and found.model.threads == 1
    rate = found.winner["train.learning_rate"]
    assert isinstance(rate, float) and f"learning_rate = {rate}" in found.config
    assert found.winner["field.age"]["kind"] in ("number", "bucketized")
    np.testing.assert_array_equal(found.model.predict_proba(test_rows), trained.predict_proba(test_rows))
    again = found.model.fit(train_rows)
    assert bytes_of(again, tmp_path) == bytes_of(trained, tmp_path)


def test_a_search_shows_itself(train_rows, test_rows):
    found = search(train_rows, test=test_rows)
    assert found.ranges["train.batch"] == [64, 128] and found.ranges["field.*.min_count"]["integer"] is True
    assert found.ranges["train.learning_rate"] == {"low": 1e-4, "high": 0.1, "scale": "log", "integer": False}
    frame = found.to_frame()
    assert isinstance(frame, pd.DataFrame) and len(frame) == len(found.trials) and "train.batch" in frame
    assert frame["number"].tolist() == [trial["number"] for trial in found.trials]
    assert found.ranking[0] == found.winner_number and found.report.startswith("<!")
    for text in (repr(found), found._repr_html_()):
        assert found.verdict[:30] in text and "train.learning_rate" in text and "the configuration as it is" in text


def test_callbacks_hear_of_trials_and_progress(train_rows, test_rows):
    events, stream = [], io.StringIO()
    found = search(train_rows, test=test_rows, callbacks=[events.append, Progress(file=stream)])
    results = [event for event in events if isinstance(event, TrialResult)]
    steps = [event for event in events if isinstance(event, SearchProgress)]
    assert len(results) + len(steps) == len(events) and len(results) == len(found.trials)
    by_number = {(trial["number"], trial["rung"]): trial for trial in found.trials}
    for result in results:
        trial = by_number[result.number, result.rung]
        assert result.settings == trial["settings"] and result.metrics["auc"] == trial["auc"]
        assert (result.settings == {}) == (result.number == 0) and result.epochs == trial["epochs"]
    assert steps[0] == SearchProgress("trials", 0, 6, 0, 2, 1)
    assert steps[-1].phase == "comparison" and steps[-1].done == steps[-1].total == 4
    lines = stream.getvalue().splitlines()
    assert len(lines) == len(results) and lines[0] == str(results[0]) and "trial 0, epochs 1" in lines[0]
    assert "rung 1 of 2, up to epoch 1: 0 of 6 trials" == str(steps[0])
    with pytest.raises(AttributeError):
        results[0].number = 5


def test_jobs_and_labels_beside_rows_give_the_same_search(train_rows):
    one = search(train_rows)
    X, y = without_label(train_rows), np.array(train_rows["click"])
    for changed in (
        search(train_rows, jobs=2, model=small(threads=None), threads=2),
        search(X, y),
        search(pd.DataFrame(train_rows)),
    ):
        assert without_seconds(changed.trials) == without_seconds(one.trials)
        assert (changed.winner, changed.gain) == (one.winner, one.gain)
    words = np.where(y == 1, "yes", "no")
    named = search(X, words)
    assert set(named.model.classes_) == {"no", "yes"} and set(named.model.predict(X)) <= {"no", "yes"}


def test_rows_in_memory_are_divided_by_the_rule_of_validation(train_rows, tmp_path):
    rows = train_rows | {"day": [at * 7 % 30 for at in range(2000)]}
    train = write_csv(rows, tmp_path / "train.csv")
    settings = {"train.valid_by": "time:day"}
    of_memory = search(rows, model=small(settings=settings), final_fraction=0.3, trials=2, seeds=1)
    of_file = search(
        train, model=small(settings=settings), final_fraction=0.3, trials=2, seeds=1, folder=tmp_path / "s"
    )
    assert of_memory.gain == of_file.gain and of_memory.comparison["rows"] == of_file.comparison["rows"]
    assert 0.3 <= of_memory.comparison["rows"] / 2000 < 0.34
    lines = (tmp_path / "s" / "rows" / "test.csv").read_text(encoding="utf-8").splitlines()
    assert min(int(line.split(",")[-1]) for line in lines[1:]) >= 20


def test_a_search_that_was_interrupted_continues(train_rows, tmp_path):
    unbroken = search(train_rows)
    for at in (2, 7, 9):
        seen = []

        def stop(event, seen=seen, at=at):
            seen.append(event)
            if len(seen) == at:
                raise KeyError("enough")

        with pytest.raises(KeyError, match="enough") as raised:
            search(train_rows, folder=tmp_path / "search", resume=at > 2, callbacks=[stop])
        assert not hasattr(raised.value, "__notes__") or "resume=True" in raised.value.__notes__[0]
    results = []
    resumed = search(train_rows, folder=tmp_path / "search", resume=True, callbacks=[results.append])
    assert without_seconds(resumed.trials) == without_seconds(unbroken.trials)
    assert (resumed.verdict, resumed.comparison) == (unbroken.verdict, unbroken.comparison)
    assert sum(isinstance(event, TrialResult) for event in results) < len(resumed.trials)
    assert bytes_of(resumed.model, tmp_path) == (tmp_path / "search" / "winner.dcx").read_bytes()
    assert resumed.report == (tmp_path / "search" / "report.html").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match=r"folder: .* has a search already: resume=True continues it"):
        search(train_rows, folder=tmp_path / "search")
    with pytest.raises(ConfigError, match="journal of another search: the numbers of trials differ"):
        search(train_rows, folder=tmp_path / "search", resume=True, trials=7)
    with pytest.raises(ConfigError, match="journal of another search: the training files differ"):
        search(make_rows(2000, 9), folder=tmp_path / "search", resume=True)


def test_an_interrupt_ends_a_search_and_its_folder_is_removed(train_rows, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stopped = []

    def press() -> None:
        stopped.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    def interrupt(event) -> None:
        if not stopped and isinstance(event, SearchProgress):
            threading.Timer(0.5, press).start()

    model = small(epochs=1_000_000, settings={"train.patience": 1_000_000})
    with pytest.raises(KeyboardInterrupt):
        search(train_rows, model=model, trials=2, jobs=2, callbacks=[interrupt])
    assert time.monotonic() - stopped[0] < 5.0
    assert list(tmp_path.iterdir()) == []


def test_ranges_are_chosen_if_there_are_none_and_kinds_and_configurations_are_taken(train_rows, test_rows):
    chosen = search(train_rows, ranges=None, test=test_rows, trials=2, seeds=1, by="auc")
    assert "train.learning_rate" in chosen.ranges and chosen.by == "auc"
    linear = search(
        train_rows, model=DeepCrossingClassifier(kind="lr", epochs=1, threads=1), ranges={"train.batch": [64, 128]},
        test=test_rows, trials=3, seeds=1,
    )  # fmt: skip
    assert linear.model._model.kind() == "lr" and "hidden" not in linear.config
    config = deepcross.infer_config(train_rows, "click").text + SECTION
    own = search(train_rows, None, model=small(fields=config), ranges=None, test=test_rows)
    assert without_seconds(own.trials) == without_seconds(search(train_rows, test=test_rows).trials)
    nested = {"train": {"batch": [64, 128]}, "train.learning_rate": RANGES["train.learning_rate"]}
    assert set(search(train_rows, ranges=nested, trials=2, seeds=1).ranges) == {"train.batch", "train.learning_rate"}


def test_a_configuration_that_is_the_best_is_the_winner(train_rows, test_rows):
    best = small(learning_rate=0.02)
    found = search(train_rows, model=best, ranges={"train.learning_rate": [1e-6]}, trials=3, test=test_rows)
    assert (found.winner, found.winner_number, found.gain, found.interval) == ({}, 0, None, None)
    assert found.verdict.startswith("nothing was won") and not found.is_better and found.comparison is None
    assert found.out == {2: "it is the same as trial 1"}


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"trials": 0}, "trials: expected a number from 1 to 10000"),
        ({"seeds": True}, "seeds: expected a number from 1 to 1000"),
        ({"jobs": 1.5}, "jobs: expected a number from 1 to 256"),
        ({"minutes": 0}, "minutes: expected a number above 0"),
        ({"cache_gib": -1}, "cache_gib: expected a number from 0"),
        ({"final_fraction": 1.0}, "final_fraction: expected a number between 0 and 1"),
        ({"by": "f1"}, "by: expected one of log-loss, auc, auc-log-loss, but got 'f1'"),
        ({"model": "lr"}, "model: expected a classifier"),
        ({"threads": 2}, "threads: `model` has a parameter `threads` too"),
        ({"final_fraction": 0.2, "test": make_rows(50, 3)}, "final_fraction: no rows are cut off, since `test`"),
        ({"trials": 1}, "ranges: `trials` is 1"),
        ({"resume": True}, "resume: expected a `folder`"),
        ({"resume": 1, "folder": "x"}, "resume: expected True or False"),
        ({"folder": ""}, "folder: the path is empty"),
        ({"folder": __file__}, "folder: .* is a file, expected a folder"),
        ({"ranges": {}}, "ranges: expected a mapping"),
        ({"ranges": {"train.batch": 3}}, "`tune.train.batch`: must be a list of values or a range"),
        ({"ranges": {"trian.batch": [3]}}, "`tune.trian`: unknown key; the nearest known one is `train`"),
        ({"ranges": {"train.epochs": [3]}}, "`tune.train.epochs`: must be the same in all trials"),
        ({"ranges": {"train.batc": [3]}}, "`tune.train.batc`: cannot be 3: unknown key"),
        ({"ranges": {"train": {"batch": [3]}, "train.batch": [4]}}, "ranges: 'train.batch' is given twice"),
        ({"ranges": {"field.age": [True], "field.age.top": [4]}}, "ranges: 'field.age.top' is below a key"),
        ({"ranges": {"train.'batch": [4]}}, "ranges: .* must be the name of a key"),
        ({"ranges": {"train.batch": [object()]}}, "tune"),
        (
            {"model": small(settings={"tune.train.batch": [32]})},
            r"ranges: the configuration has ranges in .*`\[tune\]`",
        ),
        (
            {"model": small(settings={"train.valid_fraction": 0.0})},
            "hold rows out, or name validation files with `eval_set`",
        ),
    ],
)
def test_searches_that_make_no_sense_are_refused(train_rows, changes, part):
    with pytest.raises(ConfigError, match=part):
        search(train_rows, **changes)


def test_rows_and_callbacks_that_cannot_be_used_are_refused(train_rows, tmp_path):
    with pytest.raises(TypeError, match="callbacks: expected a list of functions"):
        search(train_rows, callbacks=print)
    with pytest.raises(TypeError, match="callbacks: expected functions of a `TrialResult` or a `SearchProgress`"):
        search(train_rows, callbacks=[3])
    with pytest.raises(ConfigError, match="are training rows already: the last comparison needs test rows"):
        search(train_rows, test=train_rows)
    with pytest.raises(DataError, match="test: expected"):
        search(train_rows, test=([], [], [], []))
    pd.DataFrame(train_rows).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ConfigError, match=r"copies rows into files, but .*: name test files with `test`"):
        search(tmp_path / "rows.parquet")
    with pytest.raises(TrainingError, match="trial 0, which is the configuration as it is: "):
        search(train_rows, model=small(learning_rate=1e30, settings={"train.optimizer": "sgd"}))
