//! The header: the program that wrote the file, named and versioned sections, and the directory of tensors.
//!
//! Rejected: one value of an enum of versions for the whole header, since each addition would be a version of
//! everything, and an older program could not name what it does not know.

use std::collections::BTreeSet;

use deepcross_files::Cursor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;

use super::header_bytes::{self, in_header, read_text, write_text};
use super::tensors::Directory;
use super::{FileKind, FormatError};

/// The beginning of the name of each program that writes such a file.
const FAMILY: &str = "deepcross ";

/// The name and the version of this program.
const PROGRAM: &str = concat!("deepcross ", env!("CARGO_PKG_VERSION"));

/// The length of a header up to the sections of this program, which begin with their number.
pub(super) const SECTIONS_START: usize = 4 + PROGRAM.len();

/// The greatest length of the name of a program in bytes.
const MAX_PROGRAM_LENGTH: usize = 64;

/// The greatest number of sections: far more than fields can have, and so few that a list of them takes little memory.
const MAX_SECTIONS: u32 = 1 << 20;

/// The header of a kind of file: its content goes into sections, and comes back from them.
pub trait FileHeader: Sized {
    /// The kind of file.
    const KIND: FileKind;

    /// The most times that a file of this kind has the sets of weights of [`FileKind::members`].
    const MAX_REPEATS: usize = 1;

    /// The number of times that this file has them, from 1 to [`MAX_REPEATS`](Self::MAX_REPEATS).
    fn repeats(&self) -> usize {
        1
    }

    /// Writes the content into sections, in the order of [`FileKind::sections`].
    ///
    /// # Errors
    /// If a part of the content cannot be encoded.
    fn write(&self, sections: &mut SectionWriter) -> Result<(), FormatError>;

    /// Reads the content from the sections of a file, and leaves none of them.
    ///
    /// # Errors
    /// If a section is missing, does not decode, or has content that is not valid.
    fn read(sections: &mut SectionReader<'_>) -> Result<Self, FormatError>;
}

/// Writes the sections of a header, one after another.
#[derive(Debug)]
pub struct SectionWriter {
    kind: FileKind,
    bytes: Vec<u8>,
    n_sections: u32,
}

impl SectionWriter {
    /// Begins a header of a file of this kind.
    pub fn new(kind: FileKind) -> Self {
        let mut bytes = Vec::new();
        write_text(PROGRAM, &mut bytes);
        bytes.extend(0u32.to_le_bytes());
        Self { kind, bytes, n_sections: 0 }
    }

    /// Adds a section, whose name (or its beginning) is in [`FileKind::sections`].
    ///
    /// # Errors
    /// If the kind has no such section, or if bincode cannot encode the content.
    pub fn add<T: Serialize>(&mut self, name: &str, content: &T) -> Result<(), FormatError> {
        let (_, version) = self.kind.section(name, PROGRAM)?;
        write_text(name, &mut self.bytes);
        self.bytes.extend(version.to_le_bytes());
        let length_at = self.bytes.len();
        self.bytes.extend(0u64.to_le_bytes());
        let start = self.bytes.len();
        header_bytes::encode(content, &mut self.bytes)?;
        let length = (self.bytes.len() - start) as u64;
        self.bytes[length_at..start].copy_from_slice(&length.to_le_bytes());
        self.n_sections += 1;
        Ok(())
    }

    /// The XXH3-64 of the sections so far; the name of the program does not change it.
    pub fn checksum(&self) -> u64 {
        xxh3_64(&self.bytes[SECTIONS_START..])
    }

    /// The header of these sections and this directory.
    pub(super) fn finish(mut self, directory: &Directory) -> Result<Vec<u8>, FormatError> {
        check_count(self.n_sections).map_err(|reason| FormatError::UnsupportedHeader { reason })?;
        let count = self.n_sections.to_le_bytes();
        self.bytes[SECTIONS_START..SECTIONS_START + count.len()].copy_from_slice(&count);
        directory.write(&mut self.bytes);
        header_bytes::check_length(self.bytes.len() as u64)?;
        Ok(self.bytes)
    }
}

/// Reads the sections of a header, in their order.
///
/// Their names, versions and order have been checked.
#[derive(Debug)]
pub struct SectionReader<'a> {
    program: &'a str,
    sections: std::iter::Peekable<std::vec::IntoIter<Section<'a>>>,
}

#[derive(Clone, Copy, Debug)]
struct Section<'a> {
    name: &'a str,
    version: u32,
    content: &'a [u8],
}

