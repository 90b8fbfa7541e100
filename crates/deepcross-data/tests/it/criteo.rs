//! Files in the layout of Criteo's click logs.

use deepcross_data::{Labels, Partition, RowPlan, RowReader, Source, fit};
use deepcross_features::{FieldConfig, Schema};

use crate::{Files, config, read_all};

/// A row of a label, numbers and categories; without the label if `label` is empty.
fn row(label: &str, value: usize) -> String {
    let numbers = (1..=13).map(|i| if i == 2 { String::new() } else { (value + i).to_string() });
    let categories = (1..=26).map(|i| if i == 3 { String::new() } else { format!("{value}c{i}") });
    let label = (!label.is_empty()).then(|| label.to_owned());
    let fields: Vec<_> = label.into_iter().chain(numbers).chain(categories).collect();
    format!("{}\n", fields.join("\t"))
}

fn schema() -> Schema {
    let fields = vec![FieldConfig::number("I13"), FieldConfig::categorical("C1")];
    Schema::new(fields, vec![String::new()]).unwrap()
}

#[test]
fn columns_have_their_names() {
    let files = Files::new(&[("day_0", row("1", 5).as_bytes())]);
    let source = files.source("format = 'criteo'").unwrap();
    assert_eq!(source.header().len(), 40);
    let rows = read_all(&source).unwrap();
    let shown = |name: &str| {
        let column = source.header().iter().position(|known| known == name).expect(name);
        rows[0].1[column].as_str()
    };
    let named = ["label", "I1", "I2", "I13", "C1", "C3", "C26"].map(shown);
    assert_eq!(named, ["1", "6", "", "18", "5c1", "", "5c26"]);
}

#[test]
fn the_label_is_known_and_may_be_absent_in_prediction() {
    let files = Files::new(&[
        ("train", [row("1", 0), row("0", 1), row("0", 2)].concat().as_bytes()),
        ("test", [row("", 0), row("", 9)].concat().as_bytes()),
    ]);
    let config = config("format = 'criteo'");
    let train = Source::open(&files.paths[..1], &config).unwrap();
    let fitted = fit(&train, &schema(), Partition::All, config.bad_rows).unwrap();
    assert_eq!((fitted.rows, fitted.positives), (3, 1));

    let test = Source::open(&files.paths[1..], &config).unwrap();
    let plan = |labels| RowPlan { labels, partition: Partition::All, bad_rows: config.bad_rows };
    let mut reader = RowReader::new(&test, &fitted.encoder, plan(Labels::Ignored)).unwrap();
    let mut batch = reader.new_batch();
    assert_eq!(reader.fill(&mut batch, 9).unwrap(), 2);
    let seen = |reader: &RowReader<'_>| reader.counts().get("C1").unwrap().unseen;
    assert_eq!(seen(&reader), 1, "the columns are not shifted");

    let mut reader = RowReader::new(&test, &fitted.encoder, plan(Labels::Required)).unwrap();
    let error = reader.fill(&mut batch, 9).unwrap_err();
    let start = "1\\t\\t3\\t4\\t5\\t6\\t7\\t8\\t9\\t10\\t11\\t12\\t13\\t0c1\\t0c2\\t\\t0…";
    let expected = format!("`test`, line 1 (`{start}`): has 39 fields, expected 40");
    assert_eq!(files.message(&error), expected);
}

#[test]
fn a_header_is_refused() {
    let source = Files::new(&[("x", row("1", 0).as_bytes())]).source("format = 'criteo'").unwrap();
    let header = format!("{}\n", source.header().join("\t"));
    let files = Files::new(&[("x.tsv", format!("{header}{}", row("1", 0)).as_bytes())]);
    let error = files.source("format = 'criteo'").unwrap_err();
    assert_eq!(
        files.message(&error),
        "`x.tsv`, line 1 (`label\\tI1\\tI2\\tI3\\tI4\\tI5\\tI6\\tI7\\tI8\\tI9\\tI10\\tI1…`): holds the names of Criteo's columns: set `data.format` to `tsv`, since \
         the file has a header"
    );
}
