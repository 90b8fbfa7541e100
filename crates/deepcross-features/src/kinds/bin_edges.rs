//! The edges of the bins of a number: the numbers at which the bins of a piecewise-linear encoding meet.
//!
//! Edges by count: a number that occurs more often than a bin's share has an edge of its own, and the other numbers are
//! divided evenly by the edges that are left, like the bins of LightGBM (Ke et al., NeurIPS 2017).
//! Rejected: quantiles, because a number that nearly all rows have would take nearly all edges.
//!
//! Edges by label: the thresholds of a decision tree of one number, as in Gorishniy, Rubachev and Babenko, *On Embeddings
//! for Numerical Features in Tabular Deep Learning* (NeurIPS 2022), section 3.2.2.

/// A number, and the count of rows that have it.
pub(crate) type Counted = (f64, u64);

/// A number, and the counts of negative and positive rows that have it.
pub(crate) type Labelled = (f64, [u64; 2]);

/// The fewest rows of a bin by label.
const FEWEST_ROWS: u64 = 20;

/// A threshold must lower the sum of log losses by more than this.
///
/// It is twice what any one threshold brings by chance, on average, if the label does not depend on the number.
const LEAST_GAIN: f64 = 1.0;

/// The edges of `n` bins of equal share, ascending, with the ends of the range among them; there are fewer if there are
/// fewer different numbers.
///
/// `numbers` ascend and lie in the range; its ends may be missing among them.
pub(crate) fn edges_by_count(numbers: &[Counted], (min, max): (f64, f64), n: u32) -> Vec<f64> {
    let inner = numbers.iter().filter(|(number, _)| min < *number && *number < max);
    if inner.clone().count() < n as usize {
        return between((min, max), inner.map(|(number, _)| *number));
    }
    // The light numbers that divide the rest, and those that have an edge anyway.
    let (mut edges_left, mut rest) =
        (u64::from(n) - 1, numbers.iter().map(|(_, count)| u128::from(*count)).sum::<u128>());
    let mut heaviest: Vec<_> = (0..numbers.len()).collect();
    heaviest.sort_by_key(|&i| std::cmp::Reverse(numbers[i].1));
    let mut is_heavy = vec![false; numbers.len()];
    for i in heaviest {
        let (number, count) = (numbers[i].0, u128::from(numbers[i].1));
        let is_end = number == min || number == max;
        if count * u128::from(edges_left + 1) < rest || (edges_left == 0 && !is_end) {
            break;
        }
        is_heavy[i] = true;
        rest -= count;
        edges_left -= u64::from(!is_end);
    }
    let (mut edge, mut seen) = (1, 0);
    let inner = numbers.iter().zip(is_heavy).filter_map(|((number, count), is_heavy)| {
        if is_heavy {
            return Some(*number);
        }
        seen += u128::from(*count);
        let is_due =
            edge <= edges_left && seen * u128::from(edges_left + 1) > rest * u128::from(edge);
        edge += u64::from(is_due);
        is_due.then_some(*number)
    });
    between((min, max), inner)
}

/// The edges of at most `n` bins, ascending: the thresholds of a decision tree, between the ends of the range.
///
/// The leaf whose best threshold lowers the log loss most is divided first.
/// Thresholds lie in the middle between two numbers that follow each other.
/// `numbers` ascend and lie in the range.
pub(crate) fn edges_by_label(numbers: &[Labelled], range: (f64, f64), n: u32) -> Vec<f64> {
    let tree = Tree::new(numbers);
    let mut leaves = vec![tree.leaf(0, numbers.len())];
    while leaves.len() < n as usize {
        // The first one of the best, so that the result does not depend on the order of comparisons.
        let best =
            leaves.iter().enumerate().rev().max_by(|(_, a), (_, b)| a.gain.total_cmp(&b.gain));
        let Some((i, &Leaf { first, end, gain, at })) = best else { break };
        if gain <= LEAST_GAIN {
            break;
        }
        leaves[i] = tree.leaf(first, at);
        leaves.insert(i + 1, tree.leaf(at, end));
    }
    let middle = |leaf: &Leaf| {
        let (below, above) = (numbers[leaf.first - 1].0, numbers[leaf.first].0);
        below + (above - below) / 2.0
    };
    between(range, leaves[1..].iter().map(middle))
}

