//! Reads libsvm: lines of a label, perhaps `qid:n`, and features with their values.
//!
//! A row has the columns `label`, `qid` if the first row has one, and `features`.
//! The last column holds all pairs as one weighted list, which a multi-hot field with weights reads.
//! Rejected: a column for each feature, because there may be millions of features, of which a row has a few.

use crate::config::LABEL;
use crate::error::DataError;
use crate::formats::columns::empty_file;
use crate::formats::file_format::FileReader;
use crate::formats::pairs::{BETWEEN, PairLines, is_feature_with_value, is_pair, part};
use crate::input::InputFile;
use crate::message::shown;
use crate::rows::RawRows;

/// The name of the column that holds all pairs.
pub(super) const FEATURES: &str = "features";

/// The name of the column that holds the number of the query.
pub(super) const QID: &str = "qid";

/// The prefix of the number of a query.
pub(super) const BEFORE_QID: &[u8] = b"qid:";

/// The most rows that are looked at to find out whether their first words are labels.
const LOOKED_AT: usize = 100;

/// Reads the rows of one file.
#[derive(Debug)]
pub(super) struct LibsvmReader {
    lines: PairLines,
    has_qid: bool,
}

impl LibsvmReader {
    /// Opens the file, whose rows have the columns of `header`.
    pub(super) fn open(file: &InputFile, header: &[String]) -> Result<Self, DataError> {
        Ok(Self { lines: PairLines::open(file)?, has_qid: header.len() == 3 })
    }

    /// The columns of a file, which must hold at least one row.
    pub(super) fn header(file: &InputFile) -> Result<Vec<String>, DataError> {
        let mut lines = PairLines::open(file)?;
        if !lines.take()? {
            return Err(empty_file(file.path(), "rows"));
        }
        let qid = lines.words().take(2).any(|word| word.starts_with(BEFORE_QID)).then_some(QID);
        check_labels(&mut lines)?;
        let names = [Some(LABEL), qid, Some(FEATURES)];
        Ok(names.into_iter().flatten().map(str::to_owned).collect())
    }

    fn wrong(&self, word: &[u8]) -> DataError {
        let expected = match word.starts_with(BEFORE_QID) && !self.has_qid {
            true => "`index:value`; the first row has no `qid`",
            false => "`index:value` of a whole number and a finite number",
        };
        let (place, field, value) = (self.lines.place(), FEATURES.to_owned(), shown(word));
        DataError::Row { place, field, value, expected: expected.to_owned() }
    }
}

/// Refuses rows whose first words may be labels with weights, as in `1:0.5`, or features.
///
/// They may be labels if the first rows all begin with a feature 0 or 1, and either both occur, or a second feature is
/// not above the first one, although features ascend.
fn check_labels(lines: &mut PairLines) -> Result<(), DataError> {
    let (mut is_first, mut occurs, mut repeats) = (None, [false; 2], false);
    for _ in 0..LOOKED_AT {
        let Some((label, is_repeated)) = label_with_weight(lines) else { return Ok(()) };
        occurs[label] = true;
        repeats |= is_repeated;
        is_first.get_or_insert_with(|| {
            (lines.place(), shown(lines.words().next().unwrap_or_default()))
        });
        if !lines.take()? {
            break;
        }
    }
    let Some((place, value)) = is_first.filter(|_| repeats || occurs == [true; 2]) else {
        return Ok(());
    };
    let (field, expected) = (LABEL.to_owned(), NO_WEIGHT.to_owned());
    Err(DataError::Row { place, field, value, expected })
}

/// The label 0 or 1 if the first word of the line may be a label with its weight, and whether the second word is not a
/// feature above it.
fn label_with_weight(lines: &PairLines) -> Option<(usize, bool)> {
    let mut words = lines.words();
    let first = words.next()?;
    let label = [b"0:", b"1:"].iter().position(|label| first.starts_with(*label))?;
    let feature = words.next().and_then(|word| str::from_utf8(part(word)?.0).ok()?.parse().ok());
    Some((label, feature.is_some_and(|feature: usize| feature <= label)))
}

const NO_WEIGHT: &str = "a label without a weight; if all rows begin with a feature and have no label, \
     write one in front, such as `0`";

impl FileReader for LibsvmReader {
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
    /// If a word is not a pair; the next row is that of the next line.
    fn push_row(&mut self, rows: &mut RawRows) -> Result<(), DataError> {
        self.lines.begin(rows);
        let mut words = self.lines.words().peekable();
        rows.push(words.next_if(|word| !is_pair(word)).unwrap_or_default());
        rows.end_field();
        if self.has_qid {
            let qid = words.next_if(|word| word.starts_with(BEFORE_QID)).unwrap_or(BEFORE_QID);
            rows.push(&qid[BEFORE_QID.len()..]);
            rows.end_field();
        }
        let mut wrong = None;
        for (at, word) in words.enumerate() {
            rows.push(if at > 0 { &[BETWEEN] } else { &[] });
            rows.push(word);
            wrong = wrong.or_else(|| (!is_feature_with_value(word)).then(|| self.wrong(word)));
        }
        rows.end_field();
        wrong.map_or(Ok(()), Err)
    }

    /// The row that was read last, as it stands in the file.
    fn raw(&self) -> &[u8] {
        self.lines.raw()
    }
}
