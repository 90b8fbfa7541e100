//! The strengths of smoothing of a click rate: one number, or several that give a click rate each.

use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

use crate::keys::KeyVisitor;
use crate::limits::is_smoothing;
use crate::problem::Problem;

/// The most strengths.
pub(crate) const MOST: usize = 8;

/// The default; it suits rates with a standard deviation of about a factor of 1.6.
const DEFAULT: f64 = 4.0;

/// The strengths of smoothing of a click rate, in clicks: the rate is written once for each of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Smoothing(pub Vec<f64>);

/// The keys of companion counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CountKeys {
    /// Whether to add a field of companion counts, named like this field with `_counts` appended; by default not.
    pub counts: Option<bool>,
    /// With `counts`: the strengths of smoothing of the click rate, in clicks; one to eight different numbers from 0.001
    /// to 10⁹, by default 4.
    pub smoothing: Option<Smoothing>,
}

impl CountKeys {
    pub(crate) fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        visitor.key("counts", &mut self.counts);
        visitor.key("smoothing", &mut self.smoothing);
    }

    pub(crate) fn problems(&self) -> Vec<Problem> {
        let Some(smoothing) = &self.smoothing else { return Vec::new() };
        let mut problems = Vec::new();
        if !self.is_given() {
            let message = format!("has no meaning without `counts = true`, but is {smoothing}");
            problems.push(Problem::new("smoothing", message));
        }
        problems.extend(Problem::unless(
            smoothing.is_valid(),
            "smoothing",
            smoothing.must(),
            smoothing,
        ));
        problems
    }

    /// Whether there are counts.
    pub(crate) fn is_given(&self) -> bool {
        self.counts == Some(true)
    }
}

impl Smoothing {
    /// Whether there are one to eight different strengths, all in their range.
    pub(crate) fn is_valid(&self) -> bool {
        let Self(all) = self;
        let is_new = |(index, one): (usize, &f64)| !all[..index].contains(one);
        let are_good = all.iter().all(|&one| is_smoothing(one));
        (1..=MOST).contains(&all.len()) && are_good && all.iter().enumerate().all(is_new)
    }

    /// The rule for the strengths, after the word "must".
    fn must(&self) -> &'static str {
        match self.0[..] {
            [_] => "be from 0.001 to 1e9",
            _ => "be one to eight different numbers from 0.001 to 1e9",
        }
    }
}

impl Default for Smoothing {
    fn default() -> Self {
        Self(vec![DEFAULT])
    }
}

impl From<f64> for Smoothing {
    fn from(one: f64) -> Self {
        Self(vec![one])
    }
}

impl<const N: usize> From<[f64; N]> for Smoothing {
    fn from(all: [f64; N]) -> Self {
        Self(all.to_vec())
    }
}

/// As in a configuration.
impl fmt::Display for Smoothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0[..] {
            [one] => one.fmt(f),
            _ => {
                let all: Vec<_> = self.0.iter().map(f64::to_string).collect();
                write!(f, "[{}]", all.join(", "))
            }
        }
    }
}

impl Serialize for Smoothing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let [one] = self.0[..] {
            return serializer.serialize_f64(one);
        }
        let mut into = serializer.serialize_seq(Some(self.0.len()))?;
        self.0.iter().try_for_each(|one| into.serialize_element(one))?;
        into.end()
    }
}

impl<'de> serde::Deserialize<'de> for Smoothing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SmoothingVisitor)
    }
}

struct SmoothingVisitor;

impl<'de> Visitor<'de> for SmoothingVisitor {
    type Value = Smoothing;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a list of numbers")
    }

    fn visit_f64<E: Error>(self, one: f64) -> Result<Smoothing, E> {
        Ok(Smoothing(vec![one]))
    }

    fn visit_i64<E: Error>(self, one: i64) -> Result<Smoothing, E> {
        self.visit_f64(one as f64)
    }

    fn visit_u64<E: Error>(self, one: u64) -> Result<Smoothing, E> {
        self.visit_f64(one as f64)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Smoothing, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = from.next_element()? {
            all.push(one);
        }
        Ok(Smoothing(all))
    }
}

