//! Splitting: the set that each row is put into.

use std::fs;
use std::path::Path;

use deepcross_data::split::{
    Shares, SplitBy, SplitFiles, SplitFolder, SplitRows, SplitSet, Splitter, split_in_memory,
};
use deepcross_data::{BadRows, DataError, Input, Source};
use proptest::prelude::*;

use crate::{Files, config, read_all};

const HALF: Shares = Shares { valid: 0.0, test: 0.5 };

/// The unchanged rows of each set, or the message.
fn split(content: &[u8], settings: &str, by: &SplitBy) -> Result<[String; 3], String> {
    let files = Files::one(content);
    let read = || {
        let source = files.source(settings)?;
        let mut splitter = Splitter::new(&source, by, source.config().bad_rows)?;
        let mut sets = [(); 3].map(|()| String::new());
        while let Some((set, row)) = splitter.next_row()? {
            sets[set as usize] += str::from_utf8(row).expect("text");
        }
        Ok(sets)
    };
    read().map_err(|error| files.message(&error))
}

fn time(valid: f64, test: f64) -> SplitBy {
    SplitBy::Time { column: "t".into(), shares: Shares { valid, test } }
}

fn cut(valid: Option<&str>, test: &str) -> SplitBy {
    SplitBy::Cut { column: "t".into(), valid: valid.map(Into::into), test: test.into() }
}

#[test]
fn by_order_and_by_time() {
    let order = |valid, test| SplitBy::Order(Shares { valid, test });
    let cases = [
        ("5 3 1 4 2", order(0.2, 0.4), ["5 3 ", "1 ", "4 2 "]),
        ("5 3 1 4 2", order(0.0, 0.2), ["5 3 1 4 ", "", "2 "]),
        ("5 3 1 4 2", order(0.0, 0.0), ["5 3 1 4 2 ", "", ""]),
        ("5 3 1 4 2", time(0.2, 0.4), ["1 2 ", "3 ", "5 4 "]),
        ("5 3 1 4 2", time(0.2, 0.0), ["3 1 4 2 ", "5 ", ""]),
        // Times are compared as numbers, and rows of one time stay together.
        ("10 9 9 9 8", time(0.0, 0.4), ["8 ", "", "10 9 9 9 "]),
        ("10 9 9 9 8", time(0.2, 0.2), ["8 ", "9 9 9 ", "10 "]),
        ("5 3 1 4 2", cut(Some("3"), "4.5"), ["1 2 ", "3 4 ", "5 "]),
        (
            "2026-01-31 2025-12-31 2026-02-01T10:00",
            cut(None, "2026-01-31"),
            ["2025-12-31 ", "", "2026-01-31 2026-02-01T10:00 "],
        ),
        // A date with the year first is compared with dates of any form, and with numbers since 1970.
        ("23/02/2024 19/02/2024", cut(None, "2024-02-20"), ["19/02/2024 ", "", "23/02/2024 "]),
        ("23/02/2024 19/02/2024", cut(None, "20240220"), ["19/02/2024 ", "", "23/02/2024 "]),
        ("03/02/2024 09/02/2024", cut(None, "20/02/2024"), ["03/02/2024 09/02/2024 ", "", ""]),
        (
            "20-Feb-2024 1-Mar-2024 19-Feb-2024",
            cut(Some("20-Feb-2024"), "2024-02-21T10:00"),
            ["19-Feb-2024 ", "20-Feb-2024 ", "1-Mar-2024 "],
        ),
        (
            "1709251200 1708387199 1708387200",
            cut(None, "2024-02-20"),
            ["1708387199 ", "", "1709251200 1708387200 "],
        ),
        // Seconds and milliseconds are compared as instants if all numbers are plausible ones.
        (
            "1709251200 1708387199000 1708387200",
            time(0.0, 0.5),
            ["1708387199000 ", "", "1709251200 1708387200 "],
        ),
        (
            "1709251200 1708387199000 1708387200",
            cut(None, "1708387200000"),
            ["1708387199000 ", "", "1709251200 1708387200 "],
        ),
        ("1709251200 1708387199000 5", time(0.0, 0.4), ["1709251200 5 ", "", "1708387199000 "]),
    ];
    for (times, by, expected) in cases {
        let rows = times.split(' ').map(|time| format!("{time},x\n"));
        let sets = split(format!("t,a\n{}", rows.collect::<String>()).as_bytes(), "", &by);
        let sets = sets.map(|sets| sets.map(|rows| rows.replace(",x\n", " ")));
        assert_eq!(sets, Ok(expected.map(str::to_owned)), "{times}, {by:?}");
    }
}

