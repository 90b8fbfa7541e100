//! The frame around header and tensors, which detects damage.
//!
//! Files other than artifacts use the same frame: a [`FileKind`] of their own defines how they begin, and which sections
//! and how many sets of weights they have.

use std::cmp::Ordering;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use deepcross_autodiff::{Params, Share, TableId};
use deepcross_files::Cursor;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::filling::{ALIGNMENT, take_filling};
use super::map::Map;
use super::sections::{FileHeader, SECTIONS_START, SectionReader, SectionWriter};
use super::tensors::{self, Directory, TableRowsOf, TakeRows};
use super::{FileKind, FormatError, Values, header_bytes};

/// The length of a magic.
pub(super) const MAGIC_LENGTH: usize = 8;

/// The length of magic, version, and length and checksum of the header.
const PREAMBLE_LENGTH: u64 = 28;

const CHECKSUM_LENGTH: u64 = 8;

/// A file in this frame that is ready to be written.
pub struct Encoding<'a> {
    kind: FileKind,
    header: Vec<u8>,
    members: Vec<&'a Params<f32>>,
    /// The rows of tables that the file has.
    share: Share,
    length: u64,
}

impl<'a> Encoding<'a> {
    /// Encodes the header, and checks that [`decode`] will accept the weights.
    ///
    /// # Errors
    /// If the header is longer than [`MAX_HEADER_LENGTH`](super::MAX_HEADER_LENGTH) or has a value that bincode
    /// cannot encode, if a weight is not finite or a tensor is empty, if a member has more than
    /// [`MAX_TENSORS`](super::MAX_TENSORS), or if the kind has another number of members.
    pub fn new<H: FileHeader>(
        header: &H,
        members: &[&'a Params<f32>],
    ) -> Result<Self, FormatError> {
        Self::of_share(header, members, Share::WHOLE)
    }

    /// As [`new`](Self::new), for a file with the rows of a share, which the members have; read again, its tables have
    /// these rows alone, end to end.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_share<H: FileHeader>(
        header: &H,
        members: &[&'a Params<f32>],
        share: Share,
    ) -> Result<Self, FormatError> {
        let (kind, directory) = (H::KIND, Directory::of(members, share));
        let values = values_of_members(header);
        let (found, expected) = (members.len(), values.len());
        if found != expected {
            return Err(FormatError::Members { found, expected });
        }
        directory.check(expected)?;
        for (params, &values) in members.iter().zip(&values) {
            tensors::check_values(params, values)?;
        }
        let mut sections = SectionWriter::new(kind);
        header.write(&mut sections)?;
        let header = sections.finish(&directory)?;
        let length = length(header.len(), &directory)?;
        Ok(Self { kind, header, members: members.to_vec(), share, length })
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
        self.write_with(writer, &mut self.rows())
    }

    /// [`write_to`](Self::write_to) with the rows of tables from elsewhere, for members that have a share of them.
    ///
    /// # Errors
    /// The errors of `writer` and `rows_of`.
    pub fn write_with(&self, writer: impl Write, rows_of: &mut TableRowsOf<'_>) -> io::Result<()> {
        let mut writer = Summing { writer, sum: Xxh3::new() };
        self.write_content(&mut writer, rows_of)?;
        let sum = writer.sum.digest();
        writer.write_all(&sum.to_le_bytes())?;
        writer.flush()
    }

    /// The XXH3-64 of sections, directory and tensors; the name of the program does not change it.
    pub fn checksum(&self) -> u64 {
        let mut writer = Summing { writer: io::sink(), sum: Xxh3::new() };
        writer.sum.update(&self.header[SECTIONS_START..]);
        let written = self.write_tensors(&mut writer, &mut self.rows());
        written.expect("a sink takes all bytes");
        writer.sum.digest()
    }

    fn write_content(
        &self,
        writer: &mut impl Write,
        rows_of: &mut TableRowsOf<'_>,
    ) -> io::Result<()> {
        writer.write_all(self.kind.magic.as_bytes())?;
        writer.write_all(&self.kind.version.to_le_bytes())?;
        writer.write_all(&(self.header.len() as u64).to_le_bytes())?;
        writer.write_all(&xxh3_64(&self.header).to_le_bytes())?;
        writer.write_all(&self.header)?;
        tensors::write_filling(PREAMBLE_LENGTH + self.header.len() as u64, writer)?;
        self.write_tensors(writer, rows_of)
    }

    fn write_tensors(
        &self,
        writer: &mut impl Write,
        rows_of: &mut TableRowsOf<'_>,
    ) -> io::Result<()> {
        let mut members = self.members.iter().enumerate();
        members.try_for_each(|(i, &params)| tensors::write((i, params), rows_of, writer))
    }

    /// The rows of the members, which have those of the share.
    fn rows(&self) -> impl FnMut(usize, TableId, TakeRows<'_>) -> io::Result<()> {
        |member, id, take| tensors::rows_of_share((self.members[member], self.share), id, take)
    }
}

impl fmt::Debug for Encoding<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Encoding").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Decodes the header and the weights of each member, to the bit.
///
/// The weights take as much memory as their bytes in the file.
///
/// # Errors
/// If `bytes` are not exactly one valid file of the kind of `H`.
pub fn decode<H: FileHeader>(bytes: &[u8]) -> Result<(H, Vec<Params<f32>>), FormatError> {
    decode_with(bytes, None)
}

/// As [`decode`], for a file that is mapped into memory; its tables stay in the map.
pub(super) fn decode_map<H: FileHeader>(
    map: &Arc<Map>,
) -> Result<(H, Vec<Params<f32>>), FormatError> {
    decode_with(map.bytes(), Some(map))
}

fn decode_with<H: FileHeader>(
    bytes: &[u8],
    map: Option<&Arc<Map>>,
) -> Result<(H, Vec<Params<f32>>), FormatError> {
    let frame = Frame::open(H::KIND, bytes)?;
    let (mut sections, directory) = SectionReader::open::<H>(frame.header)?;
    let header = H::read(&mut sections)?;
    sections.finish()?;
    let values = values_of_members(&header);
    let mut tensors = frame.tensors(&directory, values.len())?;
    Ok((header, directory.read(&mut tensors, &values, map)?))
}

/// The numbers that each set of weights of a file with this header may have.
fn values_of_members<H: FileHeader>(header: &H) -> Vec<Values> {
    H::KIND.members.repeat(header.repeats())
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
        match found.cmp(&supported) {
            Ordering::Less => Err(FormatError::OlderForm),
            Ordering::Equal => Ok(()),
            Ordering::Greater => Err(FormatError::NewerVersion { found, supported }),
        }
    }
}