impl<'a> SectionReader<'a> {
    /// Reads a whole header. Each section is checked before the next one is read, so that a forged header cannot fill
    /// the memory with sections.
    pub(super) fn open<H: FileHeader>(header: &'a [u8]) -> Result<(Self, Directory), FormatError> {
        let (kind, mut cursor) = (H::KIND, Cursor::new(header));
        let program = read_program(&mut cursor)?;
        let n_sections = in_header(cursor.u32())?;
        check_count(n_sections).map_err(|reason| FormatError::Header { reason })?;
        let (mut sections, mut checks) = (Vec::new(), Checks::new(kind, program));
        for _ in 0..n_sections {
            let section = Section::read(&mut cursor)?;
            checks.check(section)?;
            sections.push(section);
        }
        let most_members = kind.members.len() * H::MAX_REPEATS;
        let directory = Directory::take(&mut cursor, most_members, program)?;
        match cursor.rest().len() {
            0 => Ok((Self { program, sections: sections.into_iter().peekable() }, directory)),
            rest => Err(FormatError::Header { reason: format!("{rest} bytes follow its end") }),
        }
    }

    /// The name and the version of the program that wrote the file.
    pub fn program(&self) -> &'a str {
        self.program
    }

    /// Takes the content of the section of this name, which must be the next one.
    ///
    /// # Errors
    /// If the next section has another name, or if it does not decode.
    pub fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, FormatError> {
        self.take_optional(name)?.ok_or(FormatError::MissingSection { name })
    }

    /// Takes the content of the section of this name, if it is the next one.
    ///
    /// # Errors
    /// If it does not decode.
    pub fn take_optional<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, FormatError> {
        let section = self.sections.next_if(|section| section.name == name);
        section.map(Section::decode).transpose()
    }

    /// The next section, if its name begins with `prefix`: the rest of its name, and its content.
    ///
    /// # Errors
    /// If it does not decode.
    pub fn take_prefixed<T: DeserializeOwned>(
        &mut self,
        prefix: &str,
    ) -> Result<Option<(&'a str, T)>, FormatError> {
        let section = self.sections.next_if(|section| section.name.starts_with(prefix));
        section.map(|section| Ok((&section.name[prefix.len()..], section.decode()?))).transpose()
    }

    /// Refuses a section that was not read.
    pub(super) fn finish(mut self) -> Result<(), FormatError> {
        let refused =
            |section: Section<'_>| FormatError::SectionOrder { name: section.name.to_owned() };
        self.sections.next().map_or(Ok(()), |section| Err(refused(section)))
    }
}

impl<'a> Section<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, FormatError> {
        let name = read_text(cursor)?;
        let version = in_header(cursor.u32())?;
        let length = in_header(cursor.u64())?;
        Ok(Self { name, version, content: in_header(cursor.take(length))? })
    }

    fn decode<T: DeserializeOwned>(self) -> Result<T, FormatError> {
        header_bytes::decode(self.content)
            .map_err(|reason| FormatError::Section { name: self.name.to_owned(), reason })
    }
}

/// Refuses sections that the kind does not have, other versions of them, repeated ones, and another order.
struct Checks<'a> {
    kind: FileKind,
    program: &'a str,
    /// The names of the sections so far.
    names: BTreeSet<&'a str>,
    /// The place of the last section.
    last: usize,
}

impl<'a> Checks<'a> {
    fn new(kind: FileKind, program: &'a str) -> Self {
        Self { kind, program, names: BTreeSet::new(), last: 0 }
    }

    /// Checks the next section.
    fn check(&mut self, section: Section<'a>) -> Result<(), FormatError> {
        let (name, found) = (section.name.to_owned(), section.version);
        let (place, expected) = self.kind.section(section.name, self.program)?;
        if found != expected {
            let program = self.program.to_owned();
            return Err(FormatError::SectionVersion { name, found, expected, program });
        }
        if !self.names.insert(section.name) {
            return Err(FormatError::RepeatedSection { name });
        }
        if place < self.last {
            return Err(FormatError::SectionOrder { name });
        }
        self.last = place;
        Ok(())
    }
}

/// Refuses more than [`MAX_SECTIONS`].
fn check_count(n_sections: u32) -> Result<(), String> {
    if n_sections > MAX_SECTIONS {
        return Err(format!("it has {n_sections} sections, expected at most {MAX_SECTIONS}"));
    }
    Ok(())
}

impl FileKind {
    /// The place and the version of a section; `program` wrote the file.
    fn section(&self, name: &str, program: &str) -> Result<(usize, u32), FormatError> {
        let is_known = |known: &str| match known.ends_with('/') {
            true => name.starts_with(known),
            false => name == known,
        };
        let place = self.sections.iter().position(|(known, _)| is_known(known));
        let unknown =
            || FormatError::UnknownSection { name: name.to_owned(), program: program.to_owned() };
        place.map(|place| (place, self.sections[place].1)).ok_or_else(unknown)
    }
}

