//! Benches of the interface for C beside the scorer that it calls: the same 39 columns, and a small network, beside which
//! the cost of a call shows.

#![expect(unsafe_code, reason = "functions of C are called")]

use benches::{fit, raw_header, raw_rows, raw_schema, run};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::features::{Cell, RowFields};
use deepcross::model::{Model, ModelConfig, Scorer, TrainedModel, TrainingSummary};
use deepcross_c::{
    Column, ColumnType, Columns, Rows, Session, Status, Validity, deepcross_model_free,
    deepcross_model_from_bytes, deepcross_score_columns, deepcross_score_rows,
    deepcross_session_free, deepcross_session_new,
};
use std::error::Error;
use std::ffi::{CString, c_char};
use std::fmt::Write;
use std::hint::black_box;
use std::ptr::{null, null_mut};
use std::time::{Duration, Instant};

const BUCKETS: u32 = 100_000;
const N_CATEGORICAL: usize = 26;

/// The calls that are timed together.
const IN_A_ROW: u64 = 4;

/// Calls of one row, and of the rows of a batch.
const ROWS: [usize; 2] = [1, 256];

fn main() -> Result<(), Box<dyn Error>> {
    let trained = trained()?;
    let bytes = trained.to_bytes()?;
    let scorer = Scorer::new(trained);
    let (mut model, mut session) = (null_mut(), null_mut());
    // SAFETY: the bytes and the places live.
    let statuses = unsafe {
        [
            deepcross_model_from_bytes(bytes.as_ptr(), bytes.len(), &raw mut model),
            deepcross_session_new(model, &raw mut session),
        ]
    };
    assert_eq!(statuses, [Status::Ok; 2], "the model is valid");
    run(|criterion| ROWS.iter().for_each(|&rows| score(criterion, &scorer, session, rows)));
    // SAFETY: both were made above.
    unsafe {
        deepcross_session_free(session);
        deepcross_model_free(model);
    }
    Ok(())
}

/// The same rows by the scorer, as texts by position and by name, and as typed columns; elements are rows.
fn score(criterion: &mut Criterion, scorer: &Scorer, session: *mut Session, n: usize) {
    let (header, rows) = (raw_header(), raw_rows(n));
    let mut group = criterion.benchmark_group("c_interface");
    group.throughput(Throughput::Elements(n as u64));
    let mut measure = |name: &str, call: &mut dyn FnMut()| {
        group.bench_function(BenchmarkId::new(name, n), |bencher| {
            bencher.iter_custom(|calls| least(calls, call));
        });
    };

    let binding = scorer.encoder().bind(&header).expect("the header is that of fitting");
    let mut own = scorer.session();
    measure("scorer", &mut || {
        assert!(scorer.push_all(&mut own, &binding, &rows), "the rows are valid");
        black_box(scorer.score(&mut own));
    });

    let (names, values) = (Texts::new(&header), Texts::new(rows.iter().flatten()));
    let by_position = Rows {
        names: null(),
        n_columns: header.len(),
        n_rows: n,
        values: values.pointers.as_ptr(),
        lengths: null(),
    };
    let by_name = Rows { names: names.pointers.as_ptr(), ..by_position };
    let mut scores = vec![0.0; n];
    for (name, rows) in [("texts_by_position", by_position), ("texts_by_name", by_name)] {
        measure(name, &mut || {
            // SAFETY: the buffers live.
            let status = unsafe {
                deepcross_score_rows(session, &raw const rows, 0, scores.as_mut_ptr(), n)
            };
            assert_eq!(status, Status::Ok, "the rows are valid");
        });
    }

    let typed = Typed::new(&rows);
    let columns: Vec<_> =
        names.pointers.iter().enumerate().map(|(at, &name)| typed.column(at, name)).collect();
    let columns = Columns { columns: columns.as_ptr(), n_columns: columns.len(), n_rows: n };
    let typed_rows: Vec<_> =
        (0..n).map(|at| TypedRow { texts: &rows[at], typed: &typed, at }).collect();
    measure("scorer_of_typed_rows", &mut || {
        assert!(scorer.push_all(&mut own, &binding, &typed_rows), "the rows are valid");
        black_box(scorer.score(&mut own));
    });
    measure("typed_columns", &mut || {
        // SAFETY: the buffers live.
        let status = unsafe {
            deepcross_score_columns(session, &raw const columns, 0, scores.as_mut_ptr(), n)
        };
        assert_eq!(status, Status::Ok, "the columns are valid");
    });
    group.finish();
}

