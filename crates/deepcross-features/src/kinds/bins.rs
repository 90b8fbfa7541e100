//! The piecewise-linear encoding of a number: how full each of its bins is.
//!
//! A number x with edges b₀ < … < b_T becomes T numbers, min(max((x − bₜ₋₁) / (bₜ − bₜ₋₁), 0), 1): bins below x are 1,
//! bins above are 0, and the bin of x says where x lies in it.
//! This is the encoding of Gorishniy, Rubachev and Babenko, *On Embeddings for Numerical Features in Tabular Deep Learning*
//! (NeurIPS 2022), section 3.2, with x moved into the range of the edges.
//! So a linear map of the bins is any function that is linear between the edges.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kinds::bin_edges::{Labelled, edges_by_count, edges_by_label};
use crate::kinds::by_chunk::ByChunk;
use crate::kinds::quantiles::Quantiles;
use crate::limits::are_cuts;

/// The rule by which the edges of bins are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BinsBy {
    /// Bins have equally many training rows; a number that has more rows than a bin has an edge of its own.
    #[default]
    Quantiles,
    /// The edges are the thresholds of a decision tree that predicts the label of training rows from the number.
    Label,
}

impl fmt::Display for BinsBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quantiles => "quantiles",
            Self::Label => "label",
        })
    }
}

/// Learns the edges of bins.
#[derive(Clone, Debug)]
pub(crate) struct BinsFitter {
    n: u32,
    numbers: Numbers,
}

/// The numbers of training rows, in short.
#[derive(Clone, Debug)]
enum Numbers {
    All(ByChunk<Quantiles>),
    /// Those of negative rows, and those of positive rows.
    ByLabel([ByChunk<Quantiles>; 2]),
}

/// The edges of bins, ascending: at least one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bins(Vec<f64>);

impl BinsFitter {
    /// A fitter of at most `n` bins.
    pub(crate) fn new(n: u32, by: BinsBy) -> Self {
        let empty = || ByChunk::new(Quantiles::new());
        let numbers = match by {
            BinsBy::Quantiles => Numbers::All(empty()),
            BinsBy::Label => Numbers::ByLabel([empty(), empty()]),
        };
        Self { n, numbers }
    }

    /// Begins a chunk of rows.
    pub(crate) fn begin(&mut self, chunk: u64) {
        match &mut self.numbers {
            Numbers::All(all) => all.begin(chunk),
            Numbers::ByLabel(both) => both.iter_mut().for_each(|side| side.begin(chunk)),
        }
    }

    /// Adds the number of a row that is positive or not.
    pub(crate) fn push(&mut self, number: f64, positive: bool) {
        match &mut self.numbers {
            Numbers::All(all) => all.push(number),
            Numbers::ByLabel(both) => both[usize::from(positive)].push(number),
        }
    }

    /// The bins of the numbers so far, which have this range.
    pub(crate) fn finish(self, range: (f64, f64)) -> Bins {
        Bins(match self.numbers {
            Numbers::All(all) => edges_by_count(&all.finish().counted(), range, self.n),
            Numbers::ByLabel(both) => {
                let [negative, positive] = both.map(|side| side.finish().counted());
                edges_by_label(&joined(&negative, &positive), range, self.n)
            }
        })
    }
}

/// The different numbers of both lists, ascending, each with its counts.
fn joined(negative: &[(f64, u64)], positive: &[(f64, u64)]) -> Vec<Labelled> {
    let negative = negative.iter().map(|&(number, count)| (number, [count, 0]));
    let positive = positive.iter().map(|&(number, count)| (number, [0, count]));
    let mut joined: Vec<Labelled> = negative.chain(positive).collect();
    joined.sort_by(|a, b| a.0.total_cmp(&b.0));
    joined.dedup_by(|later, first| {
        let is_same = later.0 == first.0;
        if is_same {
            first.1 = [first.1[0] + later.1[0], first.1[1] + later.1[1]];
        }
        is_same
    });
    joined
}

impl Bins {
    /// Whether fitting could have given these edges.
    pub(crate) fn are_valid(&self) -> bool {
        !self.0.is_empty() && are_cuts(&self.0)
    }

    /// The number of bins, at least 1: a single edge is the bin of a constant, which is never full.
    pub(crate) fn len(&self) -> usize {
        self.0.len().max(2) - 1
    }

    /// The first and the last edge.
    pub(crate) fn range(&self) -> (f64, f64) {
        let ends = self.0.first().zip(self.0.last());
        ends.map_or((0.0, 0.0), |(&first, &last)| (first, last))
    }