/// Reads the name of the program. The headers of older forms do not begin with one.
fn read_program<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, FormatError> {
    let program = read_text(cursor).map_err(|_| FormatError::OlderForm)?;
    match program.starts_with(FAMILY) && program.len() <= MAX_PROGRAM_LENGTH {
        true => Ok(program),
        false => Err(FormatError::OlderForm),
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::super::mutations::frame;
    use super::super::sample::{self, Header};
    use super::*;
    use deepcross_autodiff::Share;
    use deepcross_testing::peak;

    /// A header with these sections, each with the content `""`, that `deepcross 9.9.9` wrote.
    fn header(sections: &[(&str, u32)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_text("deepcross 9.9.9", &mut bytes);
        bytes.extend((sections.len() as u32).to_le_bytes());
        for (name, version) in sections {
            write_text(name, &mut bytes);
            bytes.extend(version.to_le_bytes());
            bytes.extend(1u64.to_le_bytes());
            bytes.push(0);
        }
        Directory::of(&[], Share::WHOLE).write(&mut bytes);
        bytes
    }

    #[track_caller]
    fn check(header: &[u8], message: &str) {
        let found = decode::<Header>(&frame(header, &[]));
        assert_eq!(found.map_or_else(|error| error.to_string(), |_| "read".to_owned()), message);
    }

    #[test]
    fn sections_are_read_in_their_order() {
        check(&header(&[("config", 1)]), "read");
        check(&header(&[("config", 1), ("summary", 1)]), "read");
        check(&header(&[("summary", 1)]), "has no section `config`");
        check(&header(&[]), "has no section `config`");
        let message = "has the section `config` out of order";
        check(&header(&[("summary", 1), ("config", 1)]), message);
        let message = "has the section `config` twice";
        check(&header(&[("config", 1), ("config", 1)]), message);
        let message = "has the section `field/a` twice";
        check(&header(&[("config", 1), ("field/a", 3), ("field/a", 3)]), message);
        let reason = "the section `field/a` cannot be decoded: a sequence of 3 elements in 1 bytes";
        check(&header(&[("config", 1), ("field/a", 3), ("field/b", 3)]), reason);
    }

    #[test]
    fn unknown_sections_and_versions_are_named_with_the_program_that_wrote_them() {
        let by = "which this program does not know; it was written by deepcross 9.9.9";
        for name in ["lineage", "configuration", "field", ""] {
            let message = format!("has a section `{name}`, {by}");
            check(&header(&[("config", 1), (name, 1)]), &message);
        }
        let message = "has version 2 of the section `config`, but this program reads version 1; \
                       it was written by deepcross 9.9.9";
        check(&header(&[("config", 2)]), message);
        let mut sections = SectionWriter::new(sample::KIND);
        let error = sections.add("lineage", &1u8).unwrap_err();
        assert!(matches!(error, FormatError::UnknownSection { .. }), "{error}");
    }

    /// A forged header of 256 MiB took several times as much memory.
    #[test]
    fn many_sections_are_refused_at_the_first_wrong_one() {
        for (name, message) in
            [("config", "has the section `config` twice"), ("x", "has a section `x`, which")]
        {
            let header = header(&vec![(name, 1); 10_000]);
            let (opened, held) = peak(|| SectionReader::open::<sample::Header>(&header).map(drop));
            let error = opened.unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
            assert!(held < 4096, "{held} bytes");
        }
    }

    #[test]
    fn forged_counts_and_lengths_are_refused() {
        let valid = header(&[("config", 1)]);
        check(&valid, "read");
        let count = 4 + "deepcross 9.9.9".len();
        let length = count + 4 + 4 + "config".len() + 4;
        let within = "the header cannot be decoded: it ends within a value";
        let sections =
            "the header cannot be decoded: it has 4294967295 sections, expected at most 1048576";
        let tensors = "there are 4294967295 tensors, expected at most 16384";
        for (position, message) in
            [(count, sections), (count + 4, within), (length, within), (valid.len() - 4, tensors)]
        {
            let mut forged = valid.clone();
            forged[position..position + 4].fill(0xff);
            check(&forged, message);
        }
        let mut forged = valid.clone();
        forged[count + 8] = 0xff;
        check(&forged, "the header cannot be decoded: a name is not valid UTF-8");
        for cut in count..valid.len() {
            check(&valid[..cut], within);
        }
        let longer = [&valid[..], &[0]].concat();
        check(&longer, "the header cannot be decoded: 1 bytes follow its end");
    }
}
