//! Exponentials, logarithms and what is made of them, with the same bits on every processor.
//!
//! In `f32` they are polynomials of our own. They use sums, differences, products, quotients and bits, which all processors
//! round in the same way. A loop over them is compiled to wide instructions, and the width changes no bit.
//! In `f64`, which only checks derivatives, they are those of the `libm` crate, one number at a time.
//!
//! Products and sums are not fused: a processor without the instruction would call a function for each of them.
//! Rejected: the functions of the standard library. They call those of the system, whose last bits differ between
//! versions, systems and processors, and a loop over them makes one call for each number.

use crate::Number;

/// `eˣ`; within 1 unit in the last place for `f32`.
#[inline(always)]
pub fn exp<F: Number>(x: F) -> F {
    x.exponential()
}

/// The natural logarithm; within 0.85 units in the last place for `f32`.
///
/// It is −∞ at 0, and NaN for negative numbers.
#[inline(always)]
pub fn ln<F: Number>(x: F) -> F {
    x.logarithm()
}

/// `ln(1 + x)`, also for an `x` whose sum with 1 has lost its digits; within 1.5 units in the last place for `f32`.
///
/// A larger `x` may give a result that is a unit smaller.
#[inline(always)]
pub fn ln_1p<F: Number>(x: F) -> F {
    x.logarithm_of_next()
}

/// The hyperbolic tangent; within 1.5 units in the last place for `f32`.
#[inline(always)]
pub fn tanh<F: Number>(x: F) -> F {
    x.hyperbolic_tangent()
}

/// `1 / (1 + e⁻ˣ)`; within 2.5 units in the last place for `f32`, and never smaller for a larger `x`.
///
/// If `e⁻ˣ` is too large for a number, the result is 0, at most 3·10⁻³⁹ less than the exact one for `f32`.
#[inline(always)]
pub fn sigmoid<F: Number>(x: F) -> F {
    F::one() / (F::one() + exp(-x))
}

/// The functions of a concrete type, under names that no other trait of numbers has.
pub(crate) trait Functions: Sized {
    fn exponential(self) -> Self;
    fn logarithm(self) -> Self;
    fn logarithm_of_next(self) -> Self;
    fn hyperbolic_tangent(self) -> Self;
}

impl Functions for f64 {
    #[inline]
    fn exponential(self) -> Self {
        libm::exp(self)
    }

    #[inline]
    fn logarithm(self) -> Self {
        libm::log(self)
    }

    #[inline]
    fn logarithm_of_next(self) -> Self {
        libm::log1p(self)
    }

    #[inline]
    fn hyperbolic_tangent(self) -> Self {
        libm::tanh(self)
    }
}

/// ln 2 in two parts: a multiple of the first by a whole number up to 2¹⁵ is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

impl Functions for f32 {
    #[inline(always)]
    fn exponential(self) -> Self {
        // Beyond these bounds the result is infinite or 0; NaN passes the comparisons.
        let x = if self > 89.0 { 89.0 } else { self };
        let x = if x < -104.0 { -104.0 } else { x };
        let (fraction, power) = split_power(x);
        // Two factors, since 2ⁿ alone may be too large or too small for a number whose product with it is not.
        let half = power >> 1;
        fraction * power_of_two(half) * power_of_two(power.wrapping_sub(half))
    }

    #[inline(always)]
    fn logarithm(self) -> Self {
        // A number below the normal ones is scaled by 2²³.
        let is_tiny = self < f32::MIN_POSITIVE;
        let x = if is_tiny { self * 8_388_608.0 } else { self };
        let shift = if is_tiny { 23.0 } else { 0.0 };
        let value = logarithm_of_normal(x, shift);
        let value = if self < f32::INFINITY { value } else { self };
        let value = if self == 0.0 { f32::NEG_INFINITY } else { value };
        if self < 0.0 { f32::NAN } else { value }
    }

    #[inline(always)]
    fn logarithm_of_next(self) -> Self {
        let next = 1.0 + self;
        // What the sum lost, as a part of it; infinite numbers and −1 have lost nothing.
        let lost = (self - (next - 1.0)) / next;
        let is_usual = (next > 0.0) & (next < f32::INFINITY);
        next.logarithm() + if is_usual { lost } else { 0.0 }
    }

    #[inline(always)]
    fn hyperbolic_tangent(self) -> Self {
        let magnitude = self.abs();
        let square = self * self;
        let [c3, c5, c7, c9, c11] = TANH;
        let series = c3 + square * (c5 + square * (c7 + square * (c9 + square * c11)));
        let small = self + self * square * series;
        // Above 10 the result is 1; NaN passes the comparison.
        let bounded = if magnitude > 10.0 { 10.0 } else { magnitude };
        let (fraction, power) = split_power(2.0 * bounded);
        let large = 1.0 - 2.0 / (fraction * power_of_two(power) + 1.0);
        if magnitude < 0.55 { small } else { large.copysign(self) }
    }
}

