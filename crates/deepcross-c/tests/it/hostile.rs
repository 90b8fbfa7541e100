//! NULL, wrong lengths, wrong constants, misaligned pointers, and names that are not the model's.
#![expect(unsafe_code, reason = "functions of C are called")]

use std::ffi::CString;
use std::ptr::{null, null_mut};

use deepcross_c::*;
use deepcross_train::{Files, RunConfig, RunOptions, train};

use crate::common::{COLUMNS, Handles, Texts, fails, model_path, ok, rows};
use crate::scoring::strings;

#[test]
fn every_null_is_an_error() {
    let handles = Handles::new("plain");
    let (model, session) = (handles.model, handles.session);
    let path = CString::new(model_path("plain").to_str().expect("UTF-8")).expect("a path");
    let texts = Texts::of_rows(&rows(2));
    let rows = texts.rows(7);
    let own: Vec<Texts> = (0..7).map(|_| Texts::new([Some("1"), Some("2")])).collect();
    let columns: Vec<_> = own.iter().map(strings).collect();
    let columns = Columns { columns: columns.as_ptr(), n_columns: 7, n_rows: 2 };
    let (rows, columns) = (&raw const rows, &raw const columns);
    let mut scores = [0.0; 2];
    let scores = scores.as_mut_ptr();
    let (mut n, mut any) = (0, null_mut());
    let n = &raw mut n;
    let expected = Status::NullPointer;
    // SAFETY: all pointers are NULL or live.
    unsafe {
        fails(deepcross_model_load(null(), &raw mut any), expected, "`path`");
        fails(deepcross_model_map(null(), &raw mut any), expected, "`path`");
        fails(deepcross_model_load(path.as_ptr(), null_mut()), expected, "`model`");
        fails(deepcross_model_map(path.as_ptr(), null_mut()), expected, "`model`");
        fails(deepcross_model_from_bytes(null(), 1, &raw mut any), expected, "`bytes`");
        fails(deepcross_model_from_bytes(null(), 0, null_mut()), expected, "`model`");
        fails(deepcross_model_fingerprint(null(), &mut 0), expected, "`model`");
        fails(deepcross_model_fingerprint(model, null_mut()), expected, "`fingerprint`");
        fails(deepcross_model_description(null(), &mut null()), expected, "`model`");
        fails(deepcross_model_description(model, null_mut()), expected, "`json`");
        fails(deepcross_model_columns(null(), &mut null(), n), expected, "`model`");
        fails(deepcross_model_columns(model, null_mut(), n), expected, "`columns`");
        fails(deepcross_model_columns(model, &mut null(), null_mut()), expected, "`n_columns`");
        fails(deepcross_model_fields(null(), &mut null(), n), expected, "`model`");
        fails(deepcross_model_fields(model, null_mut(), n), expected, "`fields`");
        fails(deepcross_model_fields(model, &mut null(), null_mut()), expected, "`n_fields`");
        fails(deepcross_session_new(null(), &mut null_mut()), expected, "`model`");
        fails(deepcross_session_new(model, null_mut()), expected, "`session`");
        fails(deepcross_score_rows(null_mut(), rows, 0, scores, 2), expected, "`session`");
        fails(deepcross_score_rows(session, null(), 0, scores, 2), expected, "`rows`");
        fails(deepcross_score_rows(session, rows, 0, null_mut(), 2), expected, "`scores`");
        fails(deepcross_score_columns(null_mut(), columns, 0, scores, 2), expected, "`session`");
        fails(deepcross_score_columns(session, null(), 0, scores, 2), expected, "`columns`");
        fails(deepcross_score_columns(session, columns, 0, null_mut(), 2), expected, "`scores`");
        let rank = |session, candidates, scores| {
            deepcross_rank(session, null(), candidates, 0, scores, null_mut(), 2)
        };
        fails(rank(null_mut(), columns, scores), expected, "`session`");
        fails(rank(session, null(), scores), expected, "`candidates`");
        fails(rank(session, columns, null_mut()), expected, "`scores`");
        fails(deepcross_session_counts(null_mut(), null_mut(), 0, n), expected, "`session`");
        fails(deepcross_session_counts(session, null_mut(), 0, null_mut()), expected, "`n_fields`");
        fails(deepcross_session_counts(session, null_mut(), 9, n), expected, "`counts`");
        fails(deepcross_session_clear_counts(null_mut()), expected, "`session`");
        fails(deepcross_session_changes(null_mut(), &mut null()), expected, "`session`");
        fails(deepcross_session_changes(session, null_mut()), expected, "`text`");
        deepcross_model_free(null_mut());
        deepcross_session_free(null_mut());
    }
}

