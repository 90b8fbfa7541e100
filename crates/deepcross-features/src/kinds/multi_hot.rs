//! Multi-hot fields: a value is a list of elements, each an id, with weights if the field has them.
//!
//! Elements are separated by one character, or those of a list as programs print it.
//! They are trimmed of ASCII spaces, and empty elements are skipped.
//! A value that is missing, or has no element, is the id for "missing" with weight 1, so that each row has an id.
//! Repeated elements stay repeated, since the number of times that a tag was given may matter.
//!
//! A weight follows the last colon of its element, as in `word:0.5`, so that words may contain colons.
//! The mean divides by the sum of the magnitudes of the weights.
//! Rejected: dividing by the sum of the weights, because with weights of both signs it may be 0 or close to it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::batch::sparse::SparseColumn;
use crate::counts::FieldCounts;
use crate::description::ValueForm;
use crate::error::FeatureError;
use crate::keys::KeyVisitor;
use crate::kind::{Checked, Encode, Fit, Kind};
use crate::kinds::number_form::NumberForm;
use crate::lookup::id_keys::IdKeys;
use crate::lookup::{Lookup, LookupFitter};
use crate::problem::Problem;
use crate::raw::printed_list::PrintedList;
use crate::raw::spelling::Spelling;
use crate::raw::value_text::ValueError;

/// The name of the kind.
const NAME: &str = "multi-hot";

/// The separator of elements if none is given.
const SEPARATOR: &str = "|";

/// The character between an element and its weight.
const BEFORE_WEIGHT: char = ':';

/// The separator of the elements of a list that is not printed: that of typed lists, and of arrays in requests.
const TYPED_SEPARATOR: char = '|';

const PRINTED: ValueError = ValueError::Expected(
    "a list as programs print it, such as `[1, 2]`, `['a', 'b']` or `{1,2}`, without lists within it",
);

const WEIGHTED: ValueError = ValueError::Expected(
    "a list of elements such as `word:0.5`, with weights that are finite numbers in the range of f32",
);

/// The keys of a multi-hot field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MultiHot {
    /// The ids of the elements.
    pub ids: IdKeys,
    /// How a list is written, `separated` (the default) or `printed`.
    pub list: Option<ListFormat>,
    /// The one character between the elements of a value; by default `|`.
    pub separator: Option<String>,
    /// The pooling of the embeddings of a row's elements, `sum` (the default), `mean` or `sqrt-n`.
    pub pooling: Option<Pooling>,
    /// Whether an element may have a weight after a colon, as in `word:0.5`; by default not.
    pub weights: Option<bool>,
    /// The number of elements of a value that are kept, from the first on; others are counted as clipped.
    /// At least 1; by default all are kept.
    pub max_length: Option<usize>,
    /// The spelling of the elements, `number`, `boolean` or `text`; by default, it is learned.
    pub spelling: Option<Spelling>,
}

/// How a list is written in a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListFormat {
    /// Elements with a separator between them: `a|b`.
    #[default]
    Separated,
    /// In brackets, as programs print lists: `[1, 2]`, `['a', 'b']`, `["a","b"]`, `{1,2}` or `(1, 2)`.
    ///
    /// A text without brackets is a list with `|` between its elements, as lists of Parquet and arrays of JSON are read.
    Printed,
}

/// The pooling of the embeddings e of the elements of a multi-hot value, with weights w that are 1 unless given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Σ w e.
    #[default]
    Sum,
    /// Σ w e / Σ |w|, and 0 if all weights are 0.
    Mean,
    /// Σ w e / √(Σ w²), and 0 if all weights are 0.
    SqrtN,
}

/// Learns the ids of the elements.
#[derive(Clone, Debug)]
pub(crate) struct MultiHotFitter {
    lookup: LookupFitter,
    list: List,
    pooling: Pooling,
}

/// Writes the ids of a row's elements, with weights unless the pooling is the sum of unweighted elements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MultiHotEncoder {
    lookup: Lookup,
    list: List,
    pooling: Pooling,
}

/// The rules that cut a value into elements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct List {
    separator: char,
    weighted: bool,
    /// At least 1; `None` if all elements are kept.
    max_length: Option<u64>,
    format: ListFormat,
}