#[test]
fn invalid_splits_are_refused() {
    let shares = |valid, test| SplitBy::Order(Shares { valid, test });
    let cases = [
        ("1", shares(0.0, 1.0), "the share `test` must be in [0, 1), but is 1".to_owned()),
        ("1", shares(f64::NAN, 0.5), "the share `valid` must be in [0, 1), but is NaN".to_owned()),
        (
            "1",
            shares(0.5, 0.5),
            "the shares must leave rows to train on, but sum up to 1".to_owned(),
        ),
        (
            "1",
            SplitBy::Key { column: "tt".into(), shares: HALF, seed: 1 },
            "`x.csv`: has no column `tt` for the split, the nearest is `t`".to_owned(),
        ),
        (
            "soon 1",
            time(0.0, 0.5),
            "`x.csv`, line 2 (`soon,x`): field `t` is `soon`, expected a finite number or a date like \
             `2026-01-31`"
                .to_owned(),
        ),
        (
            "1 2026-01-31",
            time(0.0, 0.5),
            "`x.csv`, line 3 (`2026-01-31,x`): field `t` is `2026-01-31`, expected a time like `1`".to_owned(),
        ),
        (
            "1",
            cut(None, "January"),
            "the time of a cut must be a finite number or a date like `2026-01-31`, but is \
             `January`"
                .to_owned(),
        ),
        (
            "1",
            cut(Some("7"), "7"),
            "the time to validate from must be before the time to test from, `7`, but is `7`"
                .to_owned(),
        ),
    ];
    for (times, by, expected) in cases {
        check_refused(times, &by, expected);
    }
    let files = Files::new(&[("x.csv", b"t,a\n1,2\n"), ("y.tsv", b"t\ta\n1\t2\n")]);
    let error = Splitter::new(&files.source("").unwrap(), &time(0.0, 0.5), BadRows::Error);
    assert_eq!(
        files.message(&error.unwrap_err()),
        "`y.tsv`: has a different format, delimiter or quote than `x.csv`, so their rows cannot be \
         copied into one file"
    );
}

/// Checks the message about times between blanks.
#[track_caller]
fn check_refused(times: &str, by: &SplitBy, expected: String) {
    let rows = times.split(' ').map(|time| format!("{time},x\n"));
    let content = format!("t,a\n{}", rows.collect::<String>());
    assert_eq!(split(content.as_bytes(), "", by), Err(expected), "{by:?}");
}

#[test]
fn times_that_cannot_be_compared_are_refused() {
    let cases = [
        (
            "2024-03-01T10:00Z 2024-03-01 2024-03-01T10:00",
            time(0.0, 0.5),
            "rows cannot be divided by the times in `t`: some have an offset from UTC, as `2024-03-01T10:00Z`, \
             and others have none, as `2024-03-01T10:00`; write an offset, such as `Z`, to all of them"
                .to_owned(),
        ),
        (
            "18 19",
            cut(None, "2024-02-20"),
            "rows cannot be divided by the times in `t`, which are like `18`: `2024-02-20` cannot be compared \
             with them"
                .to_owned(),
        ),
        (
            "03/04/2024",
            cut(None, "2024-02-20"),
            "rows cannot be divided by the times in `t`: nothing says whether the day or the month comes first, \
             as in `03/04/2024`"
                .to_owned(),
        ),
        (
            "23/02/2024",
            cut(Some("2024-02-20"), "20/02/2024"),
            "the time to validate from must be before the time to test from, `20/02/2024`, but is `2024-02-20`"
                .to_owned(),
        ),
    ];
    for (times, by, expected) in cases {
        check_refused(times, &by, expected);
    }
}

#[test]
fn bad_rows_are_skipped_if_the_settings_allow_it() {
    let content = b"t,a\n1,x\n2\nsoon,x\n3,\"y\n\"\n4,z\n";
    let by = time(0.0, 0.3);
    let sets = split(content, "bad_rows = 'skip'", &by).unwrap();
    assert_eq!(sets, ["1,x\n3,\"y\n\"\n".to_owned(), String::new(), "4,z\n".to_owned()]);
    let by = SplitBy::Order(Shares { valid: 0.0, test: 0.5 });
    assert_eq!(
        split(content, "", &by),
        Err("`x.csv`, line 3 (`2`): has 1 field, expected 2".into())
    );
}

/// Compares a set with that of this program, which uses the Python package xxhash:
///
/// ```python
/// seed = xxhash.xxh3_64_intdigest(b"split", 7)
/// [key for key in keys if (xxhash.xxh3_64_intdigest(key, seed) >> 11) / 2**53 < 0.5]
/// ```
#[test]
fn sets_stay_the_same_in_all_versions() {
    let keys: Vec<String> = (0..12).map(|i| format!("k{i}")).collect();
    let content = format!("t\n{}\n", keys.join("\n"));
    let by = SplitBy::Key { column: "t".into(), shares: HALF, seed: 7 };
    let [_, _, test] = split(content.as_bytes(), "", &by).unwrap();
    assert_eq!(test.replace('\n', " "), "k1 k2 k5 k7 k9 k10 ");
}

