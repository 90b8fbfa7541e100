//! Quantiles of a stream of numbers, in one pass and bounded memory.
//!
//! New numbers go into the lowest of several levels.
//! When a level is full, it is sorted, and every second number moves up to the next level, where it stands for twice
//! as many numbers; the first and the second number of each pair move up by turns.
//! This is the collapsing of Manku, Rajagopalan and Lindsay (SIGMOD 1998) with the levels of a KLL sketch (Karnin, Lang
//! and Liberty, FOCS 2016).
//! Rejected: the random choices of KLL, which make the sketch smaller, because its error bound then holds only with
//! some probability, and its result is one of many.
//!
//! The levels of two summaries are joined one by one, and a level with at least k numbers moves up in the same way; if it
//! has an odd count of numbers, the greatest one stays.
//!
//! When numbers that stand for w numbers each move up, a rank changes by at most w: by nothing if pairs begin or end
//! there, and else by one half of a pair.
//! At least k of them move each time, and each number is counted once by the numbers of a level, so with n numbers in
//! total this happens at most ⌊n / (k w)⌋ times.
//! So each of the levels that can move up, which are l = ⌊log₂(n / k)⌋ + 1 or none if n < k, changes a rank by at most
//! n / k.
//! The error of a rank is at most n l / k in total, and 0 if n < k.
//! The turns nearly halve it: two moves in turn change a rank in opposite directions.
//! Neighbours among chunks, and among summaries of chunks, begin with different turns for the same reason.

use crate::kinds::by_chunk::Summary;

/// The capacity of a level: ranks are exact for fewer numbers, and up to a billion numbers, their error is at most 0.1 % of
/// their count.
const LEVEL: usize = 16_384;

/// A summary of the numbers so far.
#[derive(Clone, Debug)]
pub(crate) struct Quantiles {
    /// The count of numbers that fill a level; even.
    capacity: usize,
    levels: Vec<Level>,
    /// Whether the second number of each pair moves up first in a level, and not the first.
    is_second: bool,
    count: u64,
    min: f64,
}

/// A level: in level i, each number stands for 2ⁱ numbers.
#[derive(Clone, Debug, Default)]
struct Level {
    numbers: Vec<f64>,
    /// Whether the second number of each pair moves up next, and not the first.
    second: bool,
}

impl Summary for Quantiles {
    fn empty(&self, is_second: bool) -> Self {
        Self { is_second, ..Self::with_capacity(self.capacity) }
    }

    fn push(&mut self, x: f64) {
        self.count += 1;
        self.min = self.min.min(x);
        self.level(0).numbers.push(x);
        let mut full = 0;
        while self.levels[full].numbers.len() >= self.capacity {
            self.move_up(full);
            full += 1;
        }
    }

    fn merge(&mut self, later: Self, is_second: bool) {
        self.is_second = is_second;
        self.count += later.count;
        self.min = self.min.min(later.min);
        for (i, level) in later.levels.into_iter().enumerate() {
            self.level(i).numbers.extend(level.numbers);
        }
        self.levels.iter_mut().for_each(|level| level.second = is_second);
        let mut i = 0;
        while i < self.levels.len() {
            if self.levels[i].numbers.len() >= self.capacity {
                self.move_up(i);
            }
            self.levels[i].numbers.shrink_to_fit();
            i += 1;
        }
    }
}

impl Quantiles {
    pub(crate) fn new() -> Self {
        Self::with_capacity(LEVEL)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self { capacity, levels: Vec::new(), is_second: false, count: 0, min: f64::INFINITY }
    }

    /// A level, which is made if it does not exist; the levels below it exist.
    fn level(&mut self, i: usize) -> &mut Level {
        if i == self.levels.len() {
            self.levels.push(Level { numbers: Vec::new(), second: self.is_second });
        }
        &mut self.levels[i]
    }

    fn move_up(&mut self, full: usize) {
        self.level(full + 1);
        let (lower, upper) = self.levels.split_at_mut(full + 1);
        lower[full].move_up(&mut upper[0]);
    }

    /// The numbers, ascending, that divide the numbers so far into `n` groups of equal size: each begins a group.
    ///
    /// A group that would begin with the same number as the one before it, or with the least number, is joined to that
    /// group: there may be fewer than `n − 1` cuts, and there are none if all numbers are equal.
    pub(crate) fn cuts(&self, n: u32) -> Vec<f64> {
        let mut weighted = self.weighted().into_iter();
        let (mut cuts, mut seen, mut number) = (Vec::new(), 0, self.min);
        for group in 1..u64::from(n) {
            let rank = u128::from(self.count) * u128::from(group) / u128::from(n);
            while seen <= rank {
                let Some((next, weight)) = weighted.next() else { return cuts };
                (number, seen) = (next, seen + u128::from(weight));
            }
            if number > cuts.last().copied().unwrap_or(self.min) {
                cuts.push(number);
            }
        }
        cuts
    }