impl Kind for MultiHot {
    type Fitter = MultiHotFitter;

    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        self.ids.keys(visitor);
        visitor.key("list", &mut self.list);
        visitor.key("separator", &mut self.separator);
        visitor.key("pooling", &mut self.pooling);
        visitor.key("weights", &mut self.weights);
        visitor.key("max_length", &mut self.max_length);
        visitor.key("spelling", &mut self.spelling);
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = self.ids.problems();
        let separator = self.separator.as_deref().unwrap_or(SEPARATOR);
        let mut check = |good, key, must, is: &str| {
            problems.extend(Problem::unless(good, key, must, is));
        };
        let shown = format!("{separator:?}");
        check(single_char(separator).is_some(), "separator", "be one character", &shown);
        let colon = self.weights == Some(true) && separator == ":";
        check(!colon, "separator", "not be a colon if elements have weights", &shown);
        check(self.max_length != Some(0), "max_length", "be at least 1", "0");
        if self.list == Some(ListFormat::Printed) {
            let given =
                [("separator", self.separator.is_some()), ("weights", self.weights == Some(true))];
            let message = "has no meaning with `list = \"printed\"`";
            let foreign = given.into_iter().filter(|(_, is_given)| *is_given);
            problems.extend(foreign.map(|(key, _)| Problem::new(key, message)));
        }
        problems
    }

    fn fitter(&self, field: &str) -> MultiHotFitter {
        let list = List {
            separator: self.separator.as_deref().and_then(single_char).unwrap_or('|'),
            weighted: self.weights.unwrap_or(false),
            max_length: self.max_length.map(|length| length as u64),
            format: self.list.unwrap_or_default(),
        };
        let (lookup, pooling) = (LookupFitter::new(&self.ids, field, self.spelling), self.pooling);
        MultiHotFitter { lookup, list, pooling: pooling.unwrap_or_default() }
    }
}

/// The only character of `text`; `None` if it has none or several.
pub(crate) fn single_char(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

impl Fit for MultiHotFitter {
    type Encoder = MultiHotEncoder;

    fn accepts_any_text(&self) -> bool {
        self.list.format == ListFormat::Separated && !self.list.weighted
    }

    fn check(&mut self, text: Option<&str>) -> Result<Checked, ValueError> {
        if self.list.format == ListFormat::Printed {
            printed(text).map(drop)?;
        } else if self.list.weighted {
            self.list.kept(text).try_for_each(|element| self.list.read(element).map(drop))?;
        }
        Ok(Checked::Text)
    }

    /// Counts each occurrence of a kept element; weights play no part.
    fn observe(&mut self, text: Option<&str>, positive: bool) -> Result<(), ValueError> {
        let Self { lookup, list, .. } = self;
        if list.format == ListFormat::Printed {
            let mut elements = printed(text)?.take(list.limit());
            return elements.try_for_each(|element| lookup.observe(&element, positive));
        }
        list.kept(text).try_for_each(|element| lookup.observe(list.read(element)?.0, positive))
    }

    fn has_rounded_ids(&self) -> bool {
        self.lookup.is_rounded()
    }

    fn finish(self) -> MultiHotEncoder {
        let Self { lookup, list, pooling } = self;
        MultiHotEncoder { lookup: lookup.finish(), list, pooling }
    }
}

impl Encode for MultiHotEncoder {
    fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        if self
            .list
            .max_length
            .is_some_and(|length| length == 0 || usize::try_from(length).is_err())
        {
            let problem =
                format!("field `{field}`: the maximum number of elements is out of range");
            return Err(FeatureError::State { problem });
        }
        self.lookup.restore(field)
    }

    fn shape(&self, name: &str) -> FieldShape {
        self.lookup.shape(name, true)
    }

    fn kind(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> String {
        let List { separator, weighted, max_length, format } = self.list;
        let weighted = if weighted { "weighted, " } else { "" };
        let length = max_length.map_or_else(String::new, |length| format!("at most {length}, "));
        let Self { lookup, pooling, .. } = self;
        let elements = match format {
            ListFormat::Separated => format!("elements separated by {separator:?}"),
            ListFormat::Printed => "printed lists".to_owned(),
        };
        format!(
            "{lookup}, spelling: {}, {elements}, {weighted}{length}{pooling}",
            lookup.spelling()
        )
    }

    fn form(&self) -> ValueForm {
        ValueForm::List { separator: self.list.separator }
    }

    fn encode(
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
        } else if self.list.format == ListFormat::Printed {
            self.push_unweighted(printed(text)?, column, &mut row_counts)
        } else {
            self.push_unweighted(self.list.elements(text), column, &mut row_counts)
        };
        if !column.end_bag(weight) {
            return Err(ValueError::TooMany(u32::MAX));
        }
        *counts += row_counts;
        Ok(())
    }

    fn lookup(&self) -> Option<&Lookup> {
        Some(&self.lookup)
    }
}

impl MultiHotEncoder {
    /// Appends the elements to the open row.
    ///
    /// Returns the weight of each element; `None` if it is 1 in every row.
    fn push_unweighted<T: AsRef<str>>(
        &self,
        mut elements: impl Iterator<Item = T>,
        column: &mut SparseColumn,
        counts: &mut FieldCounts,
    ) -> Option<f32> {
        for element in elements.by_ref().take(self.list.limit()) {
            column.push_open(self.lookup.encode(Some(element.as_ref()), counts));
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
        for element in elements.by_ref().take(self.list.limit()) {
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
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::SqrtN => "sqrt-n",
        })
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
        self.elements(text).take(self.limit())
    }

