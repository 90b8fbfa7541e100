//! The same frame gives the same model and the same predictions through every format, and through the service.
//!
//! Each format writes its values as programs do: a whole floating-point number is `39.0` in one and `39` in another, and
//! a truth value is `True`, `true`, or typed.

use super::Service;
use crate::Folder;
use arrow_array::builder::{Float64Builder, ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use deepcross_data::Input;
use deepcross_train::{Files, RunConfig, RunOptions, train};
use parquet::arrow::ArrowWriter;
use std::fmt::Write;
use std::sync::Arc;

const ROWS: usize = 60;

const CONFIG: &str = r#"[data]
label = "click"
[[field]]
name = "id"
kind = "categorical"
counts = true
[[field]]
name = "hashed"
kind = "categorical"
column = "id"
buckets = 40
[[field]]
name = "code"
kind = "categorical"
[[field]]
name = "price"
kind = "categorical"
[[field]]
name = "price as a number"
kind = "number"
column = "price"
[[field]]
name = "flag"
kind = "categorical"
[[field]]
name = "flag as a number"
kind = "number"
column = "flag"
[[field]]
name = "both"
kind = "cross"
columns = ["flag", "id"]
buckets = 60
[[field]]
name = "word"
kind = "categorical"
[[field]]
name = "tags"
kind = "multi-hot"
[[field]]
name = "sizes"
kind = "multi-hot"
[[field]]
name = "hour"
kind = "time"
part = "hour"
time_format = "date-time"
column = "time"
[[field]]
name = "time"
kind = "categorical"
[model]
kind = "lr"
[train]
epochs = 1
batch = 16
"#;

const COLUMNS: [&str; 9] =
    ["click", "id", "code", "price", "flag", "word", "tags", "sizes", "time"];

const WORDS: [&str; 6] = ["plain", "two words", "\"quoted\"", "a, b", "5\" nail", "true story"];

/// A row of a frame; a missing value is `None`.
struct Row {
    click: bool,
    /// A whole number that its program keeps as a floating-point number, since some are missing.
    id: Option<f64>,
    code: i64,
    price: Option<f64>,
    flag: Option<bool>,
    word: Option<&'static str>,
    tags: Vec<String>,
    sizes: Vec<f64>,
    /// The seconds since 1970.
    time: i64,
}

/// How a format writes its values.
#[derive(Clone, Copy)]
enum Style {
    /// `39.0` and `True`.
    Python,
    /// `39` and `true`.
    Other,
}

/// Draws numbers, always the same ones for a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn row(&mut self) -> Row {
        Row {
            click: self.below(3) == 0,
            id: (self.below(9) > 0).then(|| (self.below(12) * 35) as f64),
            code: self.below(5) as i64 - 2,
            price: (self.below(9) > 0).then(|| self.below(9) as f64 / 2.0),
            flag: (self.below(9) > 0).then(|| self.below(2) == 0),
            word: (self.below(9) > 0).then(|| WORDS[self.below(6) as usize]),
            tags: (0..self.below(4)).map(|_| format!("t {}", self.below(6))).collect(),
            sizes: (0..self.below(4)).map(|_| self.below(6) as f64 / 2.0).collect(),
            time: 1_709_251_200 + self.below(4_000) as i64 * 900,
        }
    }
}

fn float(number: f64, style: Style) -> String {
    match style {
        Style::Python => format!("{number:?}"),
        Style::Other => number.to_string(),
    }
}

fn truth(is_true: bool, style: Style) -> String {
    match (style, is_true) {
        (Style::Python, true) => "True".to_owned(),
        (Style::Python, false) => "False".to_owned(),
        (Style::Other, is_true) => is_true.to_string(),
    }
}

/// A time in March 2024.
fn time(seconds: i64) -> String {
    let (day, second) = ((seconds - 1_709_251_200) / 86_400 + 1, seconds % 86_400);
    format!(
        "2024-{:02}-{:02}T{:02}:{:02}:00Z",
        3 + (day - 1) / 31,
        (day - 1) % 31 + 1,
        second / 3600,
        second / 60 % 60
    )
}

