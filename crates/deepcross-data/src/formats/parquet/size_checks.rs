//! Checks the sizes that a Parquet file claims, before the library for Parquet relies on them.
//!
//! The library allocates memory for all children that a column claims and for all bytes that a page claims, and
//! recurses as deep as the columns claim to be nested.
//! If memory or stack is exhausted, the process ends, which no caller can catch.
//! The library also steps through lists of booleans that take no bytes, two thousand million at a time.
//! It finds all other damage itself.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use parquet::arrow::ProjectionMask;
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

use super::thrift::{Compact, I32, LIST, STRUCT};
use crate::message::shown;

/// The most bytes of the columns of a row group, before compression.
const LARGEST_GROUP: i64 = 1 << 30;

/// The deepest nesting of columns; columns that are read have three levels.
const MOST_DEPTH: usize = 64;

/// The number of bytes after the footer: its length, and the magic bytes.
const TAIL: u64 = 8;

/// The number of bytes of a page that are read at once to find its header.
const HEADER: usize = 256;

/// The id of the number of children in an element of the schema, and the id of the schema in the footer.
const CHILDREN: i16 = 5;
const SCHEMA: i16 = 2;

/// The ids of the two sizes in the header of a page.
const UNCOMPRESSED: i16 = 2;
const COMPRESSED: i16 = 3;

/// The problem of the columns that the footer describes, if there is one.
pub(crate) fn problem_of_columns(file: &File) -> Option<String> {
    let (mut problem, mut columns) = (None, Columns::default());
    let read = footer(file)?.fields(&mut |compact, id, kind| {
        if (id, kind) != (SCHEMA, LIST) {
            return Some(false);
        }
        let (STRUCT, n) = compact.list()? else { return None };
        for left in (0..n).rev() {
            problem = columns.add(children(compact)?, left);
            if problem.is_some() {
                return None;
            }
        }
        Some(true)
    });
    let is_damaged = read.is_none().then(|| "it is damaged: its footer cannot be read".to_owned());
    problem.or(is_damaged)
}

/// A reader at the start of the footer.
fn footer(mut file: &File) -> Option<Compact<BufReader<&File>>> {
    let mut length = [0; 4];
    let end = file.seek(SeekFrom::End(0)).ok()?.checked_sub(TAIL)?;
    file.seek(SeekFrom::Start(end)).ok()?;
    file.read_exact(&mut length).ok()?;
    let length = u32::from_le_bytes(length).into();
    file.seek(SeekFrom::Start(end.checked_sub(length)?)).ok()?;
    Some(Compact::new(BufReader::new(file), length))
}

fn children<R: Read>(compact: &mut Compact<R>) -> Option<i64> {
    let mut n_children = 0;
    compact.fields(&mut |compact, id, kind| {
        let is_it = (id, kind) == (CHILDREN, I32);
        if is_it {
            n_children = compact.number()?;
        }
        Some(is_it)
    })?;
    Some(n_children)
}

/// Nested columns: the number of missing children of each column that is not complete.
#[derive(Debug, Default)]
struct Columns(Vec<u64>);

impl Columns {
    /// Adds a column with `n_children` children, after which `left` columns follow; returns its problem, if there is
    /// one.
    fn add(&mut self, n_children: i64, left: u64) -> Option<String> {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        if let Some(to_come) = self.0.last_mut() {
            *to_come -= 1;
        }
        let Ok(n_children) = u64::try_from(n_children) else { return None };
        if n_children > left {
            return Some(format!(
                "it is damaged: a column claims {n_children} columns in it, but only {left} follow"
            ));
        }
        if n_children > 0 {
            self.0.push(n_children);
        }
        let depth = self.0.len();
        (depth > MOST_DEPTH).then(|| {
            format!("its columns are nested more than {MOST_DEPTH} levels deep, expected at most 3")
        })
    }
}

