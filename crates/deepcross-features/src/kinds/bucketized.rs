//! Bucketized fields: a value is a number, and the bucket that it falls into is one id.
//!
//! Buckets are either intervals between numbers, which are given or learned as quantiles, or squared logarithms.
//! The number of intervals is known, and the only reserved id is that of missing values.
//! Squared logarithms have no upper limit, and are values of a vocabulary like any others.
//! Winners of the Criteo competition prepared its counts as squared logarithms.

use std::io::Write;
use std::str;

use serde::{Deserialize, Serialize};

use crate::batch::column::Column;
use crate::batch::shape::{FieldShape, Reserved};
use crate::counts::FieldCounts;
use crate::description::ValueForm;
use crate::error::FeatureError;
use crate::keys::KeyVisitor;
use crate::kind::{Checked, Encode, Fit, Kind};
use crate::kinds::by_chunk::ByChunk;
use crate::kinds::number_form::{DecimalMark, NumberForm, Points};
use crate::kinds::quantiles::Quantiles;
use crate::kinds::seen_numbers::SeenNumbers;
use crate::kinds::statistics::Statistics;
use crate::limits::are_cuts;
use crate::lookup::id_keys::{HashKeys, IdKeys, VocabularyKeys};
use crate::lookup::{Lookup, LookupFitter, MISSING};
use crate::problem::Problem;
use crate::raw::cell::NumberRun;
use crate::raw::spelling::Spelling;
use crate::raw::value_text::ValueError;

/// The name of the kind.
const NAME: &str = "bucketized";

/// The id of the first bucket.
const FIRST: u32 = 1;

/// The keys of a bucketized field; exactly one of `boundaries`, `quantiles` and `log_square` must be given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bucketized {
    /// With `log_square`: the choice of the buckets that have an id.
    pub vocabulary: VocabularyKeys,
    /// The numbers at which a new bucket begins, ascending.
    pub boundaries: Option<Vec<f64>>,
    /// The number of buckets, each with equally many training values; 2 to 1000.
    pub quantiles: Option<u32>,
    /// Whether the bucket of x is ⌊ln(x)²⌋ for x above 2, and else x without its fraction.
    pub log_square: Option<bool>,
    /// The character before decimals, `.` (the default) or `,`.
    pub decimal: Option<DecimalMark>,
    /// Whether `%` may follow a number, so that `5%` is 5; by default not.
    pub percent: Option<bool>,
}

/// Learns the buckets.
#[derive(Clone, Debug)]
pub(crate) struct BucketizedFitter {
    form: NumberForm,
    points: Points,
    buckets: BucketsFitter,
}

/// Learns the boundaries of the buckets, or their vocabulary.
#[derive(Clone, Debug)]
enum BucketsFitter {
    Boundaries { cuts: Vec<f64>, statistics: ByChunk<Statistics> },
    Quantiles { n: u32, numbers: ByChunk<Quantiles>, statistics: ByChunk<Statistics> },
    LogSquare(LookupFitter),
}

/// Writes one id per row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BucketizedEncoder {
    form: NumberForm,
    buckets: Buckets,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Buckets {
    Cuts {
        /// The numbers at which a new bucket begins, ascending.
        cuts: Vec<f64>,
        /// The numbers of fitting.
        seen: Option<SeenNumbers>,
    },
    LogSquare(Lookup),
}