/// The time of this many calls if each takes the least time that some calls in a row have taken: what else runs on the
/// machine only makes a call slower, and the differences here are small.
fn least(calls: u64, call: &mut dyn FnMut()) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..calls.div_ceil(IN_A_ROW) {
        let start = Instant::now();
        (0..IN_A_ROW).for_each(|_| call());
        least = least.min(start.elapsed());
    }
    least.mul_f64(calls as f64 / IN_A_ROW as f64)
}

/// The same row for the scorer, with numbers in place of their texts.
struct TypedRow<'r> {
    texts: &'r [String],
    typed: &'r Typed,
    at: usize,
}

impl RowFields for TypedRow<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match column.checked_sub(N_CATEGORICAL).map(|number| &self.typed.numbers[number]) {
            None => Cell::Text(self.texts[column].as_bytes()),
            Some((numbers, marks)) if marks[self.at] != 0 => Cell::Integer(numbers[self.at]),
            Some(_) => Cell::Null,
        }
    }
}

/// Texts of C, with their pointers.
struct Texts {
    _texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Texts {
    fn new<'t>(texts: impl IntoIterator<Item = &'t String>) -> Self {
        let texts =
            texts.into_iter().map(|text| CString::new(text.as_str()).expect("no zero byte"));
        let texts: Vec<_> = texts.collect();
        Self { pointers: texts.iter().map(|text| text.as_ptr()).collect(), _texts: texts }
    }
}

/// The columns of the rows: texts, and numbers with a byte each that says whether they are there.
struct Typed {
    texts: Vec<Texts>,
    numbers: Vec<(Vec<i64>, Vec<u8>)>,
}

impl Typed {
    fn new(rows: &[Vec<String>]) -> Self {
        let texts = |at: usize| Texts::new(rows.iter().map(|row| &row[at]));
        let numbers = |at: usize| {
            let numbers = rows.iter().map(|row| row[at].parse::<i64>().ok());
            numbers.map(|number| (number.unwrap_or_default(), u8::from(number.is_some()))).unzip()
        };
        Self {
            texts: (0..N_CATEGORICAL).map(texts).collect(),
            numbers: (N_CATEGORICAL..raw_header().len()).map(numbers).collect(),
        }
    }

    fn column(&self, at: usize, name: *const c_char) -> Column {
        let empty = Column {
            name,
            value_type: ColumnType::Strings as u32,
            validity_form: Validity::All as u32,
            values: null(),
            values_size: 0,
            offsets: null(),
            offsets_size: 0,
            validity: null(),
            validity_size: 0,
            first: 0,
        };
        match self.texts.get(at) {
            Some(Texts { pointers, .. }) => Column {
                values: pointers.as_ptr().cast(),
                values_size: size_of_val(&pointers[..]),
                ..empty
            },
            None => {
                let (numbers, marks) = &self.numbers[at - N_CATEGORICAL];
                Column {
                    value_type: ColumnType::I64 as u32,
                    values: numbers.as_ptr().cast(),
                    values_size: size_of_val(&numbers[..]),
                    validity_form: Validity::Bytes as u32,
                    validity: marks.as_ptr(),
                    validity_size: marks.len(),
                    ..empty
                }
            }
        }
    }
}

/// A model of hashed fields and numbers, with the configuration that a model file has.
fn trained() -> Result<TrainedModel, Box<dyn Error>> {
    let encoder = fit(&raw_schema(Some(BUCKETS))?, &raw_header(), &raw_rows(1000))?;
    let mut config = "[data]\nlabel = \"click\"\n".to_owned();
    for (at, name) in raw_header().iter().enumerate() {
        let kind = if at < N_CATEGORICAL { "categorical" } else { "number" };
        writeln!(config, "[[field]]\nname = \"{name}\"\nkind = \"{kind}\"")?;
    }
    let model = ModelConfig {
        embedding: Some(4),
        bypass_below: Some(0),
        hidden: Some(vec![8]),
        ..ModelConfig::default()
    };
    let (spec, mut params) = (model.check()?, deepcross::autodiff::Params::new());
    let model = Model::new(&spec, encoder.shapes(), &mut params, 2016)?;
    Ok(TrainedModel {
        config,
        encoder,
        spec,
        model,
        params,
        other_members: Vec::new(),
        training: TrainingSummary::default(),
        counts: Vec::new(),
        calibrator: None,
    })
}
