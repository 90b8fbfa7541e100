//! Files of rows: of text, compressed or not, and of Parquet.

use std::io::Write;
use std::panic;
use std::sync::{LazyLock, Once};

use deepcross_data::{DataConfig, Format, LabelConfig};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::rows::{check, rows};
use crate::split;

/// Settings of a format with a label, a weight where there is a header, and comments in one.
fn settings(format: Format) -> DataConfig {
    let mut config = DataConfig { format: Some(format), ..DataConfig::default() };
    if matches!(format, Format::Csv | Format::Tsv | Format::Parquet) {
        config.label = Some(LabelConfig::binary("click"));
    }
    if matches!(format, Format::Csv | Format::Tsv) {
        config.weight = Some("weight".to_owned());
    }
    if format == Format::Tsv {
        config.comment = Some('#');
    }
    config
}

static CSV: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::Csv));
static TSV: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::Tsv));
static CRITEO: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::Criteo));
static LIBSVM: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::Libsvm));
static LIBFFM: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::Libffm));
static PARQUET: LazyLock<DataConfig> = LazyLock::new(|| settings(Format::Parquet));

/// A file of CSV.
pub fn csv(bytes: &[u8]) {
    check(&CSV, bytes);
    split::check(&CSV, bytes);
}

/// A file of TSV with comments.
pub fn tsv(bytes: &[u8]) {
    check(&TSV, bytes);
    split::check(&TSV, bytes);
}

/// A file of Criteo's click logs.
pub fn criteo(bytes: &[u8]) {
    check(&CRITEO, bytes);
    split::check(&CRITEO, bytes);
}

/// A file of libsvm.
pub fn libsvm(bytes: &[u8]) {
    check(&LIBSVM, bytes);
    split::check(&LIBSVM, bytes);
}

/// A file of libffm.
pub fn libffm(bytes: &[u8]) {
    check(&LIBFFM, bytes);
    split::check(&LIBFFM, bytes);
}

/// A file of Parquet, whose library may panic where that is caught.
pub fn parquet(bytes: &[u8]) {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| quiet(&["/parquet-", "/arrow-", "/rustc/"]));
    check(&PARQUET, bytes);
}

/// Takes the abort at the first panic from libFuzzer's hook where it is in one of these folders.
///
/// A panic that nobody catches ends the run all the same: libFuzzer's entry catches it last.
fn quiet(folders: &'static [&'static str]) {
    let loud = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let file = info.location().map_or("", |location| location.file());
        if !folders.iter().any(|name| file.contains(name)) {
            loud(info);
        }
    }));
}

/// A compressed file; and a text that is compressed here, which must read as it does plain.
pub fn gzip(bytes: &[u8]) {
    check(&CSV, bytes);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes all bytes");
    packed(bytes, &encoder.finish().expect("memory takes all bytes"));
}

/// As [`gzip`].
pub fn zstd(bytes: &[u8]) {
    check(&CSV, bytes);
    packed(bytes, &zstd::encode_all(bytes, 1).expect("memory takes all bytes"));
}

/// Checks that a packed text has the rows of the plain one, unless that is packed itself.
fn packed(plain: &[u8], packed: &[u8]) {
    const MAGICS: [&[u8]; 6] =
        [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ", b"\x04\x22\x4d\x18", b"PK"];
    if MAGICS.iter().any(|magic| plain.starts_with(magic)) {
        return;
    }
    assert_eq!(rows(&CSV, packed), rows(&CSV, plain));
}
