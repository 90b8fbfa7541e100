"""Log loss and AUC, and paired intervals over rows and seeds."""

import math
from statistics import fmean, variance

import numpy as np
from scipy.stats import rankdata


def row_losses(labels, probabilities):
    kept = np.clip(np.asarray(probabilities, np.float64), 1e-15, 1 - 1e-15)
    return -np.where(labels > 0.5, np.log(kept), np.log1p(-kept))


def placements(labels, scores):
    """For each positive row the share of negative rows below it, and for each negative row the share of positive rows above.

    Their means are the AUC, and their variances those of DeLong, DeLong and Clarke-Pearson (1988).
    """
    is_positive = labels > 0.5
    positive, negative = scores[is_positive], scores[~is_positive]
    ranks = rankdata(scores)
    below = (ranks[is_positive] - rankdata(positive)) / len(negative)
    above = 1 - (ranks[~is_positive] - rankdata(negative)) / len(positive)
    return below, above


def auc(labels, scores):
    return float(placements(labels, scores)[0].mean())


def paired(differences_of_rows, differences_of_seeds):
    """The mean difference and half its 95 % interval, from the variances of the rows and of the seeds."""
    squares = sum(np.var(rows, ddof=1) / len(rows) for rows in differences_of_rows)
    if len(differences_of_seeds) > 1:
        squares += variance(differences_of_seeds) / len(differences_of_seeds)
    return fmean(differences_of_seeds), 1.96 * math.sqrt(squares)


def log_loss_difference(labels, one, other):
    """Of two programs, each with the probabilities of several seeds."""
    rows = [row_losses(labels, a) - row_losses(labels, b) for a, b in zip(one, other)]
    return paired([np.mean(rows, axis=0)], [float(difference.mean()) for difference in rows])


def auc_difference(labels, one, other):
    of = [[placements(labels, scores) for scores in scores_of] for scores_of in (one, other)]
    sides = [np.mean([a[side] - b[side] for a, b in zip(*of)], axis=0) for side in (0, 1)]
    return paired(sides, [float(a[0].mean() - b[0].mean()) for a, b in zip(*of)])
