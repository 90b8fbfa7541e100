//! Reads the rows of JSON Lines.

use std::collections::HashMap;

use deepcross_features::blanks;
use deepcross_features::json::{JsonValue, JsonWalk, ValueKind, kind_of, well_formed};

use crate::config::DataConfig;
use crate::error::DataError;
use crate::formats::columns::empty_file;
use crate::formats::file_format::FileReader;
use crate::formats::lines::LineReader;
use crate::formats::text_kind::check_text;
use crate::input::InputFile;
use crate::limits::{LONGEST_NAME, MOST_FIELDS};
use crate::message::shown;
use crate::rows::RawRows;

/// The columns are the keys of at most this number of rows, and no further row is read after this number of bytes.
const HEADER_ROWS: usize = 1000;
const HEADER_BYTES: usize = 1 << 20;

/// The separator between the elements of a list: the default of multi-hot fields.
const SEPARATOR: char = '|';

/// Reads the rows of one file.
#[derive(Debug)]
pub(super) struct JsonlReader {
    lines: LineReader,
    columns: Vec<Column>,
    /// The position of each name in `columns`.
    positions: HashMap<String, usize>,
    /// Whether keys that are not columns are passed over.
    has_other_keys: bool,
    trim: bool,
    /// The texts of the row's values, in the order of the line.
    text: Vec<u8>,
}

/// A column, and its value in the row.
#[derive(Debug)]
struct Column {
    name: String,
    /// Whether the name needs no escapes in JSON.
    is_plain: bool,
    value: Found,
}

/// The value of a column in a row.
#[derive(Clone, Copy, Debug)]
enum Found {
    /// The row does not name the column.
    Absent,
    Null,
    /// A value with these bounds in the text of the row.
    Text(usize, usize),
}

/// A key of the first rows.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: String,
    /// The kind of a nested value, which is not read.
    nested: Option<ValueKind>,
    /// Whether any value can be read.
    has_plain: bool,
}

impl Key {
    fn observe(&mut self, value: JsonValue<'_>) {
        match value.kind {
            _ if is_bare(value) => {}
            kind if is_nested(value) => self.nested = Some(kind),
            _ => self.has_plain = true,
        }
    }

    /// The kind of the values, if none of them can be read.
    pub(super) fn unread_kind(&self) -> Option<ValueKind> {
        self.nested.filter(|_| !self.has_plain)
    }
}

/// Whether a value is missing or an empty array, which a key of any values may have.
fn is_bare(value: JsonValue<'_>) -> bool {
    match value.kind {
        ValueKind::Array => !JsonWalk::within(value).has_next(),
        kind => kind == ValueKind::Null,
    }
}

/// Whether a value is an object, or an array with objects or arrays in it.
fn is_nested(value: JsonValue<'_>) -> bool {
    let is_collection = |kind| matches!(kind, ValueKind::Array | ValueKind::Object);
    if value.kind != ValueKind::Array {
        return value.kind == ValueKind::Object;
    }
    let mut elements = JsonWalk::within(value);
    std::iter::from_fn(|| elements.next()).any(|element| is_collection(element.kind))
}

/// The problem of a key or its value: what was expected.
type Expected = &'static str;

const KNOWN: Expected = "a key of the first rows (1,000 rows or 1 MiB); to read this key, or to pass it over, \
                         name all keys to read in `data.columns`";
const ONCE: Expected = "each key once in a row";
const PLAIN: Expected = "a string, a number, a boolean, null, or an array of strings and numbers";
const LIST: Expected =
    "an array of strings and numbers that do not contain the separator of elements `|`";
const UNICODE: Expected = "escapes that are valid Unicode";

impl JsonlReader {
    /// Opens the file, whose rows have the columns of `header`.
    pub(super) fn open(
        file: &InputFile,
        config: &DataConfig,
        header: &[String],
    ) -> Result<Self, DataError> {
        let column = |name: &String| {
            let is_plain = !name.chars().any(|c| c.is_control() || matches!(c, '"' | '\\'));
            Column { name: name.clone(), is_plain, value: Found::Absent }
        };
        Ok(Self {
            lines: LineReader::open(file)?,
            columns: header.iter().map(column).collect(),
            positions: header.iter().cloned().zip(0..).collect(),
            has_other_keys: config.columns.is_some(),
            trim: config.trim,
            text: Vec::new(),
        })
    }

    /// The keys of the first rows of a file.
    pub(super) fn keys(file: &InputFile) -> Result<Vec<Key>, DataError> {
        let mut lines = LineReader::open(file)?;
        check_text(file.path(), lines.ahead())?;
        let (mut positions, mut keys) = (HashMap::<String, usize>::new(), Vec::<Key>::new());
        let (mut n_rows, mut n_bytes, mut bad_row) = (0, 0, None);
        while n_rows < HEADER_ROWS && n_bytes < HEADER_BYTES && lines.take()? {
            (n_rows, n_bytes) = (n_rows + 1, n_bytes + lines.raw().len());
            // Bad rows are reported later, when the rows are read. Only if no row is good is the first one reported here.
            let mut walk = match object(&lines) {
                Ok(walk) => walk,
                Err(error) => {
                    bad_row = bad_row.or(Some(error));
                    continue;
                }
            };
            while let (Some(name), Some(value)) = (walk.next(), walk.next()) {
                let Some(name) = name.string() else { continue };
                let name = blanks::trim_str(&name);
                if let Some(&at) = positions.get(name) {
                    keys[at].observe(value);
                    continue;
                }
                check_name(&lines, name, keys.len() + 1)?;
                positions.insert(name.to_owned(), keys.len());
                let mut key = Key { name: name.to_owned(), nested: None, has_plain: false };
                key.observe(value);
                keys.push(key);
            }
        }
        match bad_row {
            _ if !keys.is_empty() => Ok(keys),
            Some(error) => Err(with_format_hint(error)),
            None => Err(empty_file(file.path(), "rows with keys")),
        }
    }

