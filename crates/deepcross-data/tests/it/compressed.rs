//! Compressed files: they are read like plain ones, or refused with the place where they break off.

use std::io::Write;

use deepcross_data::{BadRows, DataError, Source};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{Files, config, read_all};

const TEXT: &[u8] = b"a,b\n1,x\n\n2,y\n";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 0).unwrap()
}

/// Numbered rows, enough for a file that is decompressed in several parts.
fn long() -> Vec<u8> {
    let rows = (0..100_000).map(|i| format!("{i},{}\n", i * 7919 % 100_003));
    format!("a,b\n{}", rows.collect::<String>()).into_bytes()
}

#[test]
fn names_and_contents_that_are_read() {
    let members = [gzip(b"a,b\n1,"), gzip(b""), gzip(b"x\n\n2,y\n")].concat();
    let frames = [zstd(b"a,b\n1,"), zstd(b"x\n\n2,y\n")].concat();
    let cases: [(&str, Vec<u8>); 7] = [
        ("x.csv.gz", gzip(TEXT)),
        ("x.CSV.GZ", members),
        ("x.csv.zst", zstd(TEXT)),
        ("y.csv.zst", frames),
        // The content decides, and not the name.
        ("gzip.csv", gzip(TEXT)),
        ("plain.csv.gz", TEXT.to_vec()),
        ("zstd.csv.gz", zstd(TEXT)),
    ];
    let expected = [(2, ["1", "x"]), (4, ["2", "y"])];
    let expected = expected.map(|(line, row)| (line, row.map(str::to_owned).to_vec()));
    for (name, content) in cases {
        let files = Files::new(&[(name, &content)]);
        let source = files.source("").expect(name);
        assert_eq!(read_all(&source).expect(name), expected, "{name}");
        assert_eq!(read_all(&source).expect(name), expected, "{name}, the second time");
    }
}

#[test]
fn long_files_are_read_whole() {
    let text = long();
    let halves = text.split_at(text.len() / 2);
    let plain = read_all(&Files::one(&text).source("").unwrap()).unwrap();
    for content in [gzip(&text), [gzip(halves.0), gzip(halves.1)].concat(), zstd(&text)] {
        assert!(read_all(&Files::one(&content).source("").unwrap()).unwrap() == plain);
    }
}

/// Reads `content` as `x.csv.gz` to the error that it must end with.
fn message(content: &[u8]) -> String {
    let files = Files::new(&[("x.csv.gz", content)]);
    let read = files.source("").and_then(|source| read_all(&source));
    files.message(&read.expect_err("damaged data"))
}

#[test]
fn damaged_files_are_refused_with_their_place() {
    let cut_off = |line, method| {
        format!(
            "`x.csv.gz`, line {line}: cannot be read from here on, since the {method} data are cut \
             off: the file is not complete"
        )
    };
    let short = gzip(TEXT);
    assert_eq!(message(b"\x1f\x8b"), cut_off(1, "gzip"));
    assert_eq!(message(&short[..12]), cut_off(1, "gzip"));
    assert_eq!(message(&short[..short.len() - 1]), cut_off(5, "gzip"));
    assert_eq!(message(&[&short, &short[..5]].concat()), cut_off(5, "gzip"));
    let short = zstd(TEXT);
    assert_eq!(message(&short[..short.len() - 1]), cut_off(4, "zstd"));

    let mut flipped = gzip(TEXT);
    *flipped.last_mut().unwrap() ^= 1;
    let message_of_flipped = message(&flipped);
    let start =
        "`x.csv.gz`, line 5: cannot be read from here on, since the gzip data are damaged (";
    assert!(message_of_flipped.starts_with(start), "{message_of_flipped}");
    let trailing = message(&[&gzip(TEXT), &b"more than a header"[..]].concat());
    assert_eq!(
        trailing,
        "`x.csv.gz`, line 5: cannot be read from here on, since the gzip data are complete there, but other bytes \
         follow them; remove these from the file"
    );
}

#[test]
fn a_cut_in_a_long_file_is_found_where_the_text_ends() {
    for content in [gzip(&long()), zstd(&long())] {
        let files = Files::new(&[("x.csv", &content[..content.len() / 2])]);
        let source = files.source("").expect("a header");
        let (mut reader, mut rows) = (source.rows(BadRows::Error).unwrap(), 0);
        let error = loop {
            match reader.next_row() {
                Ok(row) => rows += u64::from(row.is_some()),
                Err(error) => break error,
            }
        };
        let DataError::Damaged { place, .. } = &error else { panic!("{error}") };
        assert_eq!(place.line, rows + 2);
        assert!((10_000..90_000).contains(&rows), "{rows}");
        assert!(!error.is_bad_row() && reader.next_row().unwrap().is_none(), "the pass has ended");
    }
}

#[test]
fn a_small_file_that_swells_to_a_long_line_is_refused() {
    let bomb = [gzip(b"a,b\n1,"), gzip(&vec![b'a'; 100 << 20])].concat();
    assert!(bomb.len() < 200_000);
    let files = Files::new(&[("x.csv.gz", &bomb)]);
    let error = files.source("").and_then(|source| read_all(&source)).unwrap_err();
    let start = format!("1,{}…", "a".repeat(37));
    let expected = format!(
        "`x.csv.gz`, line 2 (`{start}`): the line is longer than 16 MiB, the longest that is read"
    );
    assert_eq!(files.message(&error), expected);
}

#[test]
fn columns_and_labels_are_found_in_compressed_files() {
    let files = Files::new(&[("x.csv.gz", &gzip(b"1,30\n0,31\n"))]);
    let source = Source::open(&files.paths, &config("columns = ['click', 'age']")).unwrap();
    assert_eq!(source.header(), ["click", "age"]);
    assert_eq!(read_all(&source).unwrap().len(), 2);
}
