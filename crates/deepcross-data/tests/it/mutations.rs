//! Thousands of damaged files of each format: each gives rows or an error, never a panic.
//!
//! `DEEPCROSS_MUTATIONS` sets the number of files of each format.

use std::collections::BTreeMap;
use std::fs;

use deepcross_data::{BadRows, DataConfig, DataError, Source};
use deepcross_testing::{mutate_at_random, number_of_mutations};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::config;

const DEFAULT_COUNT: u32 = 10_000;

/// Bytes with a special meaning in some format.
const SPECIAL: &[u8] = b"\",\t\n\r:#| -+.019ex\0\xff\x80";

/// Reads to the end or to an error, past bad rows: the number of rows, good and bad, or the error.
fn read(source: &Source) -> Result<u64, DataError> {
    let (mut rows, mut n) = (source.rows(BadRows::Error)?, 0);
    loop {
        match rows.next_row() {
            Ok(None) => return Ok(n),
            Ok(Some(row)) => assert_eq!(row.n_fields(), source.header().len()),
            Err(error) if error.is_bad_row() => {}
            Err(error) => return Err(error),
        }
        n += 1;
    }
}

/// Reads many damaged versions of `valid`, of which some must be read and some refused.
fn check(settings: &str, valid: &[u8]) {
    let (folder, config): (_, DataConfig) = (tempfile::tempdir().unwrap(), config(settings));
    let path = folder.path().join("x");
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut answers = BTreeMap::<&str, u64>::new();
    for _ in 0..number_of_mutations(DEFAULT_COUNT) {
        let bytes = mutate_at_random(valid, SPECIAL, &mut random);
        fs::write(&path, &bytes).unwrap();
        let answer =
            match Source::open(std::slice::from_ref(&path), &config).map(|source| read(&source)) {
                Err(_) => "refused",
                Ok(Err(_)) => "broke off",
                // Blank lines are not rows, and each row has at least one byte.
                Ok(Ok(n)) if n <= bytes.len() as u64 => "read",
                Ok(Ok(n)) => panic!("{n} rows out of {} bytes", bytes.len()),
            };
        *answers.entry(answer).or_default() += 1;
    }
    assert!(answers.contains_key("read") && answers.contains_key("refused"), "{answers:?}");
}

#[test]
fn damaged_csv_gets_an_answer() {
    check("format = 'csv'", b"a,b,c\n1,\"x, y\",3\r\n\"2\n3\",\"\"\"z\",\n,4, 5 \n");
}

#[test]
fn damaged_tsv_gets_an_answer() {
    check("format = 'tsv'\ncomment = '#'", b"a\tb\tc\n1\tx\t3\r\n# no row\n2\t\t\n\t4\t 5 \n");
}

#[test]
fn damaged_rows_of_criteo_get_an_answer() {
    let row = [&b"1\t5"[..], &[b'\t'; 37], b"68fd1e64\n"].concat();
    check("format = 'criteo'", &[row.clone(), row].concat());
}

#[test]
fn damaged_libsvm_gets_an_answer() {
    check("format = 'libsvm'", b"+1 qid:3 1:0.5 7:1 # first\n-1 qid:4 7:2e-1\n0\n1 2:1\n");
}

#[test]
fn damaged_libffm_gets_an_answer() {
    check("format = 'libffm'", b"+1 0:3:0.5 2:7:1 # first\n-1 2:7:2e-1\n0\n1 10:2:1 2:3:-4\n");
}

#[test]
fn damaged_json_lines_get_an_answer() {
    let valid = "{\"a\":1,\"b\":\"x\\u00e9\",\"c\":[\"u\", 2]}\n{\"b\":null,\"a\":-0.5e3}\r\n{\"c\":true}\n";
    check("format = 'jsonl'", valid.as_bytes());
}

#[cfg(feature = "parquet")]
#[test]
fn damaged_parquet_gets_an_answer() {
    // The reader's panics are caught; this hook keeps thousands of them from being printed.
    std::panic::set_hook(Box::new(|_| {}));
    let valid = crate::parquet::small();
    let caught = std::panic::catch_unwind(|| check("format = 'parquet'", &valid));
    let _ = std::panic::take_hook();
    if let Err(panic) = caught {
        std::panic::resume_unwind(panic);
    }
}
