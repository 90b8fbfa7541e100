//! Text fields: each tri-letter gram of a value's words is an id.
//!
//! As in DSSM (Huang and others, CIKM 2013), a `#` is added before and after each word, and every three consecutive
//! characters are a gram: `cat` has `#ca`, `cat` and `at#`.
//! Words are separated by Unicode white space and lower-cased; a character is a Unicode scalar value, in any script.
//! Rejected: whole words, because they need far more ids, and a word shares no id with its plural or a misspelling.
//!
//! Characters are lower-cased one by one, so that making a gram allocates nothing.
//! `str::to_lowercase` differs from this only in the form of a sigma at the end of a Greek word.
//! Grams with the same id are merged, which keeps the rows short whose embeddings are summed.

use std::iter::once;
use std::{fmt, str};

use serde::{Deserialize, Serialize};

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::counts::FieldCounts;
use crate::description::ValueForm;
use crate::error::FeatureError;
use crate::keys::KeyVisitor;
use crate::kind::{Encode, Fit, Kind};
use crate::lookup::id_keys::IdKeys;
use crate::lookup::{Lookup, LookupFitter};
use crate::problem::Problem;
use crate::raw::spelling::Spelling;
use crate::raw::value_text::ValueError;

/// The name of the kind.
const NAME: &str = "text";

/// The character before and after a word.
const MARK: char = '#';

/// The keys of a text field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The ids of the grams.
    pub ids: IdKeys,
    /// The weight of a gram that occurs several times, `counts` (the default) or `binary`.
    pub grams: Option<Grams>,
}

/// The weight of a gram of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grams {
    /// The number of times that it occurs.
    #[default]
    Counts,
    /// 1, however often it occurs.
    Binary,
}

/// Learns the ids of the grams.
#[derive(Clone, Debug)]
pub(crate) struct TextFitter {
    lookup: LookupFitter,
    grams: Grams,
}

/// Writes the ids of a row's grams, ascending, each once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TextEncoder {
    lookup: Lookup,
    grams: Grams,
}

impl Kind for Text {
    type Fitter = TextFitter;

    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        self.ids.keys(visitor);
        visitor.key("grams", &mut self.grams);
    }

    fn problems(&self) -> Vec<Problem> {
        self.ids.problems()
    }

    fn fitter(&self, field: &str) -> TextFitter {
        let grams = self.grams.unwrap_or_default();
        TextFitter { lookup: LookupFitter::new(&self.ids, field, Some(Spelling::Text)), grams }
    }
}

impl Fit for TextFitter {
    type Encoder = TextEncoder;

    /// Counts each occurrence of a gram.
    fn observe(&mut self, text: Option<&str>, positive: bool) -> Result<(), ValueError> {
        text.map_or(Ok(()), |text| {
            try_for_each_gram(text, |gram| self.lookup.observe(gram, positive))
        })
    }

    fn finish(self) -> TextEncoder {
        TextEncoder { lookup: self.lookup.finish(), grams: self.grams }
    }
}

impl Encode for TextEncoder {
    fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        self.lookup.restore(field)
    }

    fn shape(&self, name: &str) -> FieldShape {
        self.lookup.shape(name, true)
    }

    fn kind(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> String {
        format!("{}, tri-letter grams, {}", self.lookup, self.grams)
    }

    fn form(&self) -> ValueForm {
        ValueForm::Texts
    }

    fn encode(
        &self,
        text: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        let column = column.sparse_mut();
        let mut row_counts = FieldCounts::default();
        if let Some(text) = text {
            try_for_each_gram(text, |gram| {
                column.push_open(self.lookup.encode(Some(gram), &mut row_counts));
                Ok(())
            })?;
        }
        if column.open_len() == 0 {
            column.push_open(self.lookup.encode(None, &mut row_counts));
        }
        match self.grams {
            Grams::Counts => column.merge_open(),
            Grams::Binary => column.dedup_open(),
        }
        if !column.end_bag(None) {
            return Err(ValueError::TooMany(u32::MAX));
        }
        *counts += row_counts;
        Ok(())
    }

    fn lookup(&self) -> Option<&Lookup> {
        Some(&self.lookup)
    }
}

impl fmt::Display for Grams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counts => "counts",
            Self::Binary => "binary",
        })
    }
}

/// A gram: three characters in UTF-8.
struct Gram {
    bytes: [u8; 12],
    length: usize,
}

