//! Rows in memory: they give what the same rows in a file give.

use deepcross_data::input::Fingerprint;
use deepcross_data::{
    BadRows, DataError, Division, Input, Labels, Partition, RowPlan, RowReader, Source,
};
use deepcross_features::Batch;

use crate::{Files, config, fitted, read_all};

const HEADER: [&str; 3] = ["click", "age", "user"];

const ROWS: [[&str; 3]; 5] = [
    ["1", "31", "ann"],
    ["0", "", " bob "],
    ["0", "27", "ann"],
    ["1", "-2.5", "é"],
    ["0", "44", ""],
];

fn input(rows: &[&[&str]]) -> Input {
    let owned = |row: &[&str]| row.iter().map(|&value| value.to_owned()).collect();
    Input::from_rows(owned(&HEADER), rows.iter().map(|row| owned(row)).collect())
}

/// All rows of a partition, encoded by an encoder that was fitted on all rows.
pub(crate) fn encoded(source: &Source, partition: Partition) -> Batch {
    let encoder = fitted(source).unwrap();
    let plan = RowPlan { labels: Labels::Required, partition, bad_rows: BadRows::Error };
    let mut reader = RowReader::new(source, &encoder, plan).unwrap();
    let mut batch = reader.new_batch();
    while reader.fill(&mut batch, 3).unwrap() > 0 {}
    batch
}

/// Two partitions of the rows.
pub(crate) fn partitions() -> [Partition; 2] {
    let division = Division::by_row(0.4, 1);
    [Partition::Valid(division), Partition::Train(division)]
}

#[test]
fn rows_of_strings_give_what_csv_gives() {
    let lines: String = ROWS.iter().map(|row| format!("{}\n", row.join(","))).collect();
    let files = Files::one(format!("{}\n{lines}", HEADER.join(",")).as_bytes());
    let settings = "label = 'click'";
    let csv = files.source(settings).unwrap();
    let rows: Vec<&[&str]> = ROWS.iter().map(|row| &row[..]).collect();
    // Settings of files have no meaning.
    for settings in [settings, "label = 'click'\ndelimiter = ';'\nformat = 'tsv'"] {
        let memory = Source::open(input(&rows), &config(settings)).unwrap();
        assert_eq!(memory.header(), csv.header());
        let texts = |source| read_all(source).unwrap().into_iter().map(|(_, row)| row);
        assert!(texts(&memory).eq(texts(&csv)));
        for partition in partitions() {
            assert_eq!(encoded(&memory, partition), encoded(&csv, partition));
        }
        assert_eq!(fitted(&memory).unwrap().to_state(), fitted(&csv).unwrap().to_state());
    }
}

#[test]
fn errors_name_the_row() {
    let bad = input(&[&ROWS[0], &["1", "x", "ann"], &["1", "3"], &["2", "3", "ann"]]);
    let source = Source::open(&bad, &config("label = 'click'")).unwrap();
    let encoder = fitted(&Source::open(input(&[&ROWS[0]]), &config("label = 'click'")).unwrap());
    let plan =
        RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Skip };
    let encoder = encoder.unwrap();
    let mut reader = RowReader::new(&source, &encoder, plan).unwrap();
    let mut batch = reader.new_batch();
    assert_eq!(reader.fill(&mut batch, 9).unwrap(), 1);
    let expected = [
        "`rows in memory`, row 2: field `age` is `x`, expected a finite number",
        "`rows in memory`, row 3: has 2 fields, expected 3",
        "`rows in memory`, row 4: field `click` is `2`, expected",
    ];
    assert_eq!(reader.skipped().rows, 3);
    for (message, expected) in reader.skipped().first.iter().zip(expected) {
        assert!(message.starts_with(expected), "{message}");
    }
    let twice = Input::from_rows(vec!["a".to_owned(), "a".to_owned()], Vec::new());
    let error = Source::open(twice, &config("")).unwrap_err();
    assert!(matches!(error, DataError::Columns { .. }), "{error}");
}

#[test]
fn fingerprints_are_those_of_the_content() {
    let of = |rows: &[&[&str]]| Fingerprint::of(&input(rows).files()[0]).unwrap();
    let found = of(&[&ROWS[0], &ROWS[1]]);
    assert_eq!(found, of(&[&ROWS[0], &ROWS[1]]));
    assert_ne!(found, of(&[&ROWS[1], &ROWS[0]]));
    assert_ne!(found, of(&[&ROWS[0]]));
    assert_ne!(of(&[&["1", "23", "4"]]), of(&[&["1", "2", "34"]]));
    assert_ne!(of(&[&["1"], &["2"]]), of(&[&["1", "2"]]));
    let of = |header: &[&str], rows: &[&[&str]]| {
        let owned = |row: &[&str]| row.iter().map(|&value| value.to_owned()).collect();
        let input = Input::from_rows(owned(header), rows.iter().map(|row| owned(row)).collect());
        Fingerprint::of(&input.files()[0]).unwrap()
    };
    assert_ne!(of(&["a", "b"], &[&["c"]]), of(&["a"], &[&["b"], &["c"]]));
    assert_ne!(of(&["a"], &[]), of(&["a"], &[&[]]));
}