    /// Refuses a file without rows.
    pub(super) fn check(file: &InputFile) -> Result<(), DataError> {
        let mut lines = LineReader::open(file)?;
        check_text(file.path(), lines.ahead())?;
        if lines.take()? { Ok(()) } else { Err(empty_file(file.path(), "rows")) }
    }
}

impl FileReader for JsonlReader {
    fn take_row(&mut self) -> Result<bool, DataError> {
        self.lines.take()
    }

    fn push_row(&mut self, rows: &mut RawRows) -> Result<(), DataError> {
        self.lines.begin(rows, self.trim);
        self.text.clear();
        self.columns.iter_mut().for_each(|column| column.value = Found::Absent);
        let split = self.split();
        for column in &self.columns {
            match column.value {
                Found::Absent | Found::Null => rows.end_null(),
                Found::Text(start, end) => {
                    rows.push(&self.text[start..end]);
                    rows.end_field();
                }
            }
        }
        split
    }

    fn raw(&self) -> &[u8] {
        self.lines.raw()
    }
}

impl JsonlReader {
    /// Finds the value of each column in the line; the error is that of the first bad key.
    fn split(&mut self) -> Result<(), DataError> {
        let Self { lines, columns, positions, has_other_keys, text, .. } = self;
        let mut walk = object(lines)?;
        let (mut next, mut problem) = (0, Ok(()));
        loop {
            // Most rows name the same keys in the same order.
            let expected = columns.get(next).filter(|column| column.is_plain);
            let (name, column) = match expected {
                Some(column) if walk.take_name(&column.name) => (None, Some(next)),
                _ => {
                    let Some(name) = walk.next() else { return problem };
                    let column = name.string().and_then(|name| position(positions, &name));
                    (Some(name), column)
                }
            };
            let Some(value) = walk.next() else { return problem };
            let put = match column {
                Some(column) => {
                    next = column + 1;
                    put(&mut columns[column], value, text)
                }
                // A key of nested values is not a column, and may be missing in some rows.
                None if *has_other_keys || is_bare(value) || is_nested(value) => Ok(()),
                None => Err(KNOWN),
            };
            if let (Err(expected), Ok(())) = (put, &problem) {
                let field = match (name, column) {
                    (_, Some(column)) => shown(columns[column].name.as_bytes()),
                    (Some(name), None) => {
                        let unescaped = name.string();
                        shown(unescaped.as_deref().unwrap_or(name.text).as_bytes())
                    }
                    (None, None) => String::new(),
                };
                let (place, value) = (lines.place(), shown(value.text.as_bytes()));
                let expected = expected.to_owned();
                problem = Err(DataError::Row { place, field, value, expected });
            }
        }
    }
}

/// The position of the column of a key, around which white space is dropped as around the names of a header.
fn position(positions: &HashMap<String, usize>, name: &str) -> Option<usize> {
    positions.get(name).or_else(|| positions.get(blanks::trim_str(name))).copied()
}

/// Appends the text of a column's value; nothing is appended if it is not a value.
fn put(column: &mut Column, value: JsonValue<'_>, text: &mut Vec<u8>) -> Result<(), Expected> {
    if !matches!(column.value, Found::Absent) {
        return Err(ONCE);
    }
    column.value = match value.kind {
        ValueKind::Null => Found::Null,
        ValueKind::Object => return Err(PLAIN),
        kind => {
            let is_list = kind == ValueKind::Array;
            let spelled = value.spelled(SEPARATOR).ok_or(if is_list { LIST } else { UNICODE })?;
            let start = text.len();
            text.extend_from_slice(spelled.as_bytes());
            Found::Text(start, text.len())
        }
    };
    Ok(())
}

/// Refuses the name of the `n`-th column if it is too long, or if there are too many columns with it.
fn check_name(lines: &LineReader, name: &str, n: usize) -> Result<(), DataError> {
    if n > MOST_FIELDS {
        return Err(DataError::ManyColumns { place: lines.place(), found: n, limit: MOST_FIELDS });
    }
    if name.len() <= LONGEST_NAME {
        return Ok(());
    }
    let (place, shown) = (lines.place(), shown(name.as_bytes()));
    let expected = format!("a key of at most {LONGEST_NAME} bytes");
    Err(DataError::Row { place, field: shown.clone(), value: shown, expected })
}

/// Whether the start of a line seems to be delimited text, and not JSON.
fn has_delimiter(start: &str) -> bool {
    let has_delimiter = start.contains([',', ';', '|']) || start.contains("\\t");
    has_delimiter && !start.trim_start().starts_with(['{', '['])
}

/// The error about the first row, with the remedy if the rows do not seem to be JSON at all.
fn with_format_hint(error: DataError) -> DataError {
    match error {
        DataError::BadLine { place, problem } if has_delimiter(&place.start) => {
            let hint =
                "if the rows are not JSON, set `data.format`, or `--format`, to their format";
            DataError::BadLine { place, problem: format!("{problem}; {hint}") }
        }
        error => error,
    }
}

/// A walk over the object in the line that was taken.
fn object(lines: &LineReader) -> Result<JsonWalk<'_>, DataError> {
    let refused = |problem| DataError::BadLine { place: lines.place(), problem };
    let line = lines.raw().trim_ascii();
    let found = kind_of(line.first().copied());
    let text = well_formed(line).map_err(|problem| refused(format!("is not JSON: {problem}")))?;
    let mut walk = JsonWalk::new(text);
    if walk.enter(b'{') {
        return Ok(walk);
    }
    Err(refused(format!("is a JSON value of kind {}, expected an object", found.name())))
}
