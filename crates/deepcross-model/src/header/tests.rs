//! Tests of the file of a trained model: it is as documented, and a stored one is read.

use super::*;
use crate::kinds_test::{model_of, sample_model};
use crate::quantisation::{InputRanges, QuantisedForm};
use crate::{ModelKind, Scorer, TrainedModel};
use deepcross_autodiff::Tape;
use deepcross_calibration::{CalibrationMap, Platt};
use deepcross_features::fields::{TimeFormat, TimePart, Transform};
use deepcross_features::{Encoder, FieldConfig, Fitter, Schema};
use deepcross_files::Cursor;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// The probabilities that the stored model had for three rows when it was stored.
const STORED: [f32; 3] = [0.2613263, 0.43522468, 0.2580092];

fn stored_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/model_v1.dcx")
}

const COLUMNS: [&str; 5] = ["ad", "age", "tags", "title", "time"];

const ROWS: [[&str; 5]; 3] = [
    ["hats", "20", "a|b", "red shoes", "1471080600"],
    ["shoes", "31.5", "c", "blue hats", "1471098600"],
    ["socks", "", "", "", "1471116600"],
];

/// An encoder with a field of each kind.
fn encoder_of_all_kinds() -> Encoder {
    let fields = vec![
        FieldConfig::categorical("ad").counts(true),
        FieldConfig::number("age").transform(Transform::Standard),
        FieldConfig::bucketized("decade").column("age").boundaries([20.0, 30.0]),
        FieldConfig::multi_hot("tags").separator('|'),
        FieldConfig::text("title"),
        FieldConfig::time("hour", TimePart::Hour).time_format(TimeFormat::Unix).column("time"),
        FieldConfig::cross("both", ["ad", "tags"]).buckets(50),
        FieldConfig::vector("vector").column("age"),
        FieldConfig::cross("pair", ["ad", "age"]).counts(true).smoothing([1.0, 10.0]),
    ];
    let schema = Schema::new(fields, vec![String::new()]).unwrap();
    let mut fitter = Fitter::new(&schema);
    let binding = fitter.bind(&COLUMNS.map(str::to_owned)).unwrap();
    for (index, row) in ROWS.into_iter().enumerate() {
        fitter.observe_labelled(&binding, &row.map(str::to_owned), index == 1).unwrap();
    }
    fitter.finish()
}

fn predictions(model: TrainedModel) -> Vec<f32> {
    let scorer = Scorer::new(model);
    let mut session = scorer.session();
    let binding = scorer.encoder().bind(&COLUMNS.map(str::to_owned)).unwrap();
    for row in ROWS {
        scorer.push(&mut session, &binding, &row.map(str::to_owned)[..]).unwrap();
    }
    scorer.score(&mut session).to_vec()
}

/// The bytes of the file, without the name of the program that wrote it and what follows from it.
fn without_program(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (header, tensors) = crate::artifact::mutations::parts(bytes);
    let mut cursor = Cursor::new(&header);
    let length = cursor.u32().unwrap();
    cursor.take(length.into()).unwrap();
    (cursor.rest().to_vec(), tensors)
}

