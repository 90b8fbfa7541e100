//! Number fields: a value is a number, which is scaled by statistics of the training data, or divided among bins.
//!
//! The model computes in `f32`, so a number must be in its range; for numbers in this range, no statistic in `f64` can
//! overflow.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::counts::FieldCounts;
use crate::description::ValueForm;
use crate::error::FeatureError;
use crate::keys::KeyVisitor;
use crate::kind::{Checked, Encode, Fit, Kind};
use crate::kinds::bins::{BinsBy, BinsFitter};
use crate::kinds::by_chunk::ByChunk;
use crate::kinds::missing_number::MissingNumber;
use crate::kinds::number_form::{DecimalMark, NumberForm, Points};
use crate::kinds::number_transform::{Clip, FittedTransform, Transform, apply, moved, scale_all};
use crate::kinds::seen_numbers::SeenNumbers;
use crate::kinds::statistics::Statistics;
use crate::limits::in_range;
use crate::problem::Problem;
use crate::raw::cell::NumberRun;
use crate::raw::value::{RUN, Run, Value};
use crate::raw::value_text::ValueError;

/// The name of the kind.
const NAME: &str = "number";

/// The number of bins if none is given.
const DEFAULT_BINS: u32 = 64;

/// The keys of a number field.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Number {
    /// What becomes of the number, `scaled` (the default) or `piecewise-linear`.
    pub encoding: Option<Encoding>,
    /// The scaling, `raw`, `min-max` (the default), `standard`, `log1p` or `signed-log`.
    pub transform: Option<Transform>,
    /// With `piecewise-linear`: the number of bins, 2 to 256.
    pub bins: Option<u32>,
    /// With `piecewise-linear`: the rule for the edges of bins, `quantiles` (the default) or `label`.
    pub bins_by: Option<BinsBy>,
    /// A range, lower end first; values outside are moved to its nearer end before all else, and counted as clipped.
    /// By default, there is none.
    pub clip: Option<[f64; 2]>,
    /// The replacement of a missing value, `"mean"` (the default), `"indicator"` or a number.
    pub missing: Option<MissingNumber>,
    /// The character before decimals, `.` (the default) or `,`.
    pub decimal: Option<DecimalMark>,
    /// Whether `%` may follow a number, so that `5%` is 5; by default not.
    pub percent: Option<bool>,
}

/// What becomes of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// One number, which is scaled by a [`Transform`].
    #[default]
    Scaled,
    /// As many numbers as there are bins: how full each bin is.
    PiecewiseLinear,
}

/// Learns the numbers that the encoding needs.
#[derive(Clone, Debug)]
pub(crate) struct NumberFitter {
    clip: Option<Clip>,
    encoding: EncodingFitter,
    missing: MissingNumber,
    form: NumberForm,
    points: Points,
    statistics: ByChunk<Statistics>,
}

/// Learns an [`Encoding`].
#[derive(Clone, Debug)]
enum EncodingFitter {
    Scaled(Transform),
    Bins(BinsFitter),
}

/// Writes one number per row or one for each bin, and one more if missing values have an indicator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NumberEncoder {
    clip: Option<Clip>,
    transform: FittedTransform,
    missing: FittedMissing,
    form: NumberForm,
    /// The numbers of fitting, after they were moved into the range of `clip`.
    seen: Option<SeenNumbers>,
    /// The scaled number that stands for a missing value; not stored.
    #[serde(skip)]
    filler: f64,
    /// The range beyond which a number is far outside; not stored.
    #[serde(skip)]
    usual: (f64, f64),
}

/// A [`MissingNumber`] with the mean learned in fitting; numbers are raw, and transformed like any other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum FittedMissing {
    Mean(f64),
    Indicator,
    Value(f64),
}

