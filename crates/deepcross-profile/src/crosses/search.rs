//! The search for pairs: many pairs on some rows, a few on all, and each that is chosen judged on other rows.

use rayon::prelude::*;

use super::additive::{ValueOdds, best_additive, log_odds};
use super::id_rows::{IdRows, JUDGES, part};
use super::pair_effect::{Judged, PairEffect};

/// The most pairs that are tried.
const MOST_PAIRS: usize = 100;

/// The rows on which all pairs are tried.
const SCREENED: usize = 250_000;

/// The pairs that are tried on all rows.
const FINALISTS: usize = 12;

/// The most pairs that are kept.
const MOST_KEPT: usize = 5;

/// The most rows of all pairs that are tried at once: each pair takes memory for its rows.
const ROWS_AT_ONCE: usize = 4_000_000;

/// The fewest different pairs of values.
const FEWEST_CELLS: usize = 50;

/// The number of different pairs of values from which on there are many: a model learns fewer by itself, unless their
/// effects are strong.
const MANY_CELLS: usize = 1000;

/// A gain that is this many standard errors above 0 is not due to chance.
const SURE: f64 = 4.0;

/// The least gain by many pairs of values, as a share of the log loss of the additive combination.
const LEAST: f64 = 2e-3;

/// The least gain by fewer pairs of values: on simulated clicks, a cross that gained 1.7 % made the model no better.
const LEAST_OF_FEW: f64 = 3e-2;

/// A pair that is kept.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The columns, by their positions among those of the rows.
    pub(super) columns: [usize; 2],
    /// The number of different pairs of values.
    pub(super) n_cells: usize,
    pub(super) judged: Judged,
}

/// The rows and what is known about each.
struct Search<'r> {
    rows: &'r IdRows,
    odds: Vec<ValueOdds>,
    /// The logit of the share of positive rows, with the effects of the pairs that are kept.
    known: Vec<f32>,
}

/// The pairs of `columns` that are worth a field, the best first.
pub(super) fn search(rows: &IdRows, columns: &[usize]) -> Vec<Found> {
    let n_choosing = (0..rows.len()).filter(|row| part(*row) != JUDGES).count();
    let positives = (0..rows.len()).filter(|row| part(*row) != JUDGES && rows.positives[*row]);
    let rate = positives.count() as f64 / n_choosing.max(1) as f64;
    let odds = rows.columns.iter().map(|column| ValueOdds::new(column, &rows.positives, rate));
    let known = vec![log_odds(rate) as f32; rows.len()];
    let mut search = Search { rows, odds: odds.collect(), known };
    let mut scored = search.scored(&candidates(&search, columns), SCREENED);
    scored.truncate(FINALISTS);
    if rows.len() > SCREENED {
        let pairs: Vec<_> = scored.iter().map(|(_, pair)| *pair).collect();
        scored = search.scored(&pairs, rows.len());
    }
    search.kept(scored)
}

/// The pairs to try: those of the columns that predict the label best alone, by the sum of their ranks, and first those
/// that may have many pairs of values.
fn candidates(search: &Search<'_>, columns: &[usize]) -> Vec<[usize; 2]> {
    let mut ranked: Vec<(f64, usize)> =
        columns.iter().map(|column| (search.signal(*column), *column)).collect();
    ranked.sort_by(|(a, i), (b, j)| b.total_cmp(a).then(i.cmp(j)));
    let n = ranked.len();
    let n_ids = |i: usize| search.rows.columns[ranked[i].1].n_ids;
    let most_cells = |i: usize, j: usize| n_ids(i).saturating_mul(n_ids(j));
    let mut pairs: Vec<_> = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i + j, i, j))).collect();
    pairs.retain(|&(_, i, j)| most_cells(i, j) >= FEWEST_CELLS);
    pairs.sort_unstable_by_key(|&(rank, i, j)| (most_cells(i, j) < MANY_CELLS, rank, i, j));
    pairs.truncate(MOST_PAIRS);
    pairs
        .iter()
        .map(|&(_, i, j)| {
            let (a, b) = (ranked[i].1, ranked[j].1);
            [a.min(b), a.max(b)]
        })
        .collect()
}

