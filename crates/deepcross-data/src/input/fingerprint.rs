//! Fingerprints of files, which show whether a file is the same as before, whatever its name is now.
//!
//! A fingerprint holds the length of the file and a hash of some of its bytes.
//! The hash covers all of a small file, and evenly spaced blocks of a large one, including its beginning and its end.
//! So the cost is bounded for any file, and a file that was replaced, extended, cut or rewritten is recognised.
//! A change of a few bytes in place may escape; logs are not changed like that.
//! Rejected: a hash of all bytes, which takes a pass over the data before a run can continue; and the time of the last
//! change, which differs after a copy.

use std::io::{self, Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::folder_columns::FolderColumn;
use super::input_file::InputFile;
use super::memory::MemoryRows;
use super::open::{open_seekable, unreadable};
use crate::error::DataError;

/// The size of a block in bytes.
const BLOCK: u64 = 64 << 10;

/// The most blocks that are read.
const BLOCKS: u64 = 32;

/// The fingerprint of a file's content; a compressed file is not decompressed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The length of the file in bytes; for rows in memory, of the names and values.
    pub bytes: u64,
    /// XXH3-64 of some of its bytes.
    pub hash: u64,
}

impl Fingerprint {
    /// Computes the fingerprint of a file. At most 2 MiB of the file are read.
    ///
    /// For rows in memory, all values are read instead.
    /// A pipe, or `-` for the standard input, is read to its end; it can be read again if its [`Pipes`](crate::input::Pipes)
    /// keep it.
    ///
    /// # Errors
    /// If there is no such file, if it is a folder, or if the system refuses.
    pub fn of(file: &InputFile) -> Result<Self, DataError> {
        if let Some(rows) = file.memory() {
            return Ok(Self::of_rows(rows));
        }
        let mut bytes = open_seekable(file)?;
        let of_bytes = Self::of_bytes(&mut bytes);
        let of_bytes = of_bytes.map_err(|error| unreadable(file.path(), 1, error))?;
        Ok(of_bytes.with_columns(&file.folder_columns()))
    }

    /// The fingerprint of rows that also have the columns that the names of folders give.
    fn with_columns(self, columns: &[FolderColumn]) -> Self {
        if columns.is_empty() {
            return self;
        }
        let mut sum = Xxh3::new();
        sum.update(&self.hash.to_le_bytes());
        for FolderColumn { name, value, .. } in columns {
            for text in [Some(name.as_str()), value.as_deref()] {
                // A length tells a missing value from an empty one, and one text from the next.
                let length = text.map_or(u64::MAX, |text| text.len() as u64);
                sum.update(&length.to_le_bytes());
                sum.update(text.unwrap_or_default().as_bytes());
            }
        }
        Self { hash: sum.digest(), ..self }
    }

    fn of_rows(rows: &MemoryRows) -> Self {
        let (mut sum, mut n_bytes, mut text) = (Xxh3::new(), 0, Vec::new());
        let add_count = |sum: &mut Xxh3, count: usize| sum.update(&(count as u64).to_le_bytes());
        let mut add = |sum: &mut Xxh3, text: &[u8]| {
            n_bytes += text.len() as u64;
            add_count(sum, text.len());
            sum.update(text);
        };
        // The number of cells comes first, since equal texts may be divided into other rows.
        add_count(&mut sum, rows.header.len());
        rows.header.iter().for_each(|name| add(&mut sum, name.as_bytes()));
        for chunk in &rows.chunks {
            for row in 0..chunk.n_rows() {
                let n_cells = chunk.n_cells(row);
                add_count(&mut sum, n_cells);
                for column in 0..n_cells {
                    add(&mut sum, chunk.cell(row, column).text(&mut text));
                }
            }
        }
        Self { bytes: n_bytes, hash: sum.digest() }
    }

    fn of_bytes(file: &mut (impl Read + Seek)) -> io::Result<Self> {
        let bytes = file.seek(SeekFrom::End(0))?;
        let (mut sum, mut block) = (Xxh3::new(), Vec::new());
        for start in starts(bytes) {
            file.seek(SeekFrom::Start(start))?;
            block.clear();
            file.by_ref().take(BLOCK).read_to_end(&mut block)?;
            sum.update(&block);
        }
        Ok(Self { bytes, hash: sum.digest() })
    }
}

/// The starts of the blocks: one after the other if they cover the file, and evenly spaced if not.
fn starts(bytes: u64) -> impl Iterator<Item = u64> {
    let n = bytes.div_ceil(BLOCK).min(BLOCKS);
    let (last, gaps) = (bytes.saturating_sub(BLOCK), n.saturating_sub(1).max(1));
    let covers = bytes <= BLOCK * BLOCKS;
    let spaced = move |i| (u128::from(i) * u128::from(last) / u128::from(gaps)) as u64;
    (0..n).map(move |i| if covers { i * BLOCK } else { spaced(i) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn of(bytes: &[u8]) -> Fingerprint {
        Fingerprint::of_bytes(&mut Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn the_columns_of_folders_belong_to_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| {
            let path = folder.path().join(name).join("a.csv");
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "x\n1\n").unwrap();
            Fingerprint::of(&InputFile::from(path)).unwrap()
        };
        let names = ["plain", "d=1", "d=2", "e=1", "d=", "d=__HIVE_DEFAULT_PARTITION__", "d=1/e=1"];
        let all: Vec<_> = names.map(of).to_vec();
        assert_eq!(all[0], of("other"));
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{}", names[at]);
        }
    }

    fn sample(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i * i % 251) as u8).collect()
    }

    #[test]
    fn every_byte_of_a_small_file_counts() {
        let most = (BLOCK * BLOCKS) as usize;
        for length in [0, 1, 1000, BLOCK as usize, BLOCK as usize + 1, most] {
            let bytes = sample(length);
            assert_eq!(of(&bytes), of(&bytes.clone()));
            for at in [0, length / 3, length / 2, length.saturating_sub(1)] {
                let mut changed = bytes.clone();
                let Some(byte) = changed.get_mut(at) else { continue };
                *byte ^= 1;
                assert_ne!(of(&changed), of(&bytes), "byte {at} of {length}");
            }
        }
    }

    #[test]
    fn a_large_file_is_recognised_by_its_length_and_by_its_blocks() {
        let bytes = sample(3 * (BLOCK * BLOCKS) as usize + 7);
        let found = of(&bytes);
        assert_eq!(found.bytes, bytes.len() as u64);
        assert_ne!(of(&bytes[..bytes.len() - 1]), found);
        assert_ne!(of(&[&bytes[..], b"more"].concat()), found);
        let starts: Vec<_> = starts(found.bytes).collect();
        assert_eq!((starts[0], starts.len() as u64), (0, BLOCKS));
        assert_eq!(starts[31], found.bytes - BLOCK);
        for start in starts {
            let mut changed = bytes.clone();
            changed[start as usize] ^= 1;
            assert_ne!(of(&changed), found, "byte {start}");
        }
        // The bytes between the blocks are not read, as the documentation says.
        let mut changed = bytes.clone();
        changed[BLOCK as usize + 1] ^= 1;
        assert_eq!(of(&changed), found);
    }
}
