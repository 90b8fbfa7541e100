//! The frame around header and tensors, which detects damage.
//!
//! Files other than artifacts can use the same frame: a [`FileKind`] of their own defines how they begin, and how many
//! sets of tensors they have.

use std::cmp::Ordering;
use std::fmt;
use std::io::{self, Write};
use std::slice;
use std::sync::Arc;

use deepcross_autodiff::Params;
use deepcross_files::Cursor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::filling::{ALIGNMENT, take_filling};
use super::map::Map;
use super::tensors::{self, Directory};
use super::{FormatError, header_bytes};

/// The version that [`Encoding`] writes, and the newest that [`decode`] reads.
pub const FORMAT_VERSION: u32 = 1;

/// The artifact: one set of tensors.
pub(super) const ARTIFACT: FileKind = FileKind {
    name: "artifact",
    magic: "DEEPCROS",
    version: FORMAT_VERSION,
    parts: &[Values::Finite],
};

/// The length of a magic.
pub(super) const MAGIC_LENGTH: usize = 8;

/// The length of magic, version, and length and checksum of the header.
const PREAMBLE_LENGTH: u64 = 28;

const CHECKSUM_LENGTH: u64 = 8;

/// A kind of file in the artifact's frame.
///
/// The header of an artifact begins with one directory of tensors. The header of any other kind begins with a sequence
/// of directories, one for each part.
#[derive(Clone, Copy, Debug)]
pub struct FileKind {
    /// The name in messages.
    pub name: &'static str,
    /// The eight bytes that the file begins with.
    pub magic: &'static str,
    /// The version that is written and the newest version that is read; from 1.
    pub version: u32,
    /// The numbers that each set of tensors may have, one entry for each set.
    pub parts: &'static [Values],
}

/// The numbers that tensors may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Only finite numbers, as for weights.
    Finite,
    /// All numbers, with NaN and infinity.
    Any,
}

/// An artifact, or another file in its frame, that is ready to be written.
pub struct Encoding<'a> {
    kind: FileKind,
    header: Vec<u8>,
    parts: Vec<&'a Params<f32>>,
    length: u64,
}

impl<'a> Encoding<'a> {
    /// Encodes the header, and checks that [`decode`] will accept the weights.
    ///
    /// # Errors
    /// If the header is longer than [`MAX_HEADER_LENGTH`](super::MAX_HEADER_LENGTH) or has a value that bincode
    /// cannot encode, if a weight is not finite or a tensor is empty, or if there are more than
    /// [`MAX_TENSORS`](super::MAX_TENSORS).
    pub fn new<H: Serialize>(header: &H, params: &'a Params<f32>) -> Result<Self, FormatError> {
        let directory = Directory::of(params);
        let directories = slice::from_ref(&directory);
        Self::framed(ARTIFACT, vec![params], directories, &(&directory, header))
    }

