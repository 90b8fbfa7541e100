"""deepcross: the first configuration of `infer-config`, and settings around it."""

import csv
import subprocess

import numpy as np

from draws import log_uniform


class Ours:
    name = "deepcross"

    def __init__(self, dataset, parts, threads, deepcross, work):
        self.dataset, self.threads, self.deepcross = dataset, threads, deepcross
        self.work = work
        self.config = work / f"{dataset.name.split()[-1].lower()}.toml"
        self.run("infer-config", "--data", dataset.files["train"], *self.columns(), "--out", self.config)

    def columns(self):
        """What Adult's files need: they have no header, and labels of two spellings."""
        label = ["--label", self.dataset.label]
        if self.dataset.columns is None:
            return label + (["--valid", self.dataset.files["valid"]] if self.dataset.name == "MovieLens" else [])
        negative = [value.replace(">", "<=") for value in self.dataset.positive]
        classes = ["--positive", *self.dataset.positive, "--negative", *negative]
        return [*label, *classes, "--columns", ",".join(self.dataset.columns)]

    def run(self, *arguments):
        command = [str(argument) for argument in (self.deepcross, *arguments)]
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        if ended.returncode:
            raise SystemExit(ended.stderr)

    def settings(self, draw):
        if draw is None:
            return {}
        return {
            "train.learning_rate": log_uniform(draw, 3e-4, 1e-2),
            "train.embedding_l2": log_uniform(draw, 1e-5, 1e-1),
            "train.batch": int(draw.choice([256, 512, 1024])),
            "model.embedding": int(draw.choice([8, 16, 32])),
            "model.hidden": [[64, 64], [128, 64], [256, 128], [64]][draw.integers(4)],
            "model.dropout": round(draw.uniform(0, 0.5), 3),
        }

    def fit(self, settings, seed):
        files, model = self.dataset.files, self.work / "model.dcx"
        sets = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        self.run(
            *("train", "--config", self.config, "--data", files["train"], "--valid", files["valid"], "--out", model),
            *("--seed", seed + 1, "--threads", self.threads, *sets),
        )
        return {part: self.predict(model, files[part]) for part in ("valid", "test")}

    def predict(self, model, rows):
        out = self.work / "predictions.csv"
        self.run("predict", "--model", model, "--data", rows, "--out", out, "--threads", self.threads)
        with open(out, newline="") as file:
            return np.array([float(row["probability"]) for row in csv.DictReader(file)])