/// The ends of a range, and the ascending numbers inside of it.
fn between((min, max): (f64, f64), inner: impl Iterator<Item = f64>) -> Vec<f64> {
    let inner = inner.filter(|&edge| min < edge && edge < max);
    let mut edges: Vec<_> = std::iter::once(min).chain(inner).chain([max]).collect();
    edges.dedup();
    edges
}

/// A node that is not divided yet: the numbers `first..end`, and its best threshold, before the number `at`.
#[derive(Clone, Copy, Debug)]
struct Leaf {
    first: usize,
    end: usize,
    /// The decrease of the sum of log losses; minus infinity if no threshold leaves enough rows on both sides.
    gain: f64,
    at: usize,
}

/// The rows of a decision tree of one number.
struct Tree {
    /// The counts of negative and positive rows before each number, and of all rows.
    before: Vec<[u64; 2]>,
}

impl Tree {
    fn new(numbers: &[Labelled]) -> Self {
        let mut total = [0; 2];
        let counts = numbers.iter().map(|(_, [negative, positive])| {
            total = [total[0] + negative, total[1] + positive];
            total
        });
        Self { before: std::iter::once([0; 2]).chain(counts).collect() }
    }

    fn leaf(&self, first: usize, end: usize) -> Leaf {
        let whole = log_loss(self.counts(first, end));
        let none = Leaf { first, end, gain: f64::NEG_INFINITY, at: first };
        (first + 1..end).fold(none, |best, at| {
            let parts = [self.counts(first, at), self.counts(at, end)];
            if parts.iter().any(|[negative, positive]| negative + positive < FEWEST_ROWS) {
                return best;
            }
            let gain = whole - log_loss(parts[0]) - log_loss(parts[1]);
            if gain > best.gain { Leaf { gain, at, ..best } } else { best }
        })
    }

    /// The counts of negative and positive rows with the numbers `first..end`.
    fn counts(&self, first: usize, end: usize) -> [u64; 2] {
        let [from, to] = [self.before[first], self.before[end]];
        [to[0] - from[0], to[1] - from[1]]
    }
}

