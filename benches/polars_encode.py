#!/usr/bin/env python3
"""Reads rows in Criteo's format with polars and hashes their columns, to compare with the bench `encode_criteo`.

    pip install polars
    CRITEO=/tmp/criteo.tsv cargo bench -p benches --bench encode_criteo -- hashed
    python3 benches/polars_encode.py /tmp/criteo.tsv --threads 1 2

The bench writes the file if it does not exist. Each number of threads runs in a separate process and prints a line of
JSON: rows per second, as the median of seven rounds of reading the file, ln(1+x) of the numbers and a hash of the
categories modulo the buckets, all as columns of 32 bits.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

NUMBERS, CATEGORIES, BUCKETS = 13, 26, 1_000_000


def measure(path, rounds):
    import polars as pl

    numbers = [f"I{i + 1}" for i in range(NUMBERS)]
    categories = [f"C{i + 1}" for i in range(CATEGORIES)]
    schema = {"label": pl.Int8} | {name: pl.Float32 for name in numbers} | {name: pl.String for name in categories}
    columns = [(pl.col(name).fill_null(0) + 1).log().cast(pl.Float32) for name in numbers]
    columns += [(pl.col(name).hash(0) % BUCKETS).cast(pl.UInt32) for name in categories]
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        rows = pl.read_csv(path, separator="\t", has_header=False, schema=schema, quote_char=None)
        rows = rows.select(pl.col("label"), *columns)
        times.append(time.perf_counter() - start)
    return {"polars": pl.__version__, "rows_per_s": round(rows.height / statistics.median(times[1:]))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    if os.environ.get("POLARS_MAX_THREADS") and len(args.threads) == 1:
        print(json.dumps({"threads": args.threads[0]} | measure(args.file, args.rounds)))
        return
    for threads in args.threads:
        command = [sys.executable, __file__, args.file, "--rounds", str(args.rounds), "--threads", str(threads)]
        subprocess.run(command, check=True, env=os.environ | {"POLARS_MAX_THREADS": str(threads)})


if __name__ == "__main__":
    main()
