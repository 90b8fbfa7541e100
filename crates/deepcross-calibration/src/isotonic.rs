//! Isotonic regression by pooling adjacent violators (Ayer et al. 1955; Zadrozny and Elkan 2002 for probabilities).
//!
//! Blocks of neighbouring logits get the share of clicks among their rows, and blocks whose shares would fall are pooled.
//! A click of weight 1 is added at the lowest logit and a miss of weight 1 at the highest.
//! So the lowest block never has the share 0 and the highest never 1, no share is wrong by more than a row, and shares
//! still rise.
//! Rejected: Laplace's rule in each block, because shares of small blocks move further than those of large ones, and may
//! then fall; and a clamp by a small constant, which does not depend on the number of rows.
//!
//! The map is flat over a block, from its lowest to its highest logit, and goes straight between two blocks, so that on
//! the rows it is the regression itself.
//! Rejected: steps, because a logit between two blocks would belong to one of them without a reason.

use crate::observation::Totals;
use crate::{CalibrationError, Observation};

/// The greatest number of blocks that are kept; each has at most two breakpoints.
pub const MAX_BLOCKS: usize = 500;

/// The largest probability below 1.
const BELOW_ONE: f32 = 1.0 - f32::EPSILON / 2.0;

/// A map that rises by pieces.
///
/// Rows keep their order, but rows of one block become tied.
/// An AUC, which counts a tie as half of a pair, can therefore rise or fall a little.
#[derive(Clone, Debug, PartialEq)]
pub struct Isotonic {
    /// Pairs of a logit and a probability: logits rise, probabilities never fall.
    points: Vec<(f32, f32)>,
}

impl Isotonic {
    /// The map through these points, each a logit and a probability.
    ///
    /// # Errors
    /// * `points` is empty, or has more than 2 · [`MAX_BLOCKS`] points;
    /// * a logit is not finite, or not greater than the logit before it;
    /// * a probability is not within (0, 1), or less than the probability before it.
    pub fn new(points: Vec<(f32, f32)>) -> Result<Self, CalibrationError> {
        let setting = |name, allowed, value| CalibrationError::Setting { name, allowed, value };
        if points.is_empty() || points.len() > 2 * MAX_BLOCKS {
            let n = points.len() as f64;
            return Err(setting("the number of breakpoints", "from 1 to 1000", n));
        }
        if let Some(&(logit, _)) = points.iter().find(|(logit, _)| !logit.is_finite()) {
            return Err(setting("the logit of a breakpoint", "finite", logit.into()));
        }
        if let Some(&(_, p)) = points.iter().find(|(_, p)| !(*p > 0.0 && *p < 1.0)) {
            return Err(setting("the probability of a breakpoint", "within (0, 1)", p.into()));
        }
        for pair in points.windows(2) {
            let (logit, p) = pair[1];
            if logit <= pair[0].0 {
                let allowed = "above the one before";
                return Err(setting("the logit of a breakpoint", allowed, logit.into()));
            }
            if p < pair[0].1 {
                let allowed = "at least that of the one before";
                return Err(setting("the probability of a breakpoint", allowed, p.into()));
            }
        }
        Ok(Self { points })
    }

    /// The regression of labels on logits.
    ///
    /// If more than [`MAX_BLOCKS`] blocks are left, neighbours are pooled from the lowest up until each has its part of the
    /// weight, so that at most that many remain. Takes n log n time for n rows.
    ///
    /// # Errors
    /// If all rows are of one class.
    pub fn fit(rows: &[Observation]) -> Result<Self, CalibrationError> {
        Totals::of(rows).check(1)?;
        let blocks = coarsened(pooled(tied(rows)), MAX_BLOCKS);
        let mut points = Vec::with_capacity(2 * blocks.len());
        for block in blocks {
            let share = (block.share() as f32).clamp(f32::MIN_POSITIVE, BELOW_ONE);
            points.push((block.first, share));
            if block.last > block.first {
                points.push((block.last, share));
            }
        }
        Self::new(points)
    }