/// Stores the strengths one after the other, each but the last with a minus sign: a single one is stored as a number.
pub(crate) mod stored {
    use std::fmt;

    use serde::de::{Deserializer, SeqAccess, Visitor};
    use serde::ser::{SerializeTuple, Serializer};

    use crate::smoothing::{MOST, Smoothing};

    pub(crate) fn serialize<S: Serializer>(
        smoothing: &Smoothing,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let Smoothing(all) = smoothing;
        let mut into = to.serialize_tuple(all.len())?;
        let stored = |(index, one): (usize, &f64)| if index + 1 < all.len() { -one } else { *one };
        all.iter().enumerate().map(stored).try_for_each(|one| into.serialize_element(&one))?;
        into.end()
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Smoothing, D::Error> {
        from.deserialize_tuple(MOST, Stored)
    }

    struct Stored;

    impl<'de> Visitor<'de> for Stored {
        type Value = Smoothing;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("numbers, each but the last with a minus sign")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Smoothing, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = from.next_element::<f64>()? {
                all.push(one.abs());
                if !one.is_sign_negative() {
                    break;
                }
            }
            Ok(Smoothing(all))
        }
    }
}

#[cfg(test)]
mod tests {
    use bincode::config::standard;
    use bincode::serde::{decode_from_slice, encode_to_vec};
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Field {
        smoothing: Smoothing,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Stored(#[serde(with = "stored")] Smoothing, u8);

    #[test]
    fn smoothing_is_a_number_or_a_list() {
        for (text, expected) in
            [("2.5", vec![2.5]), ("4", vec![4.0]), ("[1, 10.5]", vec![1.0, 10.5]), ("[]", vec![])]
        {
            let field: Field = toml::from_str(&format!("smoothing = {text}")).expect("it is good");
            assert_eq!(field.smoothing, Smoothing(expected));
            let written = toml::to_string(&field).expect("it can be written");
            assert_eq!(toml::from_str(&written), Ok(field));
        }
        let error = toml::from_str::<Field>("smoothing = \"much\"").expect_err("it is a text");
        assert!(error.to_string().contains("expected a number or a list of numbers"), "{error}");
    }

    #[test]
    fn a_single_strength_is_stored_as_a_number() {
        let bytes = |smoothing: Smoothing| {
            encode_to_vec(Stored(smoothing, 7), standard()).expect("it can be stored")
        };
        assert_eq!(bytes(2.5.into()), [&2.5_f64.to_le_bytes()[..], &[7]].concat());
        for smoothing in [Smoothing::from(4.0), [1.0, 10.0].into(), [8.0; MOST].into()] {
            let bytes = bytes(smoothing.clone());
            let decoded = decode_from_slice::<Stored, _>(&bytes, standard()).expect("it decodes");
            assert_eq!(decoded, (Stored(smoothing, 7), bytes.len()));
        }
        // A list without an end is cut, and its numbers are checked later.
        let endless = (-1.0_f64).to_le_bytes().repeat(MOST + 1);
        let (Stored(smoothing, _), _) =
            decode_from_slice(&endless, standard()).expect("it decodes");
        assert_eq!(smoothing.0.len(), MOST);
    }

    #[test]
    fn strengths_are_different_and_in_their_range() {
        for (all, good) in [
            (&[4.0][..], true),
            (&[1.0, 10.0, 100.0], true),
            (&[1.0, 1.0], false),
            (&[1.0, 0.0], false),
            (&[f64::NAN], false),
            (&[], false),
            (&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], true),
            (&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], false),
        ] {
            assert_eq!(Smoothing(all.to_vec()).is_valid(), good, "{all:?}");
        }
    }
}
