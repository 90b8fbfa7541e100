//! Kinds of files that are not read, recognised by their first bytes, each with what to do about it.

use std::path::Path;

use crate::error::DataError;

/// A kind of file that is not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileKind {
    /// What the file is, as in "the file is a zip archive".
    pub(crate) name: &'static str,
    /// What to do about it.
    pub(crate) remedy: &'static str,
}

/// The first bytes of each kind.
static KINDS: &[(&[u8], FileKind)] = &[
    (
        b"PK\x03\x04",
        kind(
            "a zip archive, as .xlsx, .ods and .npz are",
            "take the files out of it with `unzip`, or save the sheet as CSV",
        ),
    ),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        kind("an Excel workbook (.xls)", "save the sheet as CSV"),
    ),
    (b"\xfd7zXZ\0", kind("compressed by xz", "decompress it, for instance with `xz -d`")),
    (b"\x04\x22\x4d\x18", kind("compressed by lz4", LZ4)),
    (b"\x02\x21\x4c\x18", kind("compressed by lz4", LZ4)),
    (b"\xff\x06\0\0sNaPpY", kind("compressed by snappy", SNAPPY)),
    (b"LZIP\x01", kind("compressed by lzip", "decompress it, for instance with `lzip -d`")),
    (b"\x1f\x9d", kind("compressed by compress", "decompress it, for instance with `uncompress`")),
    (b"7z\xbc\xaf\x27\x1c", kind("a 7z archive", "take the files out of it with `7z x`")),
    (b"Rar!\x1a\x07", kind("a rar archive", "take the files out of it with `unrar x`")),
    (b"ARROW1\0\0", kind("a file of Feather or Arrow IPC", FEATHER)),
    (
        b"\xff\xff\xff\xff",
        kind(
            "a stream of Arrow IPC",
            "write it as Parquet, for instance with `pyarrow.parquet.write_table`",
        ),
    ),
    // A header may begin with the letters alone.
    (b"FEA1\0\0\0\0", kind("a file of Feather", FEATHER)),
    (b"Obj\x01", kind("a file of Avro", "write it as Parquet, for instance with Spark")),
    (
        b"SQLite forma",
        kind(
            "a database of SQLite",
            "write a table as CSV, for instance with `sqlite3 -header -csv FILE 'select * from …'`",
        ),
    ),
    (
        b"\x89HDF\r\n\x1a\n",
        kind(
            "a file of HDF5",
            "write it as Parquet, for instance with `pandas.read_hdf(…).to_parquet(…)`",
        ),
    ),
    (b"\x93NUMPY", kind("an array of NumPy", "write it as CSV, for instance with `numpy.savetxt`")),
    (b"RDX2\n", kind("a file of R", R)),
    (b"RDX3\n", kind("a file of R", R)),
    (b"X\n\0\0\0", kind("a file of R", R)),
    (
        b"<stata_dta>",
        kind(
            "a file of Stata",
            "write it as CSV, for instance with `pandas.read_stata(…).to_csv(…, index=False)`",
        ),
    ),
    (
        b"$FL2@(#)",
        kind(
            "a file of SPSS",
            "write it as CSV, for instance with `pandas.read_spss(…).to_csv(…, index=False)`",
        ),
    ),
    (b"%PDF-", kind("a PDF document", "write the table as CSV")),
    (b"\xff\xfe\0\0", kind("UTF-32 text", "convert it with `iconv -f UTF-32 -t UTF-8`")),
    (b"\0\0\xfe\xff", kind("UTF-32 text", "convert it with `iconv -f UTF-32 -t UTF-8`")),
];

static BZIP2: FileKind = kind("compressed by bzip2", "decompress it, for instance with `bunzip2`");
static PICKLE: FileKind = kind(
    "a pickle of Python",
    "write it as Parquet, for instance with `pandas.read_pickle(…).to_parquet(…)`",
);
static ORC: FileKind = kind(
    "a file of ORC",
    "write it as Parquet, for instance with `pandas.read_orc(…).to_parquet(…)`",
);
static UTF16_LE: FileKind = kind(NO_MARK, "convert it with `iconv -f UTF-16LE -t UTF-8`");
static UTF16_BE: FileKind = kind(NO_MARK, "convert it with `iconv -f UTF-16BE -t UTF-8`");
const NO_MARK: &str = "UTF-16 text without a byte order mark";