impl Kind for Number {
    type Fitter = NumberFitter;

    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        visitor.key("encoding", &mut self.encoding);
        visitor.key("transform", &mut self.transform);
        visitor.key("bins", &mut self.bins);
        visitor.key("bins_by", &mut self.bins_by);
        visitor.key("clip", &mut self.clip);
        visitor.key("missing", &mut self.missing);
        visitor.key("decimal", &mut self.decimal);
        visitor.key("percent", &mut self.percent);
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = self.encoding_problems();
        if let Some([low, high]) = self.clip {
            let good = in_range(low) && in_range(high) && low < high;
            let must = "be two numbers within the range of f32, the lower first";
            problems.extend(Problem::unless(good, "clip", must, format!("[{low}, {high}]")));
        }
        if let Some(MissingNumber::Value(value)) = self.missing {
            let must = "be a finite number within the range of f32";
            problems.extend(Problem::unless(in_range(value), "missing", must, value));
        }
        problems
    }

    fn fitter(&self, _field: &str) -> NumberFitter {
        NumberFitter {
            clip: self.clip.map(|[low, high]| Clip { low, high }),
            encoding: match self.encoding.unwrap_or_default() {
                Encoding::Scaled => EncodingFitter::Scaled(self.transform.unwrap_or_default()),
                Encoding::PiecewiseLinear => {
                    let (n, by) = (self.bins.unwrap_or(DEFAULT_BINS), self.bins_by);
                    EncodingFitter::Bins(BinsFitter::new(n, by.unwrap_or_default()))
                }
            },
            missing: self.missing.unwrap_or_default(),
            form: NumberForm::of(self.decimal, self.percent),
            points: Points::default(),
            statistics: ByChunk::new(Statistics::default()),
        }
    }
}

impl Number {
    /// The problems of the keys that say what becomes of a number.
    fn encoding_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.encoding == Some(Encoding::PiecewiseLinear) {
            let message =
                "contradicts `encoding = \"piecewise-linear\"`, which replaces the scaling";
            problems.extend(self.transform.map(|_| Problem::new("transform", message)));
        } else {
            let bins = self.bins.map(|bins| ("bins", bins.to_string()));
            let bins_by = self.bins_by.map(|by| ("bins_by", format!("\"{by}\"")));
            for (key, is) in [bins, bins_by].into_iter().flatten() {
                let must = "has no meaning without `encoding = \"piecewise-linear\"`";
                problems.push(Problem::new(key, format!("{must}, but is {is}")));
            }
        }
        let bins = self.bins.unwrap_or(DEFAULT_BINS);
        problems.extend(Problem::unless(
            (2..=256).contains(&bins),
            "bins",
            "be from 2 to 256",
            bins,
        ));
        problems
    }
}

impl Fit for NumberFitter {
    type Encoder = NumberEncoder;

    const READS_NUMBERS: bool = true;

    fn begin_chunk(&mut self, chunk: u64) {
        self.statistics.begin(chunk);
        if let EncodingFitter::Bins(bins) = &mut self.encoding {
            bins.begin(chunk);
        }
    }

    fn accepts_any_text(&self) -> bool {
        false
    }

    fn check(&mut self, text: Option<&str>) -> Result<Checked, ValueError> {
        self.form.check(text)
    }

    fn observe(&mut self, text: Option<&str>, positive: bool) -> Result<(), ValueError> {
        let number = text.map(|text| self.form.value(text)).transpose()?;
        text.into_iter().for_each(|text| self.points.note(text, self.form));
        self.observe_number(number, positive)
    }

    fn has_points_like_thousands(&self) -> bool {
        self.points.may_separate_thousands()
    }

    fn observe_number(&mut self, number: Option<f64>, positive: bool) -> Result<(), ValueError> {
        let Some(number) = number.map(|number| moved(self.clip, number)) else { return Ok(()) };
        self.statistics.push(number);
        if let EncodingFitter::Bins(bins) = &mut self.encoding {
            bins.push(number, positive);
        }
        Ok(())
    }

    fn finish(self) -> NumberEncoder {
        let statistics = self.statistics.finish();
        let mean = statistics.mean();
        let transform = match self.encoding {
            EncodingFitter::Scaled(transform) => FittedTransform::of(transform, &statistics),
            EncodingFitter::Bins(bins) => FittedTransform::Bins(bins.finish(statistics.range())),
        };
        let missing = match self.missing {
            MissingNumber::Mean => FittedMissing::Mean(mean),
            MissingNumber::Indicator => FittedMissing::Indicator,
            MissingNumber::Value(value) => FittedMissing::Value(value),
        };
        let seen = SeenNumbers::of(&statistics);
        NumberEncoder::new(self.clip, transform, missing, self.form, seen)
    }
}

