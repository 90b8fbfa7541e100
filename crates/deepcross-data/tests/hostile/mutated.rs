//! Valid files with bytes flipped, put in, taken out, repeated or cut off, and files of any bytes.
//!
//! Each file is read in all ways: as raw rows, encoded, fitted and split, by a run that stops at bad rows and by one
//! that skips them.
//! There are 10,000 files for each reader; `DEEPCROSS_FUZZ_CASES` sets another number.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use deepcross_data::split::{Shares, SplitBy, Splitter};
use deepcross_data::{
    BadRows, DataConfig, DataError, Labels, Partition, RowPlan, RowReader, Skipped, Source, fit,
};
use deepcross_features::{Batch, Encoder, FieldConfig, Schema};
use deepcross_testing::{mutate, peak, text_mutations};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use tempfile::TempDir;

/// The bytes that may be held beyond the size of the file: buffers for the file, for its decompressed text, and for
/// fitting and encoding.
const ALLOWED: usize = 1 << 20;

/// A field of every kind; each format gives the columns the names that it uses.
const FIELDS: &str = r#"
[[field]]
name = "ID"
kind = "categorical"
min_count = 2
counts = true

[[field]]
name = "hashed"
column = "ID"
kind = "categorical"
buckets = 7

[[field]]
name = "LIST"
kind = "multi-hot"
weights = true
max_length = 3
pooling = "mean"

[[field]]
name = "TEXT"
kind = "text"
top = 20
top_by = "positives"

[[field]]
name = "NUMBER"
kind = "number"
transform = "standard"
missing = "indicator"

[[field]]
name = "group"
column = "NUMBER"
kind = "bucketized"
quantiles = 3

[[field]]
name = "square"
column = "NUMBER"
kind = "bucketized"
log_square = true

[[field]]
name = "hour"
column = "TIME"
kind = "time"
part = "hour"

[[field]]
name = "vector"
column = "NUMBER"
kind = "vector"
normalize = true

[[field]]
name = "both"
kind = "cross"
columns = ["ID", "TEXT"]
counts = true
"#;

const CSV: &str = "click,weight,NUMBER,LIST,TEXT,TIME,ID
1,1,0.5,a:2|b,Blue shoes,1471080600,x
0,0.5,-17,\"c|d,e\",\"red \"\"hat\"\"\",1471080601,y
1,1,,,,,
0,2,1e3,a|a|a|b,\"two
lines\",1471180600,x
1,0,2,|x:-1,жаба,0,z
";

#[derive(serde::Deserialize)]
struct Fields {
    field: Vec<FieldConfig>,
}

/// One kind of file: the settings to read it, and a valid file.
struct Reader {
    /// Removed with the reader.
    _folder: TempDir,
    path: PathBuf,
    config: DataConfig,
    schema: Schema,
    encoder: Encoder,
    /// The column of a time.
    time: String,
    text: Vec<u8>,
    pack: fn(&[u8]) -> Vec<u8>,
}

impl Reader {
    fn new(name: &str, text: &str, pack: fn(&[u8]) -> Vec<u8>) -> Self {
        let settings = "label = 'click'\nweight = 'weight'\ncomment = '#'";
        Self::with_columns(name, text, pack, settings, |columns| columns.to_owned())
    }

