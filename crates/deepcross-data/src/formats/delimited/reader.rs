//! Splits delimited text, such as CSV and TSV, into rows and fields.
//!
//! Rejected: the `csv` crate, which takes text after a closing quote for a part of the field, and the end of the file
//! for a closing quote: one stray quote can then swallow a thousand rows without a warning.
//! For a valid file, both give the same rows.
//!
//! Whatever a file holds, memory stays within a few times [`LONGEST_ROW`], and time is proportional to the size of the
//! file times the number of its columns at most.
//! For this, a row that has too many fields already takes no further line: lines that all open a quote would otherwise
//! be read again and again to the end of the file.

use std::io::{self, Cursor};
use std::iter;
use std::path::Path;
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memchr2};

use super::delimiter::Delimiter;
use super::dialect::Dialect;
use crate::error::DataError;
use crate::formats::file_format::FileReader;
use crate::input::{BYTE_ORDER_MARK, InputFile, LineWindow, open, unreadable};
use crate::limits::{LONGEST_ROW, MOST_FIELDS};
use crate::place::Place;
use crate::rows::{FieldCount, Line, RawRows, SEVERAL_LINES};

/// Reads the rows of one file; the header row is a row like any other.
#[derive(Debug)]
pub(crate) struct DelimitedReader {
    file: Arc<Path>,
    dialect: Dialect,
    /// The number of fields of a valid row, once it is known.
    n_fields: Option<usize>,
    /// Starts with the row that was read last.
    window: LineWindow,
    /// The line in which the window starts, counted from 1.
    line: u64,
    /// The length of the row in bytes.
    taken: usize,
    /// The number of lines of the row.
    taken_lines: u64,
    /// The length of the row's first line.
    first_line: usize,
}

impl DelimitedReader {
    /// Opens a file whose number of columns is not known yet.
    pub(crate) fn open(file: &InputFile, dialect: Dialect) -> Result<Self, DataError> {
        Self::over(LineWindow::new(open(file)?), Arc::clone(file.path()), dialect)
    }

    /// Reads the text behind the window; messages call it `file`.
    pub(super) fn over(
        window: LineWindow,
        file: Arc<Path>,
        dialect: Dialect,
    ) -> Result<Self, DataError> {
        let n_fields = None;
        let (line, taken, taken_lines, first_line) = (1, 0, 0, 0);
        let mut reader =
            Self { file, dialect, n_fields, window, line, taken, taken_lines, first_line };
        reader.window.skip(BYTE_ORDER_MARK).map_err(|error| reader.unreadable(error))?;
        reader.skip_separator()?;
        Ok(reader)
    }

    /// Moves past a first line such as `sep=;`, in which Excel notes the delimiter.
    ///
    /// # Errors
    /// If the line names another delimiter than the one of the settings.
    fn skip_separator(&mut self) -> Result<(), DataError> {
        let is_noted = self.window.starts_with(SEPARATOR_NOTE);
        if !is_noted.map_err(|error| self.unreadable(error))? {
            return Ok(());
        }
        let Some(end) = self.line_end()? else { return Ok(()) };
        let line = without_line_end(&self.window.bytes()[..end]);
        let noted = String::from_utf8_lossy(&line[SEPARATOR_NOTE.len()..]).into_owned();
        // `sep=a,b` is a header.
        if Delimiter::new(&noted).is_none() || noted.contains(char::is_alphanumeric) {
            return Ok(());
        }
        if noted.as_bytes() != self.dialect.delimiter.as_bytes() {
            let (place, delimiter) = (self.place(), self.dialect.delimiter.to_string());
            return Err(DataError::OtherDelimiter { place, noted, delimiter });
        }
        self.window.advance(end);
        self.line += 1;
        Ok(())
    }

    /// The bytes that have been read ahead.
    pub(super) fn ahead(&self) -> &[u8] {
        self.window.bytes()
    }

    /// Expects rows of `n_fields` fields from now on.
    pub(crate) fn expect_fields(&mut self, n_fields: usize) {
        self.n_fields = Some(n_fields);
    }

    /// Reads the next row; `None` at the end of the file.
    ///
    /// # Errors
    /// As [`take_row`](Self::take_row) and [`push_row`](Self::push_row).
    pub(crate) fn read(&mut self) -> Result<Option<RawRows>, DataError> {
        if !self.take_row()? {
            return Ok(None);
        }
        let mut rows = RawRows::default();
        self.push_row(&mut rows)?;
        rows.end_row(None, self.raw());
        rows.split(0);
        Ok(Some(rows))
    }

