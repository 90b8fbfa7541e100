//! The rows of a reader do not depend on the number of threads, nor on the number of rows that are read at a time.

use deepcross_data::{
    BadRows, DataError, Division, Labels, NegativeCounts, Partition, RowPlan, RowReader, Skipped,
    fit,
};
use deepcross_features::{Batch, Counts, FieldConfig, Schema};
use rayon::ThreadPoolBuilder;

use crate::Files;

/// Several chunks of rows: some have quotes over two lines, some are bad in one of four ways, one fills a chunk.
fn content(bad: impl Fn(u32) -> bool) -> Vec<u8> {
    let row = |i: u32| {
        let (label, ad, number) = (u32::from(i.is_multiple_of(3)), i % 7, i % 50);
        match i % 4 {
            _ if i == 777 => format!("{label},{ad},{number},{}\n", "long row ".repeat(40_000)),
            0 if bad(i) => format!("2,{ad},{number},a\n"),
            1 if bad(i) => format!("{label},{ad},many,a\n"),
            2 if bad(i) => format!("{label},{ad}\n"),
            3 if bad(i) => format!("{label},{ad},{number},\"a\"b\n"),
            0 => format!("{label},{ad},{number},\"two\nlines, é{i}\"\n"),
            _ => format!("{label},{ad},{number},words {i}\n"),
        }
    };
    let rows: String = (0..3000).map(row).collect();
    format!("click,ad,number,title\n{rows}").into_bytes()
}

fn schema() -> Schema {
    let fields = vec![
        FieldConfig::categorical("ad").counts(true),
        FieldConfig::number("number"),
        FieldConfig::text("title").min_count(2),
    ];
    Schema::new(fields, Vec::new()).unwrap()
}

/// Everything that a pass gives.
#[derive(Debug, PartialEq)]
struct Pass {
    batch: Batch,
    counts: Counts,
    skipped: Skipped,
    bad_positions: Vec<usize>,
    negatives: NegativeCounts,
    error: Option<String>,
}

/// Reads to the end or to an error, `rows` rows at a time.
fn pass(reader: &mut RowReader<'_>, rows: usize) -> Pass {
    let (mut batch, mut bad_positions, mut before) = (reader.new_batch(), Vec::new(), 0);
    let ended: Result<(), DataError> = loop {
        let filled = reader.fill(&mut batch, rows);
        bad_positions.extend(reader.bad_positions().iter().map(|position| position + before));
        match filled {
            Ok(filled) => {
                before += filled + reader.bad_positions().len();
                if filled < rows {
                    break Ok(());
                }
            }
            Err(error) => break Err(error),
        }
    };
    let (counts, skipped) = (reader.counts().clone(), reader.skipped().clone());
    let error = ended.err().map(|error| error.to_string());
    Pass { batch, counts, skipped, bad_positions, negatives: reader.negatives(), error }
}

#[track_caller]
fn check(name: &str, content: &[u8], bad_rows: BadRows, rate: f64, order: &str) -> Pass {
    let files = Files::one(content);
    let source = files.source(&format!("label = 'click'\norder = '{order}'")).unwrap();
    let partition = Partition::Train(Division::by_row(0.2, 5));
    let fitted = fit(&source, &schema(), partition, BadRows::Skip).unwrap();
    let plan = RowPlan { labels: Labels::Required, partition, bad_rows };
    let reader = || {
        let reader = RowReader::new(&source, &fitted.encoder, plan).unwrap();
        reader.with_history(fitted.history.clone()).with_negative_rate(rate, 3)
    };
    let mut expected = pass(&mut reader(), 1);
    for threads in [1, 2, 3, 8] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for rows in [1, 37, 1000, 100_000] {
            let mut reader = reader();
            for epoch in 0..2 {
                let mut found = pool.install(|| pass(&mut reader, rows));
                if found.error.is_some() {
                    // Rows may have been read ahead of the bad one.
                    (found.negatives, expected.negatives) = Default::default();
                }
                let what = format!("{name}: {threads} threads, {rows} rows, pass {epoch}");
                assert!(found == expected, "{what}");
                reader.restart().unwrap();
            }
        }
    }
    expected
}

