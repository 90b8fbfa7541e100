"""Simulated clicks."""

from __future__ import annotations

import numpy as np

from . import _native
from .errors import ConfigError

__all__ = ["simulate"]

#: The columns of the simulation that are numbers, with their types; all others are texts.
_NUMBERS = {"click": int, "position": int, "hour": int, "age": int, "price": float}


def simulate(
    n_rows: int,
    seed: int = 1,
    *,
    campaign_deviation: float | None = None,
    liking: float | None = None,
    returning: float | None = None,
    users: int | None = None,
) -> tuple[dict[str, list[int | float | str]], np.ndarray]:
    """Simulate clicks on ads of sponsored search, whose true probabilities are known.

    The rows are those that ``deepcross simulate`` writes. Rows of different seeds are samples of the same world, one
    for training and one for a test, say.

    Parameters
    ----------
    n_rows : int
        The number of rows.
    seed : int
        The seed of the rows.
    campaign_deviation : float, optional
        The standard deviation of the click rates of campaigns, in logits.
    liking : float, optional
        The liking of a user for an ad: one in four pairs has this effect in logits, and the others the opposite third.
    returning : float, optional
        The share of rows with one of the five ads that the user returns to.
    users : int, optional
        The number of users.

    Returns
    -------
    rows : dict of str to list
        The columns; ``"click"`` has the labels. A data frame can be made of it.
    probabilities : ndarray of shape (n_rows,)
        The true probabilities of clicks.

    Raises
    ------
    ConfigError
        If a value is out of range.

    Examples
    --------
    >>> rows, probabilities = deepcross.simulate(1000)
    >>> sorted(rows)[:4], len(rows["click"])
    (['age', 'campaign', 'click', 'device'], 1000)
    >>> bool(0.0 < probabilities.mean() < 0.2)
    True
    """
    for name, value in [("n_rows", n_rows), ("seed", seed)]:
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value < 2**63:
            raise ConfigError(f"{name}: expected a number from 0, but got {value!r}")
    text, truth = _native.simulate(n_rows, seed, campaign_deviation, liking, returning, users)
    header, *lines = text.splitlines()
    names = header.split("\t")
    # The texts of the simulation have no tabs and no quotes.
    columns = zip(*(line.split("\t") for line in lines)) if lines else [[] for _ in names]
    rows = {name: [_NUMBERS.get(name, str)(value) for value in column] for name, column in zip(names, columns)}
    return rows, np.frombuffer(truth, dtype=np.float64)