    /// Moves past the last row and takes one line; false at the end of the file.
    fn take_line(&mut self) -> Result<bool, DataError> {
        self.window.advance(self.taken);
        self.line += self.taken_lines;
        (self.taken, self.taken_lines) = (0, 0);
        let end = self.line_end()?;
        self.taken =
            end.ok_or_else(|| DataError::LongRow { place: self.place(), limit: LONGEST_ROW })?;
        (self.taken_lines, self.first_line) = (1, self.taken);
        Ok(self.taken > 0)
    }

    /// Whether the line that was taken is neither a comment nor blank.
    ///
    /// A blank line is a row if rows have one field: it has no value.
    fn is_row(&self) -> bool {
        let line = self.content(0);
        let visible = if self.dialect.trim { line.trim_ascii() } else { line };
        let is_blank = visible.is_empty() && self.dialect.delimiter.find(line).is_none();
        let is_comment = self.dialect.comment.is_some_and(|comment| line.first() == Some(&comment));
        (!is_blank || self.n_fields == Some(1)) && !is_comment
    }

    /// Splits the line that was taken, and the lines that a quote adds to it, into fields.
    fn split(&mut self, rows: &mut RawRows) -> Result<(), DataError> {
        let mut at = 0;
        loop {
            at = match (self.opening_quote(at), self.dialect.quote) {
                (Some(opened), Some(quote)) => self.quoted(rows, opened + 1, quote)?,
                _ => self.unquoted(rows, at),
            };
            rows.end_field();
            if self.content(at).is_empty() {
                return Ok(());
            }
            at += self.dialect.delimiter.len();
        }
    }

    /// The position of the quote that opens the field at `at`, perhaps behind spaces that are trimmed anyway.
    fn opening_quote(&self, at: usize) -> Option<usize> {
        let Dialect { delimiter, quote, trim, .. } = self.dialect;
        let field = self.content(at);
        let is_space = |at: usize| trim && field[at..].starts_with(b" ");
        let is_end = |at: usize| field[at..].starts_with(delimiter.as_bytes());
        let n_spaces = (0..field.len()).take_while(|&at| is_space(at) && !is_end(at)).count();
        let first = field.get(n_spaces).copied();
        (first.is_some() && first == quote).then_some(at + n_spaces)
    }

    /// Adds the field at `at`, up to the next delimiter; returns the end of the field.
    fn unquoted(&self, rows: &mut RawRows, mut at: usize) -> usize {
        let Dialect { delimiter, escape, .. } = self.dialect;
        let Some(escape) = escape else {
            let rest = self.content(at);
            let length = delimiter.find(rest).unwrap_or(rest.len());
            rows.push(&rest[..length]);
            return at + length;
        };
        loop {
            let rest = self.content(at);
            let length = memchr2(escape, delimiter.first(), rest).unwrap_or(rest.len());
            rows.push(&rest[..length]);
            at += length;
            match &rest[length..] {
                [] => return at,
                [first, ..] if *first == escape => at += self.escaped(rows, at, escape),
                end if end.starts_with(delimiter.as_bytes()) => return at,
                [first, ..] => {
                    rows.push(&[*first]);
                    at += 1;
                }
            }
        }
    }

    /// Adds the text that the escape at `at` makes plain, or the escape itself if no such text follows; returns the
    /// number of bytes that this takes.
    fn escaped(&self, rows: &mut RawRows, at: usize, escape: u8) -> usize {
        let Dialect { delimiter, quote, .. } = self.dialect;
        let rest = self.content(at + 1);
        let is_special = |c: &u8| *c == escape || Some(*c) == quote;
        let length = match rest.first() {
            Some(first) if is_special(first) => 1,
            _ if rest.starts_with(delimiter.as_bytes()) => delimiter.len(),
            _ => {
                rows.push(&[escape]);
                return 1;
            }
        };
        rows.push(&rest[..length]);
        1 + length
    }

