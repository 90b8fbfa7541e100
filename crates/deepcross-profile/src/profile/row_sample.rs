//! A uniform sample of rows, of bounded size, whose numbers are looked at in order.
//!
//! The sample is drawn by Vitter's algorithm R (1985).
//! One draw for each row serves all columns, and also decides the half that the row is counted in.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The largest number of rows in the sample.
const SIZE: u64 = 8192;

/// Draws for each row whether it enters the sample, and at which place.
#[derive(Clone, Debug)]
pub(crate) struct Sampler {
    random: ChaCha8Rng,
    rows: u64,
}

/// The result of the draw for one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    /// The place of the row in the sample; `None` if the row is not in it.
    pub(crate) place: Option<usize>,
    /// The half that the row is counted in: 0 or 1.
    pub(crate) half: usize,
}

impl Sampler {
    /// A sampler at the first row, with a fixed seed.
    pub(crate) fn new() -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(1), rows: 0 }
    }

    /// The draw for the next row.
    pub(crate) fn next(&mut self) -> Draw {
        let bits = self.random.next_u64();
        let row = self.rows;
        self.rows += 1;
        // A uniform whole number below the number of rows: 63 random bits, read as a fraction, times that number.
        let drawn = ((u128::from(bits >> 1) * u128::from(self.rows)) >> 63) as u64;
        let place = if row < SIZE { Some(row) } else { Some(drawn).filter(|place| *place < SIZE) };
        Draw { place: place.map(|place| place as usize), half: (bits & 1) as usize }
    }
}

/// The numbers of a column in the sampled rows, with their labels.
#[derive(Clone, Debug, Default)]
pub(crate) struct NumberSample {
    rows: Vec<Option<(f64, Option<bool>)>>,
}

impl NumberSample {
    /// Puts the number of a row, or `None` if the row has no number, at `place`.
    pub(crate) fn put(&mut self, place: usize, row: Option<(f64, Option<bool>)>) {
        if self.rows.len() <= place && row.is_some() {
            self.rows.resize(place + 1, None);
        }
        if let Some(kept) = self.rows.get_mut(place) {
            *kept = row;
        }
    }

    /// The numbers with the labels of their rows.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (f64, Option<bool>)> {
        self.rows.iter().flatten().copied()
    }

    /// The median (the upper one of an even number); `None` if there is no number.
    pub(crate) fn median(&self) -> Option<f64> {
        let mut numbers: Vec<_> = self.numbers().map(|(number, _)| number).collect();
        let middle = numbers.len() / 2;
        (middle < numbers.len()).then(|| *numbers.select_nth_unstable_by(middle, f64::total_cmp).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_uniform_over_rows() {
        let (mut sampler, mut sample, n) = (Sampler::new(), NumberSample::default(), 100_000);
        let mut first_half = 0;
        for row in 0..n {
            let draw = sampler.next();
            first_half += u64::from(draw.half == 0);
            if let Some(place) = draw.place {
                sample.put(place, Some((f64::from(row), None)));
            }
        }
        assert_eq!(sample.numbers().count() as u64, SIZE);
        let early = sample.numbers().filter(|(row, _)| *row < f64::from(n / 2)).count() as f64;
        // Five standard deviations of a binomial share.
        assert!((early / SIZE as f64 - 0.5).abs() < 5.0 * (0.25 / SIZE as f64).sqrt(), "{early}");
        let half = first_half as f64 / f64::from(n);
        assert!((half - 0.5).abs() < 5.0 * (0.25 / f64::from(n)).sqrt(), "{half}");
        let median = sample.median().unwrap();
        assert!((median / f64::from(n) - 0.5).abs() < 0.03, "{median}");
    }
}
