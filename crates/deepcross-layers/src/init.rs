//! The initial distributions of weights.
//!
//! The paper does not say how its weights start; these distributions are the usual ones.
//! Fans are those of the linear map, so that a matrix and a table of the same map have the same distribution.

use deepcross_autodiff::Real;
use deepcross_random::StandardNormal;
use ndarray_rand::rand::distr::{Distribution, Uniform};
use rand_chacha::ChaCha8Rng;

/// The distribution from which each weight of a parameter is drawn independently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// 0.
    Zeros,
    /// The normal distribution around 0.
    Normal {
        /// The standard deviation: finite, at least 0.
        std: f64,
    },
    /// Uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio, AISTATS 2010, equation 16).
    XavierUniform,
    /// Normal with variance 2 / (inputs + outputs) (Glorot and Bengio, AISTATS 2010, equation 12).
    XavierNormal,
    /// Normal with variance 2 / inputs (He et al., ICCV 2015, equation 10).
    ///
    /// The inputs of a table are its rows, so this is close to 0 for a tall table.
    HeNormal,
    /// Uniform in ±√(6 / inputs), which has the variance of [`HeNormal`](Self::HeNormal).
    HeUniform,
}

impl Init {
    /// The distribution for a linear map with this many inputs and outputs.
    pub(crate) fn with_fans(self, inputs: usize, outputs: usize) -> Start {
        let (inputs, both) = (inputs as f64, (inputs + outputs) as f64);
        match self {
            Self::Zeros => Start::Zeros,
            Self::Normal { std } => Start::Normal { std },
            Self::XavierUniform => Start::Uniform { bound: (6.0 / both).sqrt() },
            Self::XavierNormal => Start::Normal { std: (2.0 / both).sqrt() },
            Self::HeNormal => Start::Normal { std: (2.0 / inputs).sqrt() },
            Self::HeUniform => Start::Uniform { bound: (6.0 / inputs).sqrt() },
        }
    }
}

/// An [`Init`] with the numbers of one parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    Zeros,
    Normal { std: f64 },
    Uniform { bound: f64 },
}

impl Start {
    /// Random numbers; each is rounded to `F` when it is drawn.
    ///
    /// # Panics
    /// If the standard deviation is negative or not finite.
    #[track_caller]
    pub(crate) fn draw<F: Real>(self, out: &mut [F], rng: &mut ChaCha8Rng) {
        match self {
            // A fan may be 0 without numbers, and then a bound is infinite.
            _ if out.is_empty() => {}
            Self::Zeros => {}
            Self::Normal { std } if !(std.is_finite() && std >= 0.0) => {
                panic!("the standard deviation must be finite and at least 0, but is {std}")
            }
            Self::Normal { std } => {
                fill(out, StandardNormal.map(|deviate: f64| std * deviate), rng)
            }
            Self::Uniform { bound } => {
                fill(
                    out,
                    Uniform::new(-bound, bound).expect("the bound of a fan is positive"),
                    rng,
                );
            }
        }
    }
}

fn fill<F: Real>(out: &mut [F], of: impl Distribution<f64>, rng: &mut ChaCha8Rng) {
    out.iter_mut().zip(of.sample_iter(rng)).for_each(|(out, value)| *out = F::of(value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use rand_chacha::rand_core::SeedableRng;

    const INPUTS: usize = 50;
    const OUTPUTS: usize = 150;

    fn draw(init: Init) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut values = Array2::zeros((OUTPUTS, INPUTS));
        let out = values.as_slice_mut().expect("the standard layout");
        init.with_fans(INPUTS, OUTPUTS).draw(out, &mut rng);
        values
    }

    #[test]
    fn variances_are_those_of_the_formulas() {
        let cases = [
            (Init::Zeros, 0.0),
            (Init::Normal { std: 0.3 }, 0.09),
            (Init::XavierUniform, 0.01),
            (Init::XavierNormal, 0.01),
            (Init::HeNormal, 0.04),
            (Init::HeUniform, 0.04),
        ];
        for (init, variance) in cases {
            let values = draw(init);
            let found = values.mapv(|v| v * v).mean().expect("not empty");
            // The standard error of the variance of 7,500 normal draws is 1.6 % of it.
            assert!((found - variance).abs() <= 0.06 * variance, "{init:?}: {found}");
            let mean = values.mean().expect("not empty");
            assert!(mean.abs() <= 0.05 * variance.sqrt(), "{init:?}: mean {mean}");
        }
    }

    #[test]
    fn uniform_starts_are_bounded() {
        for (init, bound) in
            [(Init::XavierUniform, 0.03_f64.sqrt()), (Init::HeUniform, 0.12_f64.sqrt())]
        {
            assert!(draw(init).iter().all(|v| v.abs() <= bound), "{init:?}");
        }
    }

    #[test]
    fn an_empty_matrix_has_no_fan() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        Init::HeUniform.with_fans(0, 2).draw::<f32>(&mut [], &mut rng);
    }

    #[test]
    fn a_standard_deviation_must_be_valid() {
        for std in [-1.0, f64::NAN, f64::INFINITY] {
            let result = std::panic::catch_unwind(|| draw(Init::Normal { std }));
            assert!(result.is_err(), "{std}");
        }
    }
}