/// A file whose frame has been checked up to the end of the header.
struct Frame<'a> {
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
        Ok(Self { bytes, header, cursor })
    }

    /// Checks the directory, the length of the file and its checksum. Returns a cursor at the first tensor.
    fn tensors(
        mut self,
        directory: &Directory,
        n_members: usize,
    ) -> Result<Cursor<'a>, FormatError> {
        directory.check(n_members)?;
        check_length(self.bytes.len() as u64, length(self.header.len(), directory)?)?;
        check_last_sum(self.bytes)?;
        take_filling(&mut self.cursor)?;
        Ok(self.cursor)
    }
}

/// The length of the whole file. It saturates as [`Directory::length`] does.
fn length(header_length: usize, directory: &Directory) -> Result<u64, FormatError> {
    let tensors_start = (PREAMBLE_LENGTH + header_length as u64).next_multiple_of(ALIGNMENT);
    Ok(tensors_start.saturating_add(directory.length()?).saturating_add(CHECKSUM_LENGTH))
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
    use super::super::mutations::frame;
    use super::super::sample::{self, Header};
    use super::*;

    #[test]
    fn header_and_weights_come_back() {
        let (header, params) = (sample::header(), sample::params());
        let (reread_header, reread) = decode::<Header>(&sample::bytes()).unwrap();
        assert_eq!(reread_header, header);
        assert_eq!(format!("{reread:?}"), format!("{:?}", [params]));
    }

    #[test]
    fn the_bytes_are_as_documented() {
        let bytes = sample::bytes();
        let (header, params) = (sample::header(), sample::params());
        let encoding = Encoding::new(&header, &[&params]).unwrap();
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
        let mut other = params.clone();
        other.dense_values_mut()[0] = 0.75;
        let other = Encoding::new(&header, &[&other]).unwrap();
        assert_ne!(other.checksum(), encoding.checksum());
        assert_eq!(end, tensors + 64 + 64 + 64 + 128);
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

    const OLDER: &str = "has an older form, which this program does not read; train again";

    /// The headers of older forms began with a list of tensors, and not with the name of a program.
    #[test]
    fn older_headers_are_refused() {
        for header in [&b"\x02\x06weight\x01\x02"[..], b"", b"\x03\0\0\0abc"] {
            check_refused(&frame(header, &[]), OLDER);
        }
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
        check_refused(&bytes, OLDER);
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
    fn weights_that_are_not_finite_are_not_written() {
        let mut params = sample::params();
        params.dense_values_mut()[1] = f32::INFINITY;
        let error = Encoding::new(&sample::header(), &[&params]).unwrap_err();
        assert_eq!(error.to_string(), "tensor `weight`, row 0, column 1: is not a finite number");
    }

    /// A file of another kind, with two members.
    #[derive(Debug)]
    struct Pair<const VERSION: u32>(Header);

    impl<const VERSION: u32> FileHeader for Pair<VERSION> {
        const KIND: FileKind = FileKind {
            name: "pair",
            magic: "DEEPPAIR",
            version: VERSION,
            members: &[Values::Finite, Values::Any],
            ..sample::KIND
        };

        fn write(&self, sections: &mut SectionWriter) -> Result<(), FormatError> {
            self.0.write(sections)
        }

        fn read(sections: &mut SectionReader<'_>) -> Result<Self, FormatError> {
            Header::read(sections).map(Self)
        }
    }

    fn pair(first: &Params<f32>, second: &Params<f32>) -> Result<Vec<u8>, FormatError> {
        let mut bytes = Vec::new();
        let encoding = Encoding::new(&Pair::<3>(sample::header()), &[first, second])?;
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
    fn several_members_come_back_to_the_bit() {
        let bytes = pair(&sample::params(), &broken()).unwrap();
        let (header, members) = decode::<Pair<3>>(&bytes).unwrap();
        assert_eq!((header.0, members.len()), (sample::header(), 2));
        assert_eq!(format!("{:?}", members[0]), format!("{:?}", sample::params()));
        assert_eq!(members[1].dense_values()[1].to_bits(), 0x7fc1_2345);
        for (first, second) in [
            (Params::new(), Params::new()),
            (Params::new(), broken()),
            (sample::params(), Params::new()),
        ] {
            let (_, members) = decode::<Pair<3>>(&pair(&first, &second).unwrap()).unwrap();
            assert_eq!(members[0].same_layout(&first), Ok(()));
            assert_eq!(members[1].same_layout(&second), Ok(()));
        }
    }

    #[test]
    fn damage_to_any_member_is_found() {
        let valid = pair(&sample::params(), &broken()).unwrap();
        for length in 0..valid.len() {
            assert!(decode::<Pair<3>>(&valid[..length]).is_err(), "{length} bytes");
        }
        for position in 0..valid.len() {
            let mut bytes = valid.clone();
            bytes[position] ^= 1 << (position % 8);
            assert!(decode::<Pair<3>>(&bytes).is_err(), "byte {position}");
        }
    }

    #[test]
    fn a_kind_has_its_own_magic_members_and_values() {
        let bytes = pair(&sample::params(), &broken()).unwrap();
        check_refused(&bytes, "is not a deepcross artifact: it does not begin with `DEEPCROS`");
        let error = decode::<Pair<3>>(&sample::bytes()).unwrap_err().to_string();
        assert_eq!(error, "is not a deepcross pair: it does not begin with `DEEPPAIR`");
        let artifact = [b"DEEPCROS\x01\0\0\0", &bytes[12..]].concat();
        check_refused(
            &artifact,
            "tensor `weight`: is of member 1, but there are 1 members, from 0",
        );
        let message = "tensor `weight`, row 0, column 1: is not a finite number";
        assert_eq!(pair(&broken(), &sample::params()).unwrap_err().to_string(), message);
        let one = Encoding::new(&Pair::<3>(sample::header()), &[&sample::params()]).map(drop);
        assert_eq!(one.unwrap_err().to_string(), "has 1 members, expected 2");
        let refused = decode::<Pair<2>>(&bytes).unwrap_err().to_string();
        assert!(refused.starts_with("was written by a newer"), "{refused}");
        assert_eq!(decode::<Pair<4>>(&bytes).unwrap_err().to_string(), OLDER);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error() {
        let params = sample::params();
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let encoding = Encoding::new(&sample::header(), &[&params]).unwrap();
        assert_eq!(encoding.write_to(full).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