    /// A reader of files in which the columns of [`FIELDS`] have the names that `rename` gives them.
    fn with_columns(
        name: &str,
        text: &str,
        pack: fn(&[u8]) -> Vec<u8>,
        settings: &str,
        rename: fn(&str) -> String,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, pack(text.as_bytes())).unwrap();
        let config: DataConfig = toml::from_str(settings).unwrap();
        let fields: Fields = toml::from_str(&rename(FIELDS)).unwrap();
        let schema = Schema::new(fields.field, config.missing.clone()).unwrap();
        let source = Source::open(std::slice::from_ref(&path), &config).unwrap();
        let encoder = fit(&source, &schema, Partition::All, BadRows::Error).unwrap().encoder;
        let (time, text) = (rename("TIME"), text.as_bytes().to_vec());
        Self { _folder: folder, path, config, schema, encoder, time, text, pack }
    }

    /// Reads the valid file, and then mutated ones.
    fn run(&self) {
        self.check(&(self.pack)(&self.text)).unwrap();
        let mut runner = TestRunner::new(ProptestConfig {
            cases: cases(),
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        runner.run(&content(&self.text, self.pack), |content| self.check(&content)).unwrap();
    }

    fn check(&self, content: &[u8]) -> Result<(), TestCaseError> {
        fs::write(&self.path, content).unwrap();
        let (outcome, bytes) = peak(|| self.read());
        outcome?;
        prop_assert!(bytes <= content.len() + ALLOWED, "{bytes} bytes for {}", content.len());
        Ok(())
    }

    /// Reads the file in all ways.
    fn read(&self) -> Result<(), TestCaseError> {
        let source = match Source::open(std::slice::from_ref(&self.path), &self.config) {
            Ok(source) => source,
            Err(error) => return self.judge(&error),
        };
        self.read_rows(&source)?;
        self.read_encoded(&source, Labels::Required)?;
        self.read_encoded(&source, Labels::Ignored)?;
        self.fit_and_read(&source)?;
        self.split(&source)
    }

    /// Checks that a message names the file, names the line if a row is to blame, and has nothing that disturbs a
    /// terminal.
    fn judge(&self, error: &DataError) -> Result<(), TestCaseError> {
        let message = error.to_string();
        let rest = message.strip_prefix(&format!("`{}`", self.path.display()));
        let (long, has_line) = (message.len() > 1500, message.contains(", line "));
        prop_assert!(rest.is_some() && !long, "{message}");
        prop_assert!(has_line || !error.is_bad_row(), "{message}");
        prop_assert!(!message.chars().any(char::is_control), "{message:?}");
        Ok(())
    }

    /// Reads raw rows past bad ones; each row begins after the row before it.
    fn read_rows(&self, source: &Source) -> Result<(), TestCaseError> {
        let (mut rows, mut line) = (source.rows(BadRows::Error).unwrap(), 0);
        loop {
            match rows.next_row() {
                Ok(None) => return Ok(()),
                Ok(Some(row)) => {
                    prop_assert_eq!(row.n_fields(), source.header().len());
                    prop_assert!(row.place().line > line);
                    line = row.place().line;
                }
                Err(error) if error.is_bad_row() => self.judge(&error)?,
                Err(error) => return self.judge(&error),
            }
        }
    }

    /// Encodes all rows; a run that stops at bad rows stops at the first row that a run that skips them leaves out.
    fn read_encoded(&self, source: &Source, labels: Labels) -> Result<(), TestCaseError> {
        let [stopped, skipped] = [BadRows::Error, BadRows::Skip].map(|bad_rows| {
            let plan = RowPlan { labels, partition: Partition::All, bad_rows };
            RowReader::new(source, &self.encoder, plan).and_then(|reader| encode(reader))
        });
        for error in [&stopped, &skipped].into_iter().filter_map(|outcome| outcome.as_ref().err()) {
            self.judge(error)?;
        }
        let Ok((batch, skipped)) = skipped else { return Ok(()) };
        prop_assert_eq!(batch.check(self.encoder.shapes()), Ok(()));
        let first = stopped.err().map(|error| error.to_string());
        prop_assert_eq!(first.as_ref(), skipped.first.first());
        Ok(())
    }

    /// Fits on the rows that can be read, and reads them as a training run does.
    fn fit_and_read(&self, source: &Source) -> Result<(), TestCaseError> {
        let fitted = match fit(source, &self.schema, Partition::All, BadRows::Skip) {
            Ok(fitted) => fitted,
            Err(error) => return self.judge(&error),
        };
        let plan = RowPlan {
            labels: Labels::Required,
            partition: Partition::All,
            bad_rows: BadRows::Skip,
        };
        let reader = RowReader::new(source, &fitted.encoder, plan).unwrap();
        let (batch, skipped) = encode(reader.with_history(fitted.history)).unwrap();
        prop_assert_eq!(batch.check(fitted.encoder.shapes()), Ok(()));
        prop_assert_eq!((batch.n_rows() as u64, skipped), (fitted.rows, fitted.skipped));
        Ok(())
    }

    fn split(&self, source: &Source) -> Result<(), TestCaseError> {
        let by =
            SplitBy::Time { column: self.time.clone(), shares: Shares { valid: 0.2, test: 0.3 } };
        let mut splitter = match Splitter::new(source, &by, BadRows::Skip) {
            Ok(splitter) => splitter,
            Err(error) => return self.judge(&error),
        };
        loop {
            match splitter.next_row() {
                Ok(Some((_, row))) => prop_assert!(!row.is_empty()),
                Ok(None) => return Ok(()),
                Err(error) => return self.judge(&error),
            }
        }
    }
}

/// All rows of a reader, and its skipped rows.
fn encode(mut reader: RowReader<'_>) -> Result<(Batch, Skipped), DataError> {
    let mut batch = reader.new_batch();
    while reader.fill(&mut batch, 3)? == 3 {}
    Ok((batch, reader.skipped().clone()))
}

fn cases() -> u32 {
    let set = std::env::var("DEEPCROSS_FUZZ_CASES").ok();
    set.map_or(10_000, |cases| cases.parse().expect("`DEEPCROSS_FUZZ_CASES` must be a number"))
}

/// Pieces that change the meaning of a text, or seem to.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"\"\"",
    b",",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"|",
    b":",
    b"1e999",
    b"nan",
    b"-",
    b"99999999999999999999",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xae",
    b"#",
    b"2016-08-13",
    b"{}",
    b"[",
    b"\\ud800",
    b"null",
];