    /// Encodes a file of another kind, for [`decode_parts`].
    ///
    /// # Errors
    /// As [`new`](Self::new), for each part, and if the kind has another number of parts.
    pub fn of_parts<H: Serialize>(
        kind: FileKind,
        header: &H,
        parts: &[&'a Params<f32>],
    ) -> Result<Self, FormatError> {
        let directories: Vec<_> = parts.iter().copied().map(Directory::of).collect();
        Self::framed(kind, parts.to_vec(), &directories, &(&directories, header))
    }

    fn framed<H: Serialize>(
        kind: FileKind,
        parts: Vec<&'a Params<f32>>,
        directories: &[Directory],
        header: &H,
    ) -> Result<Self, FormatError> {
        kind.check_directories(directories)?;
        for (params, &values) in parts.iter().zip(kind.parts) {
            tensors::check_values(params, values)?;
        }
        let header = header_bytes::encode(header)?;
        let length = length(header.len(), directories)?;
        Ok(Self { kind, header, parts, length })
    }

    /// The length of the file in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Writes the file, with the same bytes each time.
    ///
    /// # Errors
    /// The errors of `writer`.
    pub fn write_to(&self, writer: impl Write) -> io::Result<()> {
        let mut writer = Summing { writer, sum: Xxh3::new() };
        self.write_content(&mut writer)?;
        let sum = writer.sum.digest();
        writer.write_all(&sum.to_le_bytes())?;
        writer.flush()
    }

    /// The checksum that the file ends with.
    pub fn checksum(&self) -> u64 {
        let mut writer = Summing { writer: io::sink(), sum: Xxh3::new() };
        self.write_content(&mut writer).expect("a sink takes all bytes");
        writer.sum.digest()
    }

    fn write_content(&self, writer: &mut impl Write) -> io::Result<()> {
        writer.write_all(self.kind.magic.as_bytes())?;
        writer.write_all(&self.kind.version.to_le_bytes())?;
        writer.write_all(&(self.header.len() as u64).to_le_bytes())?;
        writer.write_all(&xxh3_64(&self.header).to_le_bytes())?;
        writer.write_all(&self.header)?;
        tensors::write_filling(PREAMBLE_LENGTH + self.header.len() as u64, writer)?;
        self.parts.iter().try_for_each(|params| tensors::write(params, writer))
    }
}

impl fmt::Debug for Encoding<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Encoding").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Decodes the header and the weights of an artifact, to the bit.
///
/// `H` must be the type that was written. A header of another type is likely, but not certain, to be refused.
/// The weights take as much memory as their bytes in the file.
///
/// # Errors
/// If `bytes` are not exactly one valid artifact of a known version, with a header of type `H`.
pub fn decode<H: DeserializeOwned>(bytes: &[u8]) -> Result<(H, Params<f32>), FormatError> {
    let frame = Frame::open(ARTIFACT, bytes)?;
    let (directory, header) = header_bytes::decode::<(Directory, H)>(frame.header)?;
    let mut tensors = frame.tensors(slice::from_ref(&directory))?;
    Ok((header, directory.read(&mut tensors, Values::Finite)?))
}

/// As [`decode`], for an artifact that is mapped into memory; its tables stay in the map.
pub(super) fn decode_map<H: DeserializeOwned>(
    map: &Arc<Map>,
) -> Result<(H, Params<f32>), FormatError> {
    let frame = Frame::open(ARTIFACT, map.bytes())?;
    let (directory, header) = header_bytes::decode::<(Directory, H)>(frame.header)?;
    let mut tensors = frame.tensors(slice::from_ref(&directory))?;
    Ok((header, directory.map(&mut tensors, Values::Finite, map)?))
}

/// Decodes the header and the parts of a file of another kind, to the bit. The number of parts is that of the kind.
///
/// # Errors
/// As [`decode`].
pub fn decode_parts<H: DeserializeOwned>(
    kind: FileKind,
    bytes: &[u8],
) -> Result<(H, Vec<Params<f32>>), FormatError> {
    let frame = Frame::open(kind, bytes)?;
    let (directories, header) = header_bytes::decode::<(Vec<Directory>, H)>(frame.header)?;
    let mut tensors = frame.tensors(&directories)?;
    let parts = directories.iter().zip(kind.parts);
    let parts = parts.map(|(directory, &values)| directory.read(&mut tensors, values));
    Ok((header, parts.collect::<Result<_, _>>()?))
}

impl FileKind {
    /// Refuses bytes that do not begin with the magic.
    pub(super) fn check_magic(&self, bytes: &[u8]) -> Result<(), FormatError> {
        let Self { name: kind, magic, .. } = *self;
        if bytes.starts_with(magic.as_bytes()) {
            return Ok(());
        }
        Err(FormatError::OtherKind { kind, magic })
    }

    fn check_version(&self, found: u32) -> Result<(), FormatError> {
        let supported = self.version;
        match found {
            0 => Err(FormatError::UnknownVersion { found, supported }),
            _ if found <= supported => Ok(()),
            _ => Err(FormatError::NewerVersion { found, supported }),
        }
    }