impl Encode for NumberEncoder {
    fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        let problem = self.problem();
        if let Some(what) = problem {
            let problem =
                format!("field `{field}`: the {what} cannot come from numbers in the range of f32");
            return Err(FeatureError::State { problem });
        }
        let transform = self.transform.clone();
        *self = Self::new(self.clip, transform, self.missing, self.form, self.seen);
        Ok(())
    }

    fn shape(&self, name: &str) -> FieldShape {
        let indicator = usize::from(self.missing == FittedMissing::Indicator);
        match &self.transform {
            FittedTransform::Bins(bins) => FieldShape::embedded(name, bins.len() + indicator),
            _ => FieldShape::dense(name, 1 + indicator),
        }
    }

    fn kind(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> String {
        let clip = |Clip { low, high }| format!("clipped to {low} to {high}, ");
        let clip = self.clip.map_or_else(String::new, clip);
        format!("{clip}{}, missing: {}{}", self.transform, self.missing, self.form)
    }

    fn form(&self) -> ValueForm {
        ValueForm::Number
    }

    fn numbers_seen(&self) -> Option<(f64, f64)> {
        self.seen.map(|seen| (seen.min, seen.max))
    }

    fn encode(
        &self,
        text: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        let number = [text.map_or(Ok(0.0), |text| self.form.value(text))?];
        self.write(&number, text.is_none().into(), column, counts);
        Ok(())
    }

    /// Appends the rows of a run, or none of them if one value is not a number.
    ///
    /// All values are parsed before the first is transformed, so that the loops branch once for all values.
    fn encode_run(&self, run: &Run<'_>, column: &mut Column, counts: &mut FieldCounts) -> bool {
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
            let Ok(number) = self.form.value_bytes(values[index].bytes()) else { return false };
            numbers[index] = number;
            others &= others - 1;
        }
        self.write(&numbers[..values.len()], missing, column, counts);
        true
    }

    fn encode_numbers(
        &self,
        run: &NumberRun,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> bool {
        self.write(run.numbers(), run.missing(), column, counts);
        true
    }
}

impl NumberEncoder {
    fn new(
        clip: Option<Clip>,
        transform: FittedTransform,
        missing: FittedMissing,
        form: NumberForm,
        seen: Option<SeenNumbers>,
    ) -> Self {
        let filler = match (missing.number(), &transform) {
            (Some(raw), transform) => apply(transform, moved(clip, raw)).0,
            // No bin is full.
            (None, FittedTransform::Bins(bins)) => bins.range().0,
            (None, _) => 0.0,
        };
        // Numbers outside of a configured range are expected, and moved.
        let usual = seen.filter(|_| clip.is_none()).map(SeenNumbers::usual);
        let usual = usual.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        Self { clip, transform, missing, form, seen, filler, usual }
    }

