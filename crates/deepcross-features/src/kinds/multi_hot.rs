//! Multi-hot fields: a value is a list of elements, each an id, with weights if the field has them.
//!
//! Elements are separated by one character and trimmed of ASCII spaces; empty elements are skipped.
//! A value that is missing, or has no element, is the id for "missing" with weight 1, so that each row has an id.
//! Repeated elements stay repeated, since the number of times that a tag was given may matter.
//!
//! A weight follows the last colon of its element, as in `word:0.5`, so that words may contain colons.
//! The mean divides by the sum of the magnitudes of the weights.
//! Rejected: dividing by the sum of the weights, because with weights of both signs it may be 0 or close to it.

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::batch::sparse::SparseColumn;
use crate::config::field_config::{FieldConfig, Pooling};
use crate::counts::FieldCounts;
use crate::description::Encoding;
use crate::error::FeatureError;
use crate::kinds::number;
use crate::lookup::{Lookup, LookupFitter};
use crate::raw::value_text::ValueError;
use crate::state::{KindState, ListState, MultiHotState, PoolingState};

/// The character between an element and its weight.
const BEFORE_WEIGHT: char = ':';

const WEIGHTED: ValueError = ValueError::Expected(
    "a list of elements such as `word:0.5`, with weights that are finite numbers in the range of f32",
);

/// Learns the ids of the elements.
#[derive(Clone, Debug)]
pub(crate) struct MultiHotFitter {
    lookup: LookupFitter,
    list: List,
    pooling: Pooling,
}

/// Writes the ids of a row's elements, with weights unless the pooling is the sum of unweighted elements.
#[derive(Clone, Debug)]
pub(crate) struct MultiHotEncoder {
    lookup: Lookup,
    list: List,
    pooling: Pooling,
}

/// The rules that cut a value into elements.
#[derive(Clone, Copy, Debug)]
struct List {
    separator: char,
    weighted: bool,
    /// At least 1.
    max_length: usize,
}

impl MultiHotFitter {
    pub(crate) fn new(config: &FieldConfig) -> Self {
        let list = List {
            separator: config.separator_char(),
            weighted: config.weights.unwrap_or(false),
            max_length: config.max_length.unwrap_or(usize::MAX),
        };
        let pooling = config.pooling.unwrap_or_default();
        Self { lookup: LookupFitter::new(config), list, pooling }
    }

    /// Whether [`observe`](Self::observe) would accept `text`.
    pub(crate) fn check(&self, text: Option<&str>) -> Result<(), ValueError> {
        if !self.list.weighted {
            return Ok(());
        }
        self.list.kept(text).try_for_each(|element| self.list.read(element).map(drop))
    }

    /// Counts each occurrence of a kept element; weights play no part.
    pub(crate) fn observe(&mut self, text: Option<&str>, positive: bool) -> Result<(), ValueError> {
        let Self { lookup, list, .. } = self;
        list.kept(text).try_for_each(|element| lookup.observe(list.read(element)?.0, positive))
    }

    pub(crate) fn finish(self) -> MultiHotEncoder {
        let Self { lookup, list, pooling } = self;
        MultiHotEncoder { lookup: lookup.finish(), list, pooling }
    }
}

impl MultiHotEncoder {
    pub(crate) fn encode(
        &self,
        text: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        let column = column.sparse_mut();
        let mut row_counts = FieldCounts::default();
        let weight = if self.list.weighted {
            self.push_weighted(text, column, &mut row_counts)?;
            None
        } else {
            self.push_unweighted(text, column, &mut row_counts)
        };
        if !column.end_bag(weight) {
            return Err(ValueError::TooMany(u32::MAX));
        }
        *counts += row_counts;
        Ok(())
    }

