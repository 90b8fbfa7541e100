"""Trainings that are ended and continue, caches, and the progress of a training."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import deepcross
import numpy as np
import pytest
from conftest import make_rows
from deepcross import ConfigError, DeepCrossingClassifier, DeepCrossWarning, Epoch, Progress

#: A training of many short epochs, which a signal can end at any step.
SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from conftest import make_rows
import deepcross

def tell(epoch):
    print(epoch.epoch, flush=True)

model = deepcross.DeepCrossingClassifier(epochs=40, threads=1, settings={{"train.patience": 40}})
model.fit(make_rows(2000, 1), "click", callbacks=[tell], checkpoint={checkpoint!r}, resume={resume})
model.save({out!r})
"""


def script(tmp_path: Path, out: str, checkpoint: Path | None, resume: bool = False) -> list[str]:
    checkpoint = None if checkpoint is None else str(checkpoint)
    names = {
        "tests": str(Path(__file__).parent),
        "checkpoint": checkpoint,
        "resume": resume,
        "out": str(tmp_path / out),
    }
    return [sys.executable, "-W", "ignore", "-c", SCRIPT.format(**names)]


def test_an_interrupted_training_continues_to_the_same_bytes(tmp_path):
    checkpoint = tmp_path / "run.checkpoint"
    subprocess.run(script(tmp_path, "unbroken.dcx", None), check=True, capture_output=True)
    for n_epochs in (3, 11):
        begun = subprocess.Popen(
            script(tmp_path, "resumed.dcx", checkpoint, resume=True),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        for line in begun.stdout:
            if int(line) >= n_epochs:
                break
        begun.send_signal(signal.SIGINT)
        _, said = begun.communicate(timeout=60)
        assert begun.returncode != 0 and "KeyboardInterrupt" in said and checkpoint.exists()
        assert sys.version_info < (3, 11) or f"the checkpoint is {checkpoint}" in said
        assert not (tmp_path / "resumed.dcx").exists()
    last = subprocess.run(
        script(tmp_path, "resumed.dcx", checkpoint, resume=True), check=True, capture_output=True, text=True
    )
    assert int(last.stdout.split()[0]) > 11
    assert (tmp_path / "resumed.dcx").read_bytes() == (tmp_path / "unbroken.dcx").read_bytes()
    assert not checkpoint.exists()


@pytest.fixture()
def ended(train_rows, tmp_path):
    """A checkpoint of a training that an exception has ended after two epochs."""

    def fail(epoch: Epoch) -> None:
        if epoch.epoch == 2:
            raise KeyError("enough")

    # Steps after the second epoch see the exception.
    model = DeepCrossingClassifier(epochs=30, threads=1, settings={"train.patience": 30})
    with pytest.raises(KeyError, match="enough"):
        model.fit(train_rows, "click", callbacks=[fail], checkpoint=tmp_path)
    assert (tmp_path / "deepcross.checkpoint").exists() and not hasattr(model, "classes_")
    return model


def test_an_exception_leaves_a_checkpoint_and_history_is_whole(ended, train_rows, test_rows, tmp_path):
    seen = []
    model = ended.fit(train_rows, "click", callbacks=[seen.append], checkpoint=tmp_path, resume=True)
    unbroken = DeepCrossingClassifier(**ended.get_params()).fit(train_rows, "click")
    assert [epoch.epoch for epoch in model.history_] == list(range(1, 31)) and len(seen) < 30
    assert model.history_ == unbroken.history_
    np.testing.assert_array_equal(model.predict_proba(test_rows), unbroken.predict_proba(test_rows))
    assert not (tmp_path / "deepcross.checkpoint").exists()


def test_a_checkpoint_of_another_run_is_refused(ended, train_rows, tmp_path):
    other = DeepCrossingClassifier(epochs=31, threads=1, settings={"train.patience": 30})
    with pytest.raises(ConfigError, match="train.epochs"):
        other.fit(train_rows, "click", checkpoint=tmp_path, resume=True)
    with pytest.raises(ConfigError, match="training"):
        ended.fit(make_rows(2000, 5), "click", checkpoint=tmp_path, resume=True)
    with pytest.raises(ConfigError, match="checkpoint"):
        other.fit(train_rows, "click", resume=True)
    # Without `resume`, a training begins again.
    with pytest.warns(DeepCrossWarning, match="resume=True would continue"):
        assert len(DeepCrossingClassifier(epochs=1).fit(train_rows, "click", checkpoint=tmp_path).history_) == 1
    # Without a checkpoint, `resume` begins one.
    assert (
        len(DeepCrossingClassifier(epochs=1).fit(train_rows, "click", checkpoint=tmp_path, resume=True).history_) == 1
    )


def test_a_checkpoint_that_could_not_be_written_is_refused_at_once(train_rows, tmp_path):
    for name in ("checkpoint", "cache"):
        with pytest.raises(ConfigError, match=f"{name}: the folder .*no-such"):
            DeepCrossingClassifier().fit(train_rows, "click", **{name: tmp_path / "no-such" / "file"})


def test_a_cache_changes_nothing_but_the_time(train_rows, test_rows, tmp_path):
    plain = DeepCrossingClassifier(epochs=2).fit(train_rows, "click")
    cache = tmp_path / "rows.cache"
    cached = DeepCrossingClassifier(epochs=2).fit(train_rows, "click", cache=cache)
    made = cache.stat()
    again = DeepCrossingClassifier(epochs=2).fit(train_rows, "click", cache=cache)
    assert cache.stat().st_mtime_ns == made.st_mtime_ns
    for model in (cached, again):
        np.testing.assert_array_equal(model.predict_proba(test_rows), plain.predict_proba(test_rows))
    with pytest.warns(DeepCrossWarning, match="the cache .* is made again"):
        DeepCrossingClassifier(epochs=2).fit(make_rows(2000, 6), "click", cache=cache)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_rewrites_a_line_of_a_terminal(train_rows):
    terminal, lines = Terminal(), io.StringIO()
    bar = Progress(terminal)
    model = DeepCrossingClassifier(epochs=3, settings={"train.patience": 3})
    model.fit(train_rows, "click", callbacks=[bar, Progress(lines)])
    assert [line.split(",")[0] for line in lines.getvalue().splitlines()] == ["epoch 1", "epoch 2", "epoch 3"]
    # What stays is one line an epoch.
    stays = [line.rpartition("\r")[2] for line in terminal.getvalue().splitlines()]
    assert stays == lines.getvalue().splitlines()
    bar._begin(1000)
    bar._step(epoch=4, member=1, members=1, rows=500, loss=0.25)
    assert terminal.getvalue().endswith("epoch 4, 50 %, training loss 0.25000")
    bar._end()
    assert terminal.getvalue().endswith("\r")


def test_steps_are_reported_while_an_epoch_runs():
    terminal = Terminal()
    rows, _ = deepcross.simulate(60_000)
    model = DeepCrossingClassifier(epochs=1, threads=1, batch=64, hidden=[128, 128], embedding=32)
    model.fit(rows, "click", callbacks=[Progress(terminal)])
    assert "epoch 1, " in terminal.getvalue() and " %, training loss " in terminal.getvalue()


def test_progress_in_a_notebook_is_one_output(train_rows, monkeypatch):
    shown = []

    class Output:
        def update(self, data, raw):
            shown.append(data["text/html"])

    def display(data, raw, display_id):
        return Output()

    shell = types.SimpleNamespace(kernel=object())
    ipython = types.SimpleNamespace(get_ipython=lambda: shell, display=types.SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    DeepCrossingClassifier(epochs=2, settings={"train.patience": 2}).fit(train_rows, "click", callbacks=[Progress()])
    assert shown[-1].startswith("<pre>epoch 1, ") and "\nepoch 2, " in shown[-1]


@pytest.mark.parametrize("what", ["checkpoint", "cache"])
def test_other_files_are_not_replaced(what, train_rows, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("precious")
    with pytest.raises(ConfigError, match=rf"{what}: .*rows.csv exists and is not a {what}"):
        DeepCrossingClassifier(epochs=1).fit(train_rows, "click", **{what: file})
    assert file.read_text() == "precious"
    for path, part in [("", "is empty"), (tmp_path / "no" / "file", "does not exist"), ("a\0b", "cannot be read")]:
        with pytest.raises(ConfigError, match=f"{what}: .*{part}"):
            DeepCrossingClassifier(epochs=1).fit(train_rows, "click", **{what: path})
    with pytest.raises(ConfigError, match="cache: .* is a folder"):
        DeepCrossingClassifier(epochs=1).fit(train_rows, "click", cache=tmp_path)
    (tmp_path / "empty").touch()
    DeepCrossingClassifier(epochs=1).fit(train_rows, "click", **{what: os.fsencode(tmp_path / "empty")})


def test_resume_is_a_truth_value(train_rows, tmp_path):
    with pytest.raises(ConfigError, match="resume: expected True or False, but got 'no'"):
        DeepCrossingClassifier(epochs=1).fit(train_rows, "click", checkpoint=tmp_path, resume="no")