proptest! {
    #[test]
    fn each_row_is_in_one_set_unchanged(
        keys in prop::collection::vec(0_u8..9, 1..60),
        valid in 0.0..0.4, test in 0.0..0.5, seed: u64, kind in 0..3,
    ) {
        let shares = Shares { valid, test };
        let by = match kind {
            0 => SplitBy::Key { column: "key".into(), shares, seed },
            1 => SplitBy::Row { shares, seed },
            _ => SplitBy::Time { column: "key".into(), shares },
        };
        // All rows differ, apart from their keys.
        let rows: Vec<String> = keys.iter().enumerate().map(|(i, key)| format!(" {key},\"{i}\" \r\n")).collect();
        let content = format!("key,n\r\n{}", rows.concat());
        let sets = split(content.as_bytes(), "", &by).unwrap();
        let mut found: Vec<&str> = sets.iter().flat_map(|set| set.split_inclusive('\n')).collect();
        let mut expected: Vec<&str> = rows.iter().map(String::as_str).collect();
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
        if kind != 1 {
            let keys_of = |set: &String| -> std::collections::BTreeSet<String> {
                set.lines().filter_map(|row| row.split(',').next()).map(str::to_owned).collect()
            };
            let [a, b, c] = sets.each_ref().map(keys_of);
            prop_assert!(a.is_disjoint(&b) && a.is_disjoint(&c) && b.is_disjoint(&c));
        }
        prop_assert_eq!(&split(content.as_bytes(), "", &by).unwrap(), &sets);
        let numbers = |set: SplitSet| -> Vec<&str> {
            sets[set as usize].lines().filter_map(|row| row.split('"').nth(1)).collect()
        };
        let rows = keys.iter().enumerate().map(|(i, key)| vec![format!(" {key}"), i.to_string()]);
        let memory = Input::from_rows(vec!["key".into(), "n".into()], rows.collect());
        match split_in_memory(&memory, &config(""), &by) {
            Ok(parts) => for SplitRows { set, input, rows } in parts {
                let found = read_all(&Source::open(&input, &config("")).unwrap()).unwrap();
                let found: Vec<_> = found.into_iter().map(|(_, row)| row[1].clone()).collect();
                prop_assert_eq!(&found, &numbers(set));
                prop_assert_eq!(found.len() as u64, rows);
            },
            Err(error) => {
                prop_assert!(matches!(error, DataError::EmptyRows { .. }), "{}", error);
                prop_assert!(sets.iter().any(String::is_empty));
            }
        }
    }
}

#[test]
fn a_hash_meets_the_shares_and_seeds_differ() {
    let content = format!("t\n{}", (0..20_000).map(|i| format!("{i}\n")).collect::<String>());
    let shares = Shares { valid: 0.1, test: 0.2 };
    let by = |seed| SplitBy::Row { shares, seed };
    let sets = split(content.as_bytes(), "", &by(1)).unwrap();
    for (set, share) in [(SplitSet::Valid, 0.1_f64), (SplitSet::Test, 0.2)] {
        let found = sets[set as usize].lines().count() as f64 / 20_000.0;
        // Five standard deviations of a binomial share.
        let tolerance = 5.0 * (share * (1.0 - share) / 20_000.0).sqrt();
        assert!((found - share).abs() < tolerance, "{set:?}: {found}");
    }
    assert_ne!(split(content.as_bytes(), "", &by(2)).unwrap(), sets);
}

/// Writes the files of a split to `folder`, and returns the set and the number of rows of each.
fn write(files: &Files, folder: &Path, by: &SplitBy) -> Result<Vec<(SplitSet, u64)>, DataError> {
    let source = files.source("")?;
    let mut splitter = Splitter::new(&source, by, BadRows::Error)?;
    let mut parts = SplitFiles::create(SplitFolder::create(folder)?, &source, by)?;
    parts.write_all(&mut splitter)?;
    Ok(parts.finish()?.into_iter().map(|file| (file.set, file.rows)).collect())
}

#[test]
fn files_are_written_unchanged_and_whole_or_not_at_all() {
    let files = Files::one(b"t,a\r\n1,x\r\n\n2,y\n3,z");
    let folder = tempfile::tempdir().unwrap();
    let parts = folder.path().join("new/parts");
    // A set without rows would be an empty file, so that neither files nor the new folder stay.
    let error = write(&files, &parts, &cut(None, "9")).unwrap_err();
    let message = format!("{}: this file would have no rows", parts.join("test.csv").display());
    assert_eq!(error.to_string(), message);
    assert!(!parts.exists());

    let rows = write(&files, &parts, &cut(Some("2"), "3")).unwrap();
    assert_eq!(rows, [(SplitSet::Train, 1), (SplitSet::Valid, 1), (SplitSet::Test, 1)]);
    let read = |name: &str| fs::read_to_string(parts.join(name)).unwrap();
    assert_eq!(read("train.csv"), "t,a\r\n1,x\r\n");
    assert_eq!(read("valid.csv"), "t,a\r\n2,y\n");
    assert_eq!(read("test.csv"), "t,a\r\n3,z\n");
    assert_eq!(fs::read_dir(&parts).unwrap().count(), 3);

    // A folder that was there before stays, with its files.
    write(&files, &parts, &cut(None, "9")).unwrap_err();
    assert_eq!(fs::read_dir(&parts).unwrap().count(), 3);
    write(&files, folder.path(), &cut(None, "2")).unwrap();
    assert!(!folder.path().join("valid.csv").exists());

    let error = write(&files, &parts.join("test.csv"), &cut(None, "2")).unwrap_err();
    let message = format!("{}: cannot be created", parts.join("test.csv").display());
    assert_eq!(error.to_string(), message);
}
