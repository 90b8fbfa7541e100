"""Checks exported graphs with ONNX's checker and onnxruntime; the test `interchange.rs` writes the files and calls it.

Usage: python onnx_check.py NAME...    in a folder with, for each NAME,
    NAME.onnx       the graph
    NAME.sample     encoded rows with their logits and probabilities, as safetensors
    NAME.weights    the weights, as safetensors
    NAME.txt        the predictions of `deepcross predict` for the same rows
"""
import json
import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

TOLERANCE = 1e-6


def largest(found, expected):
    assert found.shape == expected.shape, (found.shape, expected.shape)
    return float(np.max(np.abs(found.astype(np.float64) - expected), initial=0.0))


def steepness(graph, constants):
    """The steepest rise of an isotonic map's pieces, which bounds how much the map widens a difference of logits."""
    last = lambda operator: [node for node in graph.node if node.op_type == operator][-1]
    widths, rises = (constants[last(operator).input[1]] for operator in ("Div", "MatMul"))
    return float(np.max(rises[:, 0].astype(np.float64) / widths))


def check(name):
    model = onnx.load(f"{name}.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version == 8 and [o.version for o in model.opset_import] == [17]
    notes = {entry.key: entry.value for entry in model.metadata_props}
    fields = [field["name"] for field in json.loads(notes["deepcross.fields"])]
    crosses = ["ad and age", "ad and age_counts", "all", "all_counts"]
    assert fields == ["ad", "raw ad", "tags", "letters", "age", "age bins", "age vector", *crosses], fields
    assert int(notes["deepcross.fingerprint"], 16) > 0 and notes["deepcross.kind"]

    # Every weight is in the graph under its name, with the same shape as in the safetensors file.
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    for tensor, values in load_file(f"{name}.weights").items():
        np.testing.assert_array_equal(constants[tensor], values)

    sample = load_file(f"{name}.sample")
    session = onnxruntime.InferenceSession(f"{name}.onnx", providers=["CPUExecutionProvider"])
    inputs = {i.name: sample[i.name] for i in session.get_inputs()}
    assert set(sample) == set(inputs) | {"probability", "logit"}, set(sample)
    predicted = np.loadtxt(f"{name}.txt", dtype=np.float64)
    assert largest(sample["probability"], predicted) <= 1e-7

    def run(rows):
        return session.run(["probability", "logit"], {k: v[rows] for k, v in inputs.items()})

    tolerance, worst = TOLERANCE, 0.0
    n = len(predicted)
    for rows in [slice(0, n), slice(3, 4), slice(n - 4, n), slice(0, 0)]:
        probability, logit = run(rows)
        worst = max(worst, largest(probability, sample["probability"][rows]))
        assert largest(logit, sample["logit"][rows]) <= 1e-5 * max(1.0, np.max(np.abs(sample["logit"])))
    if name == "isotonic":
        difference = largest(run(slice(0, n))[1], sample["logit"])
        tolerance += 2 * difference * steepness(model.graph, constants)
        assert tolerance < 1e-3, tolerance
    # Any other padding of the lists gives the same probabilities.
    for key in [k for k in inputs if inputs[k].ndim == 2 and k.removesuffix("weights") != k]:
        ids = key.removesuffix("weights") + "ids"
        inputs[ids] = np.pad(inputs[ids], ((0, 0), (0, 5)), constant_values=1)
        inputs[key] = np.pad(inputs[key], ((0, 0), (0, 5)))
    worst = max(worst, largest(run(slice(0, n))[0], sample["probability"]))
    spread = float(np.ptp(sample["probability"]))
    print(f"{name}: {n} rows, largest difference {worst:.1e}, probabilities spread over {spread:.3f}")
    assert worst <= tolerance, (worst, tolerance)
    assert (spread > 0.01) != (name == "constant"), "the probabilities are nearly constant"


for name in sys.argv[1:]:
    check(name)
