//! The bytes of a header: names, and bincode within bounds.

use std::marker::PhantomData;

use bincode::config::{Configuration, Limit, LittleEndian, Varint, standard};
use bincode::error::DecodeError;
use deepcross_files::{Cursor, MissingBytes};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::FormatError;
use super::bounded_deserializer::Bounded;

/// The greatest length of a header in bytes, both written and read: 256 MiB.
pub const MAX_HEADER_LENGTH: usize = 256 << 20;

/// The limit for bincode, which counts an integer by its size in memory: 8 bytes, although it may be one byte in the
/// file.
const LIMIT: usize = 8 * MAX_HEADER_LENGTH;

const CONFIGURATION: Configuration<LittleEndian, Varint, Limit<LIMIT>> =
    standard().with_limit::<LIMIT>();

/// Appends the bytes of `content`.
pub(super) fn encode<T: Serialize>(content: &T, bytes: &mut Vec<u8>) -> Result<(), FormatError> {
    bincode::serde::encode_into_std_write(content, bytes, CONFIGURATION)
        .map(drop)
        .map_err(|error| FormatError::UnsupportedHeader { reason: error.to_string() })
}

/// Decodes content, which takes up all of `bytes`; the error says why they cannot be decoded.
///
/// At most 1 MiB is allocated for each level of nesting, besides the content itself, whose size depends on its type and
/// on the number of bytes.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let seed = Bounded::<PhantomData<T>>::seed(bytes.len());
    let (content, length) = bincode::serde::seed_decode_from_slice(seed, bytes, CONFIGURATION)
        .map_err(|error| reason(&error))?;
    match bytes.len() - length {
        0 => Ok(content),
        rest => Err(format!("{rest} bytes follow its end")),
    }
}

/// Appends a text: its length in bytes, u32, and its bytes.
pub(super) fn write_text(text: &str, bytes: &mut Vec<u8>) {
    // A text of 4 GiB or more makes the header longer than it may be, which is refused.
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text.as_bytes());
}

/// Takes a text that [`write_text`] wrote.
pub(super) fn read_text<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, FormatError> {
    let length = in_header(cursor.u32())?;
    std::str::from_utf8(in_header(cursor.take(length.into()))?)
        .map_err(|_| FormatError::Header { reason: "a name is not valid UTF-8".to_owned() })
}

/// What was taken from a header, or the error of a header that ends too early.
pub(super) fn in_header<T>(taken: Result<T, MissingBytes>) -> Result<T, FormatError> {
    taken.map_err(|_| FormatError::Header { reason: "it ends within a value".to_owned() })
}

/// Refuses a header of more than [`MAX_HEADER_LENGTH`] bytes.
pub(super) fn check_length(length: u64) -> Result<(), FormatError> {
    let limit = MAX_HEADER_LENGTH as u64;
    if length > limit { Err(FormatError::HeaderTooLong { length, limit }) } else { Ok(()) }
}