    /// Adds the field whose quote opens right before `at`; returns the end of the field.
    fn quoted(&mut self, rows: &mut RawRows, mut at: usize, quote: u8) -> Result<usize, DataError> {
        let (opened, escape) = (self.last_line(), self.dialect.escape.unwrap_or(quote));
        loop {
            let rest = &self.window.bytes()[at..self.taken];
            let Some(length) = memchr2(quote, escape, rest) else {
                rows.push(rest);
                at = self.taken;
                self.add_line(rows, opened)?;
                continue;
            };
            if rest[length] != quote {
                rows.push(&rest[..length]);
                at += length + self.escaped(rows, at + length, escape);
                continue;
            }
            let doubled = rest.get(length + 1) == Some(&quote);
            rows.push(&rest[..length + usize::from(doubled)]);
            at += length + 1 + usize::from(doubled);
            if !doubled {
                return self.closed(at, opened);
            }
        }
    }

    /// The end of a field whose quote opens in the line `opened` and closes at `at`.
    ///
    /// Refuses text before the next delimiter, except spaces that are trimmed anyway.
    fn closed(&self, at: usize, opened: u64) -> Result<usize, DataError> {
        let Dialect { delimiter, trim, .. } = self.dialect;
        let (mut rest, mut end) = (self.content(at), at);
        while let Some((first, after)) = rest.split_first() {
            if rest.starts_with(delimiter.as_bytes()) {
                break;
            }
            if !trim || *first != b' ' {
                return Err(self.text_after_quote(at, rest, opened));
            }
            (rest, end) = (after, end + 1);
        }
        Ok(end)
    }

    /// The error for the text `rest` after a quote that closes at `at`.
    fn text_after_quote(&self, at: usize, rest: &[u8], opened: u64) -> DataError {
        let found = String::from_utf8_lossy(&rest[..rest.len().min(4)]);
        let is_after_backslash = at >= 2 && self.window.bytes()[at - 2] == b'\\';
        DataError::TextAfterQuote {
            place: self.place(),
            opened,
            line: self.last_line(),
            found: found.chars().next().unwrap_or_default(),
            delimiter: self.dialect.delimiter.to_string(),
            is_after_backslash: is_after_backslash && self.dialect.escape.is_none(),
        }
    }

    /// Takes one more line for a row, because a quote that opens in the line `opened` has not closed.
    fn add_line(&mut self, rows: &RawRows, opened: u64) -> Result<(), DataError> {
        let (n_fields, expected) = (rows.n_fields(), self.n_fields.unwrap_or(MOST_FIELDS));
        if n_fields >= expected {
            let (place, found) = (self.place(), n_fields + 1);
            return Err(DataError::FieldCount { place, found, expected, hint: SEVERAL_LINES });
        }
        match self.line_end()? {
            None => Err(self.unclosed(opened, Some(LONGEST_ROW))),
            Some(end) if end == self.taken => Err(self.unclosed(opened, None)),
            Some(end) => {
                (self.taken, self.taken_lines) = (end, self.taken_lines + 1);
                Ok(())
            }
        }
    }

    /// The lines that were taken, from `at` on, without the line end.
    fn content(&self, at: usize) -> &[u8] {
        let content = without_line_end(&self.window.bytes()[..self.taken]);
        content.get(at..).unwrap_or_default()
    }

    /// The delimiter, if the line is split at each place of it, whatever stands around it: the line has no quote and no
    /// escape, and the delimiter is one byte.
    fn plain_delimiter(&self, line: &[u8]) -> Option<u8> {
        let Dialect { delimiter, quote, escape, .. } = self.dialect;
        let is_special = match (quote, escape) {
            (None, None) => false,
            (Some(c), None) | (None, Some(c)) => memchr(c, line).is_some(),
            (Some(quote), Some(escape)) => memchr2(quote, escape, line).is_some(),
        };
        delimiter.single().filter(|_| !is_special)
    }

    /// The end of the line after those that were taken; `None` if the row would be too long with it.
    fn line_end(&mut self) -> Result<Option<usize>, DataError> {
        let end = self.window.line_end(self.taken, LONGEST_ROW);
        end.map_err(|error| self.unreadable(error))
    }

    /// The number of the last line that was taken.
    fn last_line(&self) -> u64 {
        self.line + self.taken_lines - 1
    }

    /// Refuses a row whose number of fields is not that of a valid row, if this is known.
    fn check_count(&mut self, rows: &RawRows) -> Result<(), DataError> {
        let (found, place) = (rows.n_fields(), || self.place());
        match self.n_fields.filter(|expected| *expected != found) {
            None => Ok(()),
            Some(expected) if self.taken_lines > 1 => {
                let hint = SEVERAL_LINES;
                Err(DataError::FieldCount { place: place(), found, expected, hint })
            }
            Some(expected) => {
                let (place, fields, quote) = (place(), rows.fields_so_far(), self.dialect.quote);
                let next = (self.line == FIRST_ROW).then(|| self.next_counts());
                Err(FieldCount { place, fields, found, expected, quote, next }.error())
            }
        }
    }