    /// Fills `bins`, which are 0, with the bins of a number.
    pub(crate) fn write(&self, number: f64, bins: &mut [f32]) {
        let edges = &self.0;
        let n_below = edges.partition_point(|&edge| edge <= number);
        bins[..n_below.clamp(1, edges.len()) - 1].fill(1.0);
        if (1..edges.len()).contains(&n_below) {
            let (low, high) = (edges[n_below - 1], edges[n_below]);
            bins[n_below - 1] = ((number - low) / (high - low)) as f32;
        }
    }
}

impl fmt::Display for Bins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.range();
        match self.len() {
            1 => write!(f, "piecewise-linear in 1 bin from {first} to {last}"),
            n => write!(f, "piecewise-linear in {n} bins from {first} to {last}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::limits::LARGEST;

    fn written(edges: &[f64], number: f64) -> Vec<f32> {
        let bins = Bins(edges.to_vec());
        let mut out = vec![0.0; bins.len()];
        bins.write(number, &mut out);
        out
    }

    #[test]
    fn bins_fill_one_after_the_other() {
        let edges = [0.0, 1.0, 3.0, 7.0];
        for (number, expected) in [
            (-5.0, [0.0, 0.0, 0.0]),
            (0.0, [0.0, 0.0, 0.0]),
            (0.25, [0.25, 0.0, 0.0]),
            (1.0, [1.0, 0.0, 0.0]),
            (2.0, [1.0, 0.5, 0.0]),
            (6.0, [1.0, 1.0, 0.75]),
            (7.0, [1.0, 1.0, 1.0]),
            (1e30, [1.0, 1.0, 1.0]),
        ] {
            assert_eq!(written(&edges, number), expected, "{number}");
        }
        for number in [6.0, 7.0, 8.0] {
            assert_eq!(written(&[7.0], number), [0.0], "a constant");
        }
        assert_eq!(written(&[-LARGEST, LARGEST], 0.0), [0.5]);
    }

    #[test]
    fn forged_edges_are_refused() {
        for (edges, good) in [
            (vec![], false),
            (vec![1.0], true),
            (vec![1.0, 2.0], true),
            (vec![1.0, 1.0], false),
            (vec![2.0, 1.0], false),
            (vec![f64::NAN], false),
            (vec![0.0, 1e39], false),
        ] {
            assert_eq!(Bins(edges.clone()).are_valid(), good, "{edges:?}");
        }
    }

    #[test]
    fn numbers_of_both_labels_are_joined() {
        let (negative, positive) = ([(-1.0, 3), (-0.0, 2), (5.0, 1)], [(0.0, 7), (4.0, 8)]);
        let expected = [(-1.0, [3, 0]), (0.0, [2, 7]), (4.0, [0, 8]), (5.0, [1, 0])];
        assert_eq!(joined(&negative, &positive), expected);
    }

    proptest! {
        #[test]
        fn bins_are_those_of_the_formula(
            mut edges in vec(-1e3..1e3_f64, 2..12), x in -1100.0..1100.0_f64, pick: prop::sample::Index,
        ) {
            edges.sort_by(f64::total_cmp);
            edges.dedup();
            prop_assume!(edges.len() > 1);
            for x in [x, edges[pick.index(edges.len())]] {
                let full = |pair: &[f64]| ((x - pair[0]) / (pair[1] - pair[0])).clamp(0.0, 1.0) as f32;
                let expected: Vec<_> = edges.windows(2).map(full).collect();
                prop_assert_eq!(written(&edges, x), expected);
            }
        }

        #[test]
        fn chunks_and_their_number_change_no_bin(
            rows in vec((0..40_u8, any::<bool>()), 1..300), size in 1..50_usize, by_label: bool,
        ) {
            let by = if by_label { BinsBy::Label } else { BinsBy::Quantiles };
            let fit = |size: usize| {
                let mut fitter = BinsFitter::new(5, by);
                for (chunk, rows) in (0..).zip(rows.chunks(size)) {
                    fitter.begin(chunk);
                    rows.iter().for_each(|&(x, positive)| fitter.push(f64::from(x), positive));
                }
                fitter.finish((0.0, 39.0))
            };
            let bins = fit(size);
            prop_assert!(bins.are_valid() && bins.len() <= 5);
            prop_assert_eq!(bins, fit(rows.len()));
        }
    }
}
