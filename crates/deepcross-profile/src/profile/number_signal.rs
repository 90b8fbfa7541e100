//! What the numbers of a column say about the label: each number alone, and the numbers near it.
//!
//! All rows are counted in two halves, and what one half predicts is measured on the other.

use super::label_auc::LabelAuc;
use super::label_counts::LabelCounts;
use super::value_counts::DistinctCount;

/// The least number of neighbours of a number on each side.
const NEIGHBOURS: usize = 5;

/// The largest number of neighbours on each side, as a part of all numbers.
const MOST_NEIGHBOURS: usize = 16;

/// The fewest rows of a number on average if not all numbers are in the table.
const ROWS_PER_VALUE: u64 = 3;

/// The weight of the neighbours in the prediction of a number, in rows.
const NEIGHBOUR_ROWS: f64 = 10.0;

/// A gain that is this many standard errors above 0 is not due to chance.
const SURE: f64 = 4.0;

/// The least gain of exact numbers, as a share of the entropy of the label.
const LEAST_GAIN: f64 = 5e-4;

/// What the numbers of a column say about the label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NumberSignal {
    /// The AUC above 0.5 of the mean labels of the numbers.
    own: f64,
    /// The AUC above 0.5 of the mean labels of the neighbours.
    near: f64,
    /// The least AUC above 0.5 that is not due to chance.
    sure: f64,
    /// The gain in log loss if the rows of a number weigh more than those of its neighbours.
    exact: Gain,
    /// The entropy of the label, in nats a row.
    entropy: f64,
}

impl NumberSignal {
    /// The signal of the numbers of `column`; `None` if there are too few labels or too many numbers.
    pub(crate) fn of(column: &LabelAuc<'_>) -> Option<Self> {
        let DistinctCount { n, exact } = column.values().distinct();
        let rows = column.all().rows;
        if !exact && rows < ROWS_PER_VALUE * n {
            return None;
        }
        let entries = column.values().entries();
        let mut ordered: Vec<_> =
            entries.filter_map(|entry| Some((entry.known.plain_number()?, entry.counts))).collect();
        ordered.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let counts: Vec<_> = ordered.into_iter().map(|(_, counts)| counts).collect();
        let near = neighbours(&counts);
        let pairs = || near.iter().copied().zip(counts.iter().copied());
        Some(Self {
            own: column.tested(counts.iter().map(|counts| (*counts, *counts)))? - 0.5,
            near: column.tested(pairs())? - 0.5,
            sure: column.least_gain(),
            exact: exact_gain(column, pairs()),
            entropy: entropy(column.all().mean_label()?),
        })
    }

    /// Whether whole numbers are names and not quantities, because their order says nothing about the label.
    ///
    /// The numbers then predict the label clearly better than chance, and their neighbours less than half as much.
    pub(crate) fn is_order_useless(&self) -> bool {
        self.own > self.sure && self.near < self.own / 2.0
    }

    /// Whether exact numbers predict the label better than the numbers near them do.
    pub(crate) fn is_exact(&self) -> bool {
        self.exact.mean > LEAST_GAIN * self.entropy && self.exact.mean > SURE * self.exact.error
    }
}

/// The rows of the numbers on both sides of each number, without its own.
///
/// A frequent number has more neighbours than a rare one, until they have as many rows as the number itself.
/// Otherwise a round number between rare ones would seem to be exact only because its own mean label is better known.
fn neighbours(counts: &[LabelCounts]) -> Vec<LabelCounts> {
    let mut before = vec![LabelCounts::default()];
    let mut sum = LabelCounts::default();
    for own in counts {
        sum += *own;
        before.push(sum);
    }
    let most = (counts.len() / MOST_NEIGHBOURS).max(NEIGHBOURS);
    let within = |i: usize, radius: usize| {
        let mut sum = before[(i + radius + 1).min(counts.len())];
        sum.subtract(before[i.saturating_sub(radius)]);
        sum.subtract(counts[i]);
        sum
    };
    let of_number = |i: usize| {
        let mut radius = NEIGHBOURS;
        let mut near = within(i, radius);
        while near.labelled() < counts[i].labelled() && radius < most {
            radius = (2 * radius).min(most);
            near = within(i, radius);
        }
        near
    };
    (0..counts.len()).map(of_number).collect()
}

/// The mean gain of a row in log loss, and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Gain {
    mean: f64,
    error: f64,
}

/// The gain of exact numbers, from pairs of the rows of the neighbours and those of the number.
///
/// Both predictions know the same rows; they differ in the weight of the number's own.
/// Otherwise these would lower the loss as any other rows do, also if the number says nothing.
fn exact_gain(
    column: &LabelAuc<'_>,
    pairs: impl Iterator<Item = (LabelCounts, LabelCounts)>,
) -> Gain {
    let (mut rows, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for (near, own) in pairs {
        for half in 0..2 {
            let mut pooled = near;
            pooled += own;
            let of_pooled = column.mean(pooled, half);
            let positives = own.positives[half] as f64 + NEIGHBOUR_ROWS * column.mean(near, half);
            let of_both = positives / (own.labelled[half] as f64 + NEIGHBOUR_ROWS);
            let tested_positives = own.positives[1 - half] as f64;
            let negatives = own.labelled[1 - half] as f64 - tested_positives;
            let gains = [
                (tested_positives, libm::log(of_both / of_pooled)),
                (negatives, libm::log((1.0 - of_both) / (1.0 - of_pooled))),
            ];
            for (n, gain) in gains.into_iter().filter(|(n, _)| *n > 0.0) {
                rows += n;
                sum += n * gain;
                squares += n * gain * gain;
            }
        }
    }
    let rows = f64::max(rows, 1.0);
    let mean = sum / rows;
    Gain { mean, error: ((squares / rows - mean * mean).max(0.0) / rows).sqrt() }
}

/// The entropy of a label that is positive with the probability `p`, in nats.
fn entropy(p: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * libm::log(p) } else { 0.0 };
    part(p) + part(1.0 - p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::label_counts::Label;

    fn rows(n: u64) -> LabelCounts {
        let mut counts = LabelCounts::default();
        (0..n)
            .for_each(|i| counts.add(Some(Label { positive: i % 3 == 0, half: (i % 2) as usize })));
        counts
    }

    #[test]
    fn frequent_numbers_have_more_neighbours() {
        // Every twentieth of 400 numbers has 100 rows, and the others have one.
        let n = |i: usize| if i.is_multiple_of(20) { 100 } else { 1 };
        let counts: Vec<_> = (0..400).map(|i| rows(n(i))).collect();
        let near = neighbours(&counts);
        let of = |i: usize, radius: usize| {
            let range = i.saturating_sub(radius)..(i + radius + 1).min(400);
            range.filter(|j| *j != i).map(n).sum::<u64>()
        };
        for (i, radius) in [(0, 20), (1, 5), (7, 5), (200, 20), (205, 5), (399, 5)] {
            assert_eq!(near[i].rows, of(i, radius), "{i}");
            assert_eq!(near[i].labelled(), of(i, radius), "{i}");
        }
    }

    #[test]
    fn few_numbers_have_all_others_as_neighbours() {
        for n in [0, 1, 2, 6] {
            let counts = vec![rows(4); n];
            let near: Vec<_> = neighbours(&counts).iter().map(|counts| counts.rows).collect();
            assert_eq!(near, vec![4 * n.saturating_sub(1) as u64; n]);
        }
    }
}