#[test]
fn nulls_and_wrong_numbers_within_rows_are_errors() {
    let handles = Handles::new("plain");
    let texts = Texts::of_rows(&rows(2));
    let good = texts.rows(7);
    let names = Texts::new(COLUMNS.map(Some));
    let mut hole = Texts::new(COLUMNS.map(Some));
    hole.pointers[3] = null();
    let long = [usize::MAX; 14];
    let odd = texts.pointers.as_ptr().wrapping_byte_add(1);
    let odd_lengths = long.as_ptr().wrapping_byte_add(4);
    let null_values = Rows { values: null(), ..good };
    let cases = [
        (
            null_values,
            Status::NullPointer,
            "`rows.values`: is NULL, expected a pointer to 14 values",
        ),
        (
            Rows { names: hole.pointers.as_ptr(), ..good },
            Status::NullPointer,
            "`rows.names[3]`: is NULL",
        ),
        (Rows { values: odd, ..good }, Status::MisalignedPointer, "`rows.values`"),
        (Rows { names: odd, ..good }, Status::MisalignedPointer, "`rows.names`"),
        (Rows { lengths: odd_lengths, ..good }, Status::MisalignedPointer, "`rows.lengths`"),
        (
            Rows { lengths: long.as_ptr(), ..good },
            Status::WrongLength,
            "`rows.lengths[0]`: 18446744073709551615",
        ),
        (Rows { n_columns: 6, ..good }, Status::WrongLength, "`rows.n_columns`: 6, expected 7"),
        (Rows { n_columns: 0, ..good }, Status::WrongLength, "`rows.n_columns`: 0, expected 7"),
        (
            Rows { n_columns: usize::MAX, ..good },
            Status::WrongLength,
            "are more than memory can hold",
        ),
        (Rows { n_columns: usize::MAX / 2, ..good }, Status::WrongLength, "expected at most"),
        (
            Rows { n_columns: 6, names: names.pointers.as_ptr(), ..good },
            Status::AbsentColumn,
            "the column `is_new` is not given",
        ),
        (
            Rows { n_columns: 0, names: names.pointers.as_ptr(), ..null_values },
            Status::AbsentColumn,
            "the column `ad` and 6 others",
        ),
    ];
    for (rows, expected, message) in cases {
        let (status, _) = handles.score(&rows, Output::Logit).expect_err(message);
        fails(status, expected, message);
    }
}

#[test]
fn buffers_that_are_too_small_are_errors() {
    let handles = Handles::new("plain");
    let texts = Texts::of_rows(&rows(2));
    let good = texts.rows(7);
    let names = Texts::new(COLUMNS.map(Some));
    let mut scores = [f32::NAN; 2];
    let start = scores.as_mut_ptr();
    let score = |rows: Rows, output, start, capacity| {
        // SAFETY: the buffers live, or the call does not come to them.
        unsafe { deepcross_score_rows(handles.session, &raw const rows, output, start, capacity) }
    };
    for capacity in [0, 1] {
        let message = format!("`capacity`: {capacity}, expected at least 2");
        fails(score(good, 0, start, capacity), Status::WrongLength, &message);
    }
    let huge = Rows { n_rows: usize::MAX, ..good };
    fails(score(huge, 0, start, usize::MAX), Status::WrongLength, "`scores`: ");
    let huge = Rows { n_rows: usize::MAX / 8, ..good };
    fails(score(huge, 0, start, usize::MAX), Status::WrongLength, "expected at most");
    fails(score(good, 2, start, 2), Status::WrongConstant, "`output`: 2, expected");
    let odd = start.wrapping_byte_add(1);
    fails(score(good, 0, odd, 2), Status::MisalignedPointer, "`scores`");
    assert!(scores.iter().all(|score| score.is_nan()), "nothing was written");

    // No rows: nothing is read or written.
    let none = Rows { n_rows: 0, values: null(), ..good };
    ok(score(none, 0, null_mut(), 0));
    ok(score(Rows { names: names.pointers.as_ptr(), ..none }, 0, null_mut(), 0));
}

