//! Scores have the bits of predictions, whatever the form of the rows.
#![expect(unsafe_code, reason = "functions of C are called")]

use std::ffi::{CString, c_char};
use std::ptr::null;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float32Builder, Float64Builder, LargeStringBuilder, StringBuilder,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};
use deepcross_c::{
    Column, ColumnType, Columns, Output, Rows, Status, Validity, deepcross_score_columns,
};
use deepcross_data::Input;

use crate::common::{
    COLUMNS, Handles, Row, Texts, csv, fails, folder, last_error, ok, predictions, row, rows,
};

/// More rows than are scored together.
const MANY: usize = 2 * 4096 + 77;

#[test]
fn texts_have_the_bits_of_predictions() {
    let file = folder().join("texts.csv");
    std::fs::write(&file, csv(&rows(MANY))).expect("there is room");
    for model in ["plain", "calibrated"] {
        let expected = predictions(model, vec![file.clone()]);
        assert_eq!(expected.len(), MANY);
        let handles = Handles::new(model);
        let texts = Texts::of_rows(&rows(MANY));
        for (output, at) in [(Output::Probability, 0), (Output::Logit, 1)] {
            let found = handles.score(&texts.rows(7), output).expect("good rows");
            let expected: Vec<f32> = expected.iter().map(|scores| scores[at]).collect();
            assert!(same_bits(&found, &expected), "{model} {output:?}");
            assert!(expected.iter().any(|score| *score != expected[0]), "the rows differ");
        }
        let one = handles.score(&Texts::of_rows(&[row(41)]).rows(7), Output::Logit);
        assert!(same_bits(&one.expect("a good row"), &[expected[41][1]]));
    }
    let calibrated =
        [predictions("plain", vec![file.clone()]), predictions("calibrated", vec![file])];
    assert!(calibrated[0][0][0] != calibrated[1][0][0], "the calibrator has an effect");
    assert!(calibrated[0][0][1] == calibrated[1][0][1], "logits are not calibrated");
}

fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.iter().map(|a| a.to_bits()).eq(b.iter().map(|b| b.to_bits()))
}

#[test]
fn names_in_any_order_and_lengths_give_the_same_scores() {
    let handles = Handles::new("plain");
    let texts = Texts::of_rows(&rows(50));
    let expected = handles.score(&texts.rows(7), Output::Logit).expect("good rows");

    // All columns backward, with one that only training reads, and blanks around a name.
    let order = [6, 5, 4, 3, 2, 1, 0];
    let mut names: Vec<_> = order.map(|at| Some(COLUMNS[at])).to_vec();
    names[3] = Some(" device ");
    names.push(Some("position"));
    let names = Texts::new(names);
    let all = rows(50);
    let values = all.iter().flat_map(|row| {
        let own = order.map(|at| row[at].as_deref());
        own.into_iter().chain([Some("not read")])
    });
    let values = Texts::new(values);
    let named = Rows { names: names.pointers.as_ptr(), ..values.rows(8) };
    for _ in 0..2 {
        assert!(same_bits(&handles.score(&named, Output::Logit).expect("good rows"), &expected));
    }
    let plain = handles.score(&texts.rows(7), Output::Logit).expect("good rows");
    assert!(same_bits(&plain, &expected), "rows by position after rows by name");

    // One long text, in which no value ends with a zero byte.
    let mut long = String::new();
    let ends: Vec<_> = all
        .iter()
        .flatten()
        .map(|value| {
            let start = long.len();
            long.push_str(value.as_deref().unwrap_or_default());
            (value.is_some(), start, long.len() - start)
        })
        .collect();
    let pointer = |&(is_there, start, _): &(bool, usize, usize)| -> *const c_char {
        if is_there { long.as_bytes()[start..].as_ptr().cast() } else { null() }
    };
    let pointers: Vec<_> = ends.iter().map(pointer).collect();
    let lengths: Vec<usize> = ends.iter().map(|end| end.2).collect();
    let sized = Rows { values: pointers.as_ptr(), lengths: lengths.as_ptr(), ..texts.rows(7) };
    assert!(same_bits(&handles.score(&sized, Output::Logit).expect("good rows"), &expected));
}