    /// The word of an element and its weight, which is 1 if none is given.
    fn read(self, element: &str) -> Result<(&str, f32), ValueError> {
        let Some((word, weight)) = element.rsplit_once(BEFORE_WEIGHT).filter(|_| self.weighted)
        else {
            return Ok((element, 1.0));
        };
        let word = word.trim_end_matches(' ');
        let weight = NumberForm::default().parse(weight.trim_start_matches(' '));
        let weight = weight.map_err(|_| WEIGHTED)?;
        if word.is_empty() { Err(WEIGHTED) } else { Ok((word, weight as f32)) }
    }

    /// The number of elements that are kept.
    fn limit(self) -> usize {
        self.max_length.map_or(usize::MAX, |length| length as usize)
    }
}

/// The elements of a list as programs print it, or of a list without brackets.
fn printed(text: Option<&str>) -> Result<impl Iterator<Item = Cow<'_, str>>, ValueError> {
    let list = text.and_then(PrintedList::read);
    let rest = text.filter(|_| list.is_none());
    let has_bracket =
        |text: &str| text.starts_with(['[', '(', '{']) || text.ends_with([']', ')', '}']);
    // A typed list of names such as `(a)` has brackets too.
    if rest.is_some_and(|text| has_bracket(text) && !text.contains(TYPED_SEPARATOR)) {
        return Err(PRINTED);
    }
    let parts = rest.into_iter().flat_map(|text| text.split(TYPED_SEPARATOR));
    let parts = parts.map(|part| part.trim_matches(' ')).filter(|part| !part.is_empty());
    Ok(list.into_iter().flatten().flatten().chain(parts.map(Cow::Borrowed)))
}

/// Counts the elements after the maximum length.
fn count_clipped<T>(beyond: impl Iterator<Item = T>, counts: &mut FieldCounts) {
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
    use crate::lookup::id_keys::VocabularyKeys;

    fn encode(
        pooling: Pooling,
        separator: &str,
        texts: &[Option<&str>],
    ) -> (SparseColumn, FieldCounts) {
        let vocabulary = VocabularyKeys { top: Some(2), ..VocabularyKeys::default() };
        let keys = MultiHot {
            ids: IdKeys { vocabulary, ..IdKeys::default() },
            pooling: Some(pooling),
            separator: Some(separator.to_owned()),
            ..MultiHot::default()
        };
        let mut fitter = keys.fitter("f");
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
        let (pooling, weights) = (Some(pooling), Some(true));
        let keys = MultiHot { pooling, weights, max_length, ..MultiHot::default() };
        let mut fitter = keys.fitter("f");
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
        let mut fitter = MultiHot { weights: Some(true), ..MultiHot::default() }.fitter("f");
        let encoder = weighted(Pooling::Sum, None);
        for text in ["a:", "a:x|b", "b|a:nan", "a:inf", "a:1e39", ":0.5", " :1"] {
            assert_eq!(encode_one(&encoder, Some(text)), Err(WEIGHTED), "{text}");
            assert_eq!(fitter.check(Some(text)), Err(WEIGHTED), "{text}");
        }
        assert!(MultiHot::default().fitter("f").check(Some("a:x")).is_ok());
    }

    #[test]
    fn elements_after_the_maximum_length_are_clipped() {
        let encoder = weighted(Pooling::Mean, Some(2));
        let (weights, max_length) = (Some(true), Some(2));
        let keys = MultiHot { weights, max_length, ..MultiHot::default() };
        assert_eq!(keys.fitter("f").check(Some("b|a|b||a:x")), Ok(Checked::Text));
        let (column, counts) = encode_one(&encoder, Some("b|a|b||a:x")).expect("kept are good");
        assert_eq!((column.ids(), column.weights()), (&[4, 3][..], &[0.5, 0.5][..]));
        assert_eq!(counts, FieldCounts { values: 4, clipped: 2, ..FieldCounts::default() });

        let mut fitter = MultiHot { max_length: Some(1), ..MultiHot::default() }.fitter("f");
        fitter.observe(Some("a|b"), false).expect("few values");
        let (column, counts) = encode_one(&fitter.finish(), Some("b|a|b")).expect("few values");
        assert_eq!((column.ids(), column.weights()), (&[1][..], &[][..]));
        let expected = FieldCounts { values: 3, clipped: 2, unseen: 1, ..FieldCounts::default() };
        assert_eq!(counts, expected);
    }

    #[test]
    fn forged_states_are_refused() {
        let check = |max_length, expected: Result<(), &str>| {
            let mut encoder = weighted(Pooling::Sum, Some(7));
            encoder.list.max_length = max_length;
            let restored = encoder.restore("f").map_err(|error| error.to_string());
            assert_eq!(restored, expected.map_err(str::to_owned), "{max_length:?}");
        };
        check(Some(7), Ok(()));
        check(None, Ok(()));
        check(
            Some(0),
            Err("stored encoder: field `f`: the maximum number of elements is out of range"),
        );
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
