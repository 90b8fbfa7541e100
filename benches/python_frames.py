#!/usr/bin/env python3
"""Trains on frames in memory and, with the program, on the same rows as a Parquet file: time and memory.

    pip install ./crates/deepcross-python pandas polars pyarrow
    cargo build --release -p deepcross-cli
    python3 benches/python_frames.py --program target/release/deepcross --rows 1200000

The rows have the shape of Criteo's logs: 13 numbers and 26 columns of texts. `lr` is a model of the kind lr for one epoch,
which takes little more than fitting and encoding the fields; `deep` is Deep Crossing with two residual units. Each run is a
process of its own, and the frame is read before the clock starts. Runs take turns; each line of JSON has the median of the
seconds, its ratio to the program's, and megabytes: the frame in memory, and the peak of the process.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

NUMBERS, CATEGORIES = 13, 26
FORMS = ("program", "polars", "pandas", "pyarrow", "path")

FIELDS = "".join(
    [f'[[field]]\nname = "I{at}"\nkind = "number"\ntransform = "log1p"\n' for at in range(1, NUMBERS + 1)]
    + [f'[[field]]\nname = "C{at}"\nkind = "categorical"\nmin_count = 10\n' for at in range(1, CATEGORIES + 1)]
)
MODELS = {
    "lr": '[model]\nkind = "lr"\n',
    "deep": "[model]\nembedding = 16\nhidden = [256, 128]\n",
}
TRAIN = "[train]\nepochs = 1\nbatch = 4096\nlearning_rate = 0.001\n"


def config(model):
    return f'[data]\nlabel = "label"\n{FIELDS}{MODELS[model]}{TRAIN}'


def write_rows(path, n_rows):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(1)
    columns = {"label": (random.random(n_rows) < 0.25).astype(np.int8)}
    for at in range(1, NUMBERS + 1):
        numbers = np.floor(random.lognormal(1.5, 1.5, n_rows))
        columns[f"I{at}"] = pa.array(numbers, mask=random.random(n_rows) < 0.2)
    for at in range(1, CATEGORIES + 1):
        n_values = int(10 ** (1 + 4 * at / CATEGORIES))
        ids = (n_values * random.random(n_rows) ** 3).astype(np.int64)
        names = np.array([f"{(7 + at) * 2654435761 * (value + 1) % 2**32:08x}" for value in range(n_values)])
        columns[f"C{at}"] = pa.array(names[ids], mask=random.random(n_rows) < 0.05)
    pq.write_table(pa.table(columns), path)


def megabytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(form, model, path, program, threads):
    """Train once in this process, or by the program."""
    before, frame_mb = megabytes(), 0.0
    if form == "program":
        with tempfile.TemporaryDirectory() as folder:
            toml = os.path.join(folder, "run.toml")
            with open(toml, "w") as file:
                file.write(config(model))
            command = [program, "train", "--config", toml, "--data", path, "--out", os.path.join(folder, "m.dcx")]
            start = time.perf_counter()
            subprocess.run([*command, "--threads", str(threads)], check=True, capture_output=True)
            seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    else:
        import deepcross

        if form == "polars":
            import polars as pl

            frame = pl.read_parquet(path)
        elif form == "pandas":
            import pandas as pd

            frame = pd.read_parquet(path)
        elif form == "pyarrow":
            import pyarrow.parquet as pq

            frame = pq.read_table(path)
        else:
            frame = path
        frame_mb = megabytes() - before
        classifier = deepcross.DeepCrossingClassifier(fields=config(model), threads=threads)
        start = time.perf_counter()
        classifier.fit(frame)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "frame_mb": round(frame_mb), "peak_mb": round(peak / 1e3)}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/deepcross")
    parser.add_argument("--rows", type=int, default=1_200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--forms", nargs="+", default=list(FORMS))
    parser.add_argument("--file", default=os.path.join(tempfile.gettempdir(), "deepcross-frames.parquet"))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        run(*args.one, args.file, args.program, args.threads)
        return
    if not os.path.exists(args.file):
        write_rows(args.file, args.rows)
    for model in args.models:
        found = {form: [] for form in args.forms}
        for _ in range(args.rounds):
            for form in args.forms:
                command = [sys.executable, __file__, "--one", form, model, "--file", args.file]
                command += ["--program", args.program, "--threads", str(args.threads)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found[form].append(json.loads(done.stdout))
        medians = {form: statistics.median(run["seconds"] for run in runs) for form, runs in found.items()}
        for form, runs in found.items():
            line = {"model": model, "form": form, "seconds": round(medians[form], 2)}
            if "program" in medians:
                line["ratio"] = round(medians[form] / medians["program"], 2)
            line |= {key: max(run[key] for run in runs) for key in ("frame_mb", "peak_mb")}
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