impl Kind for Bucketized {
    type Fitter = BucketizedFitter;

    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        self.vocabulary.keys(visitor);
        visitor.key("boundaries", &mut self.boundaries);
        visitor.key("quantiles", &mut self.quantiles);
        visitor.key("log_square", &mut self.log_square);
        visitor.key("decimal", &mut self.decimal);
        visitor.key("percent", &mut self.percent);
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let is_log_square = self.log_square == Some(true);
        let rules = [self.boundaries.is_some(), self.quantiles.is_some(), is_log_square];
        if rules.iter().filter(|given| **given).count() != 1 {
            let message = "needs exactly one of `boundaries`, `quantiles` and `log_square = true`";
            problems.push(Problem::new("kind", message));
        }
        if is_log_square {
            problems.extend(self.vocabulary.contradictions());
        } else {
            let message = "has a meaning only with `log_square = true`";
            problems.extend(self.vocabulary.refused(message));
        }
        problems.extend(self.vocabulary.bad_values());
        if let Some(boundaries) = &self.boundaries {
            let good = !boundaries.is_empty() && are_cuts(boundaries);
            let must = "be at least one number, all within the range of f32 and ascending";
            problems.extend(Problem::unless(good, "boundaries", must, format!("{boundaries:?}")));
        }
        let quantiles = self.quantiles.unwrap_or(2);
        let good = (2..=1000).contains(&quantiles);
        problems.extend(Problem::unless(good, "quantiles", "be from 2 to 1000", quantiles));
        problems
    }

    fn fitter(&self, field: &str) -> BucketizedFitter {
        let statistics = ByChunk::new(Statistics::default());
        let buckets = match (&self.boundaries, self.quantiles) {
            (Some(boundaries), _) => {
                BucketsFitter::Boundaries { cuts: boundaries.clone(), statistics }
            }
            (None, Some(n)) => {
                let numbers = ByChunk::new(Quantiles::new());
                BucketsFitter::Quantiles { n, numbers, statistics }
            }
            (None, None) => {
                let ids = IdKeys { vocabulary: self.vocabulary, hash: HashKeys::default() };
                BucketsFitter::LogSquare(LookupFitter::new(&ids, field, Some(Spelling::Text)))
            }
        };
        let form = NumberForm::of(self.decimal, self.percent);
        BucketizedFitter { form, points: Points::default(), buckets }
    }
}

impl Fit for BucketizedFitter {
    type Encoder = BucketizedEncoder;

    const READS_NUMBERS: bool = true;

    fn begin_chunk(&mut self, chunk: u64) {
        match &mut self.buckets {
            BucketsFitter::Boundaries { statistics, .. } => statistics.begin(chunk),
            BucketsFitter::Quantiles { numbers, statistics, .. } => {
                numbers.begin(chunk);
                statistics.begin(chunk);
            }
            BucketsFitter::LogSquare(_) => {}
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
        let Some(x) = number else { return Ok(()) };
        match &mut self.buckets {
            BucketsFitter::Boundaries { statistics, .. } => statistics.push(x),
            BucketsFitter::Quantiles { numbers, statistics, .. } => {
                numbers.push(x);
                statistics.push(x);
            }
            BucketsFitter::LogSquare(lookup) => {
                lookup.observe(Digits::of(log_square(x)).as_str(), positive)?
            }
        }
        Ok(())
    }

    fn finish(self) -> BucketizedEncoder {
        let buckets = match self.buckets {
            BucketsFitter::Boundaries { cuts, statistics } => {
                Buckets::Cuts { cuts, seen: SeenNumbers::of(&statistics.finish()) }
            }
            BucketsFitter::Quantiles { n, numbers, statistics } => {
                let seen = SeenNumbers::of(&statistics.finish());
                Buckets::Cuts { cuts: numbers.finish().cuts(n), seen }
            }
            BucketsFitter::LogSquare(lookup) => Buckets::LogSquare(lookup.finish()),
        };
        BucketizedEncoder { form: self.form, buckets }
    }
}

impl Encode for BucketizedEncoder {
    fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        match &mut self.buckets {
            Buckets::Cuts { cuts, .. } if !are_cuts(cuts) => Err(FeatureError::State {
                problem: format!("field `{field}`: the numbers between the buckets do not ascend"),
            }),
            Buckets::Cuts { seen: Some(seen), .. } if !seen.are_valid() => {
                let problem =
                    format!("field `{field}`: the numbers of fitting have no valid range");
                Err(FeatureError::State { problem })
            }
            Buckets::Cuts { .. } => Ok(()),
            Buckets::LogSquare(lookup) => lookup.restore(field),
        }
    }

    fn shape(&self, name: &str) -> FieldShape {
        match &self.buckets {
            Buckets::Cuts { cuts, .. } => {
                FieldShape::sparse(name, FIRST as usize + cuts.len() + 1, false, Reserved::MISSING)
            }
            Buckets::LogSquare(lookup) => lookup.shape(name, false),
        }
    }

