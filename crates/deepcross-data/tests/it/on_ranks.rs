//! Ranks that fit and encode together give what one process gives.

use std::path::Path;
use std::thread;
use std::time::Duration;

use deepcross_collective::{Communicator, Threads};
use deepcross_data::cache::{CacheWriter, PartPlan, send_part};
use deepcross_data::{BadRows, DataError, Division, Fitted, Partition, Source, fit, fit_on_ranks};
use deepcross_features::{FieldConfig, Schema};

use crate::Files;
use crate::cached::{content, schema};

const CONFIG: &str = "label = 'click'\nweight = 'importance'";

/// Everything that a fit gives, except the encoder.
fn notes(fitted: &Fitted) -> String {
    let Fitted { history, rows, positives, weight, positive_weight, blocks, skipped, .. } = fitted;
    let Fitted { split, absent_labels, negative_label, rounded_ids, .. } = fitted;
    let counts = (rows, positives, weight.to_bits(), positive_weight.to_bits(), blocks, skipped);
    let facts = (split, absent_labels, negative_label, rounded_ids);
    format!("{counts:?} {facts:?} {:?} {history:?}", fitted.points_like_thousands)
}

/// Fits on this number of ranks, each with a source of its own.
fn on_ranks(
    size: usize,
    open: impl Fn() -> Source + Sync,
    (schema, partition, bad_rows): (&Schema, Partition, BadRows),
) -> Vec<Result<Fitted, DataError>> {
    Threads::run(size, |ranks| fit_on_ranks(&open(), schema, partition, bad_rows, ranks))
}

#[track_caller]
fn check_fit(
    open: impl Fn() -> Source + Sync,
    plan: (&Schema, Partition, BadRows),
) -> Result<Fitted, String> {
    let (schema, partition, bad_rows) = plan;
    let alone = fit(&open(), schema, partition, bad_rows);
    for size in [1, 2, 20] {
        for (rank, fitted) in on_ranks(size, &open, plan).into_iter().enumerate() {
            match (&alone, fitted) {
                (Ok(alone), Ok(fitted)) => {
                    assert!(fitted.encoder.to_state() == alone.encoder.to_state(), "{size}");
                    assert_eq!(notes(&fitted), notes(alone), "rank {rank} of {size}");
                }
                (Err(alone), Err(error)) => {
                    assert_eq!(error.to_string(), alone.to_string(), "rank {rank} of {size}");
                }
                (alone, other) => panic!("{size} ranks: {alone:?}, {other:?}"),
            }
        }
    }
    alone.map_err(|error| error.to_string())
}

#[test]
fn fields_that_ranks_fit_are_those_of_one_process() {
    let files = Files::one(&content(12_000, |i| i % 97 == 5));
    for order in ["any", "time"] {
        let open = || files.source(&format!("{CONFIG}\norder = '{order}'")).unwrap();
        for partition in [Partition::All, Partition::Train(Division::by_row(0.2, 5))] {
            let plan = (&schema(true), partition, BadRows::Skip);
            let fitted = check_fit(open, plan).unwrap();
            assert!(fitted.skipped.rows > 100, "{:?}", fitted.skipped);
        }
    }
}

#[test]
fn the_first_error_of_a_fit_is_that_of_one_process() {
    // Rows are bad in four ways, by the fields of several ranks.
    for first in [3, 11_000] {
        let files = Files::one(&content(12_000, |i| i >= first));
        let open = || files.source(CONFIG).unwrap();
        let plan = (&schema(true), Partition::All, BadRows::Error);
        let error = check_fit(open, plan).unwrap_err();
        let line = format!("line {}", first + 2);
        assert!(error.contains(&line), "{error}, expected {line}");
    }
    let none = Files::one(b"click,ad,number,tags,title,time,importance\n");
    let open = || none.source(CONFIG).unwrap();
    check_fit(open, (&schema(true), Partition::All, BadRows::Error)).unwrap_err();
}

/// What is noted about a field is noted by the rank that learns it.
#[test]
fn notes_on_fields_come_in_the_order_of_the_fields() {
    let rows: String = (0..600_u64)
        .map(|i| format!("{},{}.0,{}.0,{i}\n", i % 2, (1_u64 << 60) + i, (1_u64 << 61) + i))
        .collect();
    let files = Files::one(format!("click,a,b,c\n{rows}").as_bytes());
    let fields = ["c", "b", "a"].map(FieldConfig::categorical).to_vec();
    let schema = Schema::new(fields, vec![String::new()]).unwrap();
    let open = || files.source("label = 'click'").unwrap();
    let fitted = check_fit(open, (&schema, Partition::All, BadRows::Error)).unwrap();
    assert_eq!(fitted.rounded_ids, ["b", "a"]);
}