/// A file that is mutated before or after it is packed, or both; or a file of any bytes.
fn content(text: &[u8], pack: fn(&[u8]) -> Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let text = text.to_vec();
    let mutated = (text_mutations(PIECES), text_mutations(PIECES))
        .prop_map(move |(before, after)| mutate(&pack(&mutate(&text, &before)), &after));
    prop_oneof![
        14 => mutated,
        1 => vec(any::<u8>(), 0..600),
        1 => vec(select(PIECES), 0..100).prop_map(|pieces| pieces.concat()),
    ]
}

/// The text as gzip, in three members.
fn gzip(text: &[u8]) -> Vec<u8> {
    let members = text.chunks(text.len() / 3 + 1).map(|part| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part).unwrap();
        encoder.finish().unwrap()
    });
    members.collect::<Vec<_>>().concat()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

#[test]
fn csv() {
    Reader::new("x.csv", CSV, <[u8]>::to_vec).run();
}

#[test]
fn gzip_of_csv_in_several_members() {
    Reader::new("x.csv.gz", CSV, gzip).run();
}

#[test]
fn zstd_of_csv() {
    Reader::new("x.csv.zst", CSV, zstd).run();
}

#[test]
fn tsv() {
    let text = "click\tweight\tNUMBER\tLIST\tTEXT\tTIME\tID\n\
                1\t1\t0.5\ta:2|b\tBlue \"shoes\t1471080600\tx\r\n\
                0\t.5\t\t\t\t\t\n\
                1\t1\t2\ta\tred hat\t1471080601\tx\n";
    Reader::new("x.tsv", text, <[u8]>::to_vec).run();
}

#[test]
fn json_lines() {
    let text = r#"{"click":1,"weight":1,"NUMBER":0.50,"LIST":["a:2","b"],"TEXT":"Blue sho\u00e9s","TIME":1471080600,"ID":"x"}
{"click":0,"weight":".5","NUMBER":null,"ID":true}
{"ID":12345678901234567890,"click":"1","weight":2,"NUMBER":-17e0,"TEXT":"a \"b\"\n","TIME":"1471080601"}
"#;
    let settings = "label = 'click'\nweight = 'weight'";
    Reader::with_columns("x.jsonl", text, <[u8]>::to_vec, settings, str::to_owned).run();
}

#[test]
fn criteo() {
    let row = |label, n: usize| {
        let numbers = (1..=13).map(|i| if i == n { String::new() } else { (n * i).to_string() });
        let categories = (1..=26).map(|i| format!("{:08x}", n * 77_777_777 * i % 5));
        let fields: Vec<_> = numbers.chain(categories).collect();
        format!("{label}\t{}\n", fields.join("\t"))
    };
    let text: String = (0..6).map(|n| row(n % 2, n)).collect();
    let rename = |columns: &str| {
        let names =
            [("ID", "C1"), ("LIST", "C2"), ("TEXT", "C3"), ("NUMBER", "I1"), ("TIME", "I2")];
        names.iter().fold(columns.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    Reader::with_columns("day_0", &text, <[u8]>::to_vec, "format = 'criteo'", rename).run();
}
