#!/usr/bin/env python3
"""Compares deepcross with LightGBM, CatBoost and Deep Crossing in PyTorch, on the same rows.

    cargo build --release -p deepcross-cli
    pip install lightgbm catboost torch pandas scipy
    python3 benches/rivals --source DATA --trials 20 --seeds 3

DATA has the folders `adult` (adult.data, adult.test) and `movielens` (train.csv, valid.csv, test.csv); clicks are
simulated. Each program has the same number of trials: its own defaults first, then settings drawn at random from the
ranges that its users search over. The trial with the lowest validation log loss is trained again with other seeds, and
judged on the test rows, which nothing has seen before. Writes a table for each data set, and one line of JSON for each
trial.
"""

import argparse
import json
import pathlib
import platform
import sys
import tempfile
import time
from statistics import fmean

import numpy as np

from metrics import auc, auc_difference, log_loss_difference, row_losses
from tables import DATASETS

PROGRAMS = ("deepcross", "lightgbm", "catboost", "torch")


def processor():
    """The name of the processor, as Linux has it."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def program(name, dataset, parts, arguments, work):
    """A program that fits a data set; its packages are needed only if it is asked for."""
    if name == "deepcross":
        from ours import Ours

        return Ours(dataset, parts, arguments.threads, arguments.deepcross, work)
    if name == "torch":
        from torch_net import TorchDeepCrossing

        return TorchDeepCrossing(dataset, parts, arguments.threads)
    import boosted_trees

    kind = boosted_trees.LightGbm if name == "lightgbm" else boosted_trees.CatBoost
    return kind(dataset, parts, arguments.threads, arguments.trees)


def search(rival, labels, trials, log):
    """The settings of the trial with the lowest validation log loss, and the seconds of all trials."""
    best, chosen, started = np.inf, {}, time.perf_counter()
    for trial in range(trials):
        settings = rival.settings(None if trial == 0 else np.random.default_rng([7, trial]))
        begun = time.perf_counter()
        loss = float(row_losses(labels, rival.fit(settings, 0)["valid"]).mean())
        log(
            program=rival.name, trial=trial, settings=settings, valid_log_loss=loss, seconds=time.perf_counter() - begun
        )
        if loss < best:
            best, chosen = loss, settings
    return chosen, time.perf_counter() - started


def judge(rival, settings, seeds):
    """The test probabilities of several seeds, and the median seconds of a training."""
    probabilities, seconds = [], []
    for seed in range(1, seeds + 1):
        begun = time.perf_counter()
        probabilities.append(rival.fit(settings, seed)["test"])
        seconds.append(time.perf_counter() - begun)
    return probabilities, float(np.median(seconds))


def table(labels, results):
    """A row for each program: means over seeds, and the differences to the first program with half a 95 % interval."""
    yield "| program | test log loss | to the first | test AUC | to the first | search, s | one training, s |"
    yield "|---|---|---|---|---|---|---|"
    first = next(iter(results.values()))[0]
    for name, (tests, searched, trained) in results.items():
        loss = fmean(float(row_losses(labels, test).mean()) for test in tests)
        area = fmean(auc(labels, test) for test in tests)
        differences = ["", ""]
        if tests is not first:
            found = (log_loss_difference(labels, tests, first), auc_difference(labels, tests, first))
            differences = [f"{mean:+.4f} ± {half:.4f}" for mean, half in found]
        cells = [
            name,
            f"{loss:.4f}",
            differences[0],
            f"{area:.4f}",
            differences[1],
            f"{searched:.0f}",
            f"{trained:.1f}",
        ]
        yield "| " + " | ".join(cells) + " |"


def compare(name, arguments, work, log):
    dataset = DATASETS[name](arguments.source, work, arguments.deepcross)
    parts = dataset.parts()
    labels = {part: labels for part, (_, labels) in parts.items()}
    results = {}
    for program_name in arguments.programs:
        rival = program(program_name, dataset, parts, arguments, work)
        settings, searched = search(rival, labels["valid"], arguments.trials, lambda **said: log(data=name, **said))
        tests, trained = judge(rival, settings, arguments.seeds)
        losses = [float(row_losses(labels["test"], test).mean()) for test in tests]
        log(data=name, program=rival.name, chosen=settings, test_log_loss=losses)
        results[rival.name] = (tests, searched, trained)
    rows = ", ".join(f"{len(labels[part]):,} {part}" for part in labels)
    print(f"\n{dataset.name}: {rows} rows\n", *table(labels["test"], results), sep="\n", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=pathlib.Path, required=True, help="the folder of the data sets")
    parser.add_argument("--data", nargs="+", choices=DATASETS, default=list(DATASETS))
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, default=list(PROGRAMS))
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--trees", type=int, default=2000, help="the greatest number of boosted trees")
    parser.add_argument("--deepcross", default="target/release/deepcross", help="the program")
    parser.add_argument("--log", type=argparse.FileType("w"), default=sys.stderr, help="where the lines of JSON go")
    arguments = parser.parse_args()

    def log(**said):
        print(json.dumps(said), file=arguments.log, flush=True)

    print(f"{processor()}, {arguments.threads} threads, {arguments.trials} trials each, {arguments.seeds} seeds")
    with tempfile.TemporaryDirectory() as work:
        for name in arguments.data:
            compare(name, arguments, pathlib.Path(work), log)


if __name__ == "__main__":
    main()
