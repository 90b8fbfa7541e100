//! Finds the form of the times in a column, and the times at which shares of the rows begin.

use std::collections::BTreeMap;

use deepcross_features::Problem;

use super::rows_of;
use crate::config::BadRows;
use crate::error::DataError;
use crate::message::shown;
use crate::rows::RawRow;
use crate::source::{Shares, Source, TimeForm, TimeForms, TimeValue};

/// The share of the rows whose numbers must be plausible times since 1970, if they are compared as instants.
const PLAUSIBLE: f64 = 0.99;

/// The times of a column.
///
/// Memory grows with the number of different times, and not with the number of rows.
#[derive(Debug)]
pub(super) struct TimeCounts<'a> {
    column: usize,
    name: &'a str,
    forms: TimeForms,
    /// Whether rows without a time are left out; the form of most rows is then that of the column.
    is_skipping: bool,
    /// The first time, as it stands in its file.
    example: Option<String>,
    /// The first time of day without an offset from UTC, and the first one with an offset.
    clocks: [Option<String>; 2],
    /// The rows whose number is a plausible time since 1970 in each unit.
    of_unit: [u64; TimeValue::UNITS],
    /// For each form that the times may have, the number of rows at each time.
    counts: Vec<(TimeForm, BTreeMap<TimeValue, u64>)>,
}

impl<'a> TimeCounts<'a> {
    /// Reads all rows once.
    ///
    /// # Errors
    /// As [`RawReader::next_row`](crate::RawReader::next_row), and for a value that is not a time, or does not have the
    /// form of those before it, unless bad rows are skipped. The form is that of most rows then.
    pub(super) fn read(
        source: &Source,
        (column, name): (usize, &'a str),
        bad_rows: BadRows,
    ) -> Result<Self, DataError> {
        let forms = TimeForms::ALL;
        let counts = forms.iter().map(|form| (form, BTreeMap::new())).collect();
        let is_skipping = bad_rows == BadRows::Skip;
        let (example, clocks, of_unit) = (None, [None, None], Default::default());
        let mut times = Self { column, name, forms, is_skipping, example, clocks, of_unit, counts };
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
        let mut read = None;
        self.counts.retain_mut(|(form, rows_at)| {
            let fits = forms.iter().any(|other| other == *form);
            if let Some(time) = form.read(text).filter(|_| fits) {
                *rows_at.entry(time).or_default() += 1;
                read = Some(time);
            }
            fits || self.is_skipping
        });
        if let Some(time) = read {
            self.note(time, text);
        }
        Ok(())
    }

    /// Notes the unit of a number, and whether a time of day has an offset.
    fn note(&mut self, time: TimeValue, text: &[u8]) {
        match time {
            TimeValue::Date(read) if read.has_hours => {
                self.clocks[usize::from(!read.is_local)].get_or_insert_with(|| shown(text));
            }
            TimeValue::Date(_) => {}
            TimeValue::Number(..) => {
                let of_unit = time.unit().and_then(|unit| self.of_unit.get_mut(unit));
                of_unit.into_iter().for_each(|rows| *rows += 1);
            }
        }
    }

    /// Decides on the form of the times, which are compared with the times of `cuts`.
    ///
    /// # Errors
    /// If nothing says whether the day or the month comes first, if the times cannot be compared with the cuts, or if only
    /// some of them have an offset from UTC.
    pub(super) fn decide(&mut self, cuts: &[&str]) -> Result<TimeForm, DataError> {
        self.compare_as_instants(cuts);
        let reads_all = |form: TimeForm| cuts.iter().all(|cut| form.read(cut.as_bytes()).is_some());
        if self.counts.iter().any(|(form, _)| reads_all(*form)) {
            self.counts.retain(|(form, _)| reads_all(*form));
        }
        let (name, example) = (self.name, self.example.as_deref().unwrap_or_default());
        let form = TimeForm::decided(self.counts.iter().map(|(form, _)| *form)).ok_or_else(|| {
            config_error(format!(
                "rows cannot be divided by the times in `{name}`: nothing says whether the day or the month comes \
                 first, as in `{example}`"
            ))
        })?;
        if let Some(cut) = cuts.iter().find(|cut| form.read_cut(cut).is_none()) {
            return Err(config_error(format!(
                "rows cannot be divided by the times in `{name}`, which are like `{example}`: `{cut}` cannot be \
                 compared with them"
            )));
        }
        match (&self.clocks, form) {
            ([Some(local), Some(absolute)], TimeForm::Date(_)) => Err(config_error(format!(
                "rows cannot be divided by the times in `{name}`: some have an offset from UTC, as `{absolute}`, and \
                 others have none, as `{local}`; write an offset, such as `Z`, to all of them"
            ))),
            _ => Ok(form),
        }
    }

    /// Makes instants of numbers, if they are plausible ones of several units, or if a cut is a date.
    fn compare_as_instants(&mut self, cuts: &[&str]) {
        let of_number = |(form, _): &(TimeForm, _)| *form == TimeForm::Number;
        let Some((_, rows_at)) = self.counts.iter().find(|of_form| of_number(of_form)) else {
            return;
        };
        let is_date = |cut: &&str| TimeForm::Number.read(cut.as_bytes()).is_none();
        let has_units = self.of_unit.iter().filter(|rows| **rows > 0).count() > 1;
        let plausible: u64 = self.of_unit.iter().sum();
        let are_plausible = plausible as f64 >= PLAUSIBLE * n_rows(rows_at) as f64;
        let is_alone = self.counts.len() == 1;
        if !are_plausible || !(has_units || (is_alone && cuts.iter().any(is_date))) {
            return;
        }
        let mut instants = BTreeMap::new();
        for (time, rows) in rows_at {
            if let Some(time) = TimeForm::Since1970.read(time.to_string().as_bytes()) {
                *instants.entry(time).or_default() += rows;
            }
        }
        self.counts = vec![(TimeForm::Since1970, instants)];
    }

    /// The first times of validation and of the test, from which on there are at least the given shares of the rows.
    pub(super) fn cuts(
        &self,
        form: TimeForm,
        shares: Shares,
    ) -> (Option<TimeValue>, Option<TimeValue>) {
        let of_form = self.counts.iter().find(|(other, _)| *other == form);
        let Some((_, rows_at)) = of_form else { return (None, None) };
        let n_rows = n_rows(rows_at);
        let cut = |share| start_of_last(rows_at, rows_of(n_rows, share));
        let test = cut(shares.test);
        let valid = (shares.valid > 0.0).then(|| cut(shares.test + shares.valid)).flatten();
        (valid, test)
    }
}

fn n_rows(rows_at: &BTreeMap<TimeValue, u64>) -> u64 {
    rows_at.values().sum()
}

pub(super) fn config_error(message: String) -> DataError {
    DataError::Config { problems: vec![Problem::new("", message)] }
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
