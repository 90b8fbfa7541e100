//! A model of all kinds of fields, its rows, and calls with pointers.
#![expect(unsafe_code, reason = "functions of C are called")]

use std::ffi::{CStr, CString, c_char};
use std::path::{Path, PathBuf};
use std::ptr::null;
use std::sync::OnceLock;

use deepcross_c::{
    Model, Output, Rows, Session, Status, deepcross_last_error, deepcross_model_free,
    deepcross_model_load, deepcross_score_rows, deepcross_session_free, deepcross_session_new,
};
use deepcross_data::{Input, Labels};
use deepcross_model::Tapes;
use deepcross_train::{Files, Predictions, RunConfig, RunOptions, TrainedRun, calibrate, train};

pub(crate) const CONFIG: &str = r#"
[data]
label = "click"

[[field]]
name = "ad"
kind = "categorical"
counts = true

[[field]]
name = "tags"
kind = "multi-hot"
separator = "|"

[[field]]
name = "age"
kind = "number"

[[field]]
name = "ad_device"
kind = "cross"
columns = ["ad", "device"]
min_count = 2

[[field]]
name = "title"
kind = "text"

[[field]]
name = "hour"
kind = "time"
part = "hour"
time_format = "date-time"
column = "at"

[[field]]
name = "place"
kind = "categorical"
column = "position"
at_prediction = "1"

[[field]]
name = "is_new"
kind = "categorical"

[model]
embedding = 4
hidden = [16, 8]

[train]
epochs = 3
batch = 32
learning_rate = 0.01
valid_fraction = 0
"#;

/// The columns of the model, in the order of its fields.
pub(crate) const COLUMNS: [&str; 7] = ["ad", "tags", "age", "device", "title", "at", "is_new"];

/// A row: the values of [`COLUMNS`]; `None` is missing.
pub(crate) type Row = [Option<String>; 7];

pub(crate) fn row(i: usize) -> Row {
    let pick = |values: &[&str], by: usize| {
        let value = values[i / by % values.len()];
        (!value.is_empty()).then(|| value.to_owned())
    };
    [
        pick(&["shoes", "socks", "hats", "", "Schuhe ä", " shoes "], 1),
        pick(&["a|b", "b", "", "c|a|c", "new|a"], 2),
        (i % 13 != 5).then(|| format!("{}", 18.0 + (i % 97) as f64 * 0.7)),
        pick(&["phone", "desk", ""], 3),
        pick(&["red shoes cheap", "warm socks", "a hat"], 5),
        Some(format!("2024-03-{:02}T{:02}:30:00", 1 + i % 28, i % 24)),
        pick(&["true", "false"], 4),
    ]
}

pub(crate) fn rows(n: usize) -> Vec<Row> {
    (0..n).map(row).collect()
}

/// The rows as a file of text; `position` is that of training.
pub(crate) fn csv(rows: &[Row]) -> String {
    let mut text = format!("click,{},position\n", COLUMNS.join(","));
    for (i, row) in rows.iter().enumerate() {
        let values = row.each_ref().map(|value| value.as_deref().unwrap_or_default());
        let click = u8::from((i * 7 + i / 3) % 5 < 2);
        text += &format!("{click},{},{}\n", values.join(","), i % 3);
    }
    text
}

/// A folder with `plain.dcx`, `calibrated.dcx` and `rows.csv`.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(make_models).path()
}

fn make_models() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    let data = folder.path().join("rows.csv");
    std::fs::write(&data, csv(&rows(600))).expect("there is room");
    let config = RunConfig::parse(CONFIG, &[], "run.toml").expect("a configuration");
    let files = Files::new(vec![data.clone()]);
    let mut trained =
        train(&config, &files, RunOptions::on_threads(2), &mut |_| ()).expect("a training");
    trained.save(&folder.path().join("plain.dcx")).expect("there is room");
    let run = TrainedRun::load(&folder.path().join("plain.dcx")).expect("the model");
    let mut reader = run.reader(vec![data], Labels::Required).expect("the rows");
    let method = deepcross_calibration::Method::Platt;
    let found = calibrate(run.trained.predictor(), &mut reader, &Tapes::new(), method);
    trained.calibrator = Some(found.expect("a calibrator").calibrator);
    trained.save(&folder.path().join("calibrated.dcx")).expect("there is room");
    folder
}