    /// The breakpoints, each a logit and a probability.
    pub fn points(&self) -> &[(f32, f32)] {
        &self.points
    }

    /// The probability of label 1, within (0, 1); outside of the breakpoints, that of the nearest one.
    #[inline]
    pub fn probability(&self, logit: f32) -> f32 {
        if logit.is_nan() {
            return logit;
        }
        let above = self.points.partition_point(|&(point, _)| point <= logit);
        match (above.checked_sub(1).map(|at| self.points[at]), self.points.get(above)) {
            (Some(low), Some(&high)) => between(low, high, logit),
            (Some((_, p)), None) | (None, Some(&(_, p))) => p,
            (None, None) => f32::NAN,
        }
    }
}

/// On the straight line between two points; it never falls, since each operation on `f64` rounds but keeps the order.
fn between(low: (f32, f32), high: (f32, f32), logit: f32) -> f32 {
    let [z, z_low, z_high] = [logit, low.0, high.0].map(f64::from);
    let [p_low, p_high] = [low.1, high.1].map(f64::from);
    let share = (z - z_low) / (z_high - z_low);
    (p_low + (p_high - p_low) * share).min(p_high) as f32
}

/// Neighbouring logits, with the weights of their rows.
#[derive(Clone, Copy, Debug)]
struct Block {
    first: f32,
    last: f32,
    positive: f64,
    weight: f64,
}

impl Block {
    fn share(&self) -> f64 {
        self.positive / self.weight
    }

    fn with(self, next: Self) -> Self {
        Self {
            first: self.first,
            last: next.last,
            positive: self.positive + next.positive,
            weight: self.weight + next.weight,
        }
    }
}

/// A block for each distinct logit, in order, with the added click and miss.
fn tied(rows: &[Observation]) -> Vec<Block> {
    let block = |row: &Observation| {
        // `+ 0.0` puts −0 beside 0.
        let (logit, weight) = (row.logit() + 0.0, f64::from(row.weight()));
        let positive = if row.is_positive() { weight } else { 0.0 };
        Block { first: logit, last: logit, positive, weight }
    };
    let mut blocks: Vec<Block> = rows.iter().filter(|row| row.weight() > 0.0).map(block).collect();
    blocks.sort_by(|a, b| a.first.total_cmp(&b.first));
    blocks.dedup_by(|next, block| {
        let same = next.first == block.last;
        if same {
            *block = block.with(*next);
        }
        same
    });
    if let Some(lowest) = blocks.first_mut() {
        lowest.positive += 1.0;
        lowest.weight += 1.0;
    }
    if let Some(highest) = blocks.last_mut() {
        highest.weight += 1.0;
    }
    blocks
}

/// Pools neighbours until shares rise from each block to the next.
fn pooled(blocks: Vec<Block>) -> Vec<Block> {
    let mut pooled: Vec<Block> = Vec::new();
    for mut block in blocks {
        while let Some(before) = pooled.pop_if(|before| before.share() >= block.share()) {
            block = before.with(block);
        }
        pooled.push(block);
    }
    pooled
}

