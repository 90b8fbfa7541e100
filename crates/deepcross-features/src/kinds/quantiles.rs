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
//! n numbers fill l levels of k numbers, with l = ⌊log₂(n / k)⌋ + 1, or no level if n < k.
//! When a full level whose numbers stand for w numbers each moves up, ranks shift by at most w, and by at most w in the
//! other direction at the next time.
//! This happens ⌊n / (k w)⌋ times.
//! So the error of a rank is at most n (l + 2) / 2k in total, and 0 if n < k.

/// The capacity of a level: ranks are exact for fewer numbers, and up to a billion numbers, their error is less than
/// 0.06 % of their count.
const LEVEL: usize = 16_384;

/// A summary of the numbers so far.
#[derive(Clone, Debug)]
pub(crate) struct Quantiles {
    /// The count of numbers that fill a level; even.
    capacity: usize,
    levels: Vec<Level>,
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

impl Quantiles {
    pub(crate) fn new() -> Self {
        Self::with_capacity(LEVEL)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self { capacity, levels: vec![Level::default()], count: 0, min: f64::INFINITY }
    }

    /// Adds `x`, which must be finite.
    pub(crate) fn push(&mut self, x: f64) {
        self.count += 1;
        self.min = self.min.min(x);
        self.levels[0].numbers.push(x);
        let mut full = 0;
        while self.levels[full].numbers.len() >= self.capacity {
            if full + 1 == self.levels.len() {
                self.levels.push(Level::default());
            }
            let (lower, upper) = self.levels.split_at_mut(full + 1);
            lower[full].move_up(&mut upper[0]);
            full += 1;
        }
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
        self.numbers.sort_unstable_by(f64::total_cmp);
        upper.numbers.extend(self.numbers.iter().skip(usize::from(self.second)).step_by(2));
        self.numbers.clear();
        self.second = !self.second;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn summary(capacity: usize, numbers: &[f64]) -> Quantiles {
        let mut quantiles = Quantiles::with_capacity(capacity);
        numbers.iter().for_each(|&x| quantiles.push(x));
        quantiles
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

    /// The largest error of a rank.
    fn bound(capacity: usize, count: usize) -> f64 {
        let (count, capacity) = (count as f64, capacity as f64);
        let levels = (count / capacity).log2().floor() + 1.0;
        if count < capacity { 0.0 } else { count * (levels + 2.0) / (2.0 * capacity) }
    }

    /// Checks that the error of each rank is within the bound, and that the cuts are ascending numbers of the stream.
    fn check_ranks(capacity: usize, numbers: &[f64], n: u32) -> Result<(), TestCaseError> {
        let quantiles = summary(capacity, numbers);
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
        ) {
            let mut numbers: Vec<_> = numbers.into_iter().map(f64::from).collect();
            if order > 0 {
                numbers.sort_unstable_by(f64::total_cmp);
            }
            if order > 1 {
                numbers.reverse();
            }
            check_ranks(capacity, &numbers, n)?;
        }

        #[test]
        fn few_numbers_have_exact_cuts(numbers in vec(any::<i8>(), 1..200), n in 2_u32..20) {
            let numbers: Vec<_> = numbers.into_iter().map(f64::from).collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let at = |group| sorted[sorted.len() * group as usize / n as usize];
            let mut expected: Vec<_> = (1..n).map(at).filter(|&cut| cut > sorted[0]).collect();
            expected.dedup();
            prop_assert_eq!(summary(LEVEL, &numbers).cuts(n), expected);
        }
    }

    /// If the first number always moved up, the mean error here would be 661 ranks, all in the same direction.
    #[test]
    fn the_first_and_the_second_of_pairs_take_turns() {
        let numbers: Vec<_> = (0..10_000_u32).map(|i| f64::from(i * 7_919 % 10_007)).collect();
        let weighted = summary(32, &numbers).weighted();
        let (mut seen, mut misplaced) = (0, 0.0);
        for &(number, weight) in &weighted {
            let rank = numbers.iter().filter(|&&x| x < number).count() as f64;
            misplaced += seen as f64 + (weight - 1) as f64 / 2.0 - rank;
            seen += weight;
        }
        let mean = misplaced / weighted.len() as f64;
        assert!(mean.abs() < 200.0, "{mean}");
    }

    #[test]
    fn a_million_numbers_keep_a_few_levels() {
        let numbers: Vec<_> = (0..1_000_000_u64).map(|i| (i * 7_919 % 1_000_003) as f64).collect();
        let quantiles = summary(LEVEL, &numbers);
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
