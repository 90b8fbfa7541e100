"""LightGBM and CatBoost, with the settings that their users search over."""

import catboost
import lightgbm
import pandas as pd

from draws import log_uniform
from tables import TreeTable, numbers_of


class LightGbm:
    name = f"LightGBM {lightgbm.__version__}"

    def __init__(self, dataset, parts, threads, trees):
        table = TreeTable(dataset, parts["train"][0])
        self.columns = {part: table.columns(frame) for part, (frame, _) in parts.items()}
        self.labels = {part: labels for part, (_, labels) in parts.items()}
        self.threads, self.trees = threads, trees

    def settings(self, draw):
        if draw is None:
            return {}
        return {
            "learning_rate": log_uniform(draw, 0.01, 0.2),
            "num_leaves": int(log_uniform(draw, 8, 256)),
            "min_data_in_leaf": int(log_uniform(draw, 5, 500)),
            "feature_fraction": draw.uniform(0.3, 1.0),
            "bagging_fraction": draw.uniform(0.5, 1.0),
            "bagging_freq": 1,
            "lambda_l2": log_uniform(draw, 1e-3, 100),
            "cat_smooth": log_uniform(draw, 1, 300),
            "cat_l2": log_uniform(draw, 1, 300),
        }

    def fit(self, settings, seed):
        given = {"objective": "binary", "metric": "binary_logloss", "seed": seed, "num_threads": self.threads}
        train = lightgbm.Dataset(self.columns["train"], self.labels["train"])
        model = lightgbm.train(
            given | {"verbosity": -1} | settings,
            train,
            num_boost_round=self.trees,
            valid_sets=[train.create_valid(self.columns["valid"], self.labels["valid"])],
            callbacks=[lightgbm.early_stopping(50, verbose=False)],
        )
        return {part: model.predict(self.columns[part]) for part in ("valid", "test")}


class CatBoost:
    name = f"CatBoost {catboost.__version__}"

    def __init__(self, dataset, parts, threads, trees):
        self.pools = {part: self.pool(dataset, *parts[part]) for part in parts}
        self.threads, self.trees = threads, trees

    def pool(self, dataset, frame, labels):
        """Numbers, categories, whole texts as categories, and lists as CatBoost's own texts."""
        data = {f"number {name}": column for name, column in zip(dataset.numbers, numbers_of(frame, dataset.numbers).T)}
        data |= {name: frame[name] for name in dataset.categories}
        whole = {f"{name} as a whole": frame[name] for name, separator in dataset.lists.items() if separator == " "}
        lists = {
            f"words of {name}": frame[name].str.replace(separator, " ", regex=False)
            for name, separator in dataset.lists.items()
        }
        return catboost.Pool(
            pd.DataFrame(data | whole | lists),
            labels,
            cat_features=[*dataset.categories, *whole],
            text_features=list(lists),
        )

    def settings(self, draw):
        if draw is None:
            return {}
        return {
            "learning_rate": log_uniform(draw, 0.02, 0.2),
            "depth": int(draw.integers(4, 9)),
            "l2_leaf_reg": log_uniform(draw, 1, 30),
            "random_strength": log_uniform(draw, 0.1, 10),
            "one_hot_max_size": int(draw.choice([2, 10, 50])),
            "bagging_temperature": draw.uniform(0, 1),
        }

    def fit(self, settings, seed):
        model = catboost.CatBoostClassifier(
            iterations=self.trees,
            random_seed=seed,
            thread_count=self.threads,
            early_stopping_rounds=50,
            allow_writing_files=False,
            verbose=False,
            **settings,
        )
        model.fit(self.pools["train"], eval_set=self.pools["valid"])
        return {part: model.predict_proba(self.pools[part])[:, 1] for part in ("valid", "test")}
