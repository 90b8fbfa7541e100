//! Checks of splitting a file by the order of its rows: the written files have the good rows of the file that was read.

use deepcross_data::split::{Shares, SplitBy, Splitter};
use deepcross_data::{BadRows, DataConfig};

use crate::file::{Written, judge};
use crate::rows::{open, raw};

/// Writes all parts into one file again, and reads it.
pub(crate) fn check(config: &DataConfig, bytes: &[u8]) {
    let file = Written::new(bytes);
    let Ok(source) = open(config, &file) else { return };
    let (rows, ended) = raw(&source);
    // If no header names the columns, the rows do, including the bad rows.
    let columns_follow_from_rows = matches!(source.extension(), "svm" | "ffm" | "jsonl");
    if ended.is_some() || columns_follow_from_rows && rows.iter().any(Option::is_none) {
        return;
    }
    let by = SplitBy::Order(Shares { valid: 0.2, test: 0.3 });
    let mut splitter = match Splitter::new(&source, &by, BadRows::Skip) {
        Ok(splitter) => splitter,
        Err(error) => return judge(&error, &file),
    };
    let mut text = source.raw_header().ok().flatten().unwrap_or_default();
    let mut n_rows = 0;
    while let Some((_, row)) = splitter.next_row().expect("what was read once is read again") {
        text.extend_from_slice(row);
        n_rows += 1;
    }
    let good: Vec<_> = rows.into_iter().flatten().collect();
    assert_eq!(n_rows, good.len());
    if good.is_empty() {
        return;
    }
    let file = Written::new(&text);
    let again = raw(&open(config, &file).expect("its rows can be read"));
    assert_eq!(again.0.into_iter().flatten().collect::<Vec<_>>(), good);
}