    /// The part that no fitting could have given, if there is one.
    fn problem(&self) -> Option<&'static str> {
        let is_range = |low, high| in_range(low) && in_range(high);
        if let Some(what) = self.transform.problem() {
            return Some(what);
        }
        if let Some(Clip { low, high }) = self.clip
            && !(is_range(low, high) && low < high)
        {
            return Some("range");
        }
        if self.seen.is_some_and(|seen| !seen.are_valid()) {
            return Some("numbers of fitting");
        }
        let filler = self.missing.number().filter(|number| !in_range(*number));
        filler.map(|_| "number for missing values")
    }

    /// Writes up to [`RUN`] numbers; those whose bit in `missing` is set are missing, and their value is not used.
    #[inline]
    fn write(&self, numbers: &[f64], missing: u32, column: &mut Column, counts: &mut FieldCounts) {
        counts.values += numbers.len() as u64;
        counts.missing += u64::from(missing.count_ones());
        counts.far += u64::from((self.far(numbers) & !missing).count_ones());
        let (mut values, mut clipped) = ([0.0; RUN], 0_u32);
        scale_all(self.clip, &self.transform, numbers, &mut |index, value, is_clipped| {
            let is_missing = missing >> index & 1 == 1;
            values[index] = if is_missing { self.filler } else { value };
            clipped |= u32::from(is_clipped) << index;
        });
        counts.clipped += u64::from((clipped & !missing).count_ones());
        let (column, values) = (column.dense_mut(), &values[..numbers.len()]);
        let indicator = |index| (missing >> index & 1) as f32;
        match (&self.transform, self.missing) {
            (FittedTransform::Bins(bins), _) => {
                values.iter().enumerate().for_each(|(index, &x)| {
                    let (full, last) = column.push_zeros().split_at_mut(bins.len());
                    bins.write(x, full);
                    last.fill(indicator(index));
                })
            }
            (_, FittedMissing::Mean(_) | FittedMissing::Value(_)) => {
                column.push_numbers(values.iter().map(|&value| value as f32));
            }
            (_, FittedMissing::Indicator) => {
                values.iter().enumerate().for_each(|(index, &value)| {
                    column.push_row(&[value as f32, indicator(index)]);
                })
            }
        }
    }

    /// A bit for each of up to [`RUN`] numbers: whether it is far outside of the numbers of fitting.
    #[inline]
    fn far(&self, numbers: &[f64]) -> u32 {
        let (low, high) = self.usual;
        let is_far = |number: f64| (number < low) | (number > high);
        // Nearly always there is none, and this loop needs no branch.
        if !numbers.iter().fold(false, |any, &number| any | is_far(number)) {
            return 0;
        }
        let bits = numbers.iter().enumerate().take(RUN);
        bits.fold(0, |far, (index, &number)| far | u32::from(is_far(number)) << index)
    }
}

impl PartialEq for NumberEncoder {
    fn eq(&self, other: &Self) -> bool {
        let stored = |it: &Self| (it.clip, it.missing, it.form, it.seen);
        self.transform == other.transform && stored(self) == stored(other)
    }
}

impl FittedMissing {
    /// The raw number that replaces a missing one, if one does.
    fn number(self) -> Option<f64> {
        match self {
            Self::Mean(number) | Self::Value(number) => Some(number),
            Self::Indicator => None,
        }
    }
}

