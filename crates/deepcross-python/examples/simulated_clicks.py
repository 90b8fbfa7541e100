"""A first model of simulated clicks: trained, measured beside the truth, understood and calibrated.

python simulated_clicks.py [FOLDER FOR THE PAGE]
"""

import sys
from pathlib import Path

import deepcross
import numpy as np

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
train, _ = deepcross.simulate(20_000, seed=1)
calibration, _ = deepcross.simulate(10_000, seed=2)
test, truth = deepcross.simulate(10_000, seed=3)

# What the columns hold, and what would become of them.
print(deepcross.describe(train, "click"), end="\n\n")

model = deepcross.DeepCrossingClassifier(epochs=5)
model.fit(train, "click", callbacks=[deepcross.print_epoch])

# The metrics, and how far the probabilities are from the true ones.
metrics = model.evaluate(test)
print(f"\n{metrics}\n")
low, high = metrics.intervals["auc"]
assert low < metrics["auc"] < high
errors = model.predict_proba(test)[:, 1] - truth
print(f"mean absolute error of the probabilities: {np.abs(errors).mean():.4f}\n")

# Which columns the model relies on.
importance = model.importance(test)
print(importance, end="\n\n")

# Calibrated on rows of its own.
calibrated = model.calibrate(calibration, method="platt")
print(f"calibration before {metrics['calibration']:.3f}, after {calibrated.evaluate(test)['calibration']:.3f}")

model.report(folder / "training.html")
model.save(folder / "model.dcx")