    fn check_directories(&self, directories: &[Directory]) -> Result<(), FormatError> {
        let (found, expected) = (directories.len(), self.parts.len());
        if found != expected {
            return Err(FormatError::Parts { found, expected });
        }
        directories.iter().try_for_each(Directory::check)
    }
}

/// A file whose frame has been checked up to the end of the header.
struct Frame<'a> {
    kind: FileKind,
    bytes: &'a [u8],
    header: &'a [u8],
    /// The position after the header.
    cursor: Cursor<'a>,
}

impl<'a> Frame<'a> {
    /// Checks magic and version, and length and checksum of the header.
    fn open(kind: FileKind, bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = Cursor::new(bytes);
        kind.check_magic(bytes)?;
        cursor.take_array::<MAGIC_LENGTH>()?;
        kind.check_version(u32::from_le_bytes(cursor.take_array()?))?;
        let length = u64::from_le_bytes(cursor.take_array()?);
        header_bytes::check_length(length)?;
        let stored = u64::from_le_bytes(cursor.take_array()?);
        let header = cursor.take(length)?;
        check_sum("header", header, stored)?;
        Ok(Self { kind, bytes, header, cursor })
    }

    /// Checks the directories, the length of the file and its checksum. Returns a cursor at the first tensor.
    fn tensors(mut self, directories: &[Directory]) -> Result<Cursor<'a>, FormatError> {
        self.kind.check_directories(directories)?;
        check_length(self.bytes.len() as u64, length(self.header.len(), directories)?)?;
        check_last_sum(self.bytes)?;
        take_filling(&mut self.cursor)?;
        Ok(self.cursor)
    }
}

/// The length of the whole file. It saturates for several parts of 2^62 bytes, which no file has.
fn length(header_length: usize, directories: &[Directory]) -> Result<u64, FormatError> {
    let tensors_start = (PREAMBLE_LENGTH + header_length as u64).next_multiple_of(ALIGNMENT);
    let mut lengths = directories.iter().map(Directory::length);
    let add = |sum: u64, length: Result<u64, FormatError>| {
        length.map(|length| sum.saturating_add(length))
    };
    let tensors = lengths.try_fold(tensors_start, add)?;
    Ok(tensors.saturating_add(CHECKSUM_LENGTH))
}

