//! Encoded rows: labels, weights, partitions, and bad rows that are skipped.

use deepcross_data::{
    BadRows, DataError, Division, Labels, Partition, RowPlan, RowReader, Source, fit,
};
use deepcross_features::{Batch, Counts, FieldConfig, Schema};

use crate::{Files, fitted, schema};

const ALL: RowPlan =
    RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Error };

const SKIP: RowPlan = RowPlan { bad_rows: BadRows::Skip, ..ALL };

/// Good rows at the lines 2, 4, 7 and 8, bad ones between and after them.
const SPOTTED: &[u8] =
    b"click,age,user\n1,10,a\n2,10,a\n0,20,b\n1,x,a\n1\n1,30,a\n0,10,c\n0,20,\xff\n";

#[test]
fn labels_and_weights_are_read_as_set() {
    let settings =
        "label = { column = 'y', positive = ['yes', 'sure'], negative = ['no'] }\nweight = 'w'";
    let files = Files::one(b"w,age,y,user\n2,1,yes,a\n0,2,no,b\n.5,3,sure,a\n");
    let source = files.source(settings).unwrap();
    let encoder = fitted(&source).unwrap();
    let mut batch = encoder.new_batch();

    let mut reader = RowReader::new(&source, &encoder, ALL).unwrap();
    assert_eq!(reader.fill(&mut batch, 2).unwrap(), 2);
    assert_eq!(reader.fill(&mut batch, 2).unwrap(), 1);
    assert_eq!(reader.fill(&mut batch, 2).unwrap(), 0);
    assert_eq!(batch.labels(), [1.0, 0.0, 1.0]);
    assert_eq!(batch.weights(), [2.0, 0.0, 0.5]);
    assert_eq!(batch.check(encoder.shapes()), Ok(()));
    assert_eq!(reader.counts().get("user").unwrap().values, 3);
}

#[test]
fn prediction_needs_no_labels() {
    let files = Files::new(&[
        ("train.csv", b"click,age,user\n1,1,a\n"),
        ("new.csv", b"user,age\na,1\nb,2\n"),
    ]);
    let config = crate::config("label = 'click'");
    let encoder = fitted(&Source::open(&files.paths[..1], &config).unwrap()).unwrap();
    let source = Source::open(&files.paths[1..], &config).unwrap();
    let mut batch = encoder.new_batch();

    let plan = RowPlan { labels: Labels::Ignored, ..ALL };
    let mut reader = RowReader::new(&source, &encoder, plan).unwrap();
    assert_eq!(reader.fill(&mut batch, 9).unwrap(), 2);
    assert!(batch.labels().is_empty() && batch.weights().is_empty());
    assert_eq!(reader.counts().get("user").unwrap().unseen, 1);

    let error = RowReader::new(&source, &encoder, ALL).unwrap_err();
    assert_eq!(files.message(&error), "`new.csv`: has no column `click` for the label");
    let unlabelled = Source::open(&files.paths[1..], &crate::config("")).unwrap();
    let error = RowReader::new(&unlabelled, &encoder, ALL).unwrap_err();
    let expected = "`data.label`: must name the column of the labels, but is not set";
    assert_eq!(error.to_string(), expected);
}

/// Reads all rows of `content`, which has no header, with an encoder of age and user.
///
/// Returns the number of rows, or the message.
fn read_headless(content: &str, plan: RowPlan) -> Result<usize, String> {
    let settings = "label = 'click'\nweight = 'w'\ncolumns = ['age', 'click', 'w', 'user']";
    let train = Files::one(b"1,1,0.5,a\n2,0,1,b\n");
    let encoder = fitted(&train.source(settings).unwrap()).unwrap();
    let files = Files::one(content.as_bytes());
    let source = files.source(settings).unwrap();
    let read = || {
        let (mut reader, mut batch) =
            (RowReader::new(&source, &encoder, plan)?, encoder.new_batch());
        let rows = reader.fill(&mut batch, 9)?;
        assert_eq!(reader.counts().get("user").unwrap().unseen, 0, "{content}");
        Ok(rows)
    };
    read().map_err(|error| files.message(&error))
}

const EITHER: &str = "`x.csv`: has 3 fields without a header, so that `click` or `w` is absent, and nothing shows \
    which; name the columns of the file with `columns` (in a call `--columns`), such as `age,w,user`";