/// The ends of names of compressed files whose first bytes show nothing.
static BY_NAME: [(&str, FileKind); 4] = [
    (
        "br",
        kind(
            "compressed by brotli, as its name says",
            "decompress it, for instance with `brotli -d`",
        ),
    ),
    ("snappy", kind("compressed by snappy, as its name says", SNAPPY)),
    (
        "lzo",
        kind("compressed by lzo, as its name says", "decompress it, for instance with `lzop -d`"),
    ),
    (
        "lzma",
        kind("compressed by lzma, as its name says", "decompress it, for instance with `unlzma`"),
    ),
];

const fn kind(name: &'static str, remedy: &'static str) -> FileKind {
    FileKind { name, remedy }
}

const LZ4: &str = "decompress it, for instance with `lz4 -d`";
const SNAPPY: &str = "decompress it, for instance with `snzip -d`";
const FEATHER: &str =
    "write it as Parquet, for instance with `pandas.read_feather(…).to_parquet(…)`";
const R: &str = "write it as CSV, for instance with `write.csv(…, row.names = FALSE)`";

impl FileKind {
    /// The kind that the first twelve bytes show.
    pub(super) fn of(head: &[u8]) -> Option<&'static Self> {
        let has_magic = |(magic, _): &&(&[u8], Self)| head.starts_with(magic);
        match head {
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => Some(&BZIP2),
            [0x80, 2..=5, ..] => Some(&PICKLE),
            // A header may begin with these letters.
            [b'O', b'R', b'C', next, ..] if !next.is_ascii() || *next < b'\t' => Some(&ORC),
            [first, 0, second, 0, ..] if are_letters([*first, *second]) => Some(&UTF16_LE),
            [0, first, 0, second, ..] if are_letters([*first, *second]) => Some(&UTF16_BE),
            _ => KINDS.iter().find(has_magic).map(|(_, kind)| kind),
        }
    }

    /// The kind of a compressed file whose first bytes show nothing.
    pub(super) fn of_name(path: &Path) -> Option<&'static Self> {
        let extension = path.extension()?;
        let found = BY_NAME.iter().find(|(end, _)| extension.eq_ignore_ascii_case(end));
        found.map(|(_, kind)| kind)
    }

    /// The error for a file of this kind.
    pub(crate) fn refused(&self, file: &Path) -> DataError {
        DataError::NotRead { file: file.to_path_buf(), kind: self.name, remedy: self.remedy }
    }
}

fn are_letters(bytes: [u8; 2]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_recognised_by_their_first_bytes() {
        let cases: [(&[u8], Option<&str>); 18] = [
            (b"", None),
            (b"click,ad\n1,2", None),
            (b"PK,BZh9,\x1f\x8b", None),
            (b"BZh9,a\n", None),
            (b"ORCID,click\n", None),
            (b"FEA1,FEA2,click\n", None),
            (b"\xef\xbb\xbfa,b\n", None),
            (b"\xff\xfea\0,\0", None),
            (b"PK\x03\x04", Some("a zip archive, as .xlsx, .ods and .npz are")),
            (b"\xfd7zXZ\0", Some("compressed by xz")),
            (b"BZh91AY&SY\x12\x34", Some("compressed by bzip2")),
            (b"ORC\x0a\x03", None),
            (b"ORC\x08\x03", Some("a file of ORC")),
            (b"\x80\x04\x95\x1e", Some("a pickle of Python")),
            (b"ARROW1\0\0\xff\xff", Some("a file of Feather or Arrow IPC")),
            (b"SQLite forma", Some("a database of SQLite")),
            (b"c\0l\0i\0", Some(NO_MARK)),
            (b"\0c\0l\0i", Some(NO_MARK)),
        ];
        for (head, expected) in cases {
            assert_eq!(FileKind::of(head).map(|kind| kind.name), expected, "{head:?}");
        }
        for (magic, kind) in KINDS {
            assert_eq!(FileKind::of(magic), Some(kind));
        }
        assert!(FileKind::of_name(Path::new("a.csv.BR")).is_some());
        assert!(FileKind::of_name(Path::new("a.csv")).is_none());
    }
}