/// Writes a cache of two parts. The first has all rows, a fifth of them held out; the second has all rows again.
fn cache(
    (source, fitted): (&Source, &Fitted),
    path: &Path,
    ranks: Option<&dyn Communicator>,
) -> Result<(), DataError> {
    let (encoder, history) = (&fitted.encoder, Some(&fitted.history));
    let division = Some(Division::by_row(0.2, 5));
    let train = PartPlan { source, encoder, history, bad_rows: BadRows::Skip, division };
    let parts = [train, PartPlan { history: None, division: None, ..train }];
    match ranks.filter(|ranks| ranks.rank() > 0) {
        Some(ranks) => parts.into_iter().try_for_each(|part| send_part(part, ranks)),
        None => {
            let mut writer = CacheWriter::create(path, b"about")?;
            parts.into_iter().try_for_each(|part| match ranks {
                None => writer.write(part),
                Some(ranks) => writer.write_shared_part(part, ranks),
            })?;
            writer.finish().map(drop)
        }
    }
}

#[test]
fn rows_that_ranks_encode_are_those_of_one_process() {
    let bad: [fn(u32) -> bool; 4] =
        [|_| false, |i| i % 97 == 5, |i| i % 4096 > 4000, |i| !(2000..15_000).contains(&i)];
    let folder = tempfile::tempdir().unwrap();
    let [alone, shared] = ["alone.dcc", "shared.dcc"].map(|name| folder.path().join(name));
    for (case, bad) in bad.into_iter().enumerate() {
        let files = Files::one(&content(20_000, bad));
        let open = || files.source(CONFIG).unwrap();
        let (source, schema) = (open(), schema(true));
        let fitted = fit(&source, &schema, Partition::All, BadRows::Skip).unwrap();
        cache((&source, &fitted), &alone, None).unwrap();
        let expected = std::fs::read(&alone).unwrap();
        for size in [2, 3] {
            let done = Threads::run(size, |ranks| cache((&open(), &fitted), &shared, Some(ranks)));
            done.into_iter().for_each(|done| done.unwrap());
            assert!(std::fs::read(&shared).unwrap() == expected, "case {case}, {size} ranks");
        }
    }
}

/// A rank has other rows, which the fingerprint of a large file does not always show; another one is late, and sends rows
/// when the part has failed.
#[test]
fn an_error_that_one_rank_alone_meets_names_it() {
    let same = Files::one(&content(12_000, |_| false));
    let mut bad = String::from_utf8(content(12_000, |_| false)).unwrap();
    let at = bad.match_indices('\n').nth(6000).unwrap().0 + 1;
    bad.replace_range(at..=at, "7");
    let bad = Files::one(bad.as_bytes());
    let short = Files::one(&content(7000, |_| false));
    let schema = schema(true);
    let source = same.source(CONFIG).unwrap();
    let fitted = fit(&source, &schema, Partition::All, BadRows::Error).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.dcc");
    for (files, expected) in [(&bad, "rank 1: "), (&short, "rank 1 reads other rows than rank 0")] {
        let done = Threads::run(3, |ranks| {
            let source = if ranks.rank() == 1 { files } else { &same }.source(CONFIG).unwrap();
            let (encoder, history, bad_rows) = (&fitted.encoder, None, BadRows::Error);
            let part = PartPlan { source: &source, encoder, history, bad_rows, division: None };
            if ranks.rank() == 2 {
                thread::sleep(Duration::from_millis(300));
            }
            match ranks.rank() {
                0 => CacheWriter::create(&path, b"about")?.write_shared_part(part, ranks),
                _ => send_part(part, ranks),
            }
        });
        for (rank, done) in done.into_iter().enumerate() {
            let error = done.unwrap_err().to_string();
            let own = rank == 1 && error.contains("line 6002");
            assert!(own || error.contains(expected), "rank {rank}: {error}");
        }
    }
}

/// A quote that is never closed joins rows, wherever a unit ends.
#[test]
fn quoted_rows_may_cross_the_ends_of_units() {
    let row = |i: u32| match i % 1365 {
        0 => format!("1,\"a\n{i}\"\n"),
        7 => "0,\"open\n".to_owned(),
        _ => format!("0,a{}\n", i % 7),
    };
    let rows: String = (0..14_000).map(row).collect();
    let files = Files::one(format!("click,ad\n{rows}").as_bytes());
    let open = || files.source("label = 'click'").unwrap();
    let schema = Schema::new(vec![FieldConfig::categorical("ad")], vec![String::new()]).unwrap();
    let source = open();
    let fitted = fit(&source, &schema, Partition::All, BadRows::Skip).unwrap();
    assert!(fitted.skipped.rows > 5, "{:?}", fitted.skipped);
    let folder = tempfile::tempdir().unwrap();
    let [alone, shared] = ["alone.dcc", "shared.dcc"].map(|name| folder.path().join(name));
    cache((&source, &fitted), &alone, None).unwrap();
    for size in [2, 3] {
        let done = Threads::run(size, |ranks| cache((&open(), &fitted), &shared, Some(ranks)));
        done.into_iter().for_each(|done| done.unwrap());
        assert!(std::fs::read(&shared).unwrap() == std::fs::read(&alone).unwrap(), "{size} ranks");
    }
}