#[test]
fn headless_files_to_predict_may_lack_label_and_weight() {
    let ignored = RowPlan { labels: Labels::Ignored, ..ALL };
    let lengths = |line, start, found, expected| {
        Err(format!("`x.csv`, line {line} (`{start}`): has {found}, expected {expected}"))
    };
    let cases = [
        ("1,1,0.5,a\n1,?,?,b\n", ignored, Ok(2)),
        // Either may be absent, and numbers may be both.
        ("1,0.5,a\n2,1,b\n", ignored, Err(EITHER.to_owned())),
        ("1,a\n2,b\n", ignored, Ok(2)),
        ("1,a\n2,b\n2,1,b\n", ignored, lengths(3, "2,1,b", "3 fields", 2)),
        ("1,1,1,a\n2,b\n", ignored, lengths(2, "2,b", "2 fields", 4)),
        ("1\n2,b\n", ignored, lengths(1, "1", "1 field", 4)),
        ("1,\"a\"b\n1,1,1,b\n", RowPlan { labels: Labels::Ignored, ..SKIP }, Ok(1)),
        ("1,a\n2,b\n", ALL, lengths(1, "1,a", "2 fields", 4)),
    ];
    for (content, plan, expected) in cases {
        assert_eq!(read_headless(content, plan), expected, "{content}");
    }
}

#[test]
fn bad_rows_are_skipped_and_counted() {
    let files = Files::one(SPOTTED);
    let source = files.source("label = 'click'").unwrap();
    let schema = schema(&["".into()]);
    let fitted = fit(&source, &schema, Partition::All, BadRows::Skip).unwrap();
    assert_eq!((fitted.rows, fitted.positives, fitted.skipped.rows), (4, 2, 4));

    let mut reader = RowReader::new(&source, &fitted.encoder, SKIP).unwrap();
    let mut batch = reader.new_batch();
    let mut fills = Vec::new();
    for _ in 0..3 {
        let rows = reader.fill(&mut batch, 3).unwrap();
        fills.push((rows, reader.bad_positions().to_vec()));
    }
    assert_eq!(fills, [(3, vec![1, 3, 4]), (1, vec![1]), (0, vec![])]);
    assert_eq!(batch.labels(), [1.0, 0.0, 1.0, 0.0]);
    assert_eq!(*reader.skipped(), fitted.skipped);
    let first: Vec<_> =
        reader.skipped().first.iter().map(|text| text.rsplit_once("x.csv").unwrap().1).collect();
    assert_eq!(
        first,
        [
            "`, line 3 (`2,10,a`): field `click` is `2`, expected `1` (positive) or `0` (negative); name other \
             classes with `data.label = { column, positive, negative }`",
            "`, line 5 (`1,x,a`): field `age` is `x`, expected a finite number",
            "`, line 6 (`1`): has 1 field, expected 3",
            "`, line 9 (`0,20,\u{fffd}`): field `user` is `\u{fffd}`, expected valid UTF-8; if the file is in another encoding, such as Windows-1252, convert it with `iconv -f WINDOWS-1252 -t UTF-8`",
        ]
    );

    reader.restart().unwrap();
    assert_eq!((reader.skipped().rows, reader.bad_positions().len()), (0, 0));
    assert_eq!(reader.fill(&mut batch, 9).unwrap(), 4);
}

/// The rows of all fills of three rows: the batches of all encoders one after the other.
fn fills(reader: &mut RowReader<'_>) -> Result<(Vec<Batch>, Vec<Counts>), DataError> {
    let (mut first, mut others) = (reader.new_batch(), Vec::new());
    let mut all: Vec<Batch> = Vec::new();
    while reader.fill(&mut first, 3)? + reader.bad_positions().len() > 0 {
        reader.swap_other_batches(&mut others);
        assert!(others.iter().all(|other| other.n_rows() == first.n_rows()));
        all.push(first.clone());
        all.extend(others.iter().cloned());
        first.clear();
    }
    let counts = [reader.counts()].into_iter().chain(reader.other_counts()).cloned();
    Ok((all, counts.collect()))
}