/// The coefficients of tanh x, from x³ on; of least relative error up to 0.55.
const TANH: [f32; 5] = [-0.333_333_16, 0.133_325_86, -0.053_852_31, 0.021_071_68, -0.006_274_24];

/// The coefficients of eˣ, from x² on; of least relative error up to ln 2 / 2.
const EXP: [f32; 5] = [0.499_999_94, 0.166_665_2, 0.041_668_404, 0.008_368_899, 0.001_381_422_2];

/// The coefficients of ln(1 + x), from x³ on; of least relative error from √½ − 1 to √2 − 1.
const LN: [f32; 9] = [
    0.333_333_13,
    -0.250_000_1,
    0.200_021_25,
    -0.166_679_81,
    0.142_193_91,
    -0.124_057_32,
    0.118_896_13,
    -0.116_754_8,
    0.067_430_13,
];

/// `eˣ` as a number around 1 and the power of two that it is multiplied by.
#[inline(always)]
fn split_power(x: f32) -> (f32, i32) {
    /// 1.5 · 2²³: a sum with it is rounded to a whole number, which then stands in its last bits.
    const ROUND: f32 = 12_582_912.0;
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let power = rounded - ROUND;
    let rest = x - power * LN_2_HIGH - power * LN_2_LOW;
    let [c2, c3, c4, c5, c6] = EXP;
    let series = c2 + rest * (c3 + rest * (c4 + rest * (c5 + rest * c6)));
    let fraction = 1.0 + (rest + rest * rest * series);
    (fraction, rounded.to_bits().wrapping_sub(ROUND.to_bits()) as i32)
}