/// Pools neighbours of more than `limit` blocks until each except the last has 1 / (limit − 1) of the weight.
fn coarsened(blocks: Vec<Block>, limit: usize) -> Vec<Block> {
    if blocks.len() <= limit {
        return blocks;
    }
    let total: f64 = blocks.iter().map(|block| block.weight).sum();
    // Slightly more than the part of a block, so that rounding never makes one block too many.
    let part = total / (limit - 1) as f64 * (1.0 + 1e-9);
    let mut coarse: Vec<Block> = Vec::with_capacity(limit);
    for block in blocks {
        match coarse.last_mut() {
            Some(last) if last.weight < part => *last = last.with(block),
            _ => coarse.push(block),
        }
    }
    coarse
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(f32, u8, f32)]) -> Vec<Observation> {
        let row = |&(z, y, w): &(f32, u8, f32)| Observation::new(z, f32::from(y), w).unwrap();
        rows.iter().map(row).collect()
    }

    #[test]
    fn shares_are_those_of_the_blocks() {
        // With the click that is added at −2 and the miss at 3: 1 / 5, then 1 / 2 of two pooled logits, then 4 / 5.
        let list = [(-2.0, 0, 4.0), (0.0, 1, 1.0), (1.0, 0, 1.0), (3.0, 1, 4.0), (9.0, 1, 0.0)];
        let fit = Isotonic::fit(&rows(&list)).unwrap();
        assert_eq!(fit.points(), [(-2.0, 0.2), (0.0, 0.5), (1.0, 0.5), (3.0, 0.8)]);
        for (logit, expected) in [
            (f32::NEG_INFINITY, 0.2),
            (-2.0, 0.2),
            (-1.0, 0.35),
            (0.0, 0.5),
            (0.7, 0.5),
            (2.0, 0.65),
            (3.0, 0.8),
            (f32::INFINITY, 0.8),
        ] {
            assert_eq!(fit.probability(logit), expected, "{logit}");
        }
        assert!(fit.probability(f32::NAN).is_nan());
    }

    #[test]
    fn separable_rows_get_surer_with_their_number() {
        let mut list = vec![(1.0, 1, 1.0); 99];
        list.extend([(-1.0, 0, 1.0); 9]);
        let fit = Isotonic::fit(&rows(&list)).unwrap();
        assert_eq!(fit.points(), [(-1.0, 0.1), (1.0, 0.99)]);
        let sure = Isotonic::fit(&rows(&[(1.0, 1, f32::MAX), (-1.0, 0, f32::MAX)])).unwrap();
        assert!(sure.points().iter().all(|&(_, p)| p > 0.0 && p < 1.0), "{sure:?}");
    }

    #[test]
    fn rows_against_the_order_get_their_mean() {
        let fit = Isotonic::fit(&rows(&[(-1.0, 1, 3.0), (0.0, 0, 2.0), (1.0, 0, 3.0)])).unwrap();
        assert_eq!(fit.points(), [(-1.0, 0.4), (1.0, 0.4)]);
    }

    #[test]
    fn there_are_never_more_blocks_than_allowed() {
        let block = |n: usize| Block {
            first: n as f32,
            last: n as f32,
            positive: n as f64 / 1e4,
            weight: 1.0 + (n % 7) as f64,
        };
        for (n, limit) in [(10, 10), (11, 10), (1000, 10), (5000, 500), (7, 2)] {
            let blocks: Vec<Block> = (0..n).map(block).collect();
            let mut expected: f64 = blocks.iter().map(|block| block.weight).sum();
            let coarse = coarsened(blocks, limit);
            assert!(coarse.len() <= limit, "{n} to {limit}: {}", coarse.len());
            assert!(coarse.windows(2).all(|pair| pair[0].last < pair[1].first));
            expected -= coarse.iter().map(|block| block.weight).sum::<f64>();
            assert!(expected.abs() < 1e-6);
        }
    }

    #[test]
    fn points_of_a_map_that_does_not_rise_are_refused() {
        let refused = |points: &[(f32, f32)]| Isotonic::new(points.to_vec()).is_err();
        assert!(!refused(&[(0.0, 0.5)]) && !refused(&[(0.0, 0.5), (1.0, 0.5)]));
        assert!(refused(&[]) && refused(&vec![(0.0, 0.5); 1001]));
        assert!(refused(&[(f32::NAN, 0.5)]) && refused(&[(f32::INFINITY, 0.5)]));
        assert!(refused(&[(0.0, 0.0)]) && refused(&[(0.0, 1.0)]) && refused(&[(0.0, f32::NAN)]));
        assert!(refused(&[(0.0, 0.5), (0.0, 0.6)]) && refused(&[(0.0, 0.5), (-1.0, 0.6)]));
        assert!(refused(&[(0.0, 0.5), (1.0, 0.4)]));
    }
}
