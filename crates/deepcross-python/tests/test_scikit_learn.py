"""The classifier in the tools of scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import without_label
from deepcross import DataError, DeepCrossingClassifier

sklearn = pytest.importorskip("sklearn")
SINCE_1_6 = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 6)

from sklearn.base import clone, is_classifier  # noqa: E402
from sklearn.calibration import CalibratedClassifierCV  # noqa: E402
from sklearn.exceptions import DataConversionWarning  # noqa: E402
from sklearn.inspection import permutation_importance  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer  # noqa: E402

#: The checks that scikit-learn has for estimators and that cannot pass, each with the reason.
NOT_MET = {
    "check_sample_weight_equivalence_on_dense_data": "rows that are twice there are in other batches",
    "check_sample_weight_equivalence_on_sparse_data": "rows that are twice there are in other batches",
    "check_classifiers_train": "a column that alone predicts the label is left out",
}

#: The versions of scikit-learn whose checks were counted: all, and those that are expected to fail.
COUNTED = {"1.9": (63, 5)}


def estimator() -> DeepCrossingClassifier:
    return DeepCrossingClassifier(epochs=2, threads=1)


if SINCE_1_6:
    from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

    with warnings.catch_warnings():
        # The class has the methods of `BaseEstimator`, and does not need scikit-learn.
        warnings.filterwarnings("ignore", "Estimator .* does not inherit")
        by_checks = parametrize_with_checks([estimator()], expected_failed_checks=lambda _: NOT_MET)

    @by_checks
    @pytest.mark.filterwarnings("ignore")
    def test_estimators_of_scikit_learn_behave_so(estimator, check):
        check(estimator)


@pytest.mark.skipif(not SINCE_1_6, reason="no check can be left out before 1.6")
def test_all_checks_of_scikit_learn_are_there():
    warnings.filterwarnings("ignore", "Estimator .* does not inherit")
    names = [
        getattr(check, "func", check).__name__
        for _, check in estimator_checks_generator(estimator(), legacy=True, expected_failed_checks=None)
    ]
    assert set(NOT_MET) <= set(names) and len(names) > 50
    of_version = COUNTED.get(".".join(sklearn.__version__.split(".")[:2]))
    if of_version is not None:
        assert (len(names), sum(name in NOT_MET for name in names)) == of_version


@pytest.fixture(scope="module")
def table(train_rows) -> tuple[pd.DataFrame, np.ndarray]:
    return pd.DataFrame(without_label(train_rows)), np.array(train_rows["click"])


def test_clones_have_the_same_parameters():
    model = DeepCrossingClassifier(hidden=[3], settings={"train.batch": 64}, threads=1)
    copied = clone(model)
    assert copied is not model and copied.get_params() == model.get_params()
    assert is_classifier(model)


def test_rows_are_chosen_by_cross_validation(table):
    X, y = table
    model = DeepCrossingClassifier(learning_rate=0.01, patience=30, threads=1)
    scores = cross_val_score(model, X, y, cv=3, scoring="roc_auc")
    assert len(scores) == 3 and np.all(scores > 0.6)


def test_parameters_are_searched(table):
    X, y = table
    search = GridSearchCV(
        DeepCrossingClassifier(epochs=1, threads=1), {"embedding": [2, 4]}, cv=2, scoring="neg_log_loss", n_jobs=1
    ).fit(X, y)
    assert search.best_params_["embedding"] in (2, 4)
    assert search.predict_proba(X[:3]).shape == (3, 2)


def test_a_pipeline_ends_with_the_classifier(table):
    X, y = table
    pipeline = make_pipeline(
        FunctionTransformer(lambda frame: frame.assign(old=frame.age > 50)), DeepCrossingClassifier(epochs=1)
    )
    assert pipeline.fit(X, y).predict(X[:4]).shape == (4,)
    assert "old" in pipeline[-1].feature_names_in_


def test_probabilities_are_calibrated_by_folds(table):
    X, y = table
    calibrated = CalibratedClassifierCV(DeepCrossingClassifier(epochs=1, threads=1), cv=2).fit(X, y)
    assert calibrated.predict_proba(X[:5]).shape == (5, 2)


def test_columns_have_an_importance_by_permutation(table):
    X, y = table
    model = DeepCrossingClassifier(epochs=15, patience=15, threads=1).fit(X, y)
    found = permutation_importance(model, X, y, scoring="neg_log_loss", n_repeats=2, random_state=1)
    assert X.columns[np.argmax(found.importances_mean)] == "ad"


def test_arrays_have_the_columns_of_arrays(table):
    X, y = table
    named = DeepCrossingClassifier(epochs=1, threads=1).fit(X, y)
    with pytest.raises(DataError, match="its columns have no names, but the model finds its columns by name .`ad`"):
        named.predict_proba(X.to_numpy())
    with pytest.raises(DataError, match="have no names"):
        named.evaluate(X.to_numpy().tolist(), y)
    numbers = X[["age", "price"]].fillna(0).to_numpy()
    unnamed = DeepCrossingClassifier(epochs=1, threads=1).fit(numbers, y)
    with pytest.raises(DataError, match="X has 1 features, but DeepCrossingClassifier is expecting 2 features"):
        unnamed.predict(numbers[:, :1])


def test_a_column_of_labels_is_read_with_a_warning(table):
    X, y = table
    with pytest.warns(DataConversionWarning, match="column-vector"):
        model = DeepCrossingClassifier(epochs=1, threads=1).fit(X, y.reshape(-1, 1))
    assert model.classes_.tolist() == [0, 1]
