//! The file of a cache.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic: `DEEPROWS` in ASCII |
//! | 4 | the version |
//! | 8 | the length of the description |
//! | 8 | XXH3-64 of the description |
//! | | the description: bytes that the owner of the cache chooses |
//! | | the blocks of all parts, one after another |
//! | | the index: the number of parts (4), then each part |
//! | 8 | the position at which the index begins |
//! | 8 | XXH3-64 of the first 28 bytes and the index |
//! | 8 | magic: `DEEPSWOR` in ASCII |
//!
//! A part of the index is the number of its blocks (8), and for each block its length (4), three counts of each side
//! (4 each: its good rows, its rows that take part in the draw of negative rows, its bad rows), and its XXH3-64 (8).
//! All integers are little-endian.
//! The index is at the end, so that a file is written front to back.
//! The counts let a reader begin at any row without reading the blocks before it, and skip blocks of the other side.
//! The position of each block follows from the lengths of all blocks, so blocks can neither overlap nor leave gaps.
//! A file that was cut off, or that grew, does not end with the magic.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use deepcross_files::Cursor;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::problem::{Problem, check_end};
use super::side_counts::BothSides;
use crate::error::DataError;
use crate::input::open_plain;

const MAGIC: [u8; 8] = *b"DEEPROWS";
const END: [u8; 8] = *b"DEEPSWOR";
const VERSION: u32 = 2;

/// The number of bytes before the description.
const HEAD: usize = 28;

/// The number of bytes after the index.
const TAIL: u64 = 24;

/// Encoded rows in a file; cheap to clone.
#[derive(Clone, Debug)]
pub struct Cache {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    file: Mutex<File>,
    about: Vec<u8>,
    parts: Vec<Vec<BlockPlace>>,
    n_bytes: u64,
}

/// The position of a block in the file, its sizes and its checksum.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockPlace {
    pub(super) start: u64,
    pub(super) n_bytes: u32,
    pub(super) counts: BothSides,
    pub(super) hash: u64,
}