fn check_length(length: u64, expected: u64) -> Result<(), FormatError> {
    match length.cmp(&expected) {
        Ordering::Less => Err(FormatError::Truncated { length, expected }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(FormatError::TooLong { length, expected }),
    }
}

fn check_last_sum(bytes: &[u8]) -> Result<(), FormatError> {
    let truncated =
        FormatError::Truncated { length: bytes.len() as u64, expected: CHECKSUM_LENGTH };
    let (content, stored) = bytes.split_last_chunk().ok_or(truncated)?;
    check_sum("file", content, u64::from_le_bytes(*stored))
}

fn check_sum(part: &'static str, bytes: &[u8], stored: u64) -> Result<(), FormatError> {
    let computed = xxh3_64(bytes);
    if computed == stored { Ok(()) } else { Err(FormatError::Damaged { part, stored, computed }) }
}

/// A writer that computes the checksum of all bytes that pass through it.
struct Summing<W> {
    writer: W,
    sum: Xxh3,
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, Header};
    use super::*;

    #[test]
    fn header_and_weights_come_back() {
        let (header, params) = (sample::header(), sample::params());
        let (reread_header, reread) = decode::<Header>(&sample::bytes()).unwrap();
        assert_eq!(reread_header, header);
        assert_eq!(format!("{reread:?}"), format!("{params:?}"));
    }

    #[test]
    fn the_bytes_are_as_documented() {
        let bytes = sample::bytes();
        let (header, params) = (sample::header(), sample::params());
        let encoding = Encoding::new(&header, &params).unwrap();
        assert_eq!(encoding.length(), bytes.len() as u64);

        let integer = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        assert_eq!(&bytes[..12], b"DEEPCROS\x01\0\0\0");
        let header_end = 28 + integer(12) as usize;
        assert_eq!(integer(20), xxh3_64(&bytes[28..header_end]));
        let tensors = header_end.next_multiple_of(64);
        assert!(bytes[header_end..tensors].iter().all(|&byte| byte == 0));
        assert_eq!(
            bytes[tensors..tensors + 8],
            [0.5f32.to_le_bytes(), (-0.25f32).to_le_bytes()].concat()
        );
        let end = bytes.len() - 8;
        assert_eq!(integer(end), xxh3_64(&bytes[..end]));
        assert_eq!(integer(end), encoding.checksum());
        assert_eq!(end, tensors + 64 + 64 + 128);
    }

    /// A file of this version must be readable for ever, so the stored file is never written again.
    #[test]
    fn the_bytes_stay_the_same() {
        assert_eq!(include_bytes!("../../tests/data/artifact_v1.dcx")[..], sample::bytes());
    }

    #[track_caller]
    fn check_refused(bytes: &[u8], message: &str) {
        let error = decode::<Header>(bytes).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn files_of_other_kinds_are_refused() {
        let message = "is not a deepcross artifact: it does not begin with `DEEPCROS`";
        check_refused(b"", message);
        check_refused(b"DEEPCRO", message);
        check_refused(b"age,workclass,income\n39,State-gov,<=50K\n", message);
    }

    #[test]
    fn other_versions_are_refused() {
        let mut bytes = sample::bytes();
        bytes[8] = 2;
        check_refused(
            &bytes,
            "was written by a newer deepcross: it has format version 2, but this program reads versions up to 1",
        );
        bytes[8] = 0;
        check_refused(&bytes, "has format version 0, expected 1 to 1");
    }

    #[test]
    fn each_shorter_or_longer_file_is_refused() {
        let mut bytes = sample::bytes();
        for length in MAGIC_LENGTH..bytes.len() {
            let error = decode::<Header>(&bytes[..length]).unwrap_err();
            assert!(matches!(error, FormatError::Truncated { .. }), "{length}: {error}");
        }
        let length = bytes.len();
        bytes.push(0);
        check_refused(&bytes, &format!("has {} bytes, expected {length}", length + 1));
    }

    #[test]
    fn each_flipped_bit_is_found() {
        let mut bytes = sample::bytes();
        for position in 0..bytes.len() {
            for bit in 0..8 {
                bytes[position] ^= 1 << bit;
                assert!(decode::<Header>(&bytes).is_err(), "byte {position}, bit {bit}");
                bytes[position] ^= 1 << bit;
            }
        }
        decode::<Header>(&bytes).unwrap();
    }

    #[test]
    fn a_message_names_the_damaged_part() {
        let valid = sample::bytes();
        for (position, part) in [(20, "header"), (28, "header"), (valid.len() - 9, "file")] {
            let mut bytes = valid.clone();
            bytes[position] ^= 1;
            let error = decode::<Header>(&bytes).unwrap_err().to_string();
            let expected = format!("is damaged: the checksum of the {part} is ");
            assert!(error.starts_with(&expected), "byte {position}: {error}");
        }
    }

    #[test]
    fn lengths_of_the_header_are_checked() {
        let mut bytes = sample::bytes();
        bytes[12..20].copy_from_slice(&u64::MAX.to_le_bytes());
        check_refused(
            &bytes,
            "the header has 18446744073709551615 bytes, expected at most 268435456",
        );
        bytes[12..20].copy_from_slice(&(1u64 << 28).to_le_bytes());
        let length = bytes.len();
        check_refused(
            &bytes,
            &format!("is cut off: it has {length} bytes, expected at least 268435484"),
        );
    }

    #[test]
    fn a_header_of_another_type_is_refused() {
        let error = decode::<(u64, String)>(&sample::bytes()).unwrap_err();
        assert!(matches!(error, FormatError::Header { .. }), "{error}");
    }

    #[test]
    fn weights_that_are_not_finite_are_not_written() {
        let mut params = sample::params();
        params.dense_values_mut()[1] = f32::INFINITY;
        let error = Encoding::new(&(), &params).unwrap_err();
        assert_eq!(error.to_string(), "tensor `weight`, row 0, column 1: is not a finite number");
    }

    const PAIR: FileKind = FileKind {
        name: "pair",
        magic: "DEEPPAIR",
        version: 3,
        parts: &[Values::Finite, Values::Any],
    };

    fn pair(first: &Params<f32>, second: &Params<f32>) -> Result<Vec<u8>, FormatError> {
        let mut bytes = Vec::new();
        let encoding = Encoding::of_parts(PAIR, &sample::header(), &[first, second])?;
        encoding.write_to(&mut bytes).expect("a vector takes all bytes");
        assert_eq!(encoding.length(), bytes.len() as u64);
        Ok(bytes)
    }

    /// The sample's weights, one of them a NaN with a payload.
    fn broken() -> Params<f32> {
        let mut params = sample::params();
        params.dense_values_mut()[1] = f32::from_bits(0x7fc1_2345);
        params
    }

    #[test]
    fn several_parts_come_back_to_the_bit() {
        let bytes = pair(&sample::params(), &broken()).unwrap();
        let (header, parts) = decode_parts::<Header>(PAIR, &bytes).unwrap();
        assert_eq!((header, parts.len()), (sample::header(), 2));
        assert_eq!(format!("{:?}", parts[0]), format!("{:?}", sample::params()));
        assert_eq!(parts[1].dense_values()[1].to_bits(), 0x7fc1_2345);
        let empty = pair(&Params::new(), &Params::new()).unwrap();
        assert!(decode_parts::<Header>(PAIR, &empty).is_ok());
    }

    #[test]
    fn damage_to_any_part_is_found() {
        let valid = pair(&sample::params(), &broken()).unwrap();
        for length in 0..valid.len() {
            assert!(decode_parts::<Header>(PAIR, &valid[..length]).is_err(), "{length} bytes");
        }
        for position in 0..valid.len() {
            let mut bytes = valid.clone();
            bytes[position] ^= 1 << (position % 8);
            assert!(decode_parts::<Header>(PAIR, &bytes).is_err(), "byte {position}");
        }
    }

    #[test]
    fn a_kind_has_its_own_magic_parts_and_values() {
        let bytes = pair(&sample::params(), &broken()).unwrap();
        check_refused(&bytes, "is not a deepcross artifact: it does not begin with `DEEPCROS`");
        let refused = |result: Result<_, FormatError>| {
            let refused: Result<(Header, Vec<Params<f32>>), _> = result;
            refused.unwrap_err().to_string()
        };
        assert_eq!(
            refused(decode_parts(PAIR, &sample::bytes())),
            "is not a deepcross pair: it does not begin with `DEEPPAIR`"
        );
        let three = FileKind { parts: &[Values::Any; 3], ..PAIR };
        assert_eq!(refused(decode_parts(three, &bytes)), "has 2 parts, expected 3");
        let finite = FileKind { parts: &[Values::Finite; 2], ..PAIR };
        let message = "tensor `weight`, row 0, column 1: is not a finite number";
        assert_eq!(refused(decode_parts(finite, &bytes)), message);
        assert_eq!(pair(&broken(), &sample::params()).unwrap_err().to_string(), message);
        let one = Encoding::of_parts(PAIR, &(), &[&sample::params()]).map(drop);
        assert_eq!(one.unwrap_err().to_string(), "has 1 parts, expected 2");
        let older = FileKind { version: 2, ..PAIR };
        assert!(refused(decode_parts(older, &bytes)).starts_with("was written by a newer"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error() {
        let params = sample::params();
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = Encoding::new(&sample::header(), &params).unwrap().write_to(full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