    /// The numbers of fields of the next rows that have no errors.
    fn next_counts(&mut self) -> Vec<usize> {
        let mut end = self.taken;
        for _ in 0..LINES_AHEAD {
            // What cannot be read is reported when the row is read.
            let next = self.window.line_end(end, BYTES_AHEAD);
            end = next.ok().flatten().unwrap_or(end);
        }
        let lines = self.window.bytes()[self.taken..end].to_vec();
        let window = LineWindow::new(Box::new(Cursor::new(lines)));
        let reader = Self::over(window, Arc::clone(&self.file), self.dialect);
        let rows = reader.into_iter().flat_map(|mut reader| {
            iter::from_fn(move || reader.read().ok().flatten()).take(LINES_AHEAD)
        });
        rows.map(|row| row.get(0).n_fields()).collect()
    }

    /// Whether the line is the first row and has one field more than the header, so that its error looks ahead.
    fn is_beyond_header(&self, line: &[u8], delimiter: u8) -> bool {
        self.line == FIRST_ROW
            && self.n_fields.is_some_and(|n| memchr_iter(delimiter, line).count() == n)
    }

    /// Gives back all lines but the first of the row that was read last.
    fn return_lines(&mut self) {
        (self.taken, self.taken_lines) = (self.first_line, 1);
    }

    fn unclosed(&self, opened: u64, limit: Option<usize>) -> DataError {
        DataError::UnclosedQuote { place: self.place(), opened, limit }
    }

    fn place(&self) -> Place {
        Place::new(&self.file, self.line, self.window.bytes())
    }

    fn unreadable(&self, source: io::Error) -> DataError {
        unreadable(&self.file, self.line + self.taken_lines, source)
    }
}

/// The beginning of a first line in which Excel notes the delimiter.
const SEPARATOR_NOTE: &[u8] = b"sep=";

/// The line of the first row behind a header.
const FIRST_ROW: u64 = 2;

/// The number of lines, and the most bytes with the first row, that the first row is compared with.
const LINES_AHEAD: usize = 3;
const BYTES_AHEAD: usize = 64 << 10;

/// The line without its line feed and the carriage return before it.
fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl FileReader for DelimitedReader {
    /// Takes the first line of the next row, which is not a comment, and blank only if rows have one field; false at
    /// the end of the file.
    ///
    /// # Errors
    /// If the row is too long, or if the system cannot read it; no more rows can be read then.
    fn take_row(&mut self) -> Result<bool, DataError> {
        loop {
            if !self.take_line()? {
                return Ok(false);
            }
            if self.is_row() {
                return Ok(true);
            }
        }
    }

    /// Appends the row whose first line was taken: unsplit, unless the line holds a quote, because the row may have
    /// more lines then, or an escape, or fields are apart by more than a byte.
    ///
    /// # Errors
    /// If a quote does not close, has text after its end, or adds a line to a row of too many fields, or if a row that
    /// is split here has too many or too few fields; the next call of [`take_row`](Self::take_row) then continues in the line
    /// after the row's first.
    /// If the row is too long, or if the system cannot read it; no more rows can be read then.
    fn push_row(&mut self, rows: &mut RawRows) -> Result<(), DataError> {
        let line = self.content(0);
        let trim = self.dialect.trim;
        let plain = self.plain_delimiter(line);
        if let Some(delimiter) = plain.filter(|delimiter| !self.is_beyond_header(line, *delimiter))
        {
            rows.push_line(line, Line { delimiter, trim }, &self.file, self.line);
            return Ok(());
        }
        rows.begin(&self.file, trim, self.line, line);
        let mut done = self.split(rows);
        if done.is_err() {
            rows.end_field();
        } else {
            done = self.check_count(rows);
        }
        if done.is_err() {
            self.return_lines();
        }
        done
    }

    /// The row that was read last, as it stands in the file, with its line end.
    fn raw(&self) -> &[u8] {
        &self.window.bytes()[..self.taken]
    }
}

#[cfg(test)]
mod tests {
    use csv::{ReaderBuilder, Terminator};
    use proptest::prelude::*;

    use super::*;
    use crate::formats::delimited::dialect::Header;