impl Row {
    /// The texts of the row, in the order of [`COLUMNS`].
    fn texts(&self, style: Style) -> [String; 9] {
        let sizes: Vec<_> = self.sizes.iter().map(|size| float(*size, style)).collect();
        [
            truth(self.click, style),
            self.id.map(|id| float(id, style)).unwrap_or_default(),
            self.code.to_string(),
            self.price.map(|price| float(price, style)).unwrap_or_default(),
            self.flag.map(|flag| truth(flag, style)).unwrap_or_default(),
            self.word.unwrap_or_default().to_owned(),
            self.tags.join("|"),
            sizes.join("|"),
            time(self.time),
        ]
    }

    /// The row as a JSON object, whose floating-point numbers are in this style.
    fn json(&self, style: Style) -> String {
        let number = |number: Option<f64>| number.map_or("null".to_owned(), |n| float(n, style));
        let flag = self.flag.map_or("null".to_owned(), |flag| flag.to_string());
        let word = self.word.map_or("null".to_owned(), |word| format!("{word:?}"));
        let sizes: Vec<_> = self.sizes.iter().map(|size| float(*size, style)).collect();
        format!(
            r#"{{"id":{},"code":{},"price":{},"flag":{flag},"word":{word},"tags":{:?},"sizes":[{}],"time":"{}"}}"#,
            number(self.id),
            self.code,
            number(self.price),
            self.tags,
            sizes.join(","),
            time(self.time),
        )
    }
}

/// Delimited text, with quotes if the delimiter is a comma.
fn delimited(rows: &[Row], delimiter: &str, style: Style) -> String {
    let quoted = |text: String| match text.contains(['"', ',']) && delimiter == "," {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    };
    let mut lines = COLUMNS.join(delimiter) + "\n";
    for row in rows {
        writeln!(lines, "{}", row.texts(style).map(quoted).join(delimiter)).unwrap();
    }
    lines
}

fn json_lines(rows: &[Row]) -> String {
    let line = |row: &Row| format!("{{\"click\":{},{}\n", row.click, &row.json(Style::Python)[1..]);
    rows.iter().map(line).collect()
}

