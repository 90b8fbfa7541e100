//! Number fields: a value is a number, which is scaled by statistics of the training data.
//!
//! The model computes in `f32`, so a number must be in its range; for numbers in this range, no statistic in `f64` can
//! overflow.

use std::sync::LazyLock;
use std::{array, str};

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::config::field_config::{FieldConfig, Transform};
use crate::config::limits::{LARGEST, in_range};
use crate::config::missing_number::MissingNumber;
use crate::counts::FieldCounts;
use crate::description::{Encoding, FittedMissing, FittedTransform};
use crate::error::FeatureError;
use crate::kinds::statistics::Statistics;
use crate::raw::value::{RUN, Run, Value};
use crate::raw::value_text::ValueError;
use crate::state::{ClippedNumberState, KindState, MissingState, NumberState, TransformState};

/// The number of digits up to which every integer is exact in `f64`.
const EXACT_DIGITS: usize = 15;

/// Learns the numbers that the transform needs.
#[derive(Clone, Debug)]
pub(crate) struct NumberFitter {
    clip: Option<Clip>,
    transform: Transform,
    missing: MissingNumber,
    statistics: Statistics,
}

/// Writes one number per row, or two if missing values have an indicator.
#[derive(Clone, Debug)]
pub(crate) struct NumberEncoder {
    clip: Option<Clip>,
    transform: FittedTransform,
    missing: FittedMissing,
    /// The number that is written for a missing value.
    filler: f32,
}

/// The range into which numbers are moved before all else.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Clip {
    low: f64,
    high: f64,
}

impl NumberFitter {
    pub(crate) fn new(config: &FieldConfig) -> Self {
        Self {
            clip: config.clip.map(|[low, high]| Clip { low, high }),
            transform: config.transform.unwrap_or_default(),
            missing: config.missing.unwrap_or_default(),
            statistics: Statistics::default(),
        }
    }