#[test]
fn wrong_names_are_errors() {
    let handles = Handles::new("plain");
    let texts = Texts::new((0..8).map(|_| Some("1")));
    let score = |names: &Texts| {
        let n_columns = names.pointers.len();
        let rows = Rows { names: names.pointers.as_ptr(), n_rows: 1, ..texts.rows(n_columns) };
        handles.score(&rows, Output::Logit).map_err(|(status, _)| status)
    };
    let of = |names: &[&str]| Texts::new(names.iter().copied().map(Some));
    let status = score(&of(&["ad", "tag"])).expect_err("the model has a column `tag`");
    let message = "`rows.names[1]`: the model reads no column `tag`; the nearest column is `tags`";
    fails(status, Status::UnknownColumn, message);
    let status = score(&of(&["ad", "temperature"])).expect_err("no column");
    fails(status, Status::UnknownColumn, "deepcross_model_columns lists the columns");
    let status = score(&of(&["ad", "age", "ad"])).expect_err("twice");
    fails(status, Status::DuplicateColumn, "`rows.names[2]`: the column `ad` is given twice");
    let mut bytes = of(&["ad", "age"]);
    let invalid = [0xc3_u8, 0x28, 0];
    bytes.pointers[1] = invalid.as_ptr().cast();
    fails(score(&bytes).expect_err("no UTF-8"), Status::BadUtf8, "`rows.names[1]`: `\u{fffd}(`");
    let long = "x".repeat(100_000);
    let status = score(&of(&["ad", &long])).expect_err("a long name");
    fails(status, Status::UnknownColumn, "the model reads no column `xxx");
    assert!(crate::common::last_error().len() < 300);
    // A column that only training reads may be given, even twice, and has no effect.
    let with_ignored: Vec<_> = COLUMNS.into_iter().chain(["position"]).collect();
    assert!(score(&of(&with_ignored)).is_err_and(|status| status == Status::BadValue));
    fails(Status::BadValue, Status::BadValue, "column `at`");
}

static NUMBERS: [f64; 3] = [20.0, 30.0, 40.0];
static MARKS: [u8; 1] = [7];
static BYTES: [u8; 6] = *b"abcdef";
static OFFSETS: [i32; 4] = [0, 2, 4, 6];

/// Three rows of texts, in which a test changes one column.
struct ThreeRows {
    handles: Handles,
    _texts: Vec<Texts>,
    good: Vec<Column>,
}

impl ThreeRows {
    fn new() -> Self {
        let column = |at: usize| {
            Texts::new(rows(3).iter().map(|row| row[at].as_deref()).collect::<Vec<_>>())
        };
        let texts: Vec<_> = (0..7).map(column).collect();
        Self {
            handles: Handles::new("plain"),
            good: texts.iter().map(strings).collect(),
            _texts: texts,
        }
    }

    fn score(&self, columns: &[Column], n_columns: usize) -> Status {
        let columns = Columns { columns: columns.as_ptr(), n_columns, n_rows: 3 };
        let mut scores = [0.0; 3];
        // SAFETY: the buffers live.
        unsafe {
            let start = scores.as_mut_ptr();
            deepcross_score_columns(self.handles.session, &raw const columns, 0, start, 3)
        }
    }

    /// Scores the rows with this column in place of one of them.
    fn with(&self, place: usize, column: Column) -> Status {
        let mut columns = self.good.clone();
        columns[place] = column;
        self.score(&columns, 7)
    }

    /// The column of ages as numbers, and the same with marks.
    fn ages(&self) -> [Column; 2] {
        let age = Column {
            value_type: ColumnType::F64 as u32,
            values: NUMBERS.as_ptr().cast(),
            values_size: 24,
            ..self.good[2]
        };
        let marked = Column { validity: MARKS.as_ptr(), validity_size: 1, validity_form: 2, ..age };
        [age, marked]
    }

    /// The column of ads, with its texts in one buffer.
    fn ads(&self) -> Column {
        Column {
            value_type: ColumnType::Utf8 as u32,
            values: BYTES.as_ptr().cast(),
            values_size: 6,
            offsets: OFFSETS.as_ptr().cast(),
            offsets_size: 16,
            ..self.good[0]
        }
    }
}

#[test]
fn wrong_columns_of_numbers_are_errors() {
    let three = ThreeRows::new();
    let [age, marked] = three.ages();
    let odd = age.values.wrapping_byte_add(2);
    let (length, null_pointer) = (Status::WrongLength, Status::NullPointer);
    let values = "`columns.columns[2].values`";
    for (column, expected, message) in [
        (Column { value_type: 0, ..age }, Status::WrongConstant, "value_type`: 0, expected"),
        (Column { value_type: 10, ..age }, Status::WrongConstant, "value_type`: 10, expected"),
        (Column { validity_form: 3, ..age }, Status::WrongConstant, "validity_form`: 3, expected"),
        (Column { values: null(), ..age }, null_pointer, values),
        (Column { values: odd, ..age }, Status::MisalignedPointer, values),
        (Column { values_size: 23, ..age }, length, "size`: 23 bytes, expected at least 24"),
        (Column { first: 1, ..age }, length, "values_size`: 24 bytes, expected at least 32"),
        (
            Column { first: usize::MAX, ..age },
            length,
            "first`: 18446744073709551615 is beyond all rows",
        ),
        (Column { first: usize::MAX - 3, ..age }, length, "expected at most"),
        (Column { validity: null(), ..marked }, null_pointer, "`columns.columns[2].validity`"),
        (Column { validity_size: 0, ..marked }, length, "size`: 0 bytes, expected at least 1"),
        (Column { validity_form: 1, ..marked }, length, "size`: 1 bytes, expected at least 3"),
    ] {
        fails(three.with(2, column), expected, message);
    }
    ok(three.with(2, age));
    ok(three.with(2, marked));
    let nan = [f64::NAN; 3];
    let status = three.with(2, Column { values: nan.as_ptr().cast(), ..age });
    fails(status, Status::BadValue, "`columns[0]`: field `age`, column `age`: `NaN`");
}