    /// Appends the elements to the open row.
    ///
    /// Returns the weight of each element; `None` if it is 1 in every row.
    fn push_unweighted(
        &self,
        text: Option<&str>,
        column: &mut SparseColumn,
        counts: &mut FieldCounts,
    ) -> Option<f32> {
        let mut elements = self.list.elements(text);
        for element in elements.by_ref().take(self.list.max_length) {
            column.push_open(self.lookup.encode(Some(element), counts));
        }
        if column.open_len() == 0 {
            column.push_open(self.lookup.encode(None, counts));
        }
        count_clipped(elements, counts);
        let n_elements = column.open_len() as f32;
        match self.pooling {
            Pooling::Sum => None,
            Pooling::Mean => Some(1.0 / n_elements),
            Pooling::SqrtN => Some(1.0 / n_elements.sqrt()),
        }
    }

    /// Appends the elements with their weights to the open row.
    fn push_weighted(
        &self,
        text: Option<&str>,
        column: &mut SparseColumn,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        let mut elements = self.list.elements(text);
        for element in elements.by_ref().take(self.list.max_length) {
            let (word, weight) = self.list.read(element)?;
            column.push_open_weighted(self.lookup.encode(Some(word), counts), weight);
        }
        if column.open_len() == 0 {
            column.push_open_weighted(self.lookup.encode(None, counts), 1.0);
        }
        count_clipped(elements, counts);
        pool(self.pooling, column.open_weights_mut());
        Ok(())
    }

    pub(crate) fn shape(&self, name: &str) -> FieldShape {
        self.lookup.shape(name, true)
    }

    pub(crate) fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    pub(crate) fn describe(&self) -> Encoding {
        let List { separator, weighted, .. } = self.list;
        Encoding::MultiHot {
            ids: self.lookup.describe(),
            separator,
            weighted,
            max_length: self.list.limit(),
            pooling: self.pooling,
        }
    }

    pub(crate) fn to_state(&self) -> KindState {
        let pooling = match self.pooling {
            Pooling::Sum => PoolingState::Sum,
            Pooling::Mean => PoolingState::Mean,
            Pooling::SqrtN => PoolingState::SqrtN,
        };
        let (lookup, separator) = (self.lookup.to_state(), self.list.separator);
        let multi_hot = MultiHotState { lookup, separator, pooling };
        match (self.list.weighted, self.list.limit()) {
            (false, None) => KindState::MultiHot(multi_hot),
            (weighted, limit) => {
                let max_length = limit.map(|length| length as u64);
                KindState::List(ListState { multi_hot, weighted, max_length })
            }
        }
    }

    pub(crate) fn from_state(field: &str, state: MultiHotState) -> Result<Self, FeatureError> {
        Self::from_list_state(
            field,
            ListState { multi_hot: state, weighted: false, max_length: None },
        )
    }

    pub(crate) fn from_list_state(field: &str, state: ListState) -> Result<Self, FeatureError> {
        let ListState { multi_hot: MultiHotState { lookup, separator, pooling }, .. } = state;
        let max_length = state.max_length.map_or(Some(usize::MAX), |length| length.try_into().ok());
        let Some(max_length @ 1..) = max_length else {
            let problem =
                format!("field `{field}`: the maximum number of elements is out of range");
            return Err(FeatureError::State { problem });
        };
        let pooling = match pooling {
            PoolingState::Sum => Pooling::Sum,
            PoolingState::Mean => Pooling::Mean,
            PoolingState::SqrtN => Pooling::SqrtN,
        };
        let list = List { separator, weighted: state.weighted, max_length };
        Ok(Self { lookup: Lookup::from_state(field, lookup)?, list, pooling })
    }
}

impl List {
    /// The elements that are not empty.
    fn elements(self, text: Option<&str>) -> impl Iterator<Item = &str> {
        let parts = text.into_iter().flat_map(move |text| text.split(self.separator));
        parts.map(|part| part.trim_matches(' ')).filter(|part| !part.is_empty())
    }

