//! What a model says about itself, and the counts of a session.
#![expect(unsafe_code, reason = "functions of C are called")]

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};

use deepcross_c::{
    FieldCounts, Output, Status, deepcross_model_columns, deepcross_model_description,
    deepcross_model_fields, deepcross_model_fingerprint, deepcross_model_free,
    deepcross_model_from_bytes, deepcross_model_load, deepcross_model_map,
    deepcross_session_changes, deepcross_session_clear_counts, deepcross_session_counts,
    deepcross_version,
};
use deepcross_model::TrainedModel;

use crate::common::{COLUMNS, Handles, Texts, fails, model_path, ok, row, rows};

/// The text behind a pointer.
fn text(pointer: *const c_char) -> String {
    // SAFETY: the library returned it.
    unsafe { CStr::from_ptr(pointer) }.to_str().expect("UTF-8").to_owned()
}

pub(crate) fn counts(handles: &Handles) -> Vec<FieldCounts> {
    let empty =
        FieldCounts { name: null(), values: 9, missing: 9, unseen: 9, rare: 9, clipped: 9, far: 9 };
    let (mut counts, mut n) = (vec![empty; 20], 0);
    // SAFETY: the buffers live.
    ok(unsafe { deepcross_session_counts(handles.session, counts.as_mut_ptr(), 20, &raw mut n) });
    counts.truncate(n);
    counts
}

#[test]
fn columns_and_fields_are_those_of_the_model() {
    let handles = Handles::new("plain");
    let (mut columns, mut n) = (null(), 0);
    // SAFETY: the places live, and the library returns arrays of these lengths.
    let columns = unsafe {
        ok(deepcross_model_columns(handles.model, &raw mut columns, &raw mut n));
        std::slice::from_raw_parts(columns, n)
    };
    let names: Vec<_> = columns.iter().map(|column| text(column.name)).collect();
    assert_eq!(names, COLUMNS);
    let numbers: Vec<_> = columns.iter().map(|column| column.is_number).collect();
    assert_eq!(numbers, [0, 0, 1, 0, 0, 0, 0]);
    let separators: Vec<_> = columns.iter().map(|column| column.separator).collect();
    assert_eq!(separators, [0, u32::from('|'), 0, 0, 0, 0, 0]);
    assert_eq!(text(columns[1].accepts), "a string, or an array of strings");

    let (mut fields, mut n) = (null(), 0);
    // SAFETY: as above.
    let fields = unsafe {
        ok(deepcross_model_fields(handles.model, &raw mut fields, &raw mut n));
        std::slice::from_raw_parts(fields, n)
    };
    let described: Vec<_> = fields
        .iter()
        .map(|field| {
            // SAFETY: as above.
            let columns = unsafe { std::slice::from_raw_parts(field.columns, field.n_columns) };
            (text(field.name), text(field.kind), columns.to_vec())
        })
        .collect();
    let trained = TrainedModel::load(&model_path("plain")).expect("the model");
    let expected: Vec<_> = trained
        .encoder
        .fields()
        .into_iter()
        .map(|field| {
            let position = |name: &String| COLUMNS.iter().position(|known| known == name);
            let columns: Vec<_> = field.columns.iter().filter_map(position).collect();
            (field.name, field.kind.to_owned(), columns)
        })
        .collect();
    assert_eq!(described, expected);
    assert!(described.contains(&("ad_device".to_owned(), "cross".to_owned(), vec![0, 3])));
    assert!(described.contains(&("place".to_owned(), "categorical".to_owned(), Vec::new())));
    assert!(text(fields[0].encoding).contains("vocabulary"), "{}", text(fields[0].encoding));
}