/// The columns as arrays of Arrow: texts of both widths, numbers of both precisions and truth values.
fn arrays(rows: &[Row], is_single: bool) -> Vec<ArrayRef> {
    let text = |at: usize| -> ArrayRef {
        let mut builder = StringBuilder::new();
        rows.iter().for_each(|row| builder.append_option(row[at].as_deref()));
        Arc::new(builder.finish())
    };
    let long_text = |at: usize| -> ArrayRef {
        let mut builder = LargeStringBuilder::new();
        rows.iter().for_each(|row| builder.append_option(row[at].as_deref()));
        Arc::new(builder.finish())
    };
    let number = |row: &Row| row[2].as_ref().map(|text| text.parse::<f64>().expect("a number"));
    let ages: ArrayRef = if is_single {
        let mut builder = Float32Builder::new();
        rows.iter().for_each(|row| builder.append_option(number(row).map(|number| number as f32)));
        Arc::new(builder.finish())
    } else {
        let mut builder = Float64Builder::new();
        rows.iter().for_each(|row| builder.append_option(number(row)));
        Arc::new(builder.finish())
    };
    let mut flags = BooleanBuilder::new();
    rows.iter().for_each(|row| flags.append_option(row[6].as_deref().map(|text| text == "true")));
    vec![text(0), long_text(1), ages, text(3), long_text(4), text(5), Arc::new(flags.finish())]
}

/// A column of C with the buffers of an array from the row `first` on; `bytes` holds the truth values, which Arrow has as
/// bits.
fn column(name: &CString, array: &ArrayRef, first: usize, bytes: &mut Vec<u8>) -> Column {
    let data = array.to_data();
    let (validity, validity_size, form) = match data.nulls() {
        Some(nulls) => (nulls.buffer().as_ptr(), nulls.buffer().len(), Validity::Bits),
        None => (null(), 0, Validity::All),
    };
    let buffers = data.buffers();
    let (value_type, values, offsets) = match array.data_type().to_string().as_str() {
        "Utf8" => (ColumnType::Utf8, &buffers[1], Some(&buffers[0])),
        "LargeUtf8" => (ColumnType::LargeUtf8, &buffers[1], Some(&buffers[0])),
        "Float64" => (ColumnType::F64, &buffers[0], None),
        "Float32" => (ColumnType::F32, &buffers[0], None),
        "Boolean" => {
            let bits = buffers[0].as_slice();
            *bytes = (0..array.len()).map(|at| bits[at / 8] >> (at % 8) & 1).collect();
            (ColumnType::Bool, &buffers[0], None)
        }
        other => panic!("{other}"),
    };
    let (values, values_size) = match value_type {
        ColumnType::Bool => (bytes.as_ptr().cast(), bytes.len()),
        _ => (values.as_ptr().cast(), values.len()),
    };
    Column {
        name: name.as_ptr(),
        value_type: value_type as u32,
        validity_form: form as u32,
        values,
        values_size,
        offsets: offsets.map_or(null(), |offsets| offsets.as_ptr().cast()),
        offsets_size: offsets.map_or(0, |offsets| offsets.len()),
        validity,
        validity_size,
        first,
    }
}

fn score_columns(handles: &Handles, columns: &[Column], n_rows: usize) -> Vec<f32> {
    let columns = Columns { columns: columns.as_ptr(), n_columns: columns.len(), n_rows };
    let mut scores = vec![f32::NAN; n_rows];
    // SAFETY: the buffers live.
    ok(unsafe {
        deepcross_score_columns(handles.session, &raw const columns, 1, scores.as_mut_ptr(), n_rows)
    });
    scores
}

#[test]
fn typed_columns_have_the_bits_of_the_same_rows_in_arrow() {
    let names = COLUMNS.map(|name| CString::new(name).expect("a name"));
    for is_single in [false, true] {
        // A part of longer arrays, so that it begins in the middle of a byte of marks.
        let all = arrays(&rows(MANY), is_single);
        let arrays: Vec<_> = all.iter().map(|array| array.slice(11, MANY - 20)).collect();
        let fields = COLUMNS.iter().zip(&arrays);
        let fields = fields.map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let batch = RecordBatch::try_new(schema, arrays.clone()).expect("a batch");
        let expected = predictions("plain", Input::from_batches(&[batch]).expect("rows"));
        let expected: Vec<f32> = expected.iter().map(|scores| scores[1]).collect();

        let handles = Handles::new("plain");
        let mut bytes = Vec::new();
        let each = names.iter().zip(&all);
        let mut columns: Vec<_> =
            each.map(|(name, array)| column(name, array, 11, &mut bytes)).collect();
        assert!(same_bits(&score_columns(&handles, &columns, MANY - 20), &expected));
        columns.reverse();
        assert!(same_bits(&score_columns(&handles, &columns, MANY - 20), &expected), "by name");
        columns.reverse();
        columns.iter_mut().for_each(|column| column.name = null());
        assert!(same_bits(&score_columns(&handles, &columns, MANY - 20), &expected), "by position");
    }
}