    pub(crate) fn observe(&mut self, text: Option<&str>) -> Result<(), ValueError> {
        if let Some(text) = text {
            self.statistics.push(moved(self.clip, parse(text)?));
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> NumberEncoder {
        let statistics = self.statistics;
        let (mean, (min, max)) = (statistics.mean(), statistics.range());
        let transform = match self.transform {
            Transform::Raw => FittedTransform::Raw,
            Transform::MinMax => FittedTransform::MinMax { min, max },
            Transform::Standard => {
                FittedTransform::Standard { mean, deviation: statistics.deviation().min(LARGEST) }
            }
            Transform::Log1p => FittedTransform::Log1p,
            Transform::SignedLog => FittedTransform::SignedLog,
        };
        let missing = match self.missing {
            MissingNumber::Mean => FittedMissing::Mean(mean),
            MissingNumber::Indicator => FittedMissing::Indicator,
            MissingNumber::Value(value) => FittedMissing::Value(value),
        };
        NumberEncoder::new(self.clip, transform, missing)
    }
}

impl NumberEncoder {
    fn new(clip: Option<Clip>, transform: FittedTransform, missing: FittedMissing) -> Self {
        let filler = match missing {
            FittedMissing::Mean(raw) | FittedMissing::Value(raw) => {
                apply(&transform, moved(clip, raw)).0 as f32
            }
            FittedMissing::Indicator => 0.0,
        };
        Self { clip, transform, missing, filler }
    }

    pub(crate) fn encode(
        &self,
        text: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        let number = [text.map_or(Ok(0.0), parse)?];
        self.write(&number, text.is_none().into(), column, counts);
        Ok(())
    }

    /// As [`encode`](Self::encode), for each value of the run, or for none if one of them is not a number.
    ///
    /// All values are parsed before the first is transformed, so that the loops branch once for all values.
    pub(crate) fn encode_run(
        &self,
        run: &Run<'_>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        let (values, missing) = (&run.values()[..run.len()], run.missing());
        let (mut numbers, mut others) = ([0.0; RUN], 0_u32);
        for (index, (number, value)) in numbers.iter_mut().zip(values).enumerate() {
            let (whole, is_whole) = short_whole(value);
            *number = f64::from(whole);
            others |= u32::from(!is_whole) << index;
        }
        others &= !missing;
        while others != 0 {
            let index = others.trailing_zeros() as usize;
            numbers[index] = parse_bytes(values[index].bytes())?;
            others &= others - 1;
        }
        self.write(&numbers[..values.len()], missing, column, counts);
        Ok(())
    }

    /// Writes up to [`RUN`] numbers; those whose bit in `missing` is set are missing, and their value is not used.
    #[inline]
    fn write(&self, numbers: &[f64], missing: u32, column: &mut Column, counts: &mut FieldCounts) {
        counts.values += numbers.len() as u64;
        counts.missing += u64::from(missing.count_ones());
        let (mut values, mut clipped) = ([0.0; RUN], 0_u32);
        self.scale_all(numbers, &mut |index, value, is_clipped| {
            let is_missing = missing >> index & 1 == 1;
            values[index] = if is_missing { self.filler } else { value as f32 };
            clipped |= u32::from(is_clipped) << index;
        });
        counts.clipped += u64::from((clipped & !missing).count_ones());
        let (column, values) = (column.dense_mut(), &values[..numbers.len()]);
        match self.missing {
            FittedMissing::Mean(_) | FittedMissing::Value(_) => column.push_numbers(values),
            FittedMissing::Indicator => values.iter().enumerate().for_each(|(index, &value)| {
                column.push_row(&[value, (missing >> index & 1) as f32]);
            }),
        }
    }

    /// Passes on the position of each number, its scaled value, and whether it was moved into a range.
    ///
    /// In each arm the transform is known, so that the loop does not branch.
    #[inline(always)]
    fn scale_all(&self, numbers: &[f64], give: &mut impl FnMut(usize, f64, bool)) {
        use FittedTransform::{Log1p, MinMax, Raw, SignedLog, Standard};
        let clip = self.clip;
        match self.transform {
            it @ Raw => scale_each(clip, &it, numbers, give),
            it @ MinMax { .. } => scale_each(clip, &it, numbers, give),
            it @ Standard { .. } => scale_each(clip, &it, numbers, give),
            it @ Log1p => scale_each(clip, &it, numbers, give),
            it @ SignedLog => scale_each(clip, &it, numbers, give),
        }
    }

    pub(crate) fn shape(&self, name: &str) -> FieldShape {
        let width = if self.missing == FittedMissing::Indicator { 2 } else { 1 };
        FieldShape::dense(name, width)
    }

    pub(crate) fn describe(&self) -> Encoding {
        let clip = self.clip.map(|Clip { low, high }| (low, high));
        Encoding::Number { clip, transform: self.transform, missing: self.missing }
    }

    pub(crate) fn to_state(&self) -> KindState {
        let number = self.number_state();
        match self.clip {
            None => KindState::Number(number),
            Some(Clip { low, high }) => {
                KindState::ClippedNumber(ClippedNumberState { number, low, high })
            }
        }
    }

    fn number_state(&self) -> NumberState {
        let transform = match self.transform {
            FittedTransform::Raw => TransformState::Raw,
            FittedTransform::MinMax { min, max } => TransformState::MinMax { min, max },
            FittedTransform::Standard { mean, deviation } => {
                TransformState::Standard { mean, deviation }
            }
            FittedTransform::Log1p => TransformState::Log1p,
            FittedTransform::SignedLog => TransformState::SignedLog,
        };
        let missing = match self.missing {
            FittedMissing::Mean(mean) => MissingState::Mean(mean),
            FittedMissing::Indicator => MissingState::Indicator,
            FittedMissing::Value(value) => MissingState::Value(value),
        };
        NumberState { transform, missing }
    }

    pub(crate) fn from_state(field: &str, state: NumberState) -> Result<Self, FeatureError> {
        let transform = match state.transform {
            TransformState::Raw => FittedTransform::Raw,
            TransformState::MinMax { min, max } => {
                check_state(field, "range", in_range(min) && in_range(max) && min <= max)?;
                FittedTransform::MinMax { min, max }
            }
            TransformState::Standard { mean, deviation } => {
                let good = in_range(mean) && in_range(deviation) && deviation >= 0.0;
                check_state(field, "mean and deviation", good)?;
                FittedTransform::Standard { mean, deviation }
            }
            TransformState::Log1p => FittedTransform::Log1p,
            TransformState::SignedLog => FittedTransform::SignedLog,
        };
        let missing = match state.missing {
            MissingState::Mean(mean) => FittedMissing::Mean(mean),
            MissingState::Indicator => FittedMissing::Indicator,
            MissingState::Value(value) => FittedMissing::Value(value),
        };
        if let FittedMissing::Mean(value) | FittedMissing::Value(value) = missing {
            check_state(field, "number for missing values", in_range(value))?;
        }
        Ok(Self::new(None, transform, missing))
    }

    pub(crate) fn from_clipped_state(
        field: &str,
        state: ClippedNumberState,
    ) -> Result<Self, FeatureError> {
        let ClippedNumberState { number, low, high } = state;
        check_state(field, "range", in_range(low) && in_range(high) && low < high)?;
        let Self { transform, missing, .. } = Self::from_state(field, number)?;
        Ok(Self::new(Some(Clip { low, high }), transform, missing))
    }
}

fn check_state(field: &str, what: &str, good: bool) -> Result<(), FeatureError> {
    let problem =
        || format!("field `{field}`: the {what} cannot come from numbers in the range of f32");
    if good { Ok(()) } else { Err(FeatureError::State { problem: problem() }) }
}

/// `x`, moved into the range of `clip`.
fn moved(clip: Option<Clip>, x: f64) -> f64 {
    clip.map_or(x, |Clip { low, high }| x.clamp(low, high))
}

/// [`NumberEncoder::scale_all`] for one transform.
#[inline(always)]
fn scale_each(
    clip: Option<Clip>,
    transform: &FittedTransform,
    numbers: &[f64],
    give: &mut impl FnMut(usize, f64, bool),
) {
    for (index, &number) in numbers.iter().enumerate().take(RUN) {
        let inside = moved(clip, number);
        let (value, is_clipped) = apply(transform, inside);
        give(index, value, is_clipped | (inside != number));
    }
}

/// The transformed number, in the range of `f32`, and whether it was clipped to the range of the transform.
#[inline(always)]
fn apply(transform: &FittedTransform, x: f64) -> (f64, bool) {
    let (value, clipped) = match *transform {
        FittedTransform::Raw => (x, false),
        FittedTransform::MinMax { min, max } => {
            (min_max(x.clamp(min, max), min, max), x < min || x > max)
        }
        FittedTransform::Standard { mean, deviation } => (standard(x, mean, deviation), false),
        FittedTransform::Log1p => (ln_1p(x.max(0.0)), x < 0.0),
        FittedTransform::SignedLog => (ln_1p(x.abs()).copysign(x), false),
    };
    (value.clamp(-LARGEST, LARGEST), clipped)
}

/// ln(1 + x), from a table for small whole numbers, which are frequent in click logs.
fn ln_1p(x: f64) -> f64 {
    static KNOWN: LazyLock<[f64; 4096]> =
        LazyLock::new(|| array::from_fn(|whole| (whole as f64).ln_1p()));
    let whole = x as u32;
    // Bits are compared, since -0 is not in the table.
    let is_whole = f64::from(whole).to_bits() == x.to_bits();
    let known = KNOWN.get(whole as usize).filter(|_| is_whole);
    known.copied().unwrap_or_else(|| x.ln_1p())
}

/// `x`, mapped from `min..=max` to `0..=1`.
fn min_max(x: f64, min: f64, max: f64) -> f64 {
    if min == max { 0.0 } else { (x - min) / (max - min) }
}

fn standard(x: f64, mean: f64, deviation: f64) -> f64 {
    if deviation == 0.0 { 0.0 } else { (x - mean) / deviation }
}

/// Checks that a value is missing or a number.
pub(crate) fn check(text: Option<&str>) -> Result<(), ValueError> {
    text.map_or(Ok(()), |text| parse(text).map(drop))
}

/// Parses a finite number in the range of `f32`.
pub(crate) fn parse(text: &str) -> Result<f64, ValueError> {
    parse_bytes(text.as_bytes())
}

/// As [`parse`], for the bytes of a text.
fn parse_bytes(text: &[u8]) -> Result<f64, ValueError> {
    let general = || str::from_utf8(text).ok()?.parse().ok();
    match parse_short_integer(text).or_else(general) {
        Some(number) if in_range(number) => Ok(number),
        Some(number) if number.is_finite() => {
            Err(ValueError::Expected("a number in the range of f32"))
        }
        Some(_) | None => Err(ValueError::Expected("a finite number")),
    }
}

/// Parses integers that are exact in `f64`, several times faster than the general way; most numbers of click logs are
/// such integers.
fn parse_short_integer(text: &[u8]) -> Option<f64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || digits.len() > EXACT_DIGITS {
        return None;
    }
    let magnitude = digits.iter().try_fold(0_u64, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
    })?;
    let magnitude = magnitude as f64;
    Some(if digits.len() < text.len() { -magnitude } else { magnitude })
}