    /// The elements up to the maximum length.
    fn kept(self, text: Option<&str>) -> impl Iterator<Item = &str> {
        self.elements(text).take(self.max_length)
    }

    /// The word of an element and its weight, which is 1 if none is given.
    fn read(self, element: &str) -> Result<(&str, f32), ValueError> {
        let Some((word, weight)) = element.rsplit_once(BEFORE_WEIGHT).filter(|_| self.weighted)
        else {
            return Ok((element, 1.0));
        };
        let word = word.trim_end_matches(' ');
        let weight = number::parse(weight.trim_start_matches(' ')).map_err(|_| WEIGHTED)?;
        if word.is_empty() { Err(WEIGHTED) } else { Ok((word, weight as f32)) }
    }

    /// The maximum length, if there is one.
    fn limit(self) -> Option<usize> {
        Some(self.max_length).filter(|&length| length < usize::MAX)
    }
}

/// Counts the elements after the maximum length.
fn count_clipped<'a>(beyond: impl Iterator<Item = &'a str>, counts: &mut FieldCounts) {
    let n_beyond = beyond.count() as u64;
    counts.values += n_beyond;
    counts.clipped += n_beyond;
}

/// Divides the weights of a row by the norm of the pooling; if all weights are 0, they stay 0.
fn pool(pooling: Pooling, weights: &mut [f32]) {
    let numbers = || weights.iter().map(|&weight| f64::from(weight));
    let divisor = match pooling {
        Pooling::Sum => return,
        Pooling::Mean => numbers().map(f64::abs).sum::<f64>(),
        Pooling::SqrtN => numbers().map(|weight| weight * weight).sum::<f64>().sqrt(),
    };
    if divisor > 0.0 {
        weights.iter_mut().for_each(|weight| *weight = (f64::from(*weight) / divisor) as f32);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn encode(
        pooling: Pooling,
        separator: &str,
        texts: &[Option<&str>],
    ) -> (SparseColumn, FieldCounts) {
        let config = FieldConfig {
            pooling: Some(pooling),
            separator: Some(separator.to_owned()),
            top: Some(2),
            ..FieldConfig::multi_hot("f")
        };
        let mut fitter = MultiHotFitter::new(&config);
        let training = ["a|b|a", "a| b", "rare"].map(|text| text.replace('|', separator));
        for text in &training {
            fitter.observe(Some(text), false).expect("few values");
        }
        let encoder = fitter.finish();
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        for &text in texts {
            encoder.encode(text, &mut column, &mut counts).expect("few values");
        }
        (column.sparse_mut().clone(), counts)
    }

    #[track_caller]
    fn check(separator: &str, text: Option<&str>, ids: &[u32]) {
        let (column, counts) = encode(Pooling::Sum, separator, &[text]);
        assert_eq!(column.ids(), ids, "{text:?}");
        assert_eq!(column.offsets(), Some(&[0, ids.len() as u32][..]));
        assert_eq!(counts.values, ids.len() as u64);
    }

    #[test]
    fn elements_are_trimmed_and_empty_ones_ignored() {
        check("|", Some("a|b"), &[3, 4]);
        check("|", Some("b|a|a"), &[4, 3, 3]);
        check("|", Some(" a ||  b|"), &[3, 4]);
        check("|", Some("never|rare|a"), &[1, 2, 3]);
        check("|", None, &[0]);
        check("|", Some(""), &[0]);
        check("|", Some(" | |"), &[0]);
        check("·", Some("a·b"), &[3, 4]);
        check(" ", Some("a  b"), &[3, 4]);
    }

    #[test]
    fn sqrt_n_divides_by_the_root_of_the_number() {
        let (column, _) = encode(Pooling::SqrtN, "|", &[Some("a|b|a|never"), None]);
        assert_eq!(column.weights(), [0.5, 0.5, 0.5, 0.5, 1.0]);
    }

    #[test]
    fn a_mean_gives_each_element_its_share() {
        let texts = [Some("a|b|a|never"), None, Some("b")];
        let (column, counts) = encode(Pooling::Mean, "|", &texts);
        assert_eq!(column.weights(), [0.25, 0.25, 0.25, 0.25, 1.0, 1.0]);
        assert_eq!(column.offsets(), Some(&[0, 4, 5, 6][..]));
        let expected = FieldCounts { values: 6, missing: 1, unseen: 1, ..FieldCounts::default() };
        assert_eq!(counts, expected);

        let (column, _) = encode(Pooling::Sum, "|", &texts);
        assert_eq!(column.weights(), [0.0; 0]);
    }

    /// An encoder that knows `a` as 3 and `b` as 4.
    fn weighted(pooling: Pooling, max_length: Option<usize>) -> MultiHotEncoder {
        let config = FieldConfig {
            pooling: Some(pooling),
            weights: Some(true),
            max_length,
            ..FieldConfig::multi_hot("f")
        };
        let mut fitter = MultiHotFitter::new(&config);
        for text in ["a:7|b", "a"] {
            fitter.check(Some(text)).expect("good weights");
            fitter.observe(Some(text), false).expect("few values");
        }
        fitter.finish()
    }

    type Encoded = Result<(SparseColumn, FieldCounts), ValueError>;

    fn encode_one(encoder: &MultiHotEncoder, text: Option<&str>) -> Encoded {
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        encoder.encode(text, &mut column, &mut counts)?;
        Ok((column.sparse_mut().clone(), counts))
    }

    #[track_caller]
    fn check_weights(pooling: Pooling, text: Option<&str>, ids: &[u32], weights: &[f32]) {
        let encoded = encode_one(&weighted(pooling, None), text).map(|(column, _)| column);
        let n_ids = ids.len() as u32;
        let expected = SparseColumn::multi_hot(vec![0, n_ids], ids.to_vec(), weights.to_vec());
        assert_eq!(encoded, Ok(expected), "{text:?}");
    }

    #[test]
    fn weights_follow_a_colon() {
        use Pooling::{Mean, SqrtN, Sum};
        check_weights(Sum, Some("a:0.5|b"), &[3, 4], &[0.5, 1.0]);
        check_weights(Sum, Some(" b : -2 ||a:1e2|b"), &[4, 3, 4], &[-2.0, 100.0, 1.0]);
        check_weights(Sum, Some("a:b:3"), &[1], &[3.0]);
        check_weights(Mean, Some("a:3|b:-1"), &[3, 4], &[0.75, -0.25]);
        check_weights(Mean, Some("a:2|b:2|a:4"), &[3, 4, 3], &[0.25, 0.25, 0.5]);
        check_weights(SqrtN, Some("a:3|b:-4"), &[3, 4], &[0.6, -0.8]);
        for pooling in [Sum, Mean, SqrtN] {
            check_weights(pooling, Some("a:0|b:0"), &[3, 4], &[0.0, 0.0]);
            check_weights(pooling, Some(" | "), &[0], &[1.0]);
            check_weights(pooling, None, &[0], &[1.0]);
        }
    }

    #[test]
    fn invalid_weights_are_invalid_values() {
        let config = FieldConfig { weights: Some(true), ..FieldConfig::multi_hot("f") };
        let fitter = MultiHotFitter::new(&config);
        let encoder = weighted(Pooling::Sum, None);
        for text in ["a:", "a:x|b", "b|a:nan", "a:inf", "a:1e39", ":0.5", " :1"] {
            assert_eq!(encode_one(&encoder, Some(text)), Err(WEIGHTED), "{text}");
            assert_eq!(fitter.check(Some(text)), Err(WEIGHTED), "{text}");
        }
        assert!(MultiHotFitter::new(&FieldConfig::multi_hot("f")).check(Some("a:x")).is_ok());
    }

    #[test]
    fn elements_after_the_maximum_length_are_clipped() {
        let encoder = weighted(Pooling::Mean, Some(2));
        let (weights, max_length) = (Some(true), Some(2));
        let config = FieldConfig { weights, max_length, ..FieldConfig::multi_hot("f") };
        assert_eq!(MultiHotFitter::new(&config).check(Some("b|a|b||a:x")), Ok(()));
        let (column, counts) = encode_one(&encoder, Some("b|a|b||a:x")).expect("kept are good");
        assert_eq!((column.ids(), column.weights()), (&[4, 3][..], &[0.5, 0.5][..]));
        assert_eq!(counts, FieldCounts { values: 4, clipped: 2, ..FieldCounts::default() });

        let config = FieldConfig { max_length: Some(1), ..FieldConfig::multi_hot("f") };
        let mut fitter = MultiHotFitter::new(&config);
        fitter.observe(Some("a|b"), false).expect("few values");
        let (column, counts) = encode_one(&fitter.finish(), Some("b|a|b")).expect("few values");
        assert_eq!((column.ids(), column.weights()), (&[1][..], &[][..]));
        let expected = FieldCounts { values: 3, clipped: 2, unseen: 1, ..FieldCounts::default() };
        assert_eq!(counts, expected);
    }

    #[test]
    fn forged_states_are_refused() {
        let KindState::List(state) = weighted(Pooling::Sum, Some(7)).to_state() else {
            panic!("a list with weights has its own state");
        };
        let read = |max_length| {
            MultiHotEncoder::from_list_state("f", ListState { max_length, ..state.clone() })
        };
        assert_eq!(read(Some(7)).map(|encoder| encoder.list.limit()), Ok(Some(7)));
        assert_eq!(read(None).map(|encoder| encoder.list.limit()), Ok(None));
        let message = "stored encoder: field `f`: the maximum number of elements is out of range";
        assert_eq!(read(Some(0)).map_err(|e| e.to_string()).err().as_deref(), Some(message));
    }

    proptest! {
        #[test]
        fn pooled_weights_have_norm_1(
            weights in vec(prop_oneof![-1e3..1e3_f32, Just(0.0), -3e38..3e38_f32], 1..20),
        ) {
            let text: Vec<_> = weights.iter().map(|weight| format!("a:{weight}")).collect();
            let pooled = |pooling| {
                let encoded = encode_one(&weighted(pooling, None), Some(&text.join("|")));
                encoded.expect("good weights").0.weights().to_vec()
            };
            prop_assert_eq!(pooled(Pooling::Sum), &weights[..]);
            let is_zero = weights.iter().all(|&weight| weight == 0.0);
            let norm = if is_zero { 0.0 } else { 1.0 };
            let mean: f32 = pooled(Pooling::Mean).iter().map(|weight| weight.abs()).sum();
            prop_assert!((mean - norm).abs() < 1e-5, "{mean}");
            let squares: f32 = pooled(Pooling::SqrtN).iter().map(|weight| weight * weight).sum();
            prop_assert!((squares - norm).abs() < 1e-5, "{squares}");
        }

        #[test]
        fn weights_of_1_change_nothing(
            text in "[ab |]{0,12}",
            max_length in prop::option::of(1_usize..5),
            pooling in prop::sample::select(vec![Pooling::Mean, Pooling::SqrtN]),
        ) {
            let with = weighted(pooling, max_length);
            let list = List { weighted: false, ..with.list };
            let without = MultiHotEncoder { list, ..with.clone() };
            let (with, without) = (encode_one(&with, Some(&text)), encode_one(&without, Some(&text)));
            let (with, without) = (with.expect("good"), without.expect("good"));
            prop_assert_eq!(with.0.ids(), without.0.ids());
            for (a, b) in with.0.weights().iter().zip(without.0.weights()) {
                prop_assert!((a - b).abs() < 1e-6);
            }
            prop_assert_eq!(with.1, without.1);
        }
    }
}
