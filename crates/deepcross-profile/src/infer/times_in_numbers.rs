//! Whether whole numbers that could be times are times.
//!
//! `1500000017` may be a second of July 2017, the id of an item, or a phone number.
//! A name says what they are; without one, they must look like the times of a log, or like the days of a calendar.

use super::name_meaning::NameMeaning;
use crate::profile::{ColumnProfile, TimeForm};

/// Without a telling name, times are before this second of the year 2033.
const LATEST: f64 = 2e9;

/// Without a telling name, times are spread over two days at least, and over 20 years at most, in seconds.
///
/// A shorter range is more likely one of ids that count up; if it is one of times, their hours tell little.
const SPREAD: std::ops::RangeInclusive<f64> = 2.0 * 86_400.0..=20.0 * 366.0 * 86_400.0;

/// Numbers that repeat less often than this may be the times of a log.
const ROWS_PER_TIME: u64 = 3;

/// The least share of the seconds of the range that occur if times repeat more often.
const DENSE: f64 = 0.1;

/// The share of the numbers of the range from which on equal times are to be expected.
const CROWDED: f64 = 0.3;

/// The least number of rows per time if times are crowded: a tenth of it more than 1, where chance gives a fifth more.
const ROWS_PER_CROWDED_TIME: f64 = 1.1;

/// The step of times that are whole minutes, hours or days.
const STEP: f64 = 60.0;

/// Whether the numbers of a column, all of which could be times of this form, are times.
pub(super) fn is_time(column: &ColumnProfile, form: TimeForm, meaning: NameMeaning) -> bool {
    let is_calendar = !form.format.is_number();
    match meaning {
        _ if column.distinct().n <= 2 => false,
        NameMeaning::Things | NameMeaning::Queries => false,
        NameMeaning::Times | NameMeaning::CalendarParts => true,
        // A duration in ms is shorter than 30 years, but a column called `ms` may have times.
        NameMeaning::Quantities => !is_calendar && looks_like_times(column, form),
        NameMeaning::Unknown => is_calendar || looks_like_times(column, form),
    }
}

/// Whether numbers of a column whose name says nothing look like the times of a log.
fn looks_like_times(column: &ColumnProfile, form: TimeForm) -> bool {
    let Some(numbers) = column.numbers() else { return false };
    let parts = form.parts_of_a_second();
    let (first, last) = (numbers.min / parts, numbers.max / parts);
    let (rows, distinct) = (column.present().rows, column.distinct().n);
    let hardly_repeat = rows < ROWS_PER_TIME * distinct;
    let are_dense = distinct as f64 >= DENSE * (last - first);
    // Ids that count up take the numbers of their range, and each of them once, as no times of a log do.
    let are_crowded = distinct as f64 >= CROWDED * (numbers.max - numbers.min);
    let count_up = are_crowded && (rows as f64) < ROWS_PER_CROWDED_TIME * distinct as f64;
    last < LATEST
        && !count_up
        && SPREAD.contains(&(last - first))
        && (hardly_repeat || are_dense || are_whole_minutes(column, parts))
}

/// Whether all known values are times at the beginning of a minute.
fn are_whole_minutes(column: &ColumnProfile, parts: f64) -> bool {
    let mut numbers = column.known_values().filter_map(|(text, _)| text.parse::<f64>().ok());
    numbers.all(|number| number % (STEP * parts) == 0.0)
}