impl Gram {
    fn new(letters: [char; 3]) -> Self {
        let (mut bytes, mut length) = ([0; 12], 0);
        for letter in letters {
            length += letter.encode_utf8(&mut bytes[length..]).len();
        }
        Self { bytes, length }
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

/// Calls `work` with the grams of all words in order, up to the first error.
fn try_for_each_gram(
    text: &str,
    mut work: impl FnMut(&str) -> Result<(), ValueError>,
) -> Result<(), ValueError> {
    if text.is_ascii() {
        return try_for_each_ascii_gram(text.as_bytes(), work);
    }
    grams(text).try_for_each(|gram| work(gram.as_str()))
}

/// As [`try_for_each_gram`], for ASCII, whose characters are bytes.
fn try_for_each_ascii_gram(
    text: &[u8],
    mut work: impl FnMut(&str) -> Result<(), ValueError>,
) -> Result<(), ValueError> {
    const MARK: u8 = b'#';
    // The ASCII characters that are Unicode white space; `u8::is_ascii_whitespace` lacks the vertical tab.
    let is_space = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        let mut gram = [0, MARK, word[0].to_ascii_lowercase()];
        for letter in word[1..].iter().map(u8::to_ascii_lowercase).chain([MARK]) {
            gram = [gram[1], gram[2], letter];
            work(str::from_utf8(&gram).unwrap_or_default())?;
        }
    }
    Ok(())
}

/// The grams of all words, in order.
fn grams(text: &str) -> impl Iterator<Item = Gram> {
    text.split_whitespace().flat_map(grams_of_word)
}

fn grams_of_word(word: &str) -> impl Iterator<Item = Gram> {
    let letters = word.chars().flat_map(char::to_lowercase);
    let marked = once(MARK).chain(letters).chain(once(MARK));
    let windows = marked.scan(['\0'; 2], |before, letter| {
        let window = [before[0], before[1], letter];
        *before = [before[1], letter];
        Some(window)
    });
    windows.skip(2).map(Gram::new)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::batch::sparse::SparseColumn;
    use crate::lookup::id_keys::{HashKeys, VocabularyKeys};

    fn grams_of(text: &str) -> Vec<String> {
        let mut grams = Vec::new();
        let pushed = try_for_each_gram(text, |gram| {
            grams.push(gram.to_owned());
            Ok(())
        });
        assert_eq!(pushed, Ok(()));
        grams
    }

    #[track_caller]
    fn check_grams(text: &str, expected: &str) {
        assert_eq!(grams_of(text), expected.split(' ').collect::<Vec<_>>(), "{text:?}");
    }

    #[test]
    fn marked_words_have_grams_of_three_letters() {
        check_grams("cat", "#ca cat at#");
        check_grams("a", "#a#");
        check_grams("I am", "#i# #am am#");
        check_grams("  Vegas\tVEGAS\u{a0}", "#ve veg ega gas as# #ve veg ega gas as#");
        check_grams("c#", "#c# c##");
        check_grams("Ärger", "#är ärg rge ger er#");
        check_grams("深交叉", "#深交 深交叉 交叉#");
        check_grams("ΟΔΟΣ", "#οδ οδο δοσ οσ#");
        check_grams("👍🏽", "#👍🏽 👍🏽#");
        // One capital letter is two characters in lower case.
        check_grams("İ", "#i\u{307} i\u{307}#");
        for blank in ["", " ", "\u{2003}\r\n"] {
            assert_eq!(grams_of(blank), [""; 0]);
        }
    }

    fn keys(grams: Grams) -> Text {
        Text { grams: Some(grams), ..Text::default() }
    }

    fn hash(buckets: Option<u32>) -> IdKeys {
        let hash = HashKeys { buckets, ..HashKeys::default() };
        IdKeys { hash, ..IdKeys::default() }
    }

    fn fit(keys: &Text, training: &[&str]) -> TextEncoder {
        let mut fitter = keys.fitter("f");
        for text in training {
            fitter.observe(Some(text), false).expect("few grams");
        }
        fitter.finish()
    }

    fn encode(encoder: &TextEncoder, texts: &[Option<&str>]) -> (SparseColumn, FieldCounts) {
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        for &text in texts {
            encoder.encode(text, &mut column, &mut counts).expect("few grams");
        }
        (column.sparse_mut().clone(), counts)
    }

    #[test]
    fn equal_grams_are_one_id() {
        let texts = [Some("aa a zz A"), None, Some(" "), Some("aa")];
        let training = ["a a a aa"];
        let counted = encode(&fit(&keys(Grams::Counts), &training), &texts);
        // In the order of counts, then of bytes: `#a#` is 3, `#aa` is 4, `aa#` is 5.
        assert_eq!(counted.0.ids(), [1, 3, 4, 5, 0, 0, 4, 5]);
        assert_eq!(counted.0.weights(), [2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(counted.0.offsets(), Some(&[0, 4, 5, 6, 8][..]));
        let expected = FieldCounts { values: 10, missing: 2, unseen: 2, ..FieldCounts::default() };
        assert_eq!(counted.1, expected);

        let binary = encode(&fit(&keys(Grams::Binary), &training), &texts);
        assert_eq!((binary.0.ids(), binary.0.offsets()), (counted.0.ids(), counted.0.offsets()));
        assert_eq!(binary.0.weights(), [0.0; 0]);
        assert_eq!(binary.1, expected);
    }

    #[test]
    fn grams_are_chosen_like_any_values() {
        let (min_count, top) = (Some(2), Some(1));
        let vocabulary = VocabularyKeys { min_count, top, ..VocabularyKeys::default() };
        let ids = IdKeys { vocabulary, ..IdKeys::default() };
        let limited = Text { ids, ..keys(Grams::Counts) };
        let encoder = fit(&limited, &["b b a a a"]);
        assert_eq!(encode(&encoder, &[Some("a b c")]).0.ids(), [1, 2, 3]);
        let hashed = Text { ids: hash(Some(1)), ..keys(Grams::Counts) };
        let (column, _) = encode(&fit(&hashed, &[]), &[Some("any word")]);
        assert_eq!((column.ids(), column.weights()), (&[1][..], &[7.0][..]));
    }

    /// The same grams with their counts, made in a simple way.
    fn naive(text: &str) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for word in text.split_whitespace() {
            let lower: String =
                word.chars().map(|letter| letter.to_lowercase().to_string()).collect();
            let marked: Vec<char> = format!("#{lower}#").chars().collect();
            for window in marked.windows(3) {
                *counts.entry(window.iter().collect()).or_default() += 1;
            }
        }
        counts
    }

    #[test]
    fn an_error_ends_the_grams() {
        for text in ["cat", "cät"] {
            let mut n_grams = 0;
            let ended = try_for_each_gram(text, |_| {
                n_grams += 1;
                if n_grams == 2 { Err(ValueError::Utf8) } else { Ok(()) }
            });
            assert_eq!((ended, n_grams), (Err(ValueError::Utf8), 2), "{text}");
        }
    }

    proptest! {
        #[test]
        fn grams_of_ascii_are_those_of_any_text(text in "[\\x00-\\x7f]{0,40}") {
            let plain: Vec<_> = grams(&text).map(|gram| gram.as_str().to_owned()).collect();
            prop_assert_eq!(grams_of(&text), plain);
        }

        #[test]
        fn bags_hold_the_counts_of_all_grams(
            training in vec("[a-cA-C é#]{0,12}", 0..8),
            text in prop_oneof!["[a-dA-D é#]{0,20}", ".{0,20}"],
            buckets in prop::option::of(1_u32..50),
            binary: bool,
        ) {
            let grams = if binary { Grams::Binary } else { Grams::Counts };
            let training: Vec<_> = training.iter().map(String::as_str).collect();
            let encoder = fit(&Text { ids: hash(buckets), ..keys(grams) }, &training);
            let (column, counts) = encode(&encoder, &[Some(&text)]);
            let mut expected = BTreeMap::<u32, f32>::new();
            for (gram, count) in naive(&text) {
                let id = encoder.lookup.encode(Some(&gram), &mut FieldCounts::default());
                *expected.entry(id).or_default() += count as f32;
            }
            if expected.is_empty() {
                expected.insert(0, 1.0);
            }
            prop_assert_eq!(column.ids(), expected.keys().copied().collect::<Vec<_>>());
            prop_assert_eq!(counts.values as f32, expected.values().sum::<f32>());
            let weights: Vec<_> = expected.into_values().collect();
            prop_assert_eq!(column.weights(), if binary { &[] } else { &weights[..] });
        }
    }
}
