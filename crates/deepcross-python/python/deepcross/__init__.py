"""Click-through-rate prediction with Deep Crossing: models of tables, trained and scored in Rust.

Examples
--------
>>> import deepcross
>>> rows, _ = deepcross.simulate(2000)
>>> model = deepcross.DeepCrossingClassifier(epochs=2, threads=1).fit(rows, "click")
>>> model.predict_proba(rows).shape
(2000, 2)
"""

from ._classifier import DeepCrossingClassifier
from ._comparison import ComparedModel, Comparison, compare
from ._description import Column, Description, describe
from ._fields import Field, FieldsLike
from ._inference import InferredConfig, infer_config
from ._measures import Importance, Importances, Metrics
from ._progress import Epoch, Progress, SearchProgress, TrialResult, print_epoch
from ._rows import RowsLike
from ._search import Search, tune
from ._service import Service, serve
from ._simulation import simulate
from .errors import (
    ConfigError,
    DataError,
    DeepCrossError,
    DeepCrossWarning,
    ModelFileError,
    ServiceError,
    TrainingError,
)

__all__ = [
    "Column",
    "ComparedModel",
    "Comparison",
    "ConfigError",
    "DataError",
    "DeepCrossError",
    "DeepCrossWarning",
    "DeepCrossingClassifier",
    "Description",
    "Epoch",
    "Field",
    "FieldsLike",
    "Importance",
    "Importances",
    "InferredConfig",
    "Metrics",
    "ModelFileError",
    "Progress",
    "RowsLike",
    "Search",
    "SearchProgress",
    "Service",
    "ServiceError",
    "TrainingError",
    "TrialResult",
    "compare",
    "describe",
    "infer_config",
    "print_epoch",
    "serve",
    "simulate",
    "tune",
]