/// With `DEEPCROSS_STORE=1` the test writes the file first, which is needed if the version of a section changes.
#[test]
fn a_stored_file_is_read_and_written_unchanged() {
    if std::env::var_os("DEEPCROSS_STORE").is_some() {
        calibrated_model().save(&stored_file()).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("model.dcx");
    let model = TrainedModel::load(&stored_file()).unwrap();
    model.save(&again).unwrap();
    let [stored, written] = [stored_file(), again].map(|file| std::fs::read(file).unwrap());
    assert!(without_program(&stored) == without_program(&written));
    let found = predictions(model);
    let is_near = |(found, expected): (&f32, f32)| (found - expected).abs() <= 1e-6;
    assert!(found.iter().zip(STORED).all(is_near), "{found:?}");
}

/// The model that is stored.
fn calibrated_model() -> TrainedModel {
    let mut model = model_of(ModelKind::DeepCrossing, encoder_of_all_kinds());
    let platt = Platt::new(0.5, -1.0).unwrap();
    let (rows, positives) = (1000, 300);
    model.calibrator = Some(Calibrator { map: CalibrationMap::Platt(platt), rows, positives });
    model
}

#[test]
fn what_a_field_says_of_its_values_is_stored() {
    let fields = vec![
        FieldConfig::categorical("ad").missing_values(["0"]),
        FieldConfig::number("age").at_prediction("20"),
    ];
    let schema = Schema::new(fields, vec![String::new()]).unwrap();
    let mut fitter = Fitter::new(&schema);
    let binding = fitter.bind(&["ad", "age"].map(str::to_owned)).unwrap();
    for row in [["hats", "20"], ["0", "30"]] {
        fitter.observe(&binding, &row.map(str::to_owned)).unwrap();
    }
    let model = model_of(ModelKind::Fm, fitter.finish());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.dcx");
    model.save(&file).unwrap();
    let again = TrainedModel::load(&file).unwrap();
    assert_eq!(again.encoder.to_state(), model.encoder.to_state());
    let rules: Vec<_> = again.encoder.fields().into_iter().map(|field| field.rules).collect();
    assert_eq!(rules[0].missing, ["0"]);
    assert_eq!(rules[1].at_prediction.as_deref(), Some("20"));
    assert_eq!(again.encoder.columns(), ["ad"], "a loaded model is one for prediction");
}

/// The documentation of the bytes.
struct Page(&'static str);

impl Page {
    /// Requires a line, which says what is read next.
    #[track_caller]
    fn says(&self, line: &str) {
        assert!(self.0.lines().any(|found| found == line), "{line}");
    }

    /// The first and second cells of the rows of the table that begins with `head`.
    fn table(&self, head: &str) -> Vec<(&'static str, &'static str)> {
        let rows = self.0.lines().skip_while(|line| *line != head).skip(2);
        let rows = rows.take_while(|line| line.starts_with('|'));
        rows.map(|row| row[1..].split(" | ").map(str::trim))
            .map(|mut cells| (cells.next().unwrap(), cells.next().unwrap()))
            .collect()
    }
}

fn text<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    let length = cursor.u32().unwrap();
    std::str::from_utf8(cursor.take(length.into()).unwrap()).unwrap()
}

/// Reads files of models by the page alone, and compares what is found with the models.
#[test]
fn a_file_is_as_documented() {
    check_file(&sample_model(ModelKind::Fm));
    let bf16 = sample_model(ModelKind::Fm);
    check_file(&bf16.quantised(QuantisedForm::Bf16Tables, &InputRanges::default()));
    let model = sample_model(ModelKind::Mlp);
    let (mut ranges, mut batch) = (InputRanges::default(), model.encoder.new_batch());
    let binding = model.encoder.bind(&["ad", "age"].map(str::to_owned)).unwrap();
    let mut counts = model.encoder.new_counts();
    let row = ["hats", "30"].map(str::to_owned);
    model.encoder.encode(&binding, &row, &mut batch, &mut counts).unwrap();
    ranges.observe(model.predictor(), &mut Tape::new(), batch.rows(0..1));
    let int8 = model.quantised(QuantisedForm::Int8, &ranges);
    assert!(int8.is_quantised());
    check_file(&int8);
}

fn check_file(model: &TrainedModel) {
    let page = Page(include_str!("../../../../docs/artifact.md"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.dcx");
    model.save(&file).unwrap();
    let bytes = std::fs::read(file).unwrap();

    page.says("| 0 | 8 | magic: `DEEPCROS` in ASCII |");
    page.says("| 8 | 4 | format version, u32: 1 |");
    assert_eq!(bytes[..12], *b"DEEPCROS\x01\0\0\0");
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    page.says("| 12 | 8 | `n`, the length of the header in bytes, u64: at most 2^28 |");
    let n = number(12) as usize;
    page.says("| 28 | `n` | the header |");
    page.says("| 20 | 8 | XXH3-64 of the header, seed 0, u64 |");
    let header = &bytes[28..28 + n];
    assert_eq!(number(20), xxh3_64(header));
    page.says("| length − 8 | 8 | XXH3-64 of all bytes before, seed 0, u64 |");
    let end = bytes.len() - 8;
    assert_eq!(number(end), xxh3_64(&bytes[..end]));

    let mut cursor = Cursor::new(header);
    page.says("| a text | the program that wrote the file, such as `deepcross 0.1.0` |");
    assert_eq!(text(&mut cursor), concat!("deepcross ", env!("CARGO_PKG_VERSION")));
    check_sections(&page, &mut cursor);
    check_tensors(&page, &mut cursor, &bytes, model);
    assert!(cursor.rest().is_empty());
}

fn check_sections(page: &Page, cursor: &mut Cursor<'_>) {
    let documented = page.table("| section | version | content |");
    let known = documented.iter().map(|(name, version)| {
        (name.trim_matches('`').replace("NAME", ""), version.parse().unwrap())
    });
    let sections = Header::KIND.sections.iter();
    assert!(known.eq(sections.map(|(name, version)| ((*name).to_owned(), *version))));

    page.says("| 4 | the number of sections, u32 |");
    let n_sections = cursor.u32().unwrap();
    let names = (0..n_sections).map(|_| {
        page.says("| a text | its name |");
        page.says("| 4 | its version, u32 |");
        let name = text(cursor);
        let is_of = |known: &str| name == known || known.ends_with('/') && name.starts_with(known);
        let known = Header::KIND.sections.iter().find(|(known, _)| is_of(known));
        assert_eq!(cursor.u32().ok(), known.map(|(_, version)| *version), "{name}");
        page.says("| 8 | the length of its content in bytes, u64 |");
        let length = cursor.u64().unwrap();
        cursor.take(length).unwrap();
        name
    });
    let expected =
        ["run", "encoder", "field/ad", "field/age", "layers", "training", "counts", "calibrator"];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

/// The elements of a row of a tensor.
fn row_of(page: &Page, elements: u8, row: &[u8]) -> Vec<f32> {
    match elements {
        0 => {
            page.says("| f32 | any tensor | 4 · columns | |");
            row.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
        }
        1 => {
            page.says("| bf16 | a table | 2 · columns: the upper halves of f32 | |");
            let upper = row.chunks(2).map(|bytes| u16::from_le_bytes(bytes.try_into().unwrap()));
            upper.map(|upper| f32::from_bits(u32::from(upper) << 16)).collect()
        }
        _ => {
            page.says(
                "| integers of 8 bits | a table or a dense matrix | 4 + columns: the scale, f32, and then the integers, i8; \
                 an element is their product, in a matrix divided by the step of its column | of a matrix, the step of \
                 each column, f32, and the integer of the input 0, u32, at most 255 |",
            );
            let (scale, integers) = row.split_at(4);
            let scale = f32::from_le_bytes(scale.try_into().unwrap());
            integers.iter().map(|&byte| scale * f32::from(byte.cast_signed())).collect()
        }
    }
}

fn check_tensors(page: &Page, cursor: &mut Cursor<'_>, bytes: &[u8], model: &TrainedModel) {
    page.says("| 4 | the number of tensors, u32 |");
    let n_tensors = cursor.u32().unwrap();
    page.says("| 28 + `n` | 0 to 63 | zeros, up to a multiple of 64 |");
    let length = u64::from_le_bytes(bytes[12..20].try_into().unwrap()) as usize;
    let mut position = (28 + length).next_multiple_of(64);
    let mut found = Vec::new();
    for _ in 0..n_tensors {
        page.says("| 4 | the member that the tensor belongs to, u32, from 0 |");
        assert_eq!(cursor.u32(), Ok(0));
        page.says("| 1 | its role: 0 for a dense matrix, 1 for a statistic, 2 for a table |");
        let role = cursor.u8().unwrap();
        page.says(
            "| 1 | the type of its elements: 0 for f32, 1 for bf16, 2 for integers of 8 bits |",
        );
        let elements = cursor.u8().unwrap();
        let name = text(cursor).to_owned();
        page.says("| 8 | its rows, u64 |");
        page.says("| 8 | its columns, u64 |");
        let (rows, columns) = (cursor.u64().unwrap() as usize, cursor.u64().unwrap() as usize);
        page.says(
            "| a multiple of 64 | by the type of its elements | its elements, row after row |",
        );
        let (row_bytes, after) = match elements {
            0 => (4 * columns, 0),
            1 => (2 * columns, 0),
            _ => (4 + columns, if role == 0 { 4 * columns + 4 } else { 0 }),
        };
        let end = position + rows * row_bytes;
        let rows_of = bytes[position..end].chunks(row_bytes);
        let mut values = rows_of.flat_map(|row| row_of(page, elements, row)).collect::<Vec<_>>();
        if after > 0 {
            let steps = bytes[end..end + 4 * columns].chunks(4);
            let steps = steps.map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
            values
                .iter_mut()
                .zip(steps.collect::<Vec<_>>().iter().cycle())
                .for_each(|(value, step)| *value /= step);
        }
        found.push((role, name, values));
        position = (end + after).next_multiple_of(64);
    }
    assert_eq!(position, bytes.len() - 8);
    let params = &model.params;
    let matrices = params
        .dense_ids()
        .map(|id| (0, params.dense_name(id).to_owned(), params.dense_slice(id).to_vec()));
    let tables = params
        .table_ids()
        .map(|id| (2, params.table_name(id).to_owned(), params.table(id).into_iter().collect()));
    assert_eq!(found, matrices.chain(tables).collect::<Vec<_>>());
}
