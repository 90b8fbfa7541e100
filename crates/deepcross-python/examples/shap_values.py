"""What the values of rows add to their predictions, by SHAP.

python shap_values.py [NUMBER OF ROWS]
"""

import sys

import deepcross
import numpy as np
import pandas as pd
import shap

n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20
train = pd.DataFrame(deepcross.simulate(10_000, seed=1)[0])
X, y = train.drop(columns="click"), train["click"]
model = deepcross.DeepCrossingClassifier(epochs=3).fit(X, y)

# SHAP permutes columns of numbers: texts go through their places in a list of all values.
texts = {name: np.unique(X[name]) for name in X if not pd.api.types.is_numeric_dtype(X[name])}


def encoded(frame: pd.DataFrame) -> np.ndarray:
    """Return the rows as numbers."""
    columns = [np.searchsorted(texts[name], frame[name]) if name in texts else frame[name] for name in X]
    return np.column_stack(columns).astype(float)


def probabilities(numbers: np.ndarray) -> np.ndarray:
    """Return the probabilities of rows of numbers."""
    columns = dict(zip(X, numbers.T))
    for name, values in texts.items():
        columns[name] = values[columns[name].astype(int)]
    return model.predict_proba(pd.DataFrame(columns)[list(X)].astype(X.dtypes.to_dict()))[:, 1]


background = encoded(X.sample(50, random_state=1))
explainer = shap.Explainer(probabilities, background, algorithm="permutation", feature_names=list(X), seed=1)
explained = explainer(encoded(X.head(n_rows)), max_evals=2 * X.shape[1] + 1, silent=True)
# The parts of a row and the mean of the background make its prediction.
sums = explained.base_values + explained.values.sum(axis=1)
assert np.allclose(sums, model.predict_proba(X.head(n_rows))[:, 1], atol=1e-6)
means = np.abs(explained.values).mean(axis=0)
for at in np.argsort(-means)[:5]:
    print(f"{X.columns[at]:<12} {means[at]:.4f}")
