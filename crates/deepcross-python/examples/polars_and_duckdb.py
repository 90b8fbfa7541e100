"""Rows from polars and from a query of DuckDB, which are handed over by the Arrow interface."""

import deepcross
import duckdb
import numpy as np
import polars as pl

train = pl.DataFrame(deepcross.simulate(5_000, seed=1)[0])
test = pl.DataFrame(deepcross.simulate(1_000, seed=2)[0])
model = deepcross.DeepCrossingClassifier(epochs=2).fit(train, "click")
probabilities = model.predict_proba(test)[:, 1]
with_scores = test.with_columns(pl.Series("probability", probabilities))
print(with_scores.group_by("device").agg(pl.col("click", "probability").mean()).sort("device"))

# A relation of DuckDB is read as it is; the query may read files of any size.
database = duckdb.connect()
database.register("clicks", test.to_arrow())
query = database.sql("SELECT * FROM clicks")
of_query = model.predict_proba(query)[:, 1]
assert np.array_equal(of_query, probabilities)
print(f"{len(of_query)} rows of a query have the same probabilities")
