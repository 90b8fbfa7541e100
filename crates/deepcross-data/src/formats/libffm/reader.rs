//! Reads libffm: lines of a label and features with their fields and values, `field:feature:value`.
//!
//! A row has the column `label`, and a column for each field, named by the field's number.
//! The column of a field holds its pairs `feature:value` as a weighted list, in the order of the line; it is empty if
//! the field has no pair.
//! The fields are those that `data.columns` names, or else all fields of the first file, which is read to find them.
//! Rejected: the fields of the first row, because a row leaves out the fields of which it has no feature.

use std::collections::{HashMap, HashSet};

use crate::config::LABEL;
use crate::error::DataError;
use crate::formats::columns::empty_file;
use crate::formats::file_format::FileReader;
use crate::formats::pairs::{BETWEEN, PairLines, is_feature_with_value, is_pair, is_whole, part};
use crate::input::InputFile;
use crate::limits::MOST_FIELDS;
use crate::message::shown;
use crate::rows::RawRows;

/// Reads the rows of one file.
#[derive(Debug)]
pub(super) struct LibffmReader {
    lines: PairLines,
    /// The columns without the label, in order.
    fields: Vec<Box<[u8]>>,
    /// The position of each field in `fields`.
    positions: HashMap<Box<[u8]>, usize>,
    /// The field of each pair of the row, and the bounds of the pair in the line.
    pairs: Vec<(usize, usize, usize)>,
}

impl LibffmReader {
    /// Opens the file, whose rows have the columns of `header`.
    pub(super) fn open(file: &InputFile, header: &[String]) -> Result<Self, DataError> {
        let fields: Vec<Box<[u8]>> =
            header.iter().skip(1).map(|name| name.as_bytes().into()).collect();
        let positions = fields.iter().cloned().enumerate().map(|(at, field)| (field, at));
        let (positions, pairs) = (positions.collect(), Vec::new());
        Ok(Self { lines: PairLines::open(file)?, fields, positions, pairs })
    }

    /// The columns of a file, which is read to its end: the label, and the fields in the order of their numbers.
    pub(super) fn header(file: &InputFile) -> Result<Vec<String>, DataError> {
        let (mut lines, mut known) = (PairLines::open(file)?, HashSet::<Box<[u8]>>::new());
        let mut is_empty = true;
        while lines.take()? {
            is_empty = false;
            for (field, _) in lines.words().filter_map(part) {
                // Malformed words are reported when the rows are read.
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
            return Err(empty_file(file.path(), "rows"));
        }
        Ok([LABEL.to_owned()].into_iter().chain(by_number(known)).collect())
    }

    /// Refuses a file without rows.
    pub(super) fn check(file: &InputFile) -> Result<(), DataError> {
        match PairLines::open(file)?.take()? {
            true => Ok(()),
            false => Err(empty_file(file.path(), "rows")),
        }
    }

    /// The position of a word's field, and the pair after the field; or what was expected instead of the word.
    fn pair<'w>(&self, word: &'w [u8]) -> Result<(usize, &'w [u8]), &'static str> {
        let (field, pair) = part(word).ok_or(TRIPLE)?;
        if !is_whole(field) || !is_feature_with_value(pair) {
            return Err(TRIPLE);
        }
        // In most lines, the fields are in order.
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

impl FileReader for LibffmReader {
    /// Takes the line of the next row; false at the end of the file.
    ///
    /// # Errors
    /// If the line is too long, or if the system cannot read it; no more rows can be read then.
    fn take_row(&mut self) -> Result<bool, DataError> {
        self.lines.take()
    }

    /// Appends the row whose line was taken.
    ///
    /// # Errors
    /// If a word is not a pair, or if its field is not known; the next row is that of the next line.
    fn push_row(&mut self, rows: &mut RawRows) -> Result<(), DataError> {
        self.lines.begin(rows);
        let line = self.lines.content();
        let mut words = self.lines.words().peekable();
        rows.push(words.next_if(|word| !is_pair(word)).unwrap_or_default());
        rows.end_field();
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
                rows.push(between);
                rows.push(&line[*start..*end]);
                between = &[BETWEEN];
            }
            rows.end_field();
        }
        match wrong {
            None => Ok(()),
            Some((word, expected)) => Err(self.wrong(word, expected)),
        }
    }

    /// The row that was read last, as it stands in the file.
    fn raw(&self) -> &[u8] {
        self.lines.raw()
    }
}

const TRIPLE: &str = "`field:feature:value` of two whole numbers and a finite number";

const UNKNOWN: &str = "a field that the first file has or that `data.columns` names; to read this \
                       field, name the label and all fields in `data.columns`";

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