impl Cache {
    /// Opens a cache that [`CacheWriter`](crate::cache::CacheWriter) wrote.
    ///
    /// The blocks are not read: [`verify`](Self::verify) reads them.
    ///
    /// # Errors
    /// [`DataError::MissingFile`] and the like, and [`DataError::Cache`] if the file is not a complete cache.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Self::of(open_plain(path)?, path)
    }

    /// The cache in an open file; `path` is its name for messages.
    pub(super) fn of(mut file: File, path: &Path) -> Result<Self, DataError> {
        let (n_bytes, about, parts) = match read_frame(&mut file) {
            Ok(Ok(frame)) => frame,
            Ok(Err(problem)) => return Err(DataError::Cache { file: path.into(), problem }),
            Err(source) => return Err(DataError::Unreadable { file: path.into(), source }),
        };
        let (path, file) = (path.to_owned(), Mutex::new(file));
        Ok(Self { shared: Arc::new(Shared { path, file, about, parts, n_bytes }) })
    }

    /// The description of the cache: the bytes that its owner gave to the writer.
    pub fn about(&self) -> &[u8] {
        &self.shared.about
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// The length of the file in bytes.
    pub fn n_bytes(&self) -> u64 {
        self.shared.n_bytes
    }

    /// The number of parts.
    pub fn n_parts(&self) -> usize {
        self.shared.parts.len()
    }

    /// Reads all blocks and compares them with their checksums, which finds any change since they were written.
    ///
    /// # Errors
    /// [`DataError::Cache`] with the first block that has changed.
    pub fn verify(&self) -> Result<(), DataError> {
        let mut bytes = Vec::new();
        for (part, blocks) in self.shared.parts.iter().enumerate() {
            (0..blocks.len()).try_for_each(|block| self.read(part, block, &mut bytes))?;
        }
        Ok(())
    }

    /// Reads the bytes of a block, which replace the content of `bytes`.
    pub(super) fn read(
        &self,
        part: usize,
        block: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<(), DataError> {
        let place = self.blocks(part)[block];
        let mut read = |file: &mut File| {
            file.seek(SeekFrom::Start(place.start))?;
            bytes.resize(place.n_bytes as usize, 0);
            file.read_exact(bytes)
        };
        read(&mut self.shared.file.lock().unwrap_or_else(PoisonError::into_inner))
            .map_err(|source| DataError::Unreadable { file: self.path().into(), source })?;
        if xxh3_64(bytes) != place.hash {
            return Err(self.damaged((part, block), "it has changed since it was written"));
        }
        Ok(())
    }

    pub(super) fn blocks(&self, part: usize) -> &[BlockPlace] {
        self.shared.parts.get(part).map_or(&[], Vec::as_slice)
    }

    pub(super) fn damaged(&self, (part, block): (usize, usize), problem: &str) -> DataError {
        let problem = format!("block {} of part {}: {problem}", block + 1, part + 1);
        DataError::Cache { file: self.path().into(), problem }
    }
}

/// The bytes before the blocks.
pub(super) fn head(about: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((about.len() as u64).to_le_bytes());
    bytes.extend(xxh3_64(about).to_le_bytes());
    bytes.extend(about);
    bytes
}

/// The bytes after the blocks of a file that begins with `head` and whose index begins at `start`.
pub(super) fn tail(head: &[u8], parts: &[Vec<BlockPlace>], start: u64) -> Vec<u8> {
    let mut bytes = (parts.len() as u32).to_le_bytes().to_vec();
    for blocks in parts {
        bytes.extend((blocks.len() as u64).to_le_bytes());
        for block in blocks {
            bytes.extend(block.n_bytes.to_le_bytes());
            block.counts.write(&mut bytes);
            bytes.extend(block.hash.to_le_bytes());
        }
    }
    let sum = frame_sum(head, &bytes);
    bytes.extend(start.to_le_bytes());
    bytes.extend(sum.to_le_bytes());
    bytes.extend(END);
    bytes
}

fn frame_sum(head: &[u8], index: &[u8]) -> u64 {
    let mut sum = Xxh3::new();
    sum.update(&head[..HEAD.min(head.len())]);
    sum.update(index);
    sum.digest()
}

type Frame = (u64, Vec<u8>, Vec<Vec<BlockPlace>>);

/// Reads everything except the blocks of a file.
///
/// The outer error comes from the system, the inner one says what is wrong with the file.
fn read_frame(file: &mut (impl Read + Seek)) -> io::Result<Result<Frame, Problem>> {
    let n_bytes = file.seek(SeekFrom::End(0))?;
    let least = HEAD as u64 + TAIL + 4;
    if n_bytes < least {
        return Ok(Err(format!("it has {n_bytes} bytes, expected at least {least}")));
    }
    let head = read_at(file, 0, HEAD as u64)?;
    let tail = read_at(file, n_bytes - TAIL, TAIL)?;
    let (n_about, about_hash, start, sum) = match read_ends(&head, &tail) {
        Ok(ends) => ends,
        Err(problem) => return Ok(Err(problem)),
    };
    let first = (HEAD as u64).checked_add(n_about);
    let Some(first) = first.filter(|first| *first <= start && start <= n_bytes - TAIL - 4) else {
        return Ok(Err("its parts do not fit into the file".to_owned()));
    };
    let index = read_at(file, start, n_bytes - TAIL - start)?;
    if frame_sum(&head, &index) != sum {
        return Ok(Err("its index has changed since it was written".to_owned()));
    }
    let about = read_at(file, HEAD as u64, n_about)?;
    if xxh3_64(&about) != about_hash {
        return Ok(Err("its description has changed since it was written".to_owned()));
    }
    Ok(read_index(&index, first..start).map(|parts| (n_bytes, about, parts)))
}

/// Reads `n` bytes at `start`, which the file must have.
fn read_at(file: &mut (impl Read + Seek), start: u64, n: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(n).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == n { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The length and the hash of the description; the position of the index, and its checksum.
fn read_ends(head: &[u8], tail: &[u8]) -> Result<(u64, u64, u64, u64), Problem> {
    let mut head = Cursor::new(head);
    if head.take(8)? != MAGIC {
        return Err("it does not begin with `DEEPROWS`".to_owned());
    }
    let version = head.u32()?;
    if version != VERSION {
        return Err(format!("it has version {version}, but {VERSION} is expected"));
    }
    let mut tail = Cursor::new(tail);
    let ends = (head.u64()?, head.u64()?, tail.u64()?, tail.u64()?);
    if tail.take(8)? != END {
        return Err("it is cut off, or it has bytes after its end".to_owned());
    }
    Ok(ends)
}

fn read_index(index: &[u8], blocks: std::ops::Range<u64>) -> Result<Vec<Vec<BlockPlace>>, Problem> {
    let (mut cursor, mut start) = (Cursor::new(index), blocks.start);
    let mut parts = Vec::new();
    for _ in 0..cursor.u32()? {
        let n_blocks = cursor.u64()?;
        let mut places = Vec::new();
        for _ in 0..n_blocks {
            let n_bytes = cursor.u32()?;
            let (counts, hash) = (BothSides::read(&mut cursor)?, cursor.u64()?);
            places.push(BlockPlace { start, n_bytes, counts, hash });
            start += u64::from(n_bytes);
        }
        parts.push(places);
    }
    if start != blocks.end {
        return Err(format!("its blocks end at {start}, but its index begins at {}", blocks.end));
    }
    check_end(&cursor, "the index")?;
    Ok(parts)
}
