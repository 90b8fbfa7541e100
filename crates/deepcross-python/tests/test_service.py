"""A service in threads of this process, asked by a client over HTTP."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import deepcross
import numpy as np
import pytest
from conftest import without_label
from deepcross import ConfigError, DeepCrossingClassifier, ModelFileError, ServiceError


@pytest.fixture(scope="module")
def fitted(train_rows) -> DeepCrossingClassifier:
    return DeepCrossingClassifier(epochs=1, threads=1).fit(train_rows, "click")


def ask(service: deepcross.Service, path: str, body: object = None, headers: dict | None = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"} | (service.headers if headers is None else headers)
    request = urllib.request.Request(service.url + path, data, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def refused(service: deepcross.Service, path: str, body: object, headers: dict | None = None) -> int:
    """Return the status of a request that is refused."""
    with pytest.raises(urllib.error.HTTPError) as error:
        ask(service, path, body, headers)
    error.value.close()
    return error.value.code


def test_a_service_answers_as_the_classifier_predicts(fitted, test_rows):
    X = without_label(test_rows)
    rows = [dict(zip(X, values)) for values in zip(*X.values())]
    with deepcross.serve(fitted, threads=1) as service:
        found = ask(service, "/v1/score", {"rows": rows})
        np.testing.assert_array_equal(
            np.array(found["probabilities"], dtype=np.float32), fitted.predict_proba(X)[:, 1].astype(np.float32)
        )
        assert refused(service, "/v1/score", {"rows": rows}, headers={}) == 401
        assert refused(service, "/v1/score", {"rows": rows}, headers={"Authorization": "Bearer other"}) == 401
        assert service.is_running and "running" in repr(service) and service.token not in repr(service)
        assert any("listening" in event for event in service.events)
    assert not service.is_running and "ended" in repr(service)
    service.stop()
    with pytest.raises(urllib.error.URLError):
        ask(service, "/v1/score", {"rows": rows})
    assert any("drained" in event for event in service.events)


def test_tokens_are_random_unless_they_are_given(fitted):
    with deepcross.serve(fitted) as first, deepcross.serve(fitted) as second:
        assert first.token != second.token and len(first.token) > 30 and first.url != second.url
        with pytest.raises(ServiceError, match="cannot listen"):
            deepcross.serve(fitted, int(first.url.rpartition(":")[2]))
    with deepcross.serve(fitted, token="secret") as service:
        assert service.headers == {"Authorization": "Bearer secret"}
        assert len(ask(service, "/v1/model")["fields"]) >= 4


def test_a_service_of_a_file_reloads_it(fitted, train_rows, test_rows, tmp_path):
    path = tmp_path / "model.dcx"
    fitted.save(path)
    row = {name: values[0] for name, values in without_label(test_rows).items()}
    with deepcross.serve(path) as service:
        before = ask(service, "/v1/score", {"rows": [row]})["probabilities"]
        other = DeepCrossingClassifier(epochs=1, random_state=7).fit(train_rows, "click")
        other.save(path)
        assert ask(service, "/v1/score", {"rows": [row]})["probabilities"] == before
        ask(service, "/v1/reload", {})
        after = ask(service, "/v1/score", {"rows": [row]})["probabilities"]
        expected = other.predict_proba({name: [value] for name, value in row.items()})[:, 1]
        assert after != before and after[0] == pytest.approx(expected[0], abs=1e-7)


def test_absent_fields_may_be_missing(fitted):
    with deepcross.serve(fitted) as service:
        assert refused(service, "/v1/score", {"rows": [{"ad": "ad1"}]}) == 422
    with deepcross.serve(fitted, absent_as_missing=True) as service:
        assert len(ask(service, "/v1/score", {"rows": [{"ad": "ad1"}]})["probabilities"]) == 1


def test_python_runs_beside_a_service(fitted, test_rows):
    X = without_label(test_rows)
    rows = [dict(zip(X, values)) for values in zip(*X.values())]
    answers = []
    with deepcross.serve(fitted) as service:
        threads = [
            threading.Thread(target=lambda: answers.append(ask(service, "/v1/score", {"rows": rows}))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        expected = fitted.predict_proba(X)[:, 1]
        for thread in threads:
            thread.join()
    assert len(answers) == 8
    for answer in answers:
        np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-7)


def test_a_service_that_is_dropped_ends(fitted):
    service = deepcross.serve(fitted)
    native = service._native
    del service
    gc.collect()
    assert not native.is_running()


@pytest.mark.parametrize("ending", ["", "import sys; sys.exit(3)", "raise ValueError('end')"])
def test_python_ends_with_a_service_that_runs(fitted, tmp_path, ending):
    fitted.save(tmp_path / "model.dcx")
    script = (
        f"import deepcross\nservice = deepcross.serve({str(tmp_path / 'model.dcx')!r})\nprint(service.url)\n{ending}"
    )
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == {"": 0, "i": 3, "r": 1}[ending[:1]], done.stderr
    assert done.stdout.startswith("http://127.0.0.1:") and time.monotonic() - begun < 30


def test_an_interrupt_is_left_to_python(fitted, tmp_path):
    fitted.save(tmp_path / "model.dcx")
    script = f"""
import deepcross, os, signal, time
with deepcross.serve({str(tmp_path / "model.dcx")!r}) as service:
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)
    except KeyboardInterrupt:
        print("interrupted", service.is_running)
print("ended", service.is_running)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["interrupted", "True", "ended", "False"], done.stderr


def test_wrong_services_are_refused(fitted, tmp_path):
    with pytest.raises(ModelFileError, match="no-such.dcx"):
        deepcross.serve(tmp_path / "no-such.dcx")
    for arguments in ({"port": -1}, {"port": 70000}, {"port": "80"}, {"token": "a b"}, {"token": ""}, {"threads": 0}):
        with pytest.raises(ConfigError, match=next(iter(arguments))):
            deepcross.serve(fitted, **arguments)


def test_odd_parameters_of_a_service_are_refused(fitted):
    with deepcross.serve(fitted, threads=1) as service:
        port = int(service.url.rpartition(":")[2])
        with pytest.raises(deepcross.ServiceError, match=rf"cannot listen on 127.0.0.1:{port}: ") as error:
            deepcross.serve(fitted, port=np.int64(port))
        # The reason is said once.
        assert str(error.value).count("(os error") == 1
    for wrong in [{"port": True}, {"port": "80"}, {"port": 65536}, {"token": 5}, {"token": ""}, {"threads": True}]:
        with pytest.raises(deepcross.ConfigError, match=next(iter(wrong))):
            deepcross.serve(fitted, **wrong)
    with pytest.raises(deepcross.ConfigError, match="model: expected a classifier or the path of a model file"):
        deepcross.serve(5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_copy_of_the_process_leaves_the_service_alone(fitted, tmp_path):
    fitted.save(tmp_path / "model.dcx")
    script = """
import os, sys, urllib.request, deepcross
service = deepcross.serve(sys.argv[1], threads=1)
child = os.fork()
if child == 0:
    assert not service.is_running
    service.stop()
    other = service
    del service, other
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0 and service.is_running
print(urllib.request.urlopen(service.url + "/healthz", timeout=10).status)
service.stop()
assert not service.is_running
"""
    command = [sys.executable, "-c", script, str(tmp_path / "model.dcx")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "200\n", "")
