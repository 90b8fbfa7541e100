//! A raw value, and a run of values of one column, for encoders that process many rows at once.
//!
//! Most values of click logs have at most eight bytes.
//! These bytes are held in one number, which is read in one go.
//! So comparing, hashing and parsing a value is arithmetic, without a loop whose end the processor must predict.

use std::iter;

use crate::raw::value_text::Missing;

/// The largest number of values that are processed together.
pub(crate) const RUN: usize = 32;

/// Masks of the first n bytes of a word, for n from 0 to 8.
const MASKS: [u64; 9] = {
    let mut masks = [u64::MAX; 9];
    let mut n = 0;
    while n < 8 {
        masks[n] = (1 << (8 * n)) - 1;
        n += 1;
    }
    masks
};

/// The text of a value, and its first bytes as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    bytes: &'a [u8],
    word: u64,
}

/// Up to [`RUN`] values of one column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    values: [Value<'a>; RUN],
    len: usize,
    /// A bit for each value that is missing, the first one lowest.
    missing: u32,
}

impl<'a> Value<'a> {
    /// The number of bytes that [`word`](Self::word) holds.
    pub(crate) const WORD: usize = 8;

    /// A value in the place of a missing one; it is looked up too, but the result is not used.
    ///
    /// It is as long as most values, so that the processor predicts the length of the next one.
    const PLACEHOLDER: Self = Self { bytes: b"missing!", word: u64::from_le_bytes(*b"missing!") };

    /// No value: a missing one, whatever texts mean "missing".
    pub const NULL: Self = Self { bytes: &[], word: u64::MAX };

    /// The value of these bytes, which must be UTF-8.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        let word = match bytes.first_chunk() {
            Some(&first) => u64::from_le_bytes(first),
            None => bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
        };
        Self { bytes, word }
    }

    /// The value of the bytes of `text` from `start` to `end`.
    ///
    /// This is faster than [`new`](Self::new) if `text` has at least eight bytes from `start` on, even if the value has
    /// fewer.
    ///
    /// # Panics
    /// If `text` has no such bytes.
    #[inline]
    #[track_caller]
    pub fn within(text: &'a [u8], start: usize, end: usize) -> Self {
        let bytes = &text[start..end];
        match text[start..].first_chunk() {
            Some(&first) => {
                Self { bytes, word: u64::from_le_bytes(first) & Self::mask(bytes.len()) }
            }
            None => Self::new(bytes),
        }
    }

    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether there is no value; the word of an empty text is 0.
    #[inline]
    pub(crate) fn is_null(&self) -> bool {
        self.bytes.is_empty() & (self.word != 0)
    }

    /// The first eight bytes as a little-endian number; bytes after the end of the value count as 0.
    #[inline]
    pub fn word(&self) -> u64 {
        self.word
    }

    /// The mask of the first `n` bytes of a word.
    #[inline]
    pub(crate) fn mask(n: usize) -> u64 {
        MASKS[n.min(Self::WORD)]
    }

    /// Whether the word holds all bytes of the value.
    #[inline]
    pub(crate) fn is_short(&self) -> bool {
        self.bytes.len() <= Self::WORD
    }
}

impl<'a> Run<'a> {
    /// A run of no values.
    pub(crate) const EMPTY: Self = Self { values: [Value::PLACEHOLDER; RUN], len: 0, missing: 0 };

    /// Replaces the values of this run by up to [`RUN`] of `values`; `missing` decides which of them are missing.
    ///
    /// Returns false if one of the values is not text.
    #[inline]
    pub(crate) fn fill(
        &mut self,
        values: impl Iterator<Item = Option<Value<'a>>>,
        missing: &Missing<'_>,
    ) -> bool {
        let (mut len, mut bits) = (0, 0_u32);
        for (place, value) in iter::zip(&mut self.values, values) {
            let Some(value) = value else { return false };
            bits |= u32::from(value.is_null() | missing.contains(value.bytes)) << len;
            *place = value;
            len += 1;
        }
        (self.len, self.missing) = (len, bits);
        // Few values are missing, and the processor cannot predict which: a loop visits only these.
        while bits != 0 {
            self.values[bits.trailing_zeros() as usize] = Value::PLACEHOLDER;
            bits &= bits - 1;
        }
        self.values[len..].fill(Value::PLACEHOLDER);
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The values, with placeholders for missing ones and after the last one.
    #[inline]
    pub(crate) fn values(&self) -> &[Value<'a>; RUN] {
        &self.values
    }

    /// A bit for each value that is missing, the first one lowest.
    pub(crate) fn missing(&self) -> u32 {
        self.missing
    }

    #[inline]
    pub(crate) fn is_missing(&self, index: usize) -> bool {
        self.missing >> index & 1 == 1
    }

    pub(crate) fn n_missing(&self) -> u64 {
        self.missing.count_ones().into()
    }

    /// The bytes of each value; `None` if it is missing.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Option<&'a [u8]>> {
        let text =
            |(index, value): (usize, &Value<'a>)| (!self.is_missing(index)).then_some(value.bytes);
        self.values[..self.len].iter().enumerate().map(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_hold_the_first_bytes(text in prop::collection::vec(any::<u8>(), 0..20), end: usize) {
            let end = end % (text.len() + 1);
            for start in 0..=end {
                let value = Value::within(&text, start, end);
                let mut first = [0; 8];
                let n = (end - start).min(8);
                first[..n].copy_from_slice(&text[start..start + n]);
                prop_assert_eq!(value.word(), u64::from_le_bytes(first));
                prop_assert_eq!(value.bytes(), &text[start..end]);
                prop_assert_eq!(value, Value::new(&text[start..end]));
            }
        }

        #[test]
        fn a_run_holds_its_values(texts in prop::collection::vec("|\\?|[a-c]{1,10}", 0..RUN + 1)) {
            let missing = ["".to_owned(), "?".to_owned()];
            let values = texts.iter().map(|text| Some(Value::new(text.as_bytes())));
            let mut run = Run::EMPTY;
            for _ in 0..2 {
                prop_assert!(run.fill(values.clone(), &Missing::new(&missing)));
            }
            let expected = texts.iter().map(|text| Some(text.as_bytes()).filter(|_| !missing.contains(text)));
            prop_assert!(run.texts().eq(expected.clone()));
            prop_assert_eq!(run.len(), texts.len());
            prop_assert_eq!(run.n_missing(), expected.filter(Option::is_none).count() as u64);
        }
    }

    #[test]
    fn no_value_is_missing_and_an_empty_text_is_a_value() {
        let mut run = Run::EMPTY;
        let values = [Some(Value::NULL), Some(Value::new(b""))];
        assert!(run.fill(values.into_iter(), &Missing::new(&[])));
        assert_eq!(run.missing(), 1);
    }

    #[test]
    fn a_run_accepts_only_text() {
        let values = [Some(Value::new(b"a")), None];
        assert!(!Run::EMPTY.clone().fill(values.into_iter(), &Missing::new(&[])));
    }
}