/// The number of up to eight digits, and whether the value consists of such digits; 0 if it does not.
///
/// Pairs of digits become numbers, then pairs of these, then the pair of those, each time all pairs at once.
/// Rejected: a loop over the digits, because the processor cannot predict its end.
#[inline]
fn short_whole(value: &Value<'_>) -> (u32, bool) {
    const ALL: u64 = 0x0101_0101_0101_0101;
    let n_digits = value.bytes().len().min(Value::WORD);
    let digits = value.word() ^ ((ALL * u64::from(b'0')) & Value::mask(n_digits));
    let is_whole = (digits.wrapping_add(ALL * 0x76) | digits) & (ALL * 0x80) == 0;
    let is_whole = is_whole & (n_digits > 0) & value.is_short();
    // The last digit is in the highest byte, and zeros come before the first digit.
    let digits = digits << ((8 * (Value::WORD - n_digits)) % 64);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let eight = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) as u32;
    (if is_whole { eight } else { 0 }, is_whole)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn fit(transform: Transform, missing: MissingNumber, training: &[f64]) -> NumberEncoder {
        let (transform, missing) = (Some(transform), Some(missing));
        let config = FieldConfig { transform, missing, ..FieldConfig::number("f") };
        let mut fitter = NumberFitter::new(&config);
        for number in training {
            fitter.observe(Some(&number.to_string())).expect("a number in range");
        }
        fitter.observe(None).expect("missing values are not an error");
        fitter.finish()
    }

    fn fit_clipped(transform: Transform, clip: [f64; 2], training: &[f64]) -> NumberEncoder {
        let (transform, clip) = (Some(transform), Some(clip));
        let mut fitter =
            NumberFitter::new(&FieldConfig { transform, clip, ..FieldConfig::number("f") });
        for number in training {
            fitter.observe(Some(&number.to_string())).expect("a number in range");
        }
        fitter.finish()
    }

    fn encode(encoder: &NumberEncoder, texts: &[Option<&str>]) -> (Vec<f32>, FieldCounts) {
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        for &text in texts {
            encoder.encode(text, &mut column, &mut counts).expect("a number in range");
        }
        (column.dense_mut().values().to_vec(), counts)
    }

    #[track_caller]
    fn check(
        transform: Transform,
        missing: MissingNumber,
        texts: &[Option<&str>],
        expected: &[f32],
        clipped: u64,
    ) {
        let encoder = fit(transform, missing, &[1.0, 2.0, 3.0, 6.0]);
        let (values, counts) = encode(&encoder, texts);
        assert_eq!(values, expected);
        assert_eq!(counts.values, texts.len() as u64);
        assert_eq!(counts.missing, texts.iter().filter(|text| text.is_none()).count() as u64);
        assert_eq!(counts.clipped, clipped);
    }

    #[test]
    fn numbers_are_transformed_and_the_missing_filled() {
        use MissingNumber::{Indicator, Mean, Value};
        let texts = [Some("1"), None, Some("-6.5"), Some("6")];
        check(Transform::Raw, Mean, &texts, &[1.0, 3.0, -6.5, 6.0], 0);
        check(Transform::MinMax, Mean, &texts, &[0.0, 0.4, 0.0, 1.0], 1);
        check(Transform::MinMax, Value(100.0), &texts, &[0.0, 1.0, 0.0, 1.0], 1);
        check(Transform::Log1p, Value(-1.0), &texts, &[2_f32.ln(), 0.0, 0.0, 7_f32.ln()], 1);
        let logs = [2_f32.ln(), 4_f32.ln(), -7.5_f32.ln(), 7_f32.ln()];
        check(Transform::SignedLog, Mean, &texts, &logs, 0);
        let indicated = [1.0, 0.0, 0.0, 1.0, -6.5, 0.0, 6.0, 0.0];
        check(Transform::Raw, Indicator, &texts, &indicated, 0);
        let deviation = 3.5_f32.sqrt();
        check(
            Transform::Standard,
            Mean,
            &[Some("3"), None, Some("4")],
            &[0.0, 0.0, 1.0 / deviation],
            0,
        );
    }

    #[test]
    fn numbers_are_clipped_before_they_are_scaled() {
        let encoder = fit_clipped(Transform::MinMax, [0.0, 8.0], &[-100.0, 2.0, 3.0, 1e9]);
        // The mean is that of 0, 2, 3 and 8.
        let (values, counts) = encode(&encoder, &[Some("-1"), Some("2"), Some("8.5"), None]);
        assert_eq!(values, [0.0, 0.25, 1.0, 3.25 / 8.0]);
        assert_eq!(counts, FieldCounts { values: 4, missing: 1, clipped: 2, ..counts });
        // A number that both the clip and the transform move is counted once.
        let encoder = fit_clipped(Transform::Log1p, [-2.0, 3.0], &[]);
        let texts = ["-5", "-1", "0", "-0", "3", "4"].map(Some);
        let (values, counts) = encode(&encoder, &texts);
        assert_eq!(values, [0.0, 0.0, 0.0, 0.0, 4_f32.ln(), 4_f32.ln()]);
        assert_eq!(counts.clipped, 3);
        // The number for missing values is clipped too.
        let (clip, missing) = (Some(Clip { low: 0.0, high: 8.0 }), FittedMissing::Value(100.0));
        let encoder = NumberEncoder::new(clip, FittedTransform::Raw, missing);
        assert_eq!(encode(&encoder, &[None]).0, [8.0]);
    }

    #[test]
    fn constant_and_empty_columns_become_zero() {
        for training in [&[][..], &[7.0, 7.0]] {
            for transform in [Transform::MinMax, Transform::Standard] {
                let encoder = fit(transform, MissingNumber::Mean, training);
                let (values, _) = encode(&encoder, &[Some("7"), Some("9"), Some("-1e30"), None]);
                assert_eq!(values, [0.0; 4]);
            }
        }
    }

    #[test]
    fn only_finite_numbers_are_read() {
        for (text, expected) in [
            ("0", Ok(0.0)),
            ("-12", Ok(-12.0)),
            ("+3", Ok(3.0)),
            ("1e3", Ok(1000.0)),
            (".5", Ok(0.5)),
            ("12345678901234567890", Ok(12_345_678_901_234_567_890.0)),
            ("", Err("a finite number")),
            ("-", Err("a finite number")),
            ("1 ", Err("a finite number")),
            ("0x10", Err("a finite number")),
            ("nan", Err("a finite number")),
            ("-inf", Err("a finite number")),
            ("1e999", Err("a finite number")),
            ("1e39", Err("a number in the range of f32")),
        ] {
            assert_eq!(parse(text), expected.map_err(ValueError::Expected), "{text:?}");
        }
    }

    #[test]
    fn forged_states_are_refused() {
        use MissingState::{Indicator, Mean, Value};
        use TransformState::{MinMax, Raw, Standard};
        let check = |transform, missing, good| {
            let state = NumberState { transform, missing };
            assert_eq!(NumberEncoder::from_state("f", state).is_ok(), good, "{state:?}");
        };
        check(MinMax { min: 1.0, max: 1.0 }, Mean(1.0), true);
        check(MinMax { min: 1.0, max: 0.5 }, Indicator, false);
        check(MinMax { min: f64::NAN, max: 1.0 }, Indicator, false);
        check(MinMax { min: 0.0, max: f64::INFINITY }, Indicator, false);
        check(Standard { mean: 0.0, deviation: 0.0 }, Indicator, true);
        check(Standard { mean: 0.0, deviation: -1.0 }, Indicator, false);
        check(Standard { mean: 0.0, deviation: f64::NAN }, Indicator, false);
        check(Standard { mean: 1e300, deviation: 1.0 }, Indicator, false);
        check(Raw, Mean(f64::NEG_INFINITY), false);
        check(Raw, Value(f64::NAN), false);
        let number = NumberState { transform: Raw, missing: Indicator };
        for (low, high, good) in
            [(0.0, 1.0, true), (1.0, 1.0, false), (f64::NAN, 1.0, false), (0.0, 1e39, false)]
        {
            let state = ClippedNumberState { number, low, high };
            let found = NumberEncoder::from_clipped_state("f", state);
            assert_eq!(found.is_ok(), good, "{state:?}");
        }
    }

    #[test]
    fn tiny_deviations_do_not_overflow() {
        let transform = TransformState::Standard { mean: 0.0, deviation: f64::from_bits(1) };
        let state = NumberState { transform, missing: MissingState::Indicator };
        let encoder = NumberEncoder::from_state("f", state).expect("a legal state");
        let (values, _) = encode(&encoder, &[Some("1"), Some("-3e38")]);
        assert_eq!(values, [f32::MAX, 0.0, f32::MIN, 0.0]);
    }

    fn transforms() -> impl Strategy<Value = Transform> {
        use Transform::{Log1p, MinMax, Raw, SignedLog, Standard};
        prop::sample::select(vec![Raw, MinMax, Standard, Log1p, SignedLog])
    }

    fn numbers() -> impl Strategy<Value = Vec<f64>> {
        vec(-LARGEST..=LARGEST, 1..40)
    }

    proptest! {
        #[test]
        fn integers_parse_like_any_number(text in "-?[0-9]{0,18}|[-0-9/:.@bx \u{ff}]{0,9}") {
            let expected = text.parse::<f64>().ok();
            prop_assert_eq!(parse(&text).ok(), expected);
            prop_assert!(parse_short_integer(text.as_bytes()).is_none_or(|x| Some(x) == expected));
            let (whole, is_whole) = short_whole(&Value::new(text.as_bytes()));
            let is_short = (1..=8).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
            prop_assert_eq!(is_whole, is_short);
            prop_assert_eq!(f64::from(whole), expected.filter(|_| is_whole).unwrap_or(0.0));
        }

        #[test]
        fn known_logarithms_are_those_of_any_number(x in prop_oneof![
            prop::num::f64::ANY,
            0.0..5000.0_f64,
            (0..5000_u32).prop_map(f64::from),
            Just(-0.0),
        ]) {
            prop_assert_eq!(ln_1p(x).to_bits(), x.ln_1p().to_bits());
        }

        #[test]
        fn an_indicator_is_a_second_number(
            transform in transforms(),
            training in numbers(),
            later in vec(prop::option::of(-LARGEST..=LARGEST), 1..20),
        ) {
            let later: Vec<_> = later.iter().map(|x| x.map(|x| x.to_string())).collect();
            let texts: Vec<_> = later.iter().map(Option::as_deref).collect();
            let (with, counts) =
                encode(&fit(transform, MissingNumber::Indicator, &training), &texts);
            let (without, same) = encode(&fit(transform, MissingNumber::Mean, &training), &texts);
            prop_assert_eq!(counts, same);
            for ((pair, &plain), text) in with.chunks(2).zip(&without).zip(&texts) {
                let expected = if text.is_some() { [plain, 0.0] } else { [0.0, 1.0] };
                prop_assert_eq!(pair, expected);
            }
        }

        #[test]
        fn min_max_stays_within_0_and_1(training in numbers(), later in numbers()) {
            let encoder = fit(Transform::MinMax, MissingNumber::Mean, &training);
            for x in training.iter().chain(&later) {
                let (value, clipped) = apply(&encoder.transform, *x);
                prop_assert!((0.0..=1.0).contains(&value));
                prop_assert!(!(clipped && training.contains(x)));
            }
            prop_assert!((0.0..=1.0).contains(&encoder.filler));
        }

        #[test]
        fn standard_has_mean_0_and_deviation_1(
            training in vec(-1e3..1e3_f64, 2..60),
            scale in prop::sample::select(vec![1e-30, 1e-3, 1.0, 1e30]),
        ) {
            prop_assume!(training.iter().any(|x| (x - training[0]).abs() > 1.0));
            let training: Vec<_> = training.iter().map(|x| x * scale).collect();
            let encoder = fit(Transform::Standard, MissingNumber::Mean, &training);
            let values: Vec<_> =
                training.iter().map(|&x| apply(&encoder.transform, x).0).collect();
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            prop_assert!(mean.abs() < 1e-5, "mean {mean}");
            prop_assert!((variance - 1.0).abs() < 1e-4, "variance {variance}");
        }

        #[test]
        fn any_fitted_encoder_is_restored(training in numbers(), transform in transforms()) {
            let encoder = fit(transform, MissingNumber::Mean, &training);
            let restored = NumberEncoder::from_state("f", encoder.number_state());
            prop_assert_eq!(restored.map(|encoder| encoder.to_state()), Ok(encoder.to_state()));
        }

        #[test]
        fn clipping_equals_clipped_values(
            training in numbers(),
            later in numbers(),
            ends in (-LARGEST..LARGEST, -LARGEST..LARGEST),
            transform in transforms(),
        ) {
            let (low, high) = (ends.0.min(ends.1), ends.0.max(ends.1));
            prop_assume!(low < high);
            let clipped: Vec<_> = training.iter().map(|x| x.clamp(low, high)).collect();
            let encoder = fit_clipped(transform, [low, high], &training);
            let plain = fit(transform, MissingNumber::Mean, &clipped);
            prop_assert_eq!(encoder.number_state(), plain.number_state());
            for x in later {
                let scaled = |encoder: &NumberEncoder, x: f64| {
                    let (values, counts) = encode(encoder, &[Some(&x.to_string())]);
                    (values[0], counts.clipped == 1)
                };
                let (value, is_clipped) = scaled(&encoder, x);
                prop_assert_eq!(value, scaled(&plain, x.clamp(low, high)).0);
                prop_assert!(is_clipped || (low..=high).contains(&x));
            }
        }

        #[test]
        fn signed_log_is_odd_and_keeps_order(a in -LARGEST..LARGEST, b in -LARGEST..LARGEST) {
            let log = |x| apply(&FittedTransform::SignedLog, x).0;
            prop_assert_eq!(log(-a), -log(a));
            prop_assert!(a > b || log(a) <= log(b));
        }
    }
}
