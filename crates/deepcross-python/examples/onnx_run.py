"""The graph of a model as ONNX, run by onnxruntime on encoded rows.

python onnx_run.py [FOLDER]
"""

import sys
import tempfile
from pathlib import Path

import deepcross
import numpy as np
import onnxruntime

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
train, test = (deepcross.simulate(5_000, seed)[0] for seed in (1, 2))
model = deepcross.DeepCrossingClassifier(epochs=2).fit(train, "click")
model.to_onnx(folder / "model.onnx")

# The graph takes ids and numbers; the classifier knows those of each value.
session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
encoded = model.encode(test)
(probabilities,) = session.run(["probability"], {one.name: encoded[one.name] for one in session.get_inputs()})
difference = np.abs(probabilities - model.predict_proba(test)[:, 1]).max()
assert difference < 1e-6
print(f"{len(probabilities)} probabilities differ by at most {difference:.1e}")