/// The sum of the log losses of rows whose probability is their share of positive rows.
fn log_loss(counts: [u64; 2]) -> f64 {
    let n = (counts[0] + counts[1]) as f64;
    let part = |count: u64| match count {
        0 => 0.0,
        count => -(count as f64) * libm::log(count as f64 / n),
    };
    part(counts[0]) + part(counts[1])
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn range<T>(numbers: &[(f64, T)]) -> (f64, f64) {
        (numbers[0].0, numbers[numbers.len() - 1].0)
    }

    #[track_caller]
    fn check(numbers: &[Counted], n: u32, expected: &[f64]) {
        assert_eq!(edges_by_count(numbers, range(numbers), n), expected);
    }

    fn ones(numbers: std::ops::Range<u32>) -> Vec<Counted> {
        numbers.map(|number| (f64::from(number), 1)).collect()
    }

    #[test]
    fn few_numbers_have_an_edge_each() {
        check(&[(7.0, 3)], 4, &[7.0]);
        check(&[(0.0, 90), (1.0, 1)], 2, &[0.0, 1.0]);
        check(&[(0.0, 90), (1.0, 1), (5.0, 1)], 2, &[0.0, 1.0, 5.0]);
        assert_eq!(edges_by_count(&[], (0.0, 0.0), 8), [0.0]);
        // The ends are edges although the summary has lost them.
        assert_eq!(edges_by_count(&[(2.0, 5)], (1.0, 3.0), 8), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn different_numbers_are_divided_evenly() {
        check(&ones(0..101), 4, &[0.0, 25.0, 50.0, 75.0, 100.0]);
        check(&ones(0..100), 5, &[0.0, 20.0, 40.0, 60.0, 80.0, 99.0]);
    }

    #[test]
    fn a_heavy_number_takes_one_edge() {
        // Quantiles would put nearly all edges at 0.
        let zeros = [vec![(0.0, 1000)], ones(1..101)].concat();
        check(&zeros, 4, &[0.0, 26.0, 51.0, 76.0, 100.0]);
        // A heavy number in the middle has an edge of its own, and the others are divided without it.
        let mut middle = ones(0..90);
        middle[40].1 = 500;
        check(&middle, 4, &[0.0, 29.0, 40.0, 60.0, 89.0]);
        // A number may be heavy only among those that are left.
        let mut both = zeros.clone();
        both[60].1 = 60;
        check(&both, 4, &[0.0, 34.0, 60.0, 68.0, 100.0]);
    }

    #[test]
    fn a_tree_finds_the_steps_of_the_click_rate() {
        // The rate is 0.1 below 30, 0.8 below 50, and 0.3 above.
        let rate = |x: u32| {
            if x < 30 {
                1
            } else if x < 50 {
                8
            } else {
                3
            }
        };
        let numbers: Vec<Labelled> =
            (0..100).map(|x| (f64::from(x), [10 - rate(x), rate(x)])).collect();
        for n in [3, 16] {
            assert_eq!(edges_by_label(&numbers, (0.0, 99.0), n), [0.0, 29.5, 49.5, 99.0]);
        }
        // The step that lowers the loss most is the first.
        assert_eq!(edges_by_label(&numbers, (0.0, 99.0), 2), [0.0, 29.5, 99.0]);
        // A constant rate has no steps.
        let constant: Vec<Labelled> = (0..100).map(|x| (f64::from(x), [7, 3])).collect();
        assert_eq!(edges_by_label(&constant, (0.0, 99.0), 16), [0.0, 99.0]);
        assert_eq!(edges_by_label(&[], (0.0, 0.0), 16), [0.0]);
    }

    #[test]
    fn a_leaf_has_enough_rows() {
        for (n_rows, edges) in [(19, &[0.0, 1.5, 9.0][..]), (20, &[0.0, 0.5, 9.0])] {
            let mut numbers: Vec<Labelled> = (1..10).map(|x| (f64::from(x), [100, 0])).collect();
            numbers.insert(0, (0.0, [0, n_rows]));
            assert_eq!(edges_by_label(&numbers, (0.0, 9.0), 4), edges);
        }
    }

    /// Numbers with counts, some of them heavy.
    fn counted() -> impl Strategy<Value = Vec<Counted>> {
        let count = prop_oneof![8 => 1..20_u64, 1 => 1..5000_u64];
        vec((1..9_u32, count), 1..80).prop_map(|steps| {
            let mut x = 0;
            let place = |(step, count)| {
                x += step;
                (f64::from(x), count)
            };
            steps.into_iter().map(place).collect()
        })
    }

    proptest! {
        #[test]
        fn edges_ascend_and_are_as_many_as_can_be(numbers in counted(), n in 2_u32..20) {
            let edges = edges_by_count(&numbers, range(&numbers), n);
            prop_assert!(edges.is_sorted_by(|a, b| a < b));
            prop_assert_eq!((edges[0], edges[edges.len() - 1]), range(&numbers));
            prop_assert_eq!(edges.len(), numbers.len().min(n as usize + 1));
            prop_assert!(edges.iter().all(|edge| numbers.iter().any(|(x, _)| x == edge)));
            // A number that is heavier than the share of a bin has an edge.
            let total: u64 = numbers.iter().map(|(_, count)| count).sum();
            for (number, count) in numbers {
                prop_assert!(count * u64::from(n) < total || edges.contains(&number));
            }
        }

        /// The first threshold is the best one, by definition.
        #[test]
        fn the_first_threshold_is_that_of_all_pairs(rates in vec([10..30_u64, 10..30_u64], 4..30)) {
            let numbers: Vec<Labelled> =
                rates.iter().enumerate().map(|(x, &counts)| (x as f64, counts)).collect();
            let end = (numbers.len() - 1) as f64;
            let loss = |part: &[Labelled]| {
                let sum = |label: usize| part.iter().map(|x| x.1[label] as f64).sum::<f64>();
                let (negative, positive) = (sum(0), sum(1));
                let rate = positive / (positive + negative);
                -positive * rate.ln() - negative * (1.0 - rate).ln()
            };
            let gain = |at: usize| {
                let (below, above) = numbers.split_at(at);
                loss(&numbers) - loss(below) - loss(above)
            };
            let best = (1..numbers.len()).map(gain).fold(0.0, f64::max);
            prop_assume!((best - LEAST_GAIN).abs() > 1e-6);
            let found = edges_by_label(&numbers, (0.0, end), 2);
            if best < LEAST_GAIN {
                prop_assert_eq!(found, [0.0, end]);
                return Ok(());
            }
            // Several thresholds may be equally good, but for rounding.
            prop_assert_eq!((found.len(), found[0], found[2]), (3, 0.0, end));
            let at = (1..numbers.len()).find(|&at| at as f64 - 0.5 == found[1]);
            prop_assert!(at.is_some_and(|at| best - gain(at) < 1e-9), "{:?}", found);
        }
    }
}
