#!/usr/bin/env python3
"""Times single calls of `predict_proba` with rows of Criteo's shape, beside LightGBM and scikit-learn.

    pip install ./crates/deepcross-python pandas polars pyarrow lightgbm scikit-learn
    cargo build --release -p deepcross-c
    python3 benches/python_calls.py --library target/release/libdeepcross_c.so

Each line of JSON has the median time of a call in microseconds, for one row or 10,000. Runs of twenty calls take turns. All
programs use as many threads as `--threads` says. `scorer` is the same row scored through the interface for C, called by
ctypes, which is little above the scorer's own time.
"""

import argparse
import ctypes
import json
import statistics
import tempfile
import time
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import deepcross

NUMBERS, CATEGORIES = 13, 26
IN_A_RUN = 20


def rows_of(n_rows, seed):
    random = np.random.default_rng(seed)
    columns = {f"I{at}": np.floor(random.lognormal(1.5, 1.5, n_rows)).tolist() for at in range(1, NUMBERS + 1)}
    for at in range(1, CATEGORIES + 1):
        columns[f"C{at}"] = [f"{value:08x}" for value in (2000 * random.random(n_rows) ** 3).astype(int)]
    return columns


def microseconds(calls, rounds):
    """The median time of each call; runs of calls take turns."""
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            for at in range(IN_A_RUN + 2):
                start = time.perf_counter()
                call()
                if at >= 2:
                    times[name].append(time.perf_counter() - start)
    return {name: 1e6 * statistics.median(taken) for name, taken in times.items()}


class Rows(ctypes.Structure):
    """`deepcross_rows` of the header `deepcross.h`."""

    _fields_ = [
        ("names", ctypes.c_void_p),
        ("n_columns", ctypes.c_size_t),
        ("n_rows", ctypes.c_size_t),
        ("values", ctypes.c_void_p),
        ("lengths", ctypes.c_void_p),
    ]


def scorer(library, path, columns):
    """A call of the library for C that scores the first row, by the names of its columns."""
    library = ctypes.CDLL(library)
    model, session = ctypes.c_void_p(), ctypes.c_void_p()
    for status in (
        library.deepcross_model_load(str(path).encode(), ctypes.byref(model)),
        library.deepcross_session_new(model, ctypes.byref(session)),
    ):
        assert status == 0, "the library cannot load the model"
    names = (ctypes.c_char_p * len(columns))(*(name.encode() for name in columns))
    values = (ctypes.c_char_p * len(columns))(*(str(column[0]).encode() for column in columns.values()))
    rows = Rows(ctypes.addressof(names), len(columns), 1, ctypes.addressof(values), None)
    score = (ctypes.c_float * 1)()
    arguments = (session, ctypes.byref(rows), ctypes.c_uint32(0), score, ctypes.c_size_t(1))
    assert library.deepcross_score_rows(*arguments) == 0
    # The arrays live as long as the call.
    return score, lambda kept=(names, values): library.deepcross_score_rows(*arguments)


def rivals(train, y, threads):
    """Models of LightGBM and scikit-learn on the same columns, with the categories as pandas has them."""
    frame = pd.DataFrame(train)
    kinds = {f"C{at}": pd.CategoricalDtype(sorted(set(train[f"C{at}"]))) for at in range(1, CATEGORIES + 1)}
    found = {}
    try:
        import lightgbm

        model = lightgbm.LGBMClassifier(n_estimators=100, n_jobs=threads, verbose=-1)
        found["LightGBM"] = (model.fit(frame.astype(kinds), y), kinds)
    except ImportError:
        print('{"skipped": "LightGBM is not installed"}')
    from sklearn.ensemble import HistGradientBoostingClassifier

    small = {name: kind for name, kind in kinds.items() if len(kind.categories) <= 255}
    dropped = [name for name in kinds if name not in small]
    model = HistGradientBoostingClassifier(max_iter=100, categorical_features="from_dtype")
    codes = {name: "int32" for name in dropped}
    model.fit(frame.astype(kinds).apply(lambda c: c.cat.codes if c.name in codes else c), y)
    found["HistGradientBoosting"] = (model, kinds)
    return found, dropped


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--library")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    train = rows_of(20_000, 1)
    y = (np.random.default_rng(2).random(20_000) < 0.25).astype(int)
    fields = [deepcross.Field(f"I{at}", kind="number", transform="log1p") for at in range(1, NUMBERS + 1)]
    fields += [deepcross.Field(f"C{at}", kind="categorical") for at in range(1, CATEGORIES + 1)]
    model = deepcross.DeepCrossingClassifier(
        fields=fields, embedding=16, hidden=(128, 64), epochs=1, threads=args.threads
    ).fit(train, y)
    others, dropped = rivals(train, y, args.threads)

    for n_rows in (1, 10_000):
        columns = rows_of(n_rows, 3)
        frame = pd.DataFrame(columns)
        calls = {
            "dict of lists": lambda c=columns: model.predict_proba(c),
            "record batch": lambda b=pa.RecordBatch.from_pydict(columns): model.predict_proba(b),
            "polars": lambda f=pl.DataFrame(columns): model.predict_proba(f),
            "pandas": lambda f=frame: model.predict_proba(f),
        }
        if n_rows == 1:
            record = [{name: values[0] for name, values in columns.items()}]
            calls["list of dicts"] = lambda: model.predict_proba(record)
            if args.library:
                with tempfile.NamedTemporaryFile(suffix=".dcx") as file:
                    model.save(file.name)
                    score, calls["scorer"] = scorer(args.library, file.name, columns)
                assert score[0] == np.float32(model.predict_proba(columns)[0, 1])
        for name, (other, kinds) in others.items():
            # The categories are those of training, as these libraries need them; this is not timed.
            typed = frame.astype(kinds)
            if name == "HistGradientBoosting":
                typed = typed.apply(lambda c: c.cat.codes if c.name in dropped else c)
            calls[f"{name}, pandas with categories"] = lambda o=other, f=typed: o.predict_proba(f)
        rounds = args.rounds if n_rows == 1 else 2
        for name, taken in microseconds(calls, rounds).items():
            print(json.dumps({"rows": n_rows, "call": name, "us": round(taken, 1)}), flush=True)


if __name__ == "__main__":
    main()