fn batch(rows: &[Row]) -> RecordBatch {
    let mut tags = ListBuilder::new(StringBuilder::new());
    let mut sizes = ListBuilder::new(Float64Builder::new());
    for row in rows {
        tags.append_value(row.tags.iter().map(Some));
        sizes.append_value(row.sizes.iter().copied().map(Some));
    }
    let times = rows.iter().map(|row| row.time * 1000).collect::<Vec<_>>();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("click", Arc::new(rows.iter().map(|row| Some(row.click)).collect::<BooleanArray>())),
        ("id", Arc::new(rows.iter().map(|row| row.id).collect::<Float64Array>())),
        ("code", Arc::new(rows.iter().map(|row| Some(row.code)).collect::<Int64Array>())),
        ("price", Arc::new(rows.iter().map(|row| row.price).collect::<Float64Array>())),
        ("flag", Arc::new(rows.iter().map(|row| row.flag).collect::<BooleanArray>())),
        ("word", Arc::new(rows.iter().map(|row| row.word).collect::<StringArray>())),
        ("tags", Arc::new(tags.finish())),
        ("sizes", Arc::new(sizes.finish())),
        ("time", Arc::new(TimestampMillisecondArray::from(times).with_timezone("UTC"))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn parquet(rows: &[Row]) -> Vec<u8> {
    let batch = batch(rows);
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// The artifact of a model that is trained on these rows.
fn artifact(folder: &Folder, rows: Input) -> Vec<u8> {
    let config = RunConfig::parse(CONFIG, &[], "run.toml").unwrap();
    let options = RunOptions::on_threads(1);
    let model = train(&config, &Files::new(rows), options, &mut |_| ()).unwrap();
    model.save(&folder.path("model.dcx")).unwrap();
    folder.read("model.dcx")
}

/// The probabilities that the service gives to rows, in every way in which it takes them.
fn scored(service: &Service, rows: &[Row], style: Style) -> [Vec<f32>; 5] {
    let objects: Vec<_> = rows.iter().map(|row| row.json(style)).collect();
    let list = objects.join(",");
    let score = |body: &str| service.post("/v1/score", body).probabilities();
    let lines = delimited(rows, ",", style);
    let without_label = |line: &str| line.split_once(',').unwrap().1.to_owned() + "\n";
    let csv: String = lines.lines().map(without_label).collect();
    let csv = service.ask("POST", "/v1/score", "content-type: text/csv\r\n", &csv);
    // The first row gives the values that all candidates share and each of them replaces.
    let shared = format!("{{\"shared\":{},\"candidates\":[{list}]}}", objects[0]);
    [
        score(&format!("{{\"rows\":[{list}]}}")),
        score(&format!("{{\"columns\":{}}}", columns(&objects))),
        csv.probabilities(),
        ranked(service, &format!("{{\"candidates\":[{list}]}}")),
        ranked(service, &shared),
    ]
}

/// Objects as one object of columns.
fn columns(objects: &[String]) -> serde_json::Value {
    let mut columns = serde_json::Map::new();
    for object in objects {
        let object: serde_json::Value = serde_json::from_str(object).unwrap();
        for (name, value) in object.as_object().unwrap() {
            let column = columns.entry(name).or_insert_with(|| serde_json::json!([]));
            column.as_array_mut().unwrap().push(value.clone());
        }
    }
    columns.into()
}

/// The probabilities of candidates in their own order; the ranking must descend.
fn ranked(service: &Service, body: &str) -> Vec<f32> {
    let answer = service.post("/v1/rank", body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json = answer.json();
    let ranking = json["ranking"].as_array().unwrap();
    let probability = |place: &serde_json::Value| place["probability"].as_f64().unwrap() as f32;
    assert!(ranking.is_sorted_by(|a, b| probability(a) >= probability(b)), "{ranking:?}");
    let mut in_order: Vec<_> = ranking
        .iter()
        .map(|place| (place["index"].as_u64().unwrap(), probability(place)))
        .collect();
    in_order.sort_by_key(|(index, _)| *index);
    in_order.into_iter().map(|(_, probability)| probability).collect()
}

#[test]
fn a_frame_is_the_same_in_every_format_and_in_the_service() {
    for seed in 1..=8 {
        let mut draw = Draw(seed);
        let rows: Vec<_> = (0..ROWS).map(|_| draw.row()).collect();
        let folder = Folder::new();
        folder.write("a.csv", delimited(&rows, ",", Style::Python));
        folder.write("b.tsv", delimited(&rows, "\t", Style::Other));
        folder.write("c.jsonl", json_lines(&rows));
        folder.write("d.parquet", parquet(&rows));
        let expected = artifact(&folder, Input::from_batches(&[batch(&rows)]).unwrap());
        let names = ["a.csv", "b.tsv", "c.jsonl", "d.parquet"];
        for name in names {
            let found = artifact(&folder, vec![folder.path(name)].into());
            assert!(found == expected, "seed {seed}: the model of {name} differs");
        }
        let predicted = names.map(|name| {
            let call = format!("predict --model model.dcx --data {name} --threads 1");
            folder.succeed(&call).stdout
        });
        assert!(predicted.iter().all(|it| *it == predicted[0]), "seed {seed}: {predicted:?}");
        let probabilities: Vec<f32> =
            predicted[0].lines().skip(1).map(|line| line.parse().unwrap()).collect();
        let service = Service::start(&folder, "--threads 1");
        for style in [Style::Python, Style::Other] {
            for (way, found) in scored(&service, &rows, style).iter().enumerate() {
                assert_eq!(found.len(), ROWS, "{way}");
                let is_near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
                let are_near = found.iter().zip(&probabilities).all(is_near);
                assert!(are_near, "seed {seed}, way {way}: {found:?}");
            }
        }
    }
}