impl Search<'_> {
    /// The gradient of the log loss along the log-odds of a column: large if they predict the label.
    fn signal(&self, column: usize) -> f64 {
        let (ids, positives) = (&self.rows.columns[column].ids, &self.rows.positives);
        let choosing = (0..self.rows.len().min(SCREENED)).filter(|row| part(*row) != JUDGES);
        let (mut gradient, mut squares) = (0.0, 1e-9);
        for row in choosing {
            let odds = f64::from(self.odds[column].get(ids[row], part(row)));
            let p = super::additive::probability(f64::from(self.known[row]));
            gradient += odds * (f64::from(u8::from(positives[row])) - p);
            squares += odds * odds * p * (1.0 - p);
        }
        gradient.max(0.0) * gradient / squares
    }

    /// The logits of the best additive combination of two columns, for the first `n_rows` rows.
    fn additive(&self, [a, b]: [usize; 2], n_rows: usize) -> Vec<f32> {
        let n_rows = n_rows.min(self.rows.len());
        let ids = [a, b].map(|column| &self.rows.columns[column].ids);
        let inputs = |row: usize| {
            let part = part(row);
            [self.odds[a].get(ids[0][row], part), self.odds[b].get(ids[1][row], part)]
        };
        best_additive(inputs, &self.rows.positives, &self.known[..n_rows])
    }

    fn effect(&self, pair: [usize; 2], logits: &[f32]) -> PairEffect {
        let columns = pair.map(|column| &self.rows.columns[column]);
        PairEffect::new(columns, &self.rows.positives, logits)
    }

    /// The pairs with their scores on the first `n_rows` rows, the best first, without those that cannot be kept.
    fn scored(&self, pairs: &[[usize; 2]], n_rows: usize) -> Vec<(f64, [usize; 2])> {
        let score = |pair: &[usize; 2]| {
            let effect = self.effect(*pair, &self.additive(*pair, n_rows));
            let is_weak = effect.score <= LEAST_OF_FEW * effect.additive_loss;
            // The score of many pairs of values grows with the rows.
            let is_out =
                effect.n_cells() < FEWEST_CELLS || (effect.n_cells() < MANY_CELLS && is_weak);
            (!is_out).then_some((effect.score, *pair))
        };
        let at_once = (ROWS_AT_ONCE / n_rows.clamp(1, ROWS_AT_ONCE)).max(1);
        let of_chunk = |chunk: &[[usize; 2]]| -> Vec<_> {
            // Outside of a pool, rayon would start one for the whole process.
            match rayon::current_thread_index() {
                Some(_) => chunk.par_iter().filter_map(score).collect(),
                None => chunk.iter().filter_map(score).collect(),
            }
        };
        let mut scored: Vec<_> = pairs.chunks(at_once).flat_map(of_chunk).collect();
        scored.sort_by(|(a, i), (b, j)| b.total_cmp(a).then(i.cmp(j)));
        scored
    }

    /// Keeps the best pair if it passes, and goes on with the others beside it.
    fn kept(&mut self, mut scored: Vec<(f64, [usize; 2])>) -> Vec<Found> {
        let mut kept: Vec<Found> = Vec::new();
        // After a pair is kept, each other one is tried at most once before the best is known.
        for _ in 0..scored.len() * (MOST_KEPT + 1) {
            if scored.is_empty() || kept.len() == MOST_KEPT {
                break;
            }
            let (_, pair) = scored.remove(0);
            let logits = self.additive(pair, usize::MAX);
            let effect = self.effect(pair, &logits);
            let is_still_best =
                kept.is_empty() || scored.first().is_none_or(|(next, _)| effect.score >= *next);
            if !is_still_best {
                scored.push((effect.score, pair));
                scored.sort_by(|(a, i), (b, j)| b.total_cmp(a).then(i.cmp(j)));
                continue;
            }
            let judged = effect.judged(&self.rows.positives, &logits);
            let is_sure = judged.gain > SURE * judged.standard_error;
            let least = if effect.n_cells() < MANY_CELLS { LEAST_OF_FEW } else { LEAST };
            if !is_sure || judged.gain <= least * judged.additive_loss {
                continue;
            }
            for (row, known) in self.known.iter_mut().enumerate() {
                *known += effect.shift(row) as f32;
            }
            kept.push(Found { columns: pair, n_cells: effect.n_cells(), judged });
        }
        kept
    }
}