fn reason(error: &DecodeError) -> String {
    match error {
        DecodeError::UnexpectedEnd { .. } => "it ends within a value".to_owned(),
        DecodeError::Utf8 { .. } => "a string is not valid UTF-8".to_owned(),
        DecodeError::OtherString(reason) => reason.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::{Deserializer, Visitor};
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;
    use std::fmt;

    /// A value of each kind that serde knows.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        numbers: (bool, char, u8, i16, u32, i64, f32, f64),
        text: String,
        list: Vec<Option<Kind>>,
        map: BTreeMap<String, u64>,
        nothing: (),
        unit: Unit,
        wrapped: Wrapped,
        pair: Pair,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Unit,
        Newtype(String),
        Tuple(u8, u64),
        Struct { key: Vec<u8> },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Unit;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Wrapped(Vec<u64>);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Pair(String, [u16; 3]);

    fn encode<T: Serialize>(content: &T) -> Vec<u8> {
        let mut bytes = Vec::new();
        super::encode(content, &mut bytes).unwrap();
        bytes
    }

    fn everything() -> Everything {
        Everything {
            numbers: (true, 'é', 200, -300, 70_000, i64::MIN, 0.1, -0.1),
            text: "text, ünïcode".to_owned(),
            list: vec![
                None,
                Some(Kind::Unit),
                Some(Kind::Newtype("value".to_owned())),
                Some(Kind::Tuple(1, u64::MAX)),
                Some(Kind::Struct { key: vec![0, 255] }),
            ],
            map: BTreeMap::from([("one".to_owned(), 1), ("many".to_owned(), 1 << 40)]),
            nothing: (),
            unit: Unit,
            wrapped: Wrapped(vec![1, 1000]),
            pair: Pair(String::new(), [1, 2, 3]),
        }
    }

    #[test]
    fn every_kind_of_value_comes_back() {
        let value = everything();
        assert_eq!(decode::<Everything>(&encode(&value)), Ok(value));
    }

    #[test]
    fn a_header_that_ends_anywhere_else_is_refused() {
        let mut bytes = encode(&everything());
        for length in 0..bytes.len() {
            decode::<Everything>(&bytes[..length]).unwrap_err();
        }
        bytes.push(0);
        assert_eq!(decode::<Everything>(&bytes), Err("1 bytes follow its end".to_owned()));
    }

    #[track_caller]
    fn check_refused<T: DeserializeOwned + fmt::Debug>(bytes: &[u8], reason: &str) {
        assert_eq!(decode::<T>(bytes).unwrap_err(), reason);
    }

    #[test]
    fn forged_lengths_are_refused() {
        // 253 announces an integer of eight bytes. An allocation of either length would end the process.
        let length = |length: u64| [&[253][..], &length.to_le_bytes()].concat();
        check_refused::<String>(&length(1 << 30), "it ends within a value");
        check_refused::<Option<String>>(
            &[&[1], &length(1 << 30)[..]].concat(),
            "it ends within a value",
        );
        let reason = "a sequence of 9223372036854775808 elements in 9 bytes";
        check_refused::<Vec<u8>>(&length(1 << 63), reason);
        check_refused::<Vec<u64>>(&length(1 << 63), reason);
        check_refused::<BTreeMap<u64, String>>(&length(1 << 63), reason);
        check_refused::<Vec<()>>(&length(1 << 63), reason);
    }

    #[test]
    fn other_invalid_bytes_are_refused() {
        check_refused::<String>(&[2, 0xC3, 0x28], "a string is not valid UTF-8");
        check_refused::<bool>(&[2], "InvalidBooleanValue(2)");
        assert!(decode::<Kind>(&[4]).is_err());
    }

    /// Each level is one byte, which says that another level follows.
    #[derive(Debug, Serialize, Deserialize)]
    struct Nested(Option<Box<Nested>>);

    #[test]
    fn endless_nesting_is_refused() {
        check_refused::<Nested>(&[1; 1 << 20], "it is nested more than 64 levels deep");
    }

    /// Accepts a string only if it is borrowed from the input.
    #[derive(Debug)]
    struct Borrowed;

    impl<'de> Deserialize<'de> for Borrowed {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct BorrowedVisitor;
            impl<'de> Visitor<'de> for BorrowedVisitor {
                type Value = Borrowed;

                fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str("a string borrowed from the input")
                }

                fn visit_borrowed_str<E>(self, _: &'de str) -> Result<Borrowed, E> {
                    Ok(Borrowed)
                }

                fn visit_borrowed_bytes<E>(self, _: &'de [u8]) -> Result<Borrowed, E> {
                    Ok(Borrowed)
                }
            }
            deserializer.deserialize_string(BorrowedVisitor)
        }
    }

    /// A string that is borrowed from the input was not allocated by a length that nobody had checked.
    #[test]
    fn strings_are_borrowed_at_every_depth() {
        #[derive(Debug, Deserialize)]
        struct Holder {
            _list: Vec<Option<Borrowed>>,
            _map: BTreeMap<u8, Choice>,
        }
        #[derive(Debug, Deserialize)]
        enum Choice {
            _Unused,
            Newtype(Borrowed),
            Tuple(Borrowed, Borrowed),
            Struct { _inner: (Borrowed,) },
        }
        let text = Some("text");
        let list = [text, None];
        let map = [(0u8, 1u8, "newtype")];
        let bytes = [
            encode(&list.to_vec()),
            vec![3],
            encode(&map),
            encode(&(1u8, 2u8, ("one", "two"))),
            encode(&(2u8, 3u8, "struct")),
        ]
        .concat();
        decode::<Holder>(&bytes).unwrap();
    }
}