#[test]
fn passes_are_the_same_on_any_number_of_threads() {
    for order in ["any", "time"] {
        for rate in [1.0, 0.3] {
            let good = check("good", &content(|_| false), BadRows::Error, rate, order);
            assert!(good.error.is_none() && good.batch.n_rows() > 1000);
            let spotted = content(|i| i % 5 == 2);
            let skipped = check("spotted", &spotted, BadRows::Skip, rate, order);
            assert!(skipped.error.is_none() && skipped.skipped.rows > 300);
            assert_eq!(skipped.bad_positions.len() as u64, skipped.skipped.rows);
        }
    }
}

#[test]
fn the_first_bad_row_ends_a_pass_on_any_number_of_threads() {
    for first in [0, 2, 65, 511, 1301, 1302, 1303, 1304, 2999] {
        let bad = content(|i| i == first || first < i && i % 3 == 0);
        let Pass { batch, error, .. } = check("bad", &bad, BadRows::Error, 1.0, "time");
        assert!(error.is_some() || batch.n_rows() > 0, "{first}");
    }
}

/// All rows, counts and errors of a pass that continues after each error; the fills have the given sizes in turn.
fn pass_after_errors(reader: &mut RowReader<'_>, sizes: &[usize]) -> (Batch, Counts, Vec<String>) {
    let (mut batch, mut errors) = (reader.new_batch(), Vec::new());
    for &rows in sizes.iter().cycle() {
        match reader.fill(&mut batch, rows) {
            Ok(filled) if filled < rows => break,
            Ok(_) => {}
            Err(error) => {
                assert!(error.is_bad_row(), "{error}");
                errors.push(error.to_string());
            }
        }
    }
    (batch, reader.counts().clone(), errors)
}

#[test]
fn rows_after_an_error_are_those_that_were_not_handed_out() {
    for every in [11, 97, 303, 1301] {
        let files = Files::one(&content(|i| i % every == 10));
        let source = files.source("label = 'click'\norder = 'time'").unwrap();
        let partition = Partition::Train(Division::by_row(0.2, 5));
        let fitted = fit(&source, &schema(), partition, BadRows::Skip).unwrap();
        let plan = RowPlan { labels: Labels::Required, partition, bad_rows: BadRows::Error };
        let reader = || {
            let reader = RowReader::new(&source, &fitted.encoder, plan).unwrap();
            reader.with_history(fitted.history.clone())
        };
        let expected = pass_after_errors(&mut reader(), &[1]);
        assert!(!expected.2.is_empty() && expected.0.n_rows() > 1000);
        for threads in [1, 2, 3, 8] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for sizes in [&[37][..], &[1000], &[100_000], &[100_000, 3, 700], &[2000, 300]] {
                let found = pool.install(|| pass_after_errors(&mut reader(), sizes));
                assert!(found == expected, "every {every}: {threads} threads, {sizes:?}");
            }
        }
    }
}

#[test]
fn a_small_fill_after_an_error_at_the_end_of_a_chunk_gives_no_more_than_its_rows() {
    // Whether a row is the last of its chunk depends on the size of chunks, so many positions are tried.
    for bad in 120..140 {
        let row = |i: u32| format!("{},{i}\n", if i == bad { "many" } else { "1" });
        let rows: String = (0..2000).map(row).collect();
        let files = Files::one(format!("number,id\n{rows}").as_bytes());
        let source = files.source("").unwrap();
        let schema = Schema::new(vec![FieldConfig::number("number")], Vec::new()).unwrap();
        let plan = RowPlan {
            labels: Labels::Ignored,
            partition: Partition::All,
            bad_rows: BadRows::Error,
        };
        let fitted = fit(&source, &schema, Partition::All, BadRows::Skip).unwrap();
        let mut reader = RowReader::new(&source, &fitted.encoder, plan).unwrap();
        let mut batch = reader.new_batch();
        assert!(reader.fill(&mut batch, 100_000).is_err());
        assert_eq!(batch.n_rows(), bad as usize);
        for n in [3, 5] {
            assert_eq!(reader.fill(&mut batch, n).unwrap(), n, "bad row {bad}");
        }
        assert_eq!(batch.n_rows(), bad as usize + 8);
        assert_eq!(reader.fill(&mut batch, 100_000).unwrap(), 2000 - 9 - bad as usize);
    }
}
