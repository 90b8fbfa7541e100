"""Threads, processes and memory: many calls at once, copies of a process, and a thousand trainings in one."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import make_rows, without_label
from deepcross import DeepCrossingClassifier


@pytest.fixture(scope="module")
def model(train_rows) -> DeepCrossingClassifier:
    return DeepCrossingClassifier(epochs=1).fit(train_rows, "click")


def test_threads_that_predict_at_once_get_their_own_rows(model, test_rows):
    rows = without_label(test_rows)
    expected = model.predict_proba(rows)
    records = [{name: values[at] for name, values in rows.items()} for at in range(300)]

    def predict(thread: int) -> None:
        random = np.random.default_rng(thread)
        for _ in range(20):
            first, n_rows = random.integers(0, 200), random.choice([1, 7, 100])
            found = model.predict_proba(records[first : first + n_rows])
            np.testing.assert_array_equal(found, expected[first : first + n_rows])

    with ThreadPoolExecutor(32) as threads:
        for done in [threads.submit(predict, thread) for thread in range(32)]:
            done.result()


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the system does not tell the memory of a process")
def test_a_thousand_trainings_take_no_more_memory_than_some():
    rows = make_rows(60, 3)
    X, y = without_label(rows), rows["click"]
    fields = DeepCrossingClassifier(epochs=1).fit(X, y).config_
    after = []
    for at in range(1000):
        model = DeepCrossingClassifier(fields=fields, epochs=1, threads=2).fit(X, y)
        model.predict_proba(X)
        if at in (200, 999):
            after.append(resident_bytes())
    # A model of these rows has some 20 kB, and its rows as many: 800 that stayed would be 16 MB or more.
    assert after[1] - after[0] < 8e6


def predict_in_child(state: bytes, rows: dict, queue) -> None:
    queue.put(pickle.loads(state).predict_proba(rows))


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes_of_every_start_method_predict_the_same(method, model, test_rows):
    rows = without_label(test_rows)
    # Many rows are predicted on several threads, here and there.
    expected = model.predict_proba(rows)
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=predict_in_child, args=(pickle.dumps(model), rows, queue))
    child.start()
    found = queue.get(timeout=120)
    child.join(timeout=60)
    assert child.exitcode == 0
    np.testing.assert_array_equal(found, expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_copy_of_the_process_uses_and_trains_models(model, train_rows, test_rows):
    rows = without_label(test_rows)
    expected = model.predict_proba(rows)
    child = os.fork()
    if child == 0:
        same = np.array_equal(model.predict_proba(rows), expected)
        again = DeepCrossingClassifier(epochs=1, threads=2).fit(train_rows, "click")
        os._exit(0 if same and np.array_equal(again.predict_proba(rows), expected) else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity of processes")
def test_the_number_of_threads_is_that_of_the_processors_of_the_process():
    script = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from deepcross import _native; "
        "print(_native.default_threads())"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "1"
