//! Negative down-sampling: each pass keeps a share of the many rows without a click.
//!
//! A row is drawn by its number among the negative rows.
//! Rejected: drawing a row by its bytes. Equal rows would all be kept or all be dropped, and a click log has many of
//! them if its fields have few values. A model learns the right probability of such rows only if they are drawn one by
//! one.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::random::unit_interval;

/// The name of the random stream, which makes this draw independent of any other draw with the same seed.
const STREAM: &[u8] = b"negative down-sampling";

/// Keeps each negative row with a given probability; each epoch draws again.
///
/// The draw depends only on the probability, the seed, the epoch and the order of the rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NegativeSampling {
    rate: f64,
    seed: u64,
    /// The seed of the epoch.
    epoch_seed: u64,
    /// The number of the next negative row.
    next: u64,
    counts: NegativeCounts,
}

/// The numbers of negative rows that a pass has met and kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NegativeCounts {
    /// The number of all negative rows.
    pub met: u64,
    /// The number of negative rows that were kept.
    pub kept: u64,
}

impl NegativeSampling {
    /// Keeps all negative rows.
    pub(crate) const ALL: Self = Self {
        rate: 1.0,
        seed: 0,
        epoch_seed: 0,
        next: 0,
        counts: NegativeCounts { met: 0, kept: 0 },
    };

    /// Keeps a share `rate`, in [0, 1], of the negative rows.
    pub(crate) fn sampled(rate: f64, seed: u64) -> Self {
        let mut sampling = Self { rate, seed, ..Self::ALL };
        sampling.begin(0);
        sampling
    }

    /// Begins a pass with the draw of `epoch`.
    pub(crate) fn begin(&mut self, epoch: u64) {
        let stream = xxh3_64_with_seed(STREAM, self.seed);
        self.epoch_seed = xxh3_64_with_seed(&epoch.to_le_bytes(), stream);
        self.restart();
    }

    /// Begins the same draw again.
    pub(crate) fn restart(&mut self) {
        (self.next, self.counts) = (0, NegativeCounts::default());
    }

    /// Continues at the negative row of this number, from 0, of the whole pass.
    pub(crate) fn start_at(&mut self, next: u64) {
        self.next = next;
    }

    /// Whether the next row is kept: a positive row always, a negative row if it is drawn.
    pub(crate) fn keep(&mut self, label: f32) -> bool {
        if label != 0.0 {
            return true;
        }
        let kept = self.rate >= 1.0 || self.draw() < self.rate;
        self.next += 1;
        self.counts.met += 1;
        self.counts.kept += u64::from(kept);
        kept
    }

    /// The random number of the next negative row, uniform in [0, 1).
    fn draw(&self) -> f64 {
        unit_interval(xxh3_64_with_seed(&self.next.to_le_bytes(), self.epoch_seed))
    }

    pub(crate) fn counts(&self) -> NegativeCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const N: u64 = 20_000;

    /// For each of `n` negative rows, whether an epoch keeps it.
    fn draw(sampling: &mut NegativeSampling, epoch: u64, n: u64) -> Vec<bool> {
        sampling.begin(epoch);
        (0..n).map(|_| sampling.keep(0.0)).collect()
    }

    #[test]
    fn the_share_kept_is_the_rate() {
        for (rate, seed) in [(0.0, 1), (0.01, 1), (0.1, 2), (0.5, 3), (1.0, 4)] {
            let mut sampling = NegativeSampling::sampled(rate, seed);
            for epoch in 1..4 {
                let kept = draw(&mut sampling, epoch, N).into_iter().filter(|kept| *kept).count();
                assert_eq!(sampling.counts(), NegativeCounts { met: N, kept: kept as u64 });
                // Five standard deviations of a binomial share.
                let tolerance = 5.0 * (rate * (1.0 - rate) / N as f64).sqrt();
                let share = kept as f64 / N as f64;
                assert!((share - rate).abs() <= tolerance, "{share} for {rate}");
            }
        }
    }

    #[test]
    fn epochs_and_seeds_draw_independently() {
        let rate = 0.3;
        let of = |seed, epoch| draw(&mut NegativeSampling::sampled(rate, seed), epoch, N);
        let first = of(1, 1);
        for (seed, epoch) in [(1, 2), (2, 1), (2, 2)] {
            let both = of(seed, epoch).iter().zip(&first).filter(|(a, b)| **a && **b).count();
            let tolerance = 5.0 * (N as f64 * rate * rate * (1.0 - rate * rate)).sqrt();
            let expected = N as f64 * rate * rate;
            assert!((both as f64 - expected).abs() < tolerance, "{both} for {seed}, {epoch}");
        }
    }

    proptest! {
        #[test]
        fn positive_rows_are_kept_and_change_no_draw(
            labels in prop::collection::vec(any::<bool>(), 0..200), rate in 0.0..1.0, seed: u64, epoch: u64,
        ) {
            let mut sampling = NegativeSampling::sampled(rate, seed);
            let n = labels.iter().filter(|label| !**label).count() as u64;
            let mut alone = draw(&mut sampling, epoch, n).into_iter();
            let counts = sampling.counts();
            sampling.begin(epoch);
            for label in labels {
                let kept = sampling.keep(f32::from(label));
                prop_assert_eq!(kept, label || alone.next() == Some(true));
            }
            prop_assert_eq!(sampling.counts(), counts);
        }
    }
}