#[test]
fn the_fingerprint_and_the_description_are_those_of_the_service() {
    let handles = Handles::new("calibrated");
    let (mut fingerprint, mut json) = (0, null());
    // SAFETY: the places live.
    unsafe {
        ok(deepcross_model_fingerprint(handles.model, &raw mut fingerprint));
        ok(deepcross_model_description(handles.model, &raw mut json));
    }
    let trained = TrainedModel::load(&model_path("calibrated")).expect("the model");
    assert_eq!(fingerprint, trained.fingerprint().expect("a fingerprint"));
    let json: serde_json::Value = serde_json::from_str(&text(json)).expect("JSON");
    assert_eq!(json["fingerprint"], format!("{fingerprint:016x}"));
    assert_eq!(json["fields"][2]["name"], "age");
    assert_eq!(json["fields"][1]["array_separator"], "|");
    assert_eq!(json["calibrator"]["method"], "platt");
    assert_eq!(text(deepcross_version()), env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_model_in_memory_and_a_mapped_one_score_as_the_file() {
    let texts = Texts::of_rows(&rows(30));
    let handles = Handles::new("calibrated");
    let expected = handles.score(&texts.rows(7), Output::Probability).expect("good rows");
    let bytes = std::fs::read(model_path("calibrated")).expect("the model");
    let path = CString::new(model_path("calibrated").to_str().expect("UTF-8")).expect("a path");
    for is_mapped in [false, true] {
        let mut handles = Handles::new("plain");
        // SAFETY: the buffers live, and the session is freed by the handles.
        unsafe {
            deepcross_model_free(handles.model);
            deepcross_c::deepcross_session_free(handles.session);
            (handles.model, handles.session) = (null_mut(), null_mut());
            ok(match is_mapped {
                true => deepcross_model_map(path.as_ptr(), &raw mut handles.model),
                false => {
                    deepcross_model_from_bytes(bytes.as_ptr(), bytes.len(), &raw mut handles.model)
                }
            });
            ok(deepcross_c::deepcross_session_new(handles.model, &raw mut handles.session));
        }
        assert_eq!(handles.score(&texts.rows(7), Output::Probability), Ok(expected.clone()));
    }
}

#[test]
fn files_that_are_no_models_are_errors() {
    let folder = crate::common::folder();
    let damaged = folder.join("damaged.dcx");
    let mut bytes = std::fs::read(model_path("plain")).expect("the model");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&damaged, &bytes).expect("there is room");
    let absent = folder.join("absent.dcx");
    for (path, expected, message) in [
        (&damaged, Status::BadModel, "damaged.dcx`: "),
        (&absent, Status::File, "absent.dcx`: no such file"),
        (&folder.to_owned(), Status::File, "is a folder, expected a file"),
    ] {
        let path = CString::new(path.to_str().expect("UTF-8")).expect("a path");
        for load in [deepcross_model_load, deepcross_model_map] {
            let mut model = std::ptr::dangling_mut();
            // SAFETY: the path and the place live.
            fails(unsafe { load(path.as_ptr(), &raw mut model) }, expected, message);
            assert!(model.is_null());
        }
    }
    let mut model = null_mut();
    // SAFETY: the bytes and the place live.
    unsafe {
        let load =
            |bytes: &[u8], model| deepcross_model_from_bytes(bytes.as_ptr(), bytes.len(), model);
        fails(load(&bytes, &raw mut model), Status::BadModel, "`a model in memory`: ");
        fails(load(&[], &raw mut model), Status::BadModel, "`a model in memory`: ");
        let status = deepcross_model_from_bytes(null(), 0, &raw mut model);
        fails(status, Status::BadModel, "`a model in memory`: ");
    }
}

#[test]
fn values_unlike_those_of_training_are_counted() {
    let handles = Handles::new("plain");
    let mut strange = vec![row(0); 40];
    for row in &mut strange {
        (row[0], row[2]) = (Some("never seen".to_owned()), None);
    }
    let texts = Texts::of_rows(&strange);
    let score = || handles.score(&texts.rows(7), Output::Probability).expect("good rows");
    score();
    score();
    let found = counts(&handles);
    let of = |name: &str| {
        let found = found.iter().find(|counts| text(counts.name) == name);
        *found.unwrap_or_else(|| panic!("no counts of {name}"))
    };
    assert_eq!((of("ad").values, of("ad").unseen, of("ad").missing), (80, 80, 0));
    assert_eq!((of("age").values, of("age").missing), (80, 80));
    assert_eq!(of("tags").values, 160, "two elements a row");

    let mut changes = null();
    // SAFETY: the place lives.
    ok(unsafe { deepcross_session_changes(handles.session, &raw mut changes) });
    let changes = text(changes);
    assert!(changes.contains("most values of `ad` are new to the model"), "{changes}");
    assert!(changes.lines().count() >= 2, "{changes}");

    // SAFETY: the session lives.
    ok(unsafe { deepcross_session_clear_counts(handles.session) });
    assert!(counts(&handles).iter().all(|counts| counts.values == 0));
    let mut n = 0;
    // SAFETY: the place lives.
    let status = unsafe { deepcross_session_counts(handles.session, null_mut(), 0, &raw mut n) };
    fails(status, Status::WrongLength, "`capacity`: 0, expected at least 9");
    assert_eq!(n, 9);
}
