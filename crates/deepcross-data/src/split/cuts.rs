//! Finds the form of the times in a column, and the times at which shares of the rows begin.

use std::collections::BTreeMap;

use deepcross_features::Problem;

use super::rows_of;
use crate::config::BadRows;
use crate::error::DataError;
use crate::message::shown;
use crate::rows::RawRow;
use crate::source::{Shares, Source, TimeForm, TimeForms, TimeValue};

/// The times of a column.
///
/// Memory grows with the number of different times, and not with the number of rows.
#[derive(Debug)]
pub(super) struct TimeCounts<'a> {
    column: usize,
    name: &'a str,
    forms: TimeForms,
    /// Whether values that are no times of the column are left out, so that most rows decide about its form.
    is_skipping: bool,
    /// The first time, as it stands in its file.
    example: Option<String>,
    /// For each form that the times may have, the number of rows at each time.
    counts: Vec<(TimeForm, BTreeMap<TimeValue, u64>)>,
}

impl<'a> TimeCounts<'a> {
    /// Reads all rows once; the times `like` must have the form of the column.
    ///
    /// # Errors
    /// As [`RawReader::next_row`](crate::RawReader::next_row), and for a value that is not a time, or does not have the
    /// form of those before it, unless bad rows are skipped. The form is that of most rows then.
    pub(super) fn read(
        source: &Source,
        (column, name): (usize, &'a str),
        like: &[&str],
        bad_rows: BadRows,
    ) -> Result<Self, DataError> {
        let forms = forms_of(like).unwrap_or(TimeForms::ALL);
        let example = like.last().map(|text| (*text).to_owned());
        let counts = forms.iter().map(|form| (form, BTreeMap::new())).collect();
        let is_skipping = bad_rows == BadRows::Skip;
        let mut times = Self { column, name, forms, is_skipping, example, counts };
        let mut reader = source.rows(bad_rows)?;
        while let Some(row) = reader.next_row()? {
            if let Err(error) = times.add(&row) {
                reader.skip(error)?;
            }
        }
        if is_skipping {
            times.keep_usual_forms();
        }
        Ok(times)
    }

    /// Drops the forms that fewer rows have than another.
    fn keep_usual_forms(&mut self) {
        let n_rows = |rows_at: &BTreeMap<TimeValue, u64>| rows_at.values().sum::<u64>();
        let most = self.counts.iter().map(|(_, rows_at)| n_rows(rows_at)).max();
        self.counts.retain(|(_, rows_at)| Some(n_rows(rows_at)) == most);
    }

    fn add(&mut self, row: &RawRow<'_>) -> Result<(), DataError> {
        let text = row.field(self.column);
        let Some(forms) = self.forms.narrowed(text) else {
            let example = self.example.as_ref();
            return Err(DataError::Row {
                place: row.place(),
                field: self.name.to_owned(),
                value: shown(text),
                expected: example.map_or_else(
                    || TimeForms::EXPECTED.to_owned(),
                    |example| format!("a time like `{example}`"),
                ),
            });
        };
        if !self.is_skipping {
            self.forms = forms;
        }
        self.example.get_or_insert_with(|| shown(text));
        self.counts.retain_mut(|(form, rows_at)| {
            let fits = forms.iter().any(|other| other == *form);
            if let Some(time) = form.read(text).filter(|_| fits) {
                *rows_at.entry(time).or_default() += 1;
            }
            fits || self.is_skipping
        });
        Ok(())
    }

    /// The form of the times.
    ///
    /// # Errors
    /// If nothing says whether the day or the month comes first.
    pub(super) fn form(&self) -> Result<TimeForm, DataError> {
        TimeForm::decided(self.counts.iter().map(|(form, _)| *form)).ok_or_else(|| {
            let (name, example) = (self.name, self.example.as_deref().unwrap_or_default());
            let message = format!(
                "rows cannot be divided by the times in `{name}`: nothing says whether the day or the month comes \
                 first, as in `{example}`"
            );
            DataError::Config { problems: vec![Problem::new("", message)] }
        })
    }

    /// The first times of validation and of the test, from which on there are at least the given shares of the rows.
    pub(super) fn cuts(
        &self,
        form: TimeForm,
        shares: Shares,
    ) -> (Option<TimeValue>, Option<TimeValue>) {
        let of_form = self.counts.iter().find(|(other, _)| *other == form);
        let Some((_, rows_at)) = of_form else { return (None, None) };
        let n_rows: u64 = rows_at.values().sum();
        let cut = |share| start_of_last(rows_at, rows_of(n_rows, share));
        let test = cut(shares.test);
        let valid = (shares.valid > 0.0).then(|| cut(shares.test + shares.valid)).flatten();
        (valid, test)
    }
}

/// The forms that all of these times have; `None` if there is none.
pub(super) fn forms_of(times: &[&str]) -> Option<TimeForms> {
    times.iter().try_fold(TimeForms::ALL, |forms, time| forms.narrowed(time.as_bytes()))
}

/// The latest time from which on there are at least `n` rows; `None` if `n` is 0.
fn start_of_last(rows_at: &BTreeMap<TimeValue, u64>, n: u64) -> Option<TimeValue> {
    let mut met = 0;
    if n == 0 {
        return None;
    }
    let start = rows_at.iter().rev().find(|(_, rows)| {
        met += **rows;
        met >= n
    });
    start.map(|(time, _)| *time)
}
