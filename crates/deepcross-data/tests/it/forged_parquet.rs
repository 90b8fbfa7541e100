//! Parquet files with false sizes: each is refused before memory of the claimed size is allocated.

use deepcross_data::Source;

use crate::{Files, read_all};

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A struct of Thrift's compact protocol: fields with number and type, in order.
fn fields(fields: &[(u8, u8, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut before) = (Vec::new(), 0);
    for (id, kind, value) in fields {
        bytes.push((id - before) << 4 | kind);
        bytes.extend(value);
        before = *id;
    }
    bytes.push(0);
    bytes
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn number(value: i64) -> Vec<u8> {
    varint((value << 1 ^ value >> 63).cast_unsigned())
}

fn text(text: &str) -> Vec<u8> {
    [varint(text.len() as u64), text.as_bytes().to_vec()].concat()
}

fn list(kind: u8, elements: &[Vec<u8>]) -> Vec<u8> {
    [vec![0xf0 | kind], varint(elements.len() as u64), elements.concat()].concat()
}

/// A column of the schema: a group if it has children, otherwise a column of 32-bit numbers.
fn column(name: &str, n_children: i64) -> Vec<u8> {
    let is_group = n_children > 0;
    let kind = (!is_group).then(|| (1, I32, number(1)));
    let children = is_group.then(|| (5, I32, number(n_children)));
    let named = [(3, I32, number(0)), (4, BINARY, text(name))];
    fields(&kind.into_iter().chain(named).chain(children).collect::<Vec<_>>())
}

/// The claims of a file about its one column with one page; true by default.
struct Claims {
    schema: Vec<Vec<u8>>,
    group: i64,
    /// The number of compressed bytes of the columns of the group; by default the true number.
    chunk: Option<i64>,
    /// The position at which they begin.
    start: i64,
    /// The number of bytes of the page before compression.
    page: i64,
    /// An additional field in the header of the page.
    header: Option<(u8, u8, Vec<u8>)>,
    /// An additional field in the footer.
    footer: Option<(u8, u8, Vec<u8>)>,
}

impl Default for Claims {
    fn default() -> Self {
        let schema = vec![column("root", 1), column("n", 0)];
        Self { schema, group: 100, chunk: None, start: 4, page: 8, header: None, footer: None }
    }
}

impl Claims {
    /// A file of the numbers 1 and 2, uncompressed (codec 0), or as data that Snappy (codec 1) refuses.
    fn file(&self, codec: i64) -> Vec<u8> {
        let values = [1_i32, 2].map(i32::to_le_bytes).concat();
        let of_data = fields(&[
            (1, I32, number(2)),
            (2, I32, number(0)),
            (3, I32, number(3)),
            (4, I32, number(3)),
        ]);
        let header = [
            (1, I32, number(0)),
            (2, I32, number(self.page)),
            (3, I32, number(values.len() as i64)),
            (5, STRUCT, of_data),
        ];
        let header = fields(&header.into_iter().chain(self.header.clone()).collect::<Vec<_>>());
        let page = [header, values].concat();
        let chunk = self.chunk.unwrap_or(page.len() as i64);
        let footer = [
            (1, I32, number(1)),
            (2, LIST, list(STRUCT, &self.schema)),
            (3, I64, number(2)),
            (4, LIST, list(STRUCT, &[self.row_group(codec, chunk)])),
        ];
        let footer = fields(&footer.into_iter().chain(self.footer.clone()).collect::<Vec<_>>());
        let length = (footer.len() as u32).to_le_bytes().to_vec();
        [b"PAR1".to_vec(), page, footer, length, b"PAR1".to_vec()].concat()
    }

    fn row_group(&self, codec: i64, chunk: i64) -> Vec<u8> {
        let of_chunk = fields(&[
            (1, I32, number(1)),
            (2, LIST, list(I32, &[number(0)])),
            (3, LIST, list(BINARY, &[text("n")])),
            (4, I32, number(codec)),
            (5, I64, number(2)),
            (6, I64, number(100)),
            (7, I64, number(chunk)),
            (9, I64, number(self.start)),
        ]);
        let chunk = fields(&[(2, I64, number(4)), (3, STRUCT, of_chunk)]);
        fields(&[
            (1, LIST, list(STRUCT, &[chunk])),
            (2, I64, number(self.group)),
            (3, I64, number(2)),
        ])
    }
}

/// The outcome of reading a file: its rows, or a message without the folder.
fn outcome(content: &[u8]) -> Result<Vec<String>, String> {
    let files = Files::new(&[("x.parquet", content)]);
    let read = files.source("").and_then(|source: Source| read_all(&source));
    let rows = read.map_err(|error| files.message(&error))?;
    Ok(rows.into_iter().flat_map(|(_, fields)| fields).collect())
}

#[track_caller]
fn check(claims: &Claims, message: &str) {
    let message = format!("`x.parquet`: cannot be read as Parquet: {message}");
    assert_eq!(outcome(&claims.file(1)), Err(message));
}

#[test]
fn true_sizes_are_read() {
    assert_eq!(outcome(&Claims::default().file(0)), Ok(vec!["1".to_owned(), "2".to_owned()]));
}

#[test]
fn deeply_nested_columns_are_refused() {
    // Each level took stack space of the library, until the process had none left.
    let deep = (0..200_000).map(|_| column("a", 1)).chain([column("n", 0)]).collect();
    check(
        &Claims { schema: deep, ..Claims::default() },
        "its columns are nested more than 64 levels deep, expected at most 3",
    );
}

#[test]
fn a_column_cannot_claim_more_columns_than_follow() {
    // The library took memory for all of them at once, and the process ended if there was not enough.
    for n in [2, i64::from(i32::MAX)] {
        check(
            &Claims { schema: vec![column("root", n), column("n", 0)], ..Claims::default() },
            &format!("it is damaged: a column claims {n} columns in it, but only 1 follow"),
        );
    }
}

#[test]
fn row_groups_above_a_gibibyte_are_refused() {
    let too_large = |n_bytes: i64| {
        format!(
            "row group 1 has {n_bytes} bytes, expected at most 1073741824; write it with smaller row \
             groups"
        )
    };
    check(&Claims { group: (1 << 30) + 1, ..Claims::default() }, &too_large((1 << 30) + 1));
    // The size of the group is small, but the size of its page is two gibibytes.
    let page = i64::from(i32::MAX);
    check(&Claims { page, ..Claims::default() }, &too_large(page));
}

#[test]
fn columns_cannot_claim_to_be_longer_than_the_file() {
    let claims = Claims { chunk: Some(1 << 40), ..Claims::default() };
    let n_bytes = claims.file(1).len();
    check(&claims, &format!("its columns claim 1099511627776 bytes, but the file has {n_bytes}"));
}

#[test]
fn lists_cannot_claim_to_be_longer_than_the_bytes_that_are_left() {
    // For a list of booleans the library read no bytes, but took a step for each element.
    let booleans = [vec![0xf1], varint(i32::MAX as u64)].concat();
    let page = Claims { header: Some((9, LIST, booleans.clone())), ..Claims::default() };
    check(&page, "row group 1 has a page whose header cannot be read");
    let footer = Claims { footer: Some((9, LIST, booleans)), ..Claims::default() };
    check(&footer, "it is damaged: its footer cannot be read");
}

#[test]
fn a_panic_of_the_library_is_an_error() {
    check(
        &Claims { start: -4, ..Claims::default() },
        "it is damaged: the Parquet reader failed without a reason",
    );
}