impl fmt::Display for FittedMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean(mean) => write!(f, "the mean {mean:.4}"),
            Self::Indicator => f.write_str("an indicator"),
            Self::Value(value) => value.fmt(f),
        }
    }
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
    use crate::kinds::bins::Bins;
    use crate::limits::LARGEST;
    use crate::raw::cell::Cell;

    const POINT: NumberForm = NumberForm { decimal: DecimalMark::Point, percent: false };

    fn fit(transform: Transform, missing: MissingNumber, training: &[f64]) -> NumberEncoder {
        let (transform, missing) = (Some(transform), Some(missing));
        let mut fitter = Number { transform, missing, ..Number::default() }.fitter("f");
        for number in training {
            fitter.observe(Some(&number.to_string()), false).expect("a number in range");
        }
        fitter.observe(None, false).expect("missing values are not an error");
        fitter.finish()
    }

    fn fit_clipped(transform: Transform, clip: [f64; 2], training: &[f64]) -> NumberEncoder {
        let (transform, clip) = (Some(transform), Some(clip));
        let mut fitter = Number { transform, clip, ..Number::default() }.fitter("f");
        for number in training {
            fitter.observe(Some(&number.to_string()), false).expect("a number in range");
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
        let encoder = NumberEncoder::new(clip, FittedTransform::Raw, missing, POINT, None);
        assert_eq!(encode(&encoder, &[None]).0, [8.0]);
    }

    #[test]
    fn numbers_far_outside_are_counted() {
        // The mean is 5, and the deviation 2.
        let training = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        let texts = ["-18.1", "-18", "29", "29.5", "1e30"].map(Some);
        for transform in
            [Transform::Raw, Transform::MinMax, Transform::Standard, Transform::SignedLog]
        {
            let encoder = fit(transform, MissingNumber::Mean, &training);
            assert_eq!(encoder.numbers_seen(), Some((2.0, 9.0)));
            assert_eq!(encode(&encoder, &texts).1.far, 3, "{transform:?}");
            assert_eq!(encode(&encoder, &[None, Some("5")]).1.far, 0, "{transform:?}");
        }
        // Missing values are no numbers, and numbers outside of a configured range are expected.
        let encoder = fit(Transform::Raw, MissingNumber::Indicator, &[100.0, 101.0]);
        assert_eq!(encode(&encoder, &[None; 3]).1.far, 0);
        let encoder = fit_clipped(Transform::Raw, [0.0, 8.0], &training);
        assert_eq!(encode(&encoder, &texts).1.far, 0);
        // Without numbers in fitting, none is far from them.
        assert_eq!(encode(&fit(Transform::Raw, MissingNumber::Mean, &[]), &texts).1.far, 0);
    }

    fn fit_bins(keys: Number, training: &[(f64, bool)]) -> NumberEncoder {
        let encoding = Some(Encoding::PiecewiseLinear);
        let mut fitter = Number { encoding, ..keys }.fitter("f");
        for (number, positive) in training {
            fitter.observe(Some(&number.to_string()), *positive).expect("a number in range");
        }
        fitter.finish()
    }

    #[test]
    fn numbers_are_divided_among_bins() {
        use MissingNumber::{Indicator, Mean, Value};
        let training =
            [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 10.0].map(|number| (number, false));
        let texts = [Some("0"), Some("3"), None, Some("-1"), Some("11"), Some("1e9")];
        // The edges are 0, 3 and 10, and the mean is 2.
        for (missing, filler, clipped) in
            [(Mean, [2.0 / 3.0, 0.0], 3), (Value(6.5), [1.0, 0.5], 3), (Value(99.0), [1.0, 1.0], 3)]
        {
            let keys = Number { bins: Some(2), missing: Some(missing), ..Number::default() };
            let encoder = fit_bins(keys, &training);
            assert_eq!(encoder.shape("f"), FieldShape::embedded("f", 2));
            let (values, counts) = encode(&encoder, &texts);
            let expected =
                [[0.0, 0.0], [1.0, 0.0], filler, [0.0, 0.0], [1.0, 1.0], [1.0, 1.0]].concat();
            assert_eq!(values, expected, "{missing:?}");
            let expected = FieldCounts { values: 6, missing: 1, clipped, far: 1, ..counts };
            assert_eq!(counts, expected);
        }
        let keys = Number { bins: Some(2), missing: Some(Indicator), ..Number::default() };
        let (values, _) = encode(&fit_bins(keys, &training), &texts[1..3]);
        assert_eq!(values, [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        // The ends of the range of `clip` are edges; numbers outside are counted once, and never far.
        let keys = Number { bins: Some(2), clip: Some([0.0, 4.0]), ..Number::default() };
        let (values, counts) = encode(&fit_bins(keys, &training), &texts[4..]);
        assert_eq!((values, counts.clipped, counts.far), (vec![1.0; 4], 2, 0));
    }

    #[test]
    fn bins_by_label_learn_from_labels() {
        let training: Vec<_> = (0..200).map(|x| (f64::from(x), x >= 150)).collect();
        let keys = Number { bins_by: Some(BinsBy::Label), ..Number::default() };
        let encoder = fit_bins(keys, &training);
        let (values, _) = encode(&encoder, &[Some("74.75"), Some("149.5"), Some("199")]);
        assert_eq!(values, [0.5, 0.0, 1.0, 0.0, 1.0, 1.0]);
        let unlabelled: Vec<_> = training.iter().map(|(x, _)| (*x, false)).collect();
        assert_eq!(fit_bins(keys, &unlabelled).shape("f"), FieldShape::embedded("f", 1));
    }

    #[test]
    fn constant_and_empty_columns_become_zero() {
        for training in [&[][..], &[7.0, 7.0]] {
            let rows: Vec<_> = training.iter().map(|x| (*x, true)).collect();
            for bins_by in [BinsBy::Quantiles, BinsBy::Label] {
                let encoder =
                    fit_bins(Number { bins_by: Some(bins_by), ..Number::default() }, &rows);
                let (values, _) = encode(&encoder, &[Some("7"), Some("9"), Some("-1e30"), None]);
                assert_eq!(values, [0.0; 4]);
            }
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
            ("", Err(ValueError::NotNumber)),
            ("-", Err(ValueError::NotNumber)),
            ("1 ", Err(ValueError::NotNumber)),
            ("0x10", Err(ValueError::NotNumber)),
            ("nan", Err(ValueError::NotNumber)),
            ("-inf", Err(ValueError::NotNumber)),
            ("1e999", Err(ValueError::NotNumber)),
            ("1e39", Err(ValueError::Expected("a number in the range of f32"))),
        ] {
            assert_eq!(POINT.parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn forged_states_are_refused() {
        use FittedMissing::{Indicator, Mean, Value};
        use FittedTransform::{MinMax, Raw, Standard};
        let check = |clip: Option<(f64, f64)>, transform, missing, good| {
            let clip = clip.map(|(low, high)| Clip { low, high });
            let mut encoder = NumberEncoder::new(clip, transform, missing, POINT, None);
            assert_eq!(encoder.restore("f").is_ok(), good, "{encoder:?}");
        };
        check(None, MinMax { min: 1.0, max: 1.0 }, Mean(1.0), true);
        check(None, MinMax { min: 1.0, max: 0.5 }, Indicator, false);
        check(None, MinMax { min: f64::NAN, max: 1.0 }, Indicator, false);
        check(None, MinMax { min: 0.0, max: f64::INFINITY }, Indicator, false);
        check(None, Standard { mean: 0.0, deviation: 0.0 }, Indicator, true);
        check(None, Standard { mean: 0.0, deviation: -1.0 }, Indicator, false);
        check(None, Standard { mean: 0.0, deviation: f64::NAN }, Indicator, false);
        check(None, Standard { mean: 1e300, deviation: 1.0 }, Indicator, false);
        check(None, Raw, Mean(f64::NEG_INFINITY), false);
        check(None, Raw, Value(f64::NAN), false);
        let edges = FittedTransform::Bins(Bins::default());
        assert!(NumberEncoder::new(None, edges, Indicator, POINT, None).restore("f").is_err());
        for (low, high, good) in
            [(0.0, 1.0, true), (1.0, 1.0, false), (f64::NAN, 1.0, false), (0.0, 1e39, false)]
        {
            check(Some((low, high)), Raw, Indicator, good);
        }
    }

    #[test]
    fn tiny_deviations_do_not_overflow() {
        let transform = FittedTransform::Standard { mean: 0.0, deviation: f64::from_bits(1) };
        let mut encoder =
            NumberEncoder::new(None, transform, FittedMissing::Indicator, POINT, None);
        encoder.restore("f").expect("a legal state");
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
            prop_assert_eq!(POINT.read(&text), expected);
            let (whole, is_whole) = short_whole(&Value::new(text.as_bytes()));
            let is_short = (1..=8).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
            prop_assert_eq!(is_whole, is_short);
            prop_assert_eq!(f64::from(whole), expected.filter(|_| is_whole).unwrap_or(0.0));
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
            let mut restored = NumberEncoder { filler: -1.0, usual: (0.0, 0.0), ..encoder.clone() };
            prop_assert_eq!(restored.restore("f"), Ok(()));
            prop_assert_eq!(restored.filler.to_bits(), encoder.filler.to_bits());
            prop_assert_eq!(restored.usual, encoder.usual);
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
            prop_assert_eq!((&encoder.transform, encoder.missing), (&plain.transform, plain.missing));
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

    proptest! {
        #[test]
        fn typed_numbers_are_those_of_their_texts(
            integer: i64, unsigned: u64, single: f32, double: f64, small in -100_i16..100, is_true: bool,
        ) {
            let cells = [
                Cell::Integer(integer),
                Cell::Integer(small.into()),
                Cell::Unsigned(unsigned),
                Cell::Single(single),
                Cell::Single(small.into()),
                Cell::Double(double),
                Cell::Double(small.into()),
                Cell::Double(-0.0),
                Cell::Single(-0.0),
                Cell::Boolean(is_true),
            ];
            for cell in cells {
                let mut text = Vec::new();
                cell.spell(&mut text);
                if let (Some(number), Ok(parsed)) = (cell.number(), POINT.parse_bytes(&text)) {
                    prop_assert_eq!(number.to_bits(), parsed.to_bits(), "{:?}", cell);
                }
            }
        }
    }
}
