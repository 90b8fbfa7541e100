//! The standard normal distribution by the ziggurat method (Doornik, "An Improved Ziggurat Method to Generate Normal
//! Random Samples", Oxford, 2005).
//!
//! The area under e^(−x²/2) is covered by 256 layers of one area. A number in a random layer is nearly always under the
//! curve, which a comparison shows; only few need an exponential, and those in the tail a logarithm.
//! The steps and the bits that they take from the generator are those of the `rand_distr` crate, so that numbers differ
//! from its numbers by rounding alone.
//! Rejected: Box and Muller's method, which needs a logarithm and a cosine for each number.

use rand::Rng;
use rand::distr::{Distribution, Open01};
use std::sync::LazyLock;

/// The normal distribution of mean 0 and standard deviation 1.
#[derive(Clone, Copy, Debug)]
pub struct StandardNormal;

impl Distribution<f64> for StandardNormal {
    #[inline]
    fn sample<R: Rng + ?Sized>(&self, random: &mut R) -> f64 {
        let layers = &*LAYERS;
        loop {
            let bits = random.next_u64();
            let layer = (bits & 0xff) as usize;
            let position = symmetric_unit(bits);
            let x = position * layers.ends[layer];
            if x.abs() < layers.ends[layer + 1] {
                return x;
            }
            if layer == 0 {
                return tail(position < 0.0, random);
            }
            let [low, high] = [layers.densities[layer + 1], layers.densities[layer]];
            if low + (high - low) * random.random::<f64>() < density(x) {
                return x;
            }
        }
    }
}

/// The number of layers.
const LAYERS_IN_ALL: usize = 256;

/// Where the tail begins.
const TAIL: f64 = 3.654_152_885_361_009;

/// The layers from the bottom to the top; the last entries are those of the curve's top.
struct Layers {
    /// The ends of the layers; that of the lowest one, which has the tail, is that of a rectangle of its area.
    ends: [f64; LAYERS_IN_ALL + 1],
    /// The densities at the ends.
    densities: [f64; LAYERS_IN_ALL + 1],
}

static LAYERS: LazyLock<Layers> = LazyLock::new(Layers::new);

impl Layers {
    fn new() -> Self {
        /// The area of each layer, with the digits that `rand_distr` has of it.
        const AREA: f64 = 0.004_928_673_233_99;
        let mut ends = [0.0; LAYERS_IN_ALL + 1];
        ends[0] = AREA / density(TAIL);
        ends[1] = TAIL;
        for layer in 2..LAYERS_IN_ALL {
            let below: f64 = ends[layer - 1];
            ends[layer] = (-2.0 * libm::log(AREA / below + density(below))).sqrt();
        }
        Self { ends, densities: ends.map(density) }
    }
}

/// The density without its factor.
#[inline]
fn density(x: f64) -> f64 {
    libm::exp(-x * x / 2.0)
}

/// A number from −1 to 1, of the upper 52 bits.
#[inline]
fn symmetric_unit(bits: u64) -> f64 {
    const EXPONENT_OF_2: u64 = 0x4000_0000_0000_0000;
    f64::from_bits(bits >> 12 | EXPONENT_OF_2) - 3.0
}

/// A number beyond [`TAIL`] (Marsaglia's method), on one side.
fn tail<R: Rng + ?Sized>(is_negative: bool, random: &mut R) -> f64 {
    loop {
        let beyond = libm::log(random.sample(Open01)) / TAIL;
        let bound = libm::log(random.sample(Open01));
        if -2.0 * bound >= beyond * beyond {
            // Both terms of either sum have the sign of the result.
            return if is_negative { beyond - TAIL } else { TAIL - beyond };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const N: usize = 400_000;

    fn draw(distribution: &impl Distribution<f64>) -> Vec<f64> {
        ChaCha8Rng::seed_from_u64(7).sample_iter(distribution).take(N).collect()
    }

    #[test]
    fn numbers_are_those_of_rand_distr_up_to_rounding() {
        let (ours, theirs) = (draw(&StandardNormal), draw(&rand_distr::StandardNormal));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!((ours - theirs).abs() <= 1e-14 * theirs.abs(), "{ours} and {theirs}");
        }
        assert!(ours.iter().any(|number| number.abs() > TAIL), "no number is in the tail");
    }

    #[test]
    fn moments_are_those_of_the_distribution() {
        let numbers = draw(&StandardNormal);
        let n = N as f64;
        let moment = |power: i32| numbers.iter().map(|number| number.powi(power)).sum::<f64>() / n;
        // The standard errors are those of the moments of the normal distribution: 1, 2, 15 and 96 over n.
        for (power, expected, variance) in
            [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0_f64)]
        {
            let distance = (moment(power) - expected).abs();
            assert!(distance < 5.0 * (variance / n).sqrt(), "moment {power}: {}", moment(power));
        }
    }

    /// The sum was computed once; each other system has the same one.
    #[test]
    fn bits_are_those_of_every_system() {
        let sum = draw(&StandardNormal).iter().fold(0, |sum: u64, number| {
            (sum ^ number.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
        });
        assert_eq!(sum, 1_969_027_972_099_744_965);
    }
}