/// The problem of the columns that are `read`: their compression, and the sizes of the row groups and of their pages.
pub(crate) fn problem_of_groups(
    file: &File,
    metadata: &ParquetMetaData,
    read: &ProjectionMask,
) -> Option<String> {
    let groups = metadata.row_groups();
    let held = groups.iter().fold(0, |sum: i64, group| sum.saturating_add(group.compressed_size()));
    let n_bytes = file.metadata().ok()?.len();
    // Without this check, the same pages could be read many times, as parts of many columns.
    if u64::try_from(held).is_ok_and(|held| held > n_bytes) {
        return Some(format!("its columns claim {held} bytes, but the file has {n_bytes}"));
    }
    groups.iter().enumerate().find_map(|(index, group)| {
        let problem = problem_of_group(file, group, read)?;
        Some(format!("row group {} {problem}", index + 1))
    })
}

fn problem_of_group(
    file: &File,
    group: &RowGroupMetaData,
    read: &ProjectionMask,
) -> Option<String> {
    let columns = group.columns().iter().enumerate();
    let columns = columns.filter(|(leaf, _)| read.leaf_included(*leaf)).map(|(_, chunk)| chunk);
    if let Some(problem) = columns.clone().find_map(problem_of_compression) {
        return Some(problem);
    }
    let in_pages = columns
        .clone()
        .try_fold(0, |sum: i64, chunk| Some(sum.saturating_add(in_chunk(file, chunk)?)));
    let Some(in_pages) = in_pages else {
        return Some("has a page whose header cannot be read".to_owned());
    };
    let claimed = columns.fold(0, |sum: i64, chunk| sum.saturating_add(chunk.uncompressed_size()));
    let is_whole = (0..group.num_columns()).all(|leaf| read.leaf_included(leaf));
    let whole = if is_whole { group.total_byte_size() } else { 0 };
    let n_bytes = claimed.max(in_pages).max(whole);
    (n_bytes > LARGEST_GROUP).then(|| {
        format!(
            "has {n_bytes} bytes, expected at most {LARGEST_GROUP}; write it with smaller row groups"
        )
    })
}

/// The compression of a column, if it is not read, with the remedy.
fn problem_of_compression(chunk: &ColumnChunkMetaData) -> Option<String> {
    let name = match chunk.compression() {
        Compression::BROTLI(_) => "Brotli",
        Compression::LZO => "LZO",
        _ => return None,
    };
    let column = shown(chunk.column_path().string().as_bytes());
    Some(format!(
        "has the column `{column}` compressed by {name}, which is not read; write the file with Zstandard, \
         Snappy, gzip, LZ4 or no compression"
    ))
}

/// The bytes of all pages of a column before compression, according to their headers.
fn in_chunk(file: &File, chunk: &ColumnChunkMetaData) -> Option<i64> {
    let (mut at, mut left) = chunk.byte_range();
    let mut sum = 0_i64;
    while left > 0 {
        let (n_read, uncompressed, compressed) = header(file, at, left)?;
        sum = sum.saturating_add(uncompressed.max(0));
        let n_bytes = n_read.saturating_add(u64::try_from(compressed).ok()?);
        (at, left) = (at.saturating_add(n_bytes), left.saturating_sub(n_bytes));
    }
    Some(sum)
}

/// The length of the header of a page, and the two sizes in it.
fn header(mut file: &File, at: u64, left: u64) -> Option<(u64, i64, i64)> {
    file.seek(SeekFrom::Start(at)).ok()?;
    let mut compact = Compact::new(BufReader::with_capacity(HEADER, file), left);
    let (mut uncompressed, mut compressed) = (0, 0);
    compact.fields(&mut |compact, id, kind| {
        match (id, kind) {
            (UNCOMPRESSED, I32) => uncompressed = compact.number()?,
            (COMPRESSED, I32) => compressed = compact.number()?,
            _ => return Some(false),
        }
        Some(true)
    })?;
    Some((left - compact.left(), uncompressed, compressed))
}