pub(crate) fn model_path(name: &str) -> PathBuf {
    folder().join(format!("{name}.dcx"))
}

/// The probabilities and logits that the program has for rows.
pub(crate) fn predictions(model: &str, input: impl Into<Input>) -> Vec<[f32; 2]> {
    let run = TrainedRun::load(&model_path(model)).expect("the model");
    let mut reader = run.reader(input, Labels::Ignored).expect("the rows");
    let tapes = Tapes::new();
    let mut found = Vec::new();
    let mut predictions = Predictions::new(run.trained.predictor(), &mut reader, &tapes);
    while let Some(chunk) = predictions.next_chunk().expect("the rows are good") {
        let each = chunk.predictions.iter().map(|prediction| prediction.expect("a good row"));
        found.extend(each.map(|prediction| [prediction.probability, prediction.logit]));
    }
    found
}

/// A model and a session of C, which are freed.
pub(crate) struct Handles {
    pub(crate) model: *mut Model,
    pub(crate) session: *mut Session,
}

impl Handles {
    pub(crate) fn new(name: &str) -> Self {
        let path = CString::new(model_path(name).to_str().expect("UTF-8")).expect("a path");
        let (mut model, mut session) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the pointers are those of living values.
        unsafe {
            ok(deepcross_model_load(path.as_ptr(), &raw mut model));
            ok(deepcross_session_new(model, &raw mut session));
        }
        Self { model, session }
    }

    /// The scores of rows, or the status and the text of the error.
    pub(crate) fn score(&self, rows: &Rows, output: Output) -> Result<Vec<f32>, (Status, String)> {
        let mut scores = vec![f32::NAN; rows.n_rows];
        let (start, capacity) = (scores.as_mut_ptr(), scores.len());
        // SAFETY: the buffers live.
        let status =
            unsafe { deepcross_score_rows(self.session, rows, output as u32, start, capacity) };
        if status == Status::Ok { Ok(scores) } else { Err((status, last_error())) }
    }
}

impl Drop for Handles {
    fn drop(&mut self) {
        // SAFETY: both were made by the library, and the session outlives the model on purpose.
        unsafe {
            deepcross_model_free(self.model);
            deepcross_session_free(self.session);
        }
    }
}

/// Texts of C, with their pointers.
pub(crate) struct Texts {
    _texts: Vec<Option<CString>>,
    pub(crate) pointers: Vec<*const c_char>,
}

impl Texts {
    pub(crate) fn new<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let texts =
            texts.into_iter().map(|text| text.map(|text| CString::new(text).expect("no zero")));
        let texts: Vec<_> = texts.collect();
        let pointers = texts.iter().map(|text| text.as_ref().map_or(null(), |text| text.as_ptr()));
        Self { pointers: pointers.collect(), _texts: texts }
    }

    pub(crate) fn of_rows(rows: &[Row]) -> Self {
        Self::new(rows.iter().flatten().map(Option::as_deref))
    }

    /// Rows by position with these values.
    pub(crate) fn rows(&self, n_columns: usize) -> Rows {
        Rows {
            names: null(),
            n_columns,
            n_rows: self.pointers.len() / n_columns,
            values: self.pointers.as_ptr(),
            lengths: null(),
        }
    }
}

pub(crate) fn last_error() -> String {
    // SAFETY: the text lives until the next error of this thread.
    unsafe { CStr::from_ptr(deepcross_last_error()) }.to_str().expect("UTF-8").to_owned()
}

#[track_caller]
pub(crate) fn ok(status: Status) {
    assert_eq!(status, Status::Ok, "{}", last_error());
}

/// The error that a call must have.
#[track_caller]
pub(crate) fn fails(status: Status, expected: Status, text: &str) {
    let message = last_error();
    assert_eq!(status, expected, "{message}");
    assert!(message.contains(text), "{message}");
}