#[test]
fn whole_numbers_and_marks_in_bytes_have_the_scores_of_their_texts() {
    let handles = Handles::new("plain");
    let n = 40;
    let ages: Vec<i64> = (0..40).map(|i| 20 + i).collect();
    let marks: Vec<u8> = (0..n).map(|i| u8::from(i % 7 != 3) * 2).collect();
    let (small, large): (Vec<i32>, Vec<u64>) =
        ages.iter().map(|&age| (age as i32, age as u64)).unzip();
    let texts: Vec<_> = rows(n);
    let mut rows = texts.clone();
    for (i, row) in rows.iter_mut().enumerate() {
        row[2] = (marks[i] != 0).then(|| ages[i].to_string());
    }
    let expected = handles.score(&Texts::of_rows(&rows).rows(7), Output::Logit).expect("good rows");
    let text_columns: Vec<Texts> =
        (0..7).map(|at| Texts::new(rows.iter().map(|row| row[at].as_deref()))).collect();
    let mut columns: Vec<_> = text_columns.iter().map(strings).collect();
    assert!(same_bits(&score_columns(&handles, &columns, n), &expected), "texts");
    for (value_type, values, size) in [
        (ColumnType::I64, ages.as_ptr().cast(), 8),
        (ColumnType::I32, small.as_ptr().cast(), 4),
        (ColumnType::U64, large.as_ptr().cast(), 8),
    ] {
        columns[2] = Column {
            value_type: value_type as u32,
            validity_form: Validity::Bytes as u32,
            values,
            values_size: n * size,
            validity: marks.as_ptr(),
            validity_size: n,
            ..strings(&text_columns[2])
        };
        assert!(same_bits(&score_columns(&handles, &columns, n), &expected), "{value_type:?}");
    }
}

/// A column of texts, without a name.
pub(crate) fn strings(texts: &Texts) -> Column {
    Column {
        name: null(),
        value_type: ColumnType::Strings as u32,
        validity_form: Validity::All as u32,
        values: texts.pointers.as_ptr().cast(),
        values_size: size_of_val(&texts.pointers[..]),
        offsets: null(),
        offsets_size: 0,
        validity: null(),
        validity_size: 0,
        first: 0,
    }
}

#[test]
fn results_may_even_overlap_the_values() {
    let handles = Handles::new("plain");
    let texts: Vec<Texts> =
        (0..7).map(|at| Texts::new(rows(30).iter().map(|row| row[at].as_deref()))).collect();
    let mut ages: Vec<f32> = (0..30).map(|i| 20.0 + i as f32).collect();
    let mut columns: Vec<_> = texts.iter().map(strings).collect();
    let start = ages.as_mut_ptr();
    columns[2] = Column {
        value_type: ColumnType::F32 as u32,
        values: start.cast_const().cast(),
        values_size: 120,
        ..columns[2]
    };
    let expected = score_columns(&handles, &columns, 30);
    let columns = Columns { columns: columns.as_ptr(), n_columns: 7, n_rows: 30 };
    // SAFETY: the buffers live.
    ok(unsafe { deepcross_score_columns(handles.session, &raw const columns, 1, start, 30) });
    assert!(same_bits(&ages, &expected));
}

#[test]
fn a_bad_value_names_its_row_and_counts_nothing() {
    let handles = Handles::new("plain");
    let mut bad = rows(MANY);
    bad[MANY - 2][2] = Some("forty".to_owned());
    let texts = Texts::of_rows(&bad);
    let (status, message) = handles.score(&texts.rows(7), Output::Logit).expect_err("a bad age");
    let expected =
        format!("`rows[{}]`: field `age`, column `age`: `forty` is not a finite number", MANY - 2);
    assert_eq!((status, message.contains(&expected)), (Status::BadValue, true), "{message}");
    assert_eq!(deepcross_c::deepcross_last_error_row(), MANY as i64 - 2);
    assert!(crate::describing::counts(&handles).iter().all(|counts| counts.values == 0));
    // The session is as good as new.
    let texts = Texts::of_rows(&rows(9));
    let again = handles.score(&texts.rows(7), Output::Logit).expect("good rows");
    let fresh = Handles::new("plain").score(&texts.rows(7), Output::Logit).expect("good rows");
    assert!(same_bits(&again, &fresh));

    let invalid = [0xff_u8, 0];
    let mut values = Texts::of_rows(&rows(2));
    values.pointers[7] = invalid.as_ptr().cast();
    let result = handles.score(&values.rows(7), Output::Logit);
    assert_eq!(result.expect_err("no UTF-8").0, Status::BadUtf8);
    fails(Status::BadUtf8, Status::BadUtf8, "`rows[1]`: field `ad`, column `ad`");
    assert!(last_error().ends_with("is not valid UTF-8"));
}