    /// The different numbers, ascending, each with its count; some rare ones are lost if there are many.
    pub(crate) fn counted(&self) -> Vec<(f64, u64)> {
        let mut counted: Vec<(f64, u64)> = Vec::new();
        for (number, weight) in self.weighted() {
            match counted.last_mut().filter(|(last, _)| *last == number) {
                Some((_, count)) => *count += weight,
                None => counted.push((number, weight)),
            }
        }
        counted
    }

    /// The numbers of all levels, ascending, each with the count that it stands for.
    fn weighted(&self) -> Vec<(f64, u64)> {
        let mut weighted = Vec::new();
        for (i, level) in self.levels.iter().enumerate() {
            weighted.extend(level.numbers.iter().map(|&number| (number, 1 << i)));
        }
        weighted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        weighted
    }
}

impl Level {
    fn move_up(&mut self, upper: &mut Self) {
        let Self { numbers, second } = self;
        numbers.sort_unstable_by(f64::total_cmp);
        let odd = if numbers.len() % 2 == 1 { numbers.pop() } else { None };
        upper.numbers.extend(numbers.iter().skip(usize::from(*second)).step_by(2));
        numbers.clear();
        numbers.extend(odd);
        *second = !*second;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::kinds::by_chunk::ByChunk;

    fn summary(capacity: usize, numbers: &[f64]) -> Quantiles {
        by_chunks(capacity, numbers, &[])
    }

    /// The summary of chunks: of each, its number and the position of its first number.
    fn by_chunks(capacity: usize, numbers: &[f64], chunks: &[(u64, usize)]) -> Quantiles {
        let mut by_chunk = ByChunk::new(Quantiles::with_capacity(capacity));
        let mut chunks = chunks.iter().peekable();
        for (position, &x) in numbers.iter().enumerate() {
            while let Some((chunk, _)) = chunks.next_if(|(_, first)| *first <= position) {
                by_chunk.begin(*chunk);
            }
            by_chunk.push(x);
        }
        by_chunk.finish()
    }

    /// The chunks of `size` numbers each.
    fn of_size(size: usize, n_numbers: usize) -> Vec<(u64, usize)> {
        (0..).zip((0..n_numbers).step_by(size)).collect()
    }

    /// A few chunks that begin at any of 600 numbers; chunks without numbers are among them.
    fn chunks() -> impl Strategy<Value = Vec<(u64, usize)>> {
        vec((1..5_u64, 0..600_usize), 0..40).prop_map(|mut chunks| {
            chunks.sort_unstable_by_key(|(_, first)| *first);
            let mut number = 0;
            for chunk in &mut chunks {
                number += chunk.0;
                chunk.0 = number;
            }
            chunks
        })
    }

    #[track_caller]
    fn check(numbers: &[f64], n: u32, cuts: &[f64]) {
        assert_eq!(summary(LEVEL, numbers).cuts(n), cuts);
    }

    #[test]
    fn groups_have_equal_size() {
        check(&[], 4, &[]);
        check(&[7.0], 4, &[]);
        check(&[7.0, 7.0, 7.0], 2, &[]);
        check(&[4.0, 1.0, 3.0, 2.0], 2, &[3.0]);
        check(&[4.0, 1.0, 3.0, 2.0], 4, &[2.0, 3.0, 4.0]);
        check(&[0.0, 0.0, 0.0, 0.0, 5.0, 9.0], 3, &[5.0]);
        check(&[-1.0, 0.0, 0.0, 0.0, 0.0, 9.0], 3, &[0.0]);
    }

    #[test]
    fn equal_numbers_are_counted_together() {
        let counted = summary(LEVEL, &[3.0, 0.0, -1.0, -0.0, 3.0, 0.0]).counted();
        assert_eq!(counted, [(-1.0, 1), (0.0, 3), (3.0, 2)]);
        let numbers: Vec<_> = (0..1000).map(|i| f64::from(i % 2)).collect();
        assert_eq!(summary(8, &numbers).counted(), [(0.0, 500), (1.0, 500)]);
    }

    /// The largest error of a rank.
    fn bound(capacity: usize, count: usize) -> f64 {
        let (count, capacity) = (count as f64, capacity as f64);
        let levels = (count / capacity).log2().floor() + 1.0;
        if count < capacity { 0.0 } else { count * levels / capacity }
    }

    /// Checks that the error of each rank is within the bound, and that the cuts are ascending numbers of the stream.
    fn check_ranks(quantiles: &Quantiles, numbers: &[f64], n: u32) -> Result<(), TestCaseError> {
        let capacity = quantiles.capacity;
        let weighted = quantiles.weighted();
        prop_assert_eq!(
            weighted.iter().map(|(_, weight)| weight).sum::<u64>(),
            numbers.len() as u64
        );
        prop_assert!(quantiles.levels.iter().all(|level| level.numbers.len() < capacity));
        let bound = bound(capacity, numbers.len());
        let rank_of = |number| numbers.iter().filter(|&&x| x < number).count() as f64;
        let end_of = |number| numbers.iter().filter(|&&x| x <= number).count() as f64;
        let mut seen = 0;
        for (number, weight) in weighted {
            // According to the summary, the number has the ranks `seen..seen + weight`.
            prop_assert!(rank_of(number) <= seen as f64 + bound);
            seen += weight;
            prop_assert!(end_of(number) + bound >= seen as f64);
        }
        let cuts = quantiles.cuts(n);
        prop_assert!(cuts.is_sorted_by(|a, b| a < b));
        prop_assert!(cuts.iter().all(|cut| numbers.contains(cut)));
        Ok(())
    }

    proptest! {
        #[test]
        fn errors_of_ranks_are_within_the_bound(
            numbers in vec(prop_oneof![-9..9_i8, any::<i8>()], 0..600),
            capacity in prop::sample::select(vec![2, 4, 8, 32]),
            n in 2_u32..20,
            order in 0..3,
            chunks in chunks(),
        ) {
            let mut numbers: Vec<_> = numbers.into_iter().map(f64::from).collect();
            if order > 0 {
                numbers.sort_unstable_by(f64::total_cmp);
            }
            if order > 1 {
                numbers.reverse();
            }
            check_ranks(&summary(capacity, &numbers), &numbers, n)?;
            check_ranks(&by_chunks(capacity, &numbers, &chunks), &numbers, n)?;
        }

        #[test]
        fn few_numbers_have_exact_cuts(
            numbers in vec(any::<i8>(), 1..200), n in 2_u32..20, chunks in chunks(),
        ) {
            let numbers: Vec<_> = numbers.into_iter().map(f64::from).collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let at = |group| sorted[sorted.len() * group as usize / n as usize];
            let mut expected: Vec<_> = (1..n).map(at).filter(|&cut| cut > sorted[0]).collect();
            expected.dedup();
            prop_assert_eq!(&summary(LEVEL, &numbers).cuts(n), &expected);
            prop_assert_eq!(by_chunks(LEVEL, &numbers, &chunks).cuts(n), expected);
        }
    }

    /// If the first number always moved up, the mean error here would be 661 ranks, all in the same direction.
    #[test]
    fn the_first_and_the_second_of_pairs_take_turns() {
        let numbers: Vec<_> = (0..10_000_u32).map(|i| f64::from(i * 7_919 % 10_007)).collect();
        for chunks in [10_000, 128, 127, 50].map(|size| of_size(size, numbers.len())) {
            let weighted = by_chunks(32, &numbers, &chunks).weighted();
            let (mut seen, mut misplaced) = (0, 0.0);
            for &(number, weight) in &weighted {
                let rank = numbers.iter().filter(|&&x| x < number).count() as f64;
                misplaced += seen as f64 + (weight - 1) as f64 / 2.0 - rank;
                seen += weight;
            }
            let mean = misplaced / weighted.len() as f64;
            assert!(mean.abs() < 200.0, "{} chunks: {mean}", chunks.len());
        }
    }

    #[test]
    fn a_million_numbers_keep_a_few_levels() {
        let numbers: Vec<_> = (0..1_000_000_u64).map(|i| (i * 7_919 % 1_000_003) as f64).collect();
        let quantiles = by_chunks(LEVEL, &numbers, &of_size(65_536, numbers.len()));
        let kept: usize = quantiles.levels.iter().map(|level| level.numbers.len()).sum();
        assert!(kept < 7 * LEVEL, "{kept}");
        let most = bound(LEVEL, numbers.len());
        assert!(most < 0.0005 * numbers.len() as f64, "{most}");
        for (group, cut) in (1..10).zip(quantiles.cuts(10)) {
            // Nearly all numbers of 0..1_000_003 occur once: the rank of a number is the number itself, within three.
            let error = (cut - 100_000.0 * f64::from(group)).abs();
            assert!(error <= most + 3.0, "{cut}");
        }
    }
}