    fn kind(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> String {
        let buckets = match &self.buckets {
            Buckets::Cuts { cuts, .. } => match &cuts[..] {
                [] => "a single bucket".to_owned(),
                [only] => format!("2 buckets divided at {only}"),
                [first, .., last] => {
                    let n = cuts.len() + 1;
                    format!("{n} buckets divided at numbers from {first} to {last}")
                }
            },
            Buckets::LogSquare(lookup) => format!("squared logarithms, {lookup}"),
        };
        format!("{buckets}{}", self.form)
    }

    fn form(&self) -> ValueForm {
        ValueForm::Number
    }

    fn encode(
        &self,
        text: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        let x = text.map(|text| self.form.value(text)).transpose()?;
        self.push(x, column, counts);
        Ok(())
    }

    fn encode_numbers(
        &self,
        run: &NumberRun,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> bool {
        for (index, &number) in run.numbers().iter().enumerate() {
            self.push((run.missing() >> index & 1 == 0).then_some(number), column, counts);
        }
        true
    }

    fn lookup(&self) -> Option<&Lookup> {
        match &self.buckets {
            Buckets::Cuts { .. } => None,
            Buckets::LogSquare(lookup) => Some(lookup),
        }
    }

    fn numbers_seen(&self) -> Option<(f64, f64)> {
        match &self.buckets {
            Buckets::Cuts { seen, .. } => seen.map(|seen| (seen.min, seen.max)),
            Buckets::LogSquare(_) => None,
        }
    }
}

impl BucketizedEncoder {
    /// Appends the bucket of a number, or the missing value.
    fn push(&self, x: Option<f64>, column: &mut Column, counts: &mut FieldCounts) {
        let id = match &self.buckets {
            Buckets::Cuts { cuts, seen } => {
                counts.values += 1;
                counts.missing += u64::from(x.is_none());
                let is_far = x.zip(*seen).is_some_and(|(x, seen)| seen.is_far(x));
                counts.far += u64::from(is_far);
                x.map_or(MISSING, |x| FIRST + cuts.partition_point(|&cut| cut <= x) as u32)
            }
            Buckets::LogSquare(lookup) => {
                let digits = x.map(|x| Digits::of(log_square(x)));
                lookup.encode(digits.as_ref().map(Digits::as_str), counts)
            }
        };
        column.sparse_mut().push_id(id);
    }
}

/// ⌊ln(x)²⌋ for x above 2, and x without its fraction for others.
fn log_square(x: f64) -> i64 {
    let square = |log: f64| (log * log).floor() as i64;
    if x > 2.0 { square(libm::log(x)) } else { x as i64 }
}

/// A whole number in decimal digits.
struct Digits {
    bytes: [u8; Self::MOST],
    length: usize,
}

impl Digits {
    /// The digits of the least `i64`, and its sign.
    const MOST: usize = 20;

    fn of(number: i64) -> Self {
        let mut bytes = [0; Self::MOST];
        let mut rest = &mut bytes[..];
        let written = write!(rest, "{number}");
        debug_assert!(written.is_ok(), "{number} has more digits than expected");
        let length = Self::MOST - rest.len();
        Self { bytes, length }
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn keys() -> Bucketized {
        Bucketized::default()
    }

    fn fit(keys: &Bucketized, training: &[&str]) -> BucketizedEncoder {
        let mut fitter = keys.fitter("f");
        for text in training {
            fitter.observe(Some(text), false).expect("a number");
        }
        fitter.observe(None, false).expect("missing values are not an error");
        fitter.finish()
    }

    fn ids(encoder: &BucketizedEncoder, texts: &[Option<&str>]) -> (Vec<u32>, FieldCounts) {
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        for &text in texts {
            encoder.encode(text, &mut column, &mut counts).expect("a number");
        }
        (column.sparse_mut().ids().to_vec(), counts)
    }

    #[test]
    fn a_boundary_is_the_first_number_of_its_bucket() {
        let encoder = fit(&Bucketized { boundaries: Some(vec![-1.0, 0.5]), ..keys() }, &[]);
        let texts = [Some("-1.5"), Some("-1"), Some("0.4"), Some("0.5"), Some("1e9"), None];
        let (found, counts) = ids(&encoder, &texts);
        assert_eq!(found, [1, 2, 2, 3, 3, 0]);
        assert_eq!(counts, FieldCounts { values: 6, missing: 1, ..FieldCounts::default() });
    }

    #[test]
    fn quantiles_are_learned() {
        let keys = Bucketized { quantiles: Some(3), ..keys() };
        let encoder = fit(&keys, &["5", "1", "4", "2", "6", "3"]);
        let texts = ["0", "1", "2", "3", "4", "5", "6", "7"].map(Some);
        assert_eq!(ids(&encoder, &texts).0, [1, 1, 1, 2, 2, 3, 3, 3]);
        for training in [&[][..], &["3", "3"]] {
            assert_eq!(ids(&fit(&keys, training), &[Some("3"), None]).0, [1, 0]);
        }
    }

    #[test]
    fn numbers_far_outside_are_counted() {
        for keys in [
            Bucketized { boundaries: Some(vec![3.0]), ..keys() },
            Bucketized { quantiles: Some(2), ..keys() },
        ] {
            // The mean is 5, and the deviation 2.
            let encoder = fit(&keys, &["2", "4", "4", "4", "5", "5", "7", "9"]);
            assert_eq!(encoder.numbers_seen(), Some((2.0, 9.0)));
            let texts = [Some("-18.1"), Some("-18"), Some("29"), Some("29.5"), None];
            assert_eq!(ids(&encoder, &texts).1.far, 2, "{keys:?}");
        }
    }

    #[test]
    fn squared_logarithms_are_values_of_a_vocabulary() {
        for (x, bucket) in [
            (-2.5, -2),
            (-0.5, 0),
            (0.0, 0),
            (1.9, 1),
            (2.0, 2),
            (2.1, 0),
            (3.0, 1),
            (10.0, 5),
            (1000.0, 47),
            (f64::from(f32::MAX), 7871),
        ] {
            assert_eq!(log_square(x), bucket, "{x}");
        }
        let vocabulary = VocabularyKeys { min_count: Some(2), ..VocabularyKeys::default() };
        let encoder = fit(
            &Bucketized { vocabulary, log_square: Some(true), ..keys() },
            &["1000", "1001", "1", "3", "10"],
        );
        let texts = [Some("999"), Some("2.8"), Some("10"), Some("77"), None];
        let (found, counts) = ids(&encoder, &texts);
        // Buckets 1 (of 1 and 3) and 47 occurred twice.
        assert_eq!(found, [4, 3, 2, 1, 0]);
        let expected =
            FieldCounts { values: 5, missing: 1, unseen: 1, rare: 1, ..FieldCounts::default() };
        assert_eq!(counts, expected);
    }

    #[test]
    fn whole_numbers_have_all_their_digits() {
        for number in [0, -7, i64::MIN, i64::MAX] {
            assert_eq!(Digits::of(number).as_str(), number.to_string());
        }
    }

    #[test]
    fn forged_states_are_refused() {
        for (cuts, good) in [
            (vec![], true),
            (vec![1.0, 2.0], true),
            (vec![1.0, 1.0], false),
            (vec![2.0, 1.0], false),
            (vec![f64::NAN], false),
            (vec![0.0, f64::INFINITY], false),
            (vec![1e39], false),
        ] {
            let (form, buckets) =
                (NumberForm::default(), Buckets::Cuts { cuts: cuts.clone(), seen: None });
            let restored = BucketizedEncoder { form, buckets }.restore("f");
            assert_eq!(restored.is_ok(), good, "{cuts:?}");
        }
    }

    proptest! {
        #[test]
        fn a_bucket_is_the_number_of_boundaries_up_to_it(
            mut boundaries in vec(-1e3..1e3_f64, 0..10),
            x in -1e3..1e3_f64,
            pick: prop::sample::Index,
        ) {
            boundaries.sort_unstable_by(f64::total_cmp);
            boundaries.dedup();
            for x in [x, boundaries.get(pick.index(11)).copied().unwrap_or(x)] {
                let expected = 1 + boundaries.iter().filter(|&&boundary| boundary <= x).count();
                let keys = Bucketized { boundaries: Some(boundaries.clone()), ..keys() };
                let found = ids(&fit(&keys, &[]), &[Some(&x.to_string())]).0;
                prop_assert_eq!(found, [expected as u32]);
            }
        }

        #[test]
        fn quantile_buckets_of_distinct_numbers_are_equally_full(n in 2_u32..12, scale in 1_u32..9) {
            let training: Vec<_> = (0..n * scale).map(|number| number.to_string()).collect();
            let training: Vec<_> = training.iter().map(String::as_str).collect();
            let encoder = fit(&Bucketized { quantiles: Some(n), ..keys() }, &training);
            let texts: Vec<_> = training.iter().map(|&text| Some(text)).collect();
            let (found, _) = ids(&encoder, &texts);
            for bucket in 1..=n {
                let size = found.iter().filter(|&&id| id == bucket).count();
                prop_assert_eq!(size, scale as usize);
            }
        }
    }
}