#[test]
fn each_encoder_encodes_the_rows_that_all_can_encode() {
    let unlabelled = RowPlan { labels: Labels::Ignored, ..SKIP };
    // The fifth row is bad for the field of numbers alone.
    let files = Files::one(SPOTTED);
    let good = Files::one(b"click,age,user\n1,10,a\n2,10,a\n0,20,b\n1,30,a\n0,10,c\n");
    let (source, good) =
        (files.source("label = 'click'").unwrap(), good.source("label = 'click'").unwrap());
    let both = fit(&source, &schema(&[]), Partition::All, BadRows::Skip).unwrap().encoder;
    let users = Schema::new(vec![FieldConfig::categorical("user")], vec![]).unwrap();
    let user = fit(&source, &users, Partition::All, BadRows::Skip).unwrap().encoder;
    let read = |source: &Source, encoder| {
        let (batches, counts) =
            fills(&mut RowReader::new(source, encoder, unlabelled).unwrap()).unwrap();
        (batches, counts[0].clone())
    };
    let ((of_both, n_both), (of_user, n_user)) = (read(&good, &both), read(&good, &user));
    for (first, other) in [(&both, &user), (&user, &both)] {
        let others = [other, first];
        let mut reader = RowReader::with_encoders(&source, first, &others, unlabelled).unwrap();
        for _ in 0..2 {
            let (batches, counts) = fills(&mut reader).unwrap();
            assert_eq!(reader.skipped().rows, 3);
            let (mut expected, mut n_expected) = ((&of_both, &of_user), (&n_both, &n_user));
            if std::ptr::eq(first, &user) {
                expected = (expected.1, expected.0);
                n_expected = (n_expected.1, n_expected.0);
            }
            let each = expected.0.iter().zip(expected.1);
            let each: Vec<_> = each.flat_map(|(a, b)| [a, b, a]).cloned().collect();
            assert_eq!(batches, each);
            assert_eq!(counts, [n_expected.0, n_expected.1, n_expected.0].map(Clone::clone));
            reader.restart().unwrap();
        }
    }
    let plan = RowPlan { bad_rows: BadRows::Error, ..unlabelled };
    let mut reader = RowReader::with_encoders(&source, &user, &[&both], plan).unwrap();
    let error = files.message(&fills(&mut reader).unwrap_err());
    assert_eq!(error, "`x.csv`, line 5 (`1,x,a`): field `age` is `x`, expected a finite number");
    let lacking = Files::one(b"user\na\n");
    let source = lacking.source("").unwrap();
    assert!(source.check_columns_of(&user).is_ok() && source.check_columns_of(&both).is_err());
    assert!(RowReader::with_encoders(&source, &user, &[&both], plan).is_err());
}

#[test]
fn at_most_five_messages_are_kept() {
    let files = Files::one(&[&b"click,age,user\n1,1,a\n"[..], &b"1,x,a\n".repeat(20)].concat());
    let source = files.source("label = 'click'").unwrap();
    let skipped = fit(&source, &schema(&[]), Partition::All, BadRows::Skip).unwrap().skipped;
    assert_eq!((skipped.rows, skipped.first.len()), (20, 5));
}

#[test]
fn an_error_keeps_the_rows_before_it() {
    let files = Files::one(SPOTTED);
    let source = files.source("label = 'click'").unwrap();
    let encoder =
        fit(&source, &schema(&["".into()]), Partition::All, BadRows::Skip).unwrap().encoder;
    let mut reader = RowReader::new(&source, &encoder, ALL).unwrap();
    let mut batch = encoder.new_batch();
    let error = reader.fill(&mut batch, 9).unwrap_err();
    assert!(matches!(error, DataError::Row { place, .. } if place.line == 3));
    assert_eq!((batch.n_rows(), batch.labels()), (1, &[1.0][..]));
}

#[test]
fn partitions_cover_all_rows_once_including_bad_ones() {
    let content: String = (0..300)
        .map(|i| match i % 10 {
            0 => format!("{i}\n"),
            1 => format!("1,x{i},b\n"),
            _ => format!("{},{i},a{}\n", i % 2, i % 7),
        })
        .collect();
    let files = Files::one(format!("click,age,user\n{content}").as_bytes());
    let source = files.source("label = 'click'").unwrap();
    let (valid_fraction, seed) = (0.3, 7);
    let parts = [
        Partition::All,
        Partition::Train(Division::by_row(valid_fraction, seed)),
        Partition::Valid(Division::by_row(valid_fraction, seed)),
    ];
    let counts = parts.map(|partition| {
        let fitted = fit(&source, &schema(&[]), partition, BadRows::Skip).unwrap();
        let mut reader =
            RowReader::new(&source, &fitted.encoder, RowPlan { partition, ..SKIP }).unwrap();
        let read = reader.fill(&mut fitted.encoder.new_batch(), usize::MAX).unwrap() as u64;
        assert_eq!((read, reader.skipped()), (fitted.rows, &fitted.skipped));
        [fitted.rows, fitted.positives, fitted.skipped.rows]
    });
    let [all, train, valid] = counts;
    assert_eq!(all, [240, 120, 60]);
    assert!(valid.iter().all(|&count| count > 0));
    assert_eq!(std::array::from_fn(|i| train[i] + valid[i]), all);
}
