//! Reads libffm: lines of a label and features with their fields and values, `field:feature:value`.
//!
//! A row has the column `label` and one for each field, under its number: the pairs `feature:value` of
//! the field as a weighted list, in the order of the line; empty where it has none.
//! The fields are those that `data.columns` names, or else all that the first file has, which is read for them.
//! Rejected: the fields of the first row, since a row leaves out fields that it has no feature of.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::svm_lines::SvmLines;
use super::svm_tokens::{BETWEEN, is_feature_with_value, is_pair, part};
use crate::config::{LABEL, is_whole};
use crate::error::DataError;
use crate::limits::MOST_FIELDS;
use crate::message::shown;
use crate::rows::RawRow;

/// Reads the rows of one file.
#[derive(Debug)]
pub(crate) struct LibffmReader {
    lines: SvmLines,
    /// The columns but for the label, in order, and where each stands.
    fields: Vec<Box<[u8]>>,
    positions: HashMap<Box<[u8]>, usize>,
    /// Of each pair of the row, its field, and where it starts and ends in the line.
    pairs: Vec<(usize, usize, usize)>,
}

impl LibffmReader {
    /// Opens the file, whose rows have the columns of `header`.
    pub(crate) fn open(file: &Arc<Path>, header: &[String]) -> Result<Self, DataError> {
        let fields: Vec<Box<[u8]>> =
            header.iter().skip(1).map(|name| name.as_bytes().into()).collect();
        let positions = fields.iter().cloned().enumerate().map(|(at, field)| (field, at));
        let (positions, pairs) = (positions.collect(), Vec::new());
        Ok(Self { lines: SvmLines::open(file)?, fields, positions, pairs })
    }

    /// The columns of a file, all of which is read: the label, and the fields by their numbers.
    pub(crate) fn header(file: &Arc<Path>) -> Result<Vec<String>, DataError> {
        let (mut lines, mut known) = (SvmLines::open(file)?, HashSet::<Box<[u8]>>::new());
        let mut is_empty = true;
        while lines.take()? {
            is_empty = false;
            for (field, _) in lines.words().filter_map(part) {
                // Whoever reads the rows says which words are wrong.
                if is_whole(field) && !known.contains(field) {
                    known.insert(field.into());
                }
            }
            if known.len() >= MOST_FIELDS {
                let (found, limit) = (known.len() + 1, MOST_FIELDS);
                return Err(DataError::ManyColumns { place: lines.place(), found, limit });
            }
        }
        if is_empty {
            return Err(DataError::EmptyFile { file: file.to_path_buf(), expected: "rows" });
        }
        Ok([LABEL.to_owned()].into_iter().chain(by_number(known)).collect())
    }

    /// Refuses a file without rows.
    pub(crate) fn check(file: &Arc<Path>) -> Result<(), DataError> {
        match SvmLines::open(file)?.take()? {
            true => Ok(()),
            false => Err(DataError::EmptyFile { file: file.to_path_buf(), expected: "rows" }),
        }
    }

    /// Takes the line of the next row; false at the end of the file.
    ///
    /// # Errors
    /// A line that is too long, or what the system says: nothing more can be read.
    pub(crate) fn take_row(&mut self) -> Result<bool, DataError> {
        self.lines.take()
    }

    /// Splits the row whose line was taken.
    ///
    /// # Errors
    /// A word that is no pair, or one of a field that is not known: the next call reads on in the next
    /// line.
    pub(crate) fn split_row(&mut self, row: &mut RawRow) -> Result<(), DataError> {
        self.lines.begin(row);
        let line = self.lines.content();
        let mut words = self.lines.words().peekable();
        row.push(words.next_if(|word| !is_pair(word)).unwrap_or_default());
        row.end_field();
        self.pairs.clear();
        let mut wrong = None;
        for word in words {
            match self.pair(word) {
                Ok((field, pair)) => {
                    let end = word.as_ptr_range().end as usize - line.as_ptr() as usize;
                    self.pairs.push((field, end - pair.len(), end));
                }
                Err(expected) => wrong = wrong.or(Some((word, expected))),
            }
        }
        // Pairs of a field stay in the order of the line, by where they start.
        if !self.pairs.is_sorted() {
            self.pairs.sort_unstable();
        }
        let mut pairs = self.pairs.iter().peekable();
        for field in 0..self.fields.len() {
            let mut between: &[u8] = &[];
            while let Some((_, start, end)) = pairs.next_if(|(of, ..)| *of == field) {
                row.push(between);
                row.push(&line[*start..*end]);
                between = &[BETWEEN];
            }
            row.end_field();
        }
        match wrong {
            None => Ok(()),
            Some((word, expected)) => Err(self.wrong(word, expected)),
        }
    }

    /// The row that was read last, as it stands in the file.
    pub(crate) fn raw(&self) -> &[u8] {
        self.lines.raw()
    }

    /// The position of a pair's field, and the pair without it; or what was expected.
    fn pair<'w>(&self, word: &'w [u8]) -> Result<(usize, &'w [u8]), &'static str> {
        let (field, pair) = part(word).ok_or(TRIPLE)?;
        if !is_whole(field) || !is_feature_with_value(pair) {
            return Err(TRIPLE);
        }
        // Most lines have their fields in order.
        let next = self.pairs.last().map_or(0, |(before, ..)| before + 1);
        let is_next = self.fields.get(next).is_some_and(|known| **known == *field);
        let position = is_next.then_some(next).or_else(|| self.positions.get(field).copied());
        Ok((position.ok_or(UNKNOWN)?, pair))
    }

    fn wrong(&self, word: &[u8], expected: &str) -> DataError {
        let field = part(word).map_or(&[][..], |(field, _)| field);
        let (place, field, value) = (self.lines.place(), shown(field), shown(word));
        DataError::Row { place, field, value, expected: expected.to_owned() }
    }
}

const TRIPLE: &str = "`field:feature:value` of two whole numbers and a finite number";

const UNKNOWN: &str = "a field that the first file has too, or that `data.columns` names; to read this \
                       one, name the label and all fields there";

/// Fields in the order of their numbers.
fn by_number(fields: HashSet<Box<[u8]>>) -> impl Iterator<Item = String> {
    let mut fields: Vec<_> =
        fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    fields.sort_by_cached_key(|field| {
        let digits = field.trim_start_matches('0').to_owned();
        (digits.len(), digits, field.len())
    });
    fields.into_iter()
}
