"""A model stored with MLflow as a Python function, and read again.

python mlflow_model.py [FOLDER FOR THE MODEL]
"""

import sys
import tempfile
from pathlib import Path

import deepcross
import mlflow.pyfunc
import numpy as np
import pandas as pd


class ClickModel(mlflow.pyfunc.PythonModel):
    """Predicts probabilities of clicks with the model file of the artifact `model`."""

    def load_context(self, context):
        self.classifier = deepcross.DeepCrossingClassifier.load(context.artifacts["model"])

    def predict(self, context, model_input: pd.DataFrame, params=None) -> np.ndarray:
        return self.classifier.predict_proba(model_input)[:, 1]


folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
train, test = (pd.DataFrame(deepcross.simulate(5_000, seed)[0]) for seed in (1, 2))
model = deepcross.DeepCrossingClassifier(epochs=2).fit(train, "click")
model.save(folder / "model.dcx")

# The artifact is the model file, which the program reads as well.
mlflow.pyfunc.save_model(
    path=str(folder / "mlflow"),
    python_model=ClickModel(),
    artifacts={"model": str(folder / "model.dcx")},
    pip_requirements=["deepcross"],
)
loaded = mlflow.pyfunc.load_model(str(folder / "mlflow"))
probabilities = loaded.predict(test)
assert np.array_equal(probabilities, model.predict_proba(test)[:, 1])
print(f"{len(probabilities)} probabilities, all equal to those of the classifier")