#[test]
fn wrong_columns_of_texts_are_errors() {
    let three = ThreeRows::new();
    let (strings, text) = (three.good[0], three.ads());
    let (back, below, far) = ([0_i32, 4, 3, 6], [-1_i32, 0, 1, 2], [0_i64, 2, 4, 7]);
    let at = |offsets: *const i32| Column { offsets: offsets.cast(), ..text };
    let large = Column {
        value_type: ColumnType::LargeUtf8 as u32,
        offsets: far.as_ptr().cast(),
        offsets_size: 32,
        ..text
    };
    let lengths = [1, usize::MAX, 1];
    let sized = Column { offsets: lengths.as_ptr().cast(), offsets_size: 24, ..strings };
    let odd = OFFSETS.as_ptr().wrapping_byte_add(2);
    let (length, null_pointer) = (Status::WrongLength, Status::NullPointer);
    for (column, expected, message) in [
        (at(null()), null_pointer, "`columns.columns[0].offsets`"),
        (at(odd), Status::MisalignedPointer, "`columns.columns[0].offsets`"),
        (Column { offsets_size: 15, ..text }, length, "size`: 15 bytes, expected at least 16"),
        (at(back.as_ptr()), length, "offsets[2]`: 3, expected at least 4"),
        (at(below.as_ptr()), length, "offsets[0]`: -1, expected at least 0"),
        (large, length, "values_size`: 6 bytes, but the texts end at the byte 7"),
        (Column { values: null(), ..text }, null_pointer, "`columns.columns[0].values`"),
        (Column { first: usize::MAX - 3, ..text }, length, "expected at most"),
        (sized, length, "offsets[1]`: 18446744073709551615"),
        (Column { offsets_size: 23, ..sized }, length, "offsets_size`: 23 bytes"),
        (Column { values_size: 8, ..strings }, length, "size`: 8 bytes, expected at least 24"),
    ] {
        fails(three.with(0, column), expected, message);
    }
    ok(three.with(0, text));
}

#[test]
fn wrong_numbers_of_columns_are_errors() {
    let three = ThreeRows::new();
    ok(three.score(&three.good, 7));
    fails(three.score(&three.good, 6), Status::WrongLength, "`columns.n_columns`: 6, expected 7");
    fails(three.score(&three.good, usize::MAX), Status::WrongLength, "`columns.columns`: ");
    // Some columns with names, and some without.
    let name = CString::new("ad").expect("a name");
    let status = three.with(0, Column { name: name.as_ptr(), ..three.good[0] });
    fails(status, Status::NullPointer, "`columns.columns[1].name`: is NULL");
}

#[test]
fn a_model_may_read_no_column() {
    let config = r#"
        [data]
        label = "click"
        [[field]]
        name = "position"
        kind = "categorical"
        at_prediction = "1"
        [model]
        embedding = 2
        hidden = [4]
        [train]
        epochs = 1
        valid_fraction = 0
    "#;
    let folder = crate::common::folder();
    let data = folder.join("positions.csv");
    let text = "click,position\n".to_owned() + &"1,1\n0,2\n".repeat(50);
    std::fs::write(&data, text).expect("there is room");
    let config = RunConfig::parse(config, &[], "run.toml").expect("a configuration");
    let options = RunOptions::on_threads(1);
    let trained = train(&config, &Files::new(vec![data.clone()]), options, &mut |_| ());
    trained.expect("a training").save(&model_path("position")).expect("there is room");
    let expected = crate::common::predictions("position", vec![data])[0][1];
    let handles = Handles::new("position");
    let none = Rows { names: null(), n_columns: 0, n_rows: 5000, values: null(), lengths: null() };
    assert_eq!(handles.score(&none, Output::Logit), Ok(vec![expected; 5000]));
    // A column that only training reads has no effect, and no other is read.
    let (names, values) = (Texts::new([Some("position")]), Texts::new([Some("2")]));
    let named = Rows { names: names.pointers.as_ptr(), ..values.rows(1) };
    assert_eq!(handles.score(&named, Output::Logit), Ok(vec![expected]));
}
