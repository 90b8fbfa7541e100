//! Checks of files of rows: text, compressed or not, and Parquet.

use std::io::Write;
use std::panic;
use std::sync::{LazyLock, Once};

use deepcross_data::{DataConfig, Format, LabelConfig};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::rows::{check, rows};
use crate::split;

/// The settings of a format with a label, a weight if the format has a header, and comments in one format.
fn settings(format: Format) -> DataConfig {
    let mut config = DataConfig { format: Some(format), ..DataConfig::default() };
    if matches!(format, Format::CSV | Format::TSV | Format::JSONL | Format::PARQUET) {
        config.label = Some(LabelConfig::binary("click"));
    }
    if matches!(format, Format::CSV | Format::TSV | Format::JSONL) {
        config.weight = Some("weight".to_owned());
    }
    if format == Format::TSV {
        config.comment = Some('#');
    }
    config
}

static CSV: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::CSV));
static TSV: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::TSV));
static CRITEO: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::CRITEO));
static LIBSVM: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::LIBSVM));
static LIBFFM: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::LIBFFM));
static JSONL: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::JSONL));
static PARQUET: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::PARQUET));

/// Checks a CSV file.
pub fn csv(bytes: &[u8]) {
    check(&CSV, bytes);
    split::check(&CSV, bytes);
}

/// Checks a TSV file with comments.
pub fn tsv(bytes: &[u8]) {
    check(&TSV, bytes);
    split::check(&TSV, bytes);
}

/// Checks a file in the format of Criteo's click logs.
pub fn criteo(bytes: &[u8]) {
    check(&CRITEO, bytes);
    split::check(&CRITEO, bytes);
}

/// Checks a libsvm file.
pub fn libsvm(bytes: &[u8]) {
    check(&LIBSVM, bytes);
    split::check(&LIBSVM, bytes);
}

/// Checks a libffm file.
pub fn libffm(bytes: &[u8]) {
    check(&LIBFFM, bytes);
    split::check(&LIBFFM, bytes);
}

/// Checks a file of JSON Lines.
pub fn jsonl(bytes: &[u8]) {
    check(&JSONL, bytes);
    split::check(&JSONL, bytes);
}

/// Checks a Parquet file; the Parquet library may panic if the panic is caught.
pub fn parquet(bytes: &[u8]) {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| quiet(&["/parquet-", "/arrow-", "/rustc/"]));
    check(&PARQUET, bytes);
}

/// Keeps the panic hook of libFuzzer, which aborts, from running for a panic in one of these folders.
///
/// An uncaught panic still ends the run: libFuzzer's entry catches it last.
fn quiet(folders: &'static [&'static str]) {
    let loud = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let file = info.location().map_or("", |location| location.file());
        if !folders.iter().any(|name| file.contains(name)) {
            loud(info);
        }
    }));
}

/// Checks a compressed file, and a text that is compressed here, which must give the same rows as the plain text.
pub fn gzip(bytes: &[u8]) {
    check(&CSV, bytes);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes all bytes");
    packed(bytes, &encoder.finish().expect("memory takes all bytes"));
}

/// The same as [`gzip`], for zstd.
pub fn zstd(bytes: &[u8]) {
    check(&CSV, bytes);
    packed(bytes, &zstd::encode_all(bytes, 1).expect("memory takes all bytes"));
}

/// Checks that a compressed text has the rows of the plain text, unless the plain text is itself compressed.
fn packed(plain: &[u8], packed: &[u8]) {
    const MAGICS: [&[u8]; 6] =
        [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ", b"\x04\x22\x4d\x18", b"PK"];
    if MAGICS.iter().any(|magic| plain.starts_with(magic)) {
        return;
    }
    assert_eq!(rows(&CSV, packed), rows(&CSV, plain));
}
