//! The frame: what stands around header and tensors, and finds damage.

use std::cmp::Ordering;
use std::fmt;
use std::io::{self, Write};

use deepcross_autodiff::Params;
use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::cursor::{ALIGNMENT, Cursor};
use super::tensors::{self, Directory};
use super::{FormatError, header};

/// The version that [`Encoding`] writes, and the newest that [`decode`] reads.
pub const FORMAT_VERSION: u32 = 1;

pub(super) const MAGIC: [u8; 8] = *b"DEEPCROS";

/// Magic, version, length and checksum of the header.
const PREAMBLE_LENGTH: u64 = 28;

const CHECKSUM_LENGTH: u64 = 8;

/// An artifact, ready to be written.
pub struct Encoding<'a> {
    header: Vec<u8>,
    params: &'a Params<f32>,
    length: u64,
}

impl<'a> Encoding<'a> {
    /// Encodes the header, and checks that [`decode`] will accept the weights.
    ///
    /// # Errors
    /// If the header is longer than [`MAX_HEADER_LENGTH`](super::MAX_HEADER_LENGTH) or has something that bincode
    /// cannot encode, if a weight is not finite or a tensor is empty, or if there are more than
    /// [`MAX_TENSORS`](super::MAX_TENSORS).
    pub fn new<H: Serialize>(header: &H, params: &'a Params<f32>) -> Result<Self, FormatError> {
        let directory = Directory::of(params);
        directory.check()?;
        tensors::check_finite(params)?;
        let header = header::encode(&(&directory, header))?;
        let length = length(header.len(), &directory)?;
        Ok(Self { header, params, length })
    }

    /// The length of the artifact in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Writes the artifact: the same bytes each time.
    ///
    /// # Errors
    /// Those of `writer`.
    pub fn write_to(&self, writer: impl Write) -> io::Result<()> {
        let mut writer = Summing { writer, sum: Xxh3::new() };
        writer.write_all(&MAGIC)?;
        writer.write_all(&FORMAT_VERSION.to_le_bytes())?;
        writer.write_all(&(self.header.len() as u64).to_le_bytes())?;
        writer.write_all(&xxh3_64(&self.header).to_le_bytes())?;
        writer.write_all(&self.header)?;
        tensors::write_filling(PREAMBLE_LENGTH + self.header.len() as u64, &mut writer)?;
        tensors::write(self.params, &mut writer)?;
        let sum = writer.sum.digest();
        writer.write_all(&sum.to_le_bytes())?;
        writer.flush()
    }
}

impl fmt::Debug for Encoding<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Encoding").field("length", &self.length).finish_non_exhaustive()
    }
}

/// The header and the weights of an artifact, to the bit.
///
/// `H` must be the type that was written; that a header of another type is refused is likely but not certain.
/// The weights take as much memory as their bytes in the file.
///
/// # Errors
/// If `bytes` are not exactly one sound artifact of a known version, with a header of type `H`.
pub fn decode<H: DeserializeOwned>(bytes: &[u8]) -> Result<(H, Params<f32>), FormatError> {
    let mut cursor = Cursor::new(bytes);
    let header_bytes = take_header(bytes, &mut cursor)?;
    let (directory, header) = header::decode::<(Directory, H)>(header_bytes)?;
    directory.check()?;
    check_length(bytes.len() as u64, length(header_bytes.len(), &directory)?)?;
    check_last_sum(bytes)?;
    cursor.take_filling()?;
    Ok((header, directory.read(&mut cursor)?))
}

/// Refuses what does not begin with the magic.
pub(super) fn check_magic(bytes: &[u8]) -> Result<(), FormatError> {
    if bytes.starts_with(&MAGIC) { Ok(()) } else { Err(FormatError::NotAnArtifact) }
}

/// The length of the whole artifact. It cannot overflow: the tensors take at most 2^62 bytes, the header 2^28.
fn length(header_length: usize, directory: &Directory) -> Result<u64, FormatError> {
    let tensors_start = (PREAMBLE_LENGTH + header_length as u64).next_multiple_of(ALIGNMENT);
    Ok(tensors_start + directory.length()? + CHECKSUM_LENGTH)
}

/// The bytes of the header, after magic, version, length and checksum were found right.
fn take_header<'a>(bytes: &[u8], cursor: &mut Cursor<'a>) -> Result<&'a [u8], FormatError> {
    check_magic(bytes)?;
    cursor.take_array::<{ MAGIC.len() }>()?;
    check_version(u32::from_le_bytes(cursor.take_array()?))?;
    let length = u64::from_le_bytes(cursor.take_array()?);
    header::check_length(length)?;
    let stored = u64::from_le_bytes(cursor.take_array()?);
    let header = cursor.take(length)?;
    check_sum("header", header, stored)?;
    Ok(header)
}

fn check_version(found: u32) -> Result<(), FormatError> {
    let supported = FORMAT_VERSION;
    match found {
        0 => Err(FormatError::UnknownVersion { found, supported }),
        1..=FORMAT_VERSION => Ok(()),
        _ => Err(FormatError::NewerVersion { found, supported }),
    }
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

/// A writer that sums up what passes through it.
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
        assert_eq!(end, tensors + 64 + 64 + 128);
    }

    /// A file of this version must be readable for ever: the stored one is never written anew.
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
    fn what_is_no_artifact_is_refused() {
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
            "was written by a newer deepcross: it has format version 2, this one reads up to 1",
        );
        bytes[8] = 0;
        check_refused(&bytes, "has format version 0, expected 1 to 1");
    }

    #[test]
    fn each_shorter_or_longer_file_is_refused() {
        let mut bytes = sample::bytes();
        for length in MAGIC.len()..bytes.len() {
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
    fn damage_is_placed() {
        let sound = sample::bytes();
        for (position, part) in [(20, "header"), (28, "header"), (sound.len() - 9, "file")] {
            let mut bytes = sound.clone();
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

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error() {
        let params = sample::params();
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = Encoding::new(&sample::header(), &params).unwrap().write_to(full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