    fn dialect(delimiter: &str, quote: Option<u8>, escape: Option<u8>) -> Dialect {
        let delimiter = Delimiter::new(delimiter).unwrap();
        let (comment, trim, header) = (Some(b'#'), true, Header::Absent);
        Dialect { delimiter, quote, escape, comment, trim, header }
    }

    fn csv() -> Dialect {
        dialect(",", Some(b'"'), None)
    }

    /// The rows of `content`, and the messages of errors.
    fn read(content: &[u8], dialect: Dialect) -> Vec<Result<Vec<Vec<u8>>, String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, content).unwrap();
        let file = InputFile::from(path);
        let mut reader = DelimitedReader::open(&file, dialect).unwrap();
        let mut rows = Vec::new();
        loop {
            match reader.read() {
                Ok(None) => return rows,
                Ok(Some(row)) => rows.push(Ok(row.get(0).fields().map(<[u8]>::to_vec).collect())),
                Err(error) => rows.push(Err(error.to_string())),
            }
        }
    }

    /// The rows of `content` as the `csv` crate reads them, without errors.
    fn read_by_twin(content: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(csv().comment)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(content);
        let rows = reader.into_byte_records().map(Result::unwrap);
        rows.map(|row| row.iter().map(|field| field.trim_ascii().to_vec()).collect()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn valid_text_gives_the_rows_of_the_csv_crate(
            pieces in prop::collection::vec(
                prop::sample::select(
                    vec!["a", "b c", ",", ",", "\n", "\r\n", "\"", "\",\"", "\"\"", ",\"x\n\"", "#", " "],
                ),
                0..40,
            ),
        ) {
            let text = pieces.concat();
            // The crate does not take a quote behind a space for one.
            prop_assume!(!text.contains(" \""));
            let rows = read(text.as_bytes(), csv());
            prop_assert!(rows.len() <= text.lines().count());
            if let Ok(rows) = rows.into_iter().collect::<Result<Vec<_>, _>>() {
                let is_row = |row: &Vec<Vec<u8>>| *row != [b""];
                let twin: Vec<_> = read_by_twin(text.as_bytes()).into_iter().filter(is_row).collect();
                prop_assert_eq!(rows.into_iter().filter(is_row).collect::<Vec<_>>(), twin);
            }
        }
    }

    /// A file of `rows` in a dialect, whose fields have quotes or escapes where they need them.
    fn written(rows: &[Vec<String>], dialect: Dialect) -> String {
        let field = |text: &String| written_field(text, dialect);
        let row = |row: &Vec<String>| {
            row.iter().map(field).collect::<Vec<_>>().join(&dialect.delimiter.to_string())
        };
        rows.iter().map(|fields| row(fields) + "\n").collect()
    }

    fn written_field(text: &str, dialect: Dialect) -> String {
        let Dialect { delimiter, quote, escape, .. } = dialect;
        let [quote, escape] = [quote, escape].map(|c| c.map(char::from));
        let delimiter = delimiter.to_string();
        let is_special = |c: char| {
            delimiter.contains(c)
                || Some(c) == quote
                || Some(c) == escape
                || matches!(c, '\n' | '\r' | '#')
        };
        match (quote, escape) {
            (Some(quote), _) if text.contains(is_special) => {
                let escape_of = |c| match escape {
                    Some(escape) if c == quote || c == escape => Some(escape),
                    _ => Some(quote).filter(|quote| c == *quote),
                };
                let text: String =
                    text.chars().flat_map(|c| escape_of(c).into_iter().chain([c])).collect();
                format!("{quote}{text}{quote}")
            }
            (None, Some(escape)) => {
                let escaped = text.replace(escape, &format!("{escape}{escape}"));
                escaped.replace(&delimiter, &format!("{escape}{delimiter}"))
            }
            _ => text.to_owned(),
        }
    }

    proptest! {
        #[test]
        fn rows_are_read_as_they_were_written(
            rows in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(
                    prop::sample::select(
                        vec!["a", "b c", "é", ",", ";", "|", "\u{1}", "\"", "'", "\\", "\\N", "\n", "x\r\n", "::", "#"],
                    ), 0..4), 2..5),
                0..8,
            ),
            delimiter in prop::sample::select(vec![",", ";", "|", "\u{1}", "::", "→", " | "]),
            quote in prop::sample::select(vec![Some(b'"'), Some(b'\''), None]),
            escape in prop::sample::select(vec![None, Some(b'\\')]),
        ) {
            // Without quotes, no dialect has line ends in fields, and some have no delimiters in them.
            let cannot_have = |piece: &&str| quote.is_none() && (
                piece.contains(['\n', '#']) || (piece.contains([':', '|']) && delimiter.len() > 1)
                || (escape.is_none() && *piece == delimiter)
            );
            let text = |pieces: Vec<&str>| pieces.into_iter().filter(|piece| !cannot_have(piece)).collect();
            let rows: Vec<Vec<String>> =
                rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect();
            let dialect = Dialect { trim: false, ..dialect(delimiter, quote, escape) };
            let bytes = |row: Vec<String>| row.into_iter().map(String::into_bytes).collect();
            let text = written(&rows, dialect);
            let expected: Vec<Result<Vec<Vec<u8>>, String>> = rows.into_iter().map(|row| Ok(bytes(row))).collect();
            prop_assert_eq!(read(text.as_bytes(), dialect), expected, "{}", text);
        }
    }

    #[test]
    fn an_escape_stays_before_other_text() {
        let escaped = |quote| dialect(",", quote, Some(b'\\'));
        let cases: [(&str, Option<u8>, &[&str]); 7] = [
            ("\\N,a\\tb,c:\\d", Some(b'"'), &["\\N", "a\\tb", "c:\\d"]),
            ("\"\\N\",\"a\\\nb\",\\", Some(b'"'), &["\\N", "a\\\nb", "\\"]),
            ("\"a \\\"b\\\" c\",\"\\\\\"", Some(b'"'), &["a \"b\" c", "\\"]),
            ("\"a \"\"b\"\"\",5\" x", Some(b'"'), &["a \"b\"", "5\" x"]),
            ("a\\,b,\\\"c", Some(b'"'), &["a,b", "\"c"]),
            ("a\\,b,\\\"c", None, &["a,b", "\\\"c"]),
            ("a\\\\,b", None, &["a\\", "b"]),
        ];
        for (text, quote, expected) in cases {
            let expected = expected.iter().map(|field| field.as_bytes().to_vec()).collect();
            assert_eq!(read(text.as_bytes(), escaped(quote)), [Ok(expected)], "{text}");
        }
    }

    #[test]
    fn a_quote_may_open_behind_spaces_that_are_trimmed() {
        let cases: [(&str, &str, &[&str]); 5] = [
            ("a, \"b, c\" ,d", ",", &["a", "b, c", "d"]),
            ("   \"a,\nb\",  \"\"", ",", &["a,\nb", ""]),
            ("\"a\" \"b c\"", " ", &["a", "b c"]),
            ("a::  \"b::c\"", "::", &["a", "b::c"]),
            ("a, 5\" nail,  ", ",", &["a", "5\" nail", ""]),
        ];
        for (text, delimiter, expected) in cases {
            let expected = expected.iter().map(|field| field.as_bytes().to_vec()).collect();
            let quoted = dialect(delimiter, Some(b'"'), None);
            assert_eq!(read(text.as_bytes(), quoted), [Ok(expected)], "{text}");
        }
        let kept = Dialect { trim: false, ..csv() };
        let expected = [b"a".to_vec(), b" \"b".to_vec(), b" c\"".to_vec()];
        assert_eq!(read(b"a, \"b, c\"", kept), [Ok(expected.to_vec())]);
    }

    #[test]
    fn a_noted_delimiter_is_no_row() {
        let row = |fields: [&str; 2]| Ok(fields.map(|field| field.as_bytes().to_vec()).to_vec());
        let semicolon = dialect(";", None, None);
        assert_eq!(read(b"\xef\xbb\xbfsep=;\r\na;b\r\n", semicolon), [row(["a", "b"])]);
        assert_eq!(read(b"a;b\nsep=;\n", semicolon), [row(["a", "b"]), row(["sep=", ""])]);
        assert_eq!(read(b"sep=123456789;b\n", semicolon), [row(["sep=123456789", "b"])]);
        assert_eq!(read(b"sep=a;b\n", semicolon), [row(["sep=a", "b"])]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::write(&path, "sep=|\na|b\n").unwrap();
        let error = DelimitedReader::open(&InputFile::from(&path), semicolon).unwrap_err();
        let expected = "line 1 (`sep=|`): the line says that the delimiter is \"|\", but `data.delimiter` is \
                        \";\": set it to \"|\"";
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}