/// 2ⁿ for an n whose power is a normal number.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// `ln(x / 2^shift)` of a normal number above 0.
#[inline(always)]
fn logarithm_of_normal(x: f32, shift: f32) -> f32 {
    /// The bits of √½: above them, the exponent counts the powers of two beyond a number from √½ to √2.
    const LEAST: u32 = 0x3f35_04f3;
    let above = x.to_bits().wrapping_sub(LEAST);
    let power = (above as i32 >> 23) as f32 - shift;
    let f = f32::from_bits((above & 0x007f_ffff) + LEAST) - 1.0;
    let [c3, c4, c5, c6, c7, c8, c9, c10, c11] = LN;
    let series = c7 + f * (c8 + f * (c9 + f * (c10 + f * c11)));
    let series = c3 + f * (c4 + f * (c5 + f * (c6 + f * series)));
    let square = f * f;
    let small = f * square * series + power * LN_2_LOW - 0.5 * square;
    power * LN_2_HIGH + (f + small)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectorised;

    /// A function of `f32`, the same one in `f64` of the standard library, the most units in the last place by which
    /// they may differ, and whether the first never falls, as the second does.
    struct Case {
        own: fn(f32) -> f32,
        exact: fn(f64) -> f64,
        bound: f64,
        is_monotone: bool,
    }

    /// The distance of a number from the exact value, in units in the last place of `f32`.
    fn error(own: f32, exact: f64) -> f64 {
        let limit = 2.0_f64.powi(128);
        let own = if own.is_infinite() { limit.copysign(f64::from(own)) } else { f64::from(own) };
        let exact = exact.clamp(-limit, limit);
        let magnitude = exact.abs().max(f64::from(f32::MIN_POSITIVE));
        let exponent = (magnitude.to_bits() >> 52) as i32 - 1023;
        (own - exact).abs() / 2.0_f64.powi(exponent.min(127) - 23)
    }

    /// Every `step`-th number of `f32` in ascending order, NaN left out.
    fn ascending(step: usize) -> impl Iterator<Item = f32> {
        let largest = f32::INFINITY.to_bits();
        let negative = (0..=largest).rev().map(|bits| -f32::from_bits(bits));
        negative.chain((0..=largest).map(f32::from_bits)).step_by(step)
    }

    /// Compares a function with the exact values, and neighbours with each other; returns the largest error.
    fn check(case: &Case, step: usize) -> f64 {
        let Case { own, exact, bound, is_monotone } = case;
        let (mut worst, mut before) = (0.0_f64, f32::NEG_INFINITY);
        for x in ascending(step) {
            let (y, exact) = (own(x), exact(f64::from(x)));
            assert_eq!(y.is_nan(), exact.is_nan(), "{x:e} gives {y:e}");
            if y.is_nan() {
                continue;
            }
            assert!(!is_monotone || y >= before, "{x:e} gives {y:e} after {before:e}");
            worst = worst.max(error(y, exact));
            assert!(worst <= *bound, "{x:e} gives {y:e} and not {exact:e}: {worst} units");
            before = y;
        }
        worst
    }

    macro_rules! cases {
        ($($name:ident, $exact:expr, $bound:literal, $is_monotone:literal;)*) => {
            $(mod $name {
                use super::*;

                const CASE: Case = Case {
                    own: crate::functions::$name,
                    exact: $exact,
                    bound: $bound,
                    is_monotone: $is_monotone,
                };

                #[test]
                fn is_near_the_exact_value() {
                    check(&CASE, 9973);
                }

                #[test]
                #[ignore = "goes through all numbers of f32, which takes minutes"]
                fn is_near_the_exact_value_everywhere() {
                    println!("{}: {:.3} units", stringify!($name), check(&CASE, 1));
                }
            })*
        };
    }

    /// The function in `f64`, with the limit of the one in `f32`.
    fn sigmoid_of_f64(x: f64) -> f64 {
        if ((-x).exp() as f32).is_infinite() { 0.0 } else { 1.0 / (1.0 + (-x).exp()) }
    }

    cases! {
        exp, f64::exp, 1.0, true;
        ln, f64::ln, 0.85, true;
        ln_1p, f64::ln_1p, 1.5, false;
        tanh, f64::tanh, 1.5, true;
        sigmoid, sigmoid_of_f64, 2.5, true;
    }

    /// One function over many numbers, whose loop is compiled for the instruction set at hand.
    type Loop = fn(&mut [f32]);

    macro_rules! loops {
        ($run:path, $($name:ident)*) => {
            [$(|values: &mut [f32]| {
                $run(
                    #[inline(always)]
                    || values.iter_mut().for_each(|x| *x = $name(*x)),
                );
            }),*] as [Loop; 5]
        };
    }

    fn plain(body: impl FnOnce()) {
        body();
    }

    #[cfg(target_arch = "x86_64")]
    fn with_avx2(body: impl FnOnce()) {
        let Some(simd) = pulp::x86::V3::try_new() else { return body() };
        simd.vectorize(body);
    }

    #[cfg(not(target_arch = "x86_64"))]
    use plain as with_avx2;

    /// A number that every bit of the values changes.
    fn checksum(values: &[f32]) -> u64 {
        values.iter().fold(0, |sum: u64, value| {
            (sum ^ u64::from(value.to_bits())).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
        })
    }

    /// The numbers are those of the first processor that computed them; each other one has the same bits.
    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        const EXPECTED: [u64; 5] = [
            5_469_368_803_229_929_381,
            13_257_268_557_841_470_724,
            2_060_760_100_488_496_473,
            11_854_602_137_914_037_577,
            6_697_370_961_968_494_086,
        ];
        let given: Vec<f32> = ascending(4801).collect();
        let ways = [
            loops!(plain, exp ln ln_1p tanh sigmoid),
            loops!(with_avx2, exp ln ln_1p tanh sigmoid),
            loops!(vectorised, exp ln ln_1p tanh sigmoid),
        ];
        for way in ways {
            let sums = way.map(|run| {
                let mut values = given.clone();
                run(&mut values);
                // The sign of NaN is the processor's.
                values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
                checksum(&values)
            });
            assert_eq!(sums, EXPECTED);
        }
    }

    #[test]
    fn limits_have_the_usual_values() {
        const INFINITY: f32 = f32::INFINITY;
        assert_eq!(
            [-INFINITY, -104.0, 0.0, -0.0, 89.0, INFINITY].map(exp),
            [0.0, 0.0, 1.0, 1.0, INFINITY, INFINITY]
        );
        assert_eq!([0.0, -0.0, 1.0, INFINITY].map(ln), [-INFINITY, -INFINITY, 0.0, INFINITY]);
        assert_eq!([-1.0, 0.0, INFINITY].map(ln_1p), [-INFINITY, 0.0, INFINITY]);
        assert_eq!([-INFINITY, -10.0, 0.0, INFINITY].map(tanh), [-1.0, -1.0, 0.0, 1.0]);
        assert_eq!([-INFINITY, -89.0, 0.0, 89.0].map(sigmoid), [0.0, 0.0, 0.5, 1.0]);
        let least = f32::from_bits(1);
        assert_eq!([least, -least, 1e-20].map(tanh), [least, -least, 1e-20]);
        assert_eq!([least, -least, 1e-20].map(ln_1p), [least, -least, 1e-20]);
        assert_eq!(ln(least), (f64::from(least)).ln() as f32);
        assert!([-1.0, -INFINITY, f32::NAN].map(ln).iter().all(|value| value.is_nan()));
        for function in [exp, ln, ln_1p, tanh, sigmoid] {
            assert!(function(f32::NAN).is_nan());
        }
    }

    /// Derivatives are checked in `f64`, so its functions are those of the same names.
    #[test]
    fn both_types_have_the_same_functions() {
        for x in [-2.5_f32, -0.5, 0.25, 0.5, 3.0] {
            let wide = f64::from(x);
            let pairs = [
                (exp(x), exp(wide)),
                (ln(x.abs()), ln(wide.abs())),
                (ln_1p(x.abs()), ln_1p(wide.abs())),
                (tanh(x), tanh(wide)),
                (sigmoid(x), sigmoid(wide)),
            ];
            for (narrow, wide) in pairs {
                assert!(
                    (f64::from(narrow) - wide).abs() <= 2e-7 * wide.abs(),
                    "{x}: {narrow}, {wide}"
                );
            }
        }
    }
}
