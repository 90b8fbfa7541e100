//! What the name of an output says about its content: the format and the compression.
//!
//! An output is written as its name says, or the name is refused with the names that are possible.
//! *Rejected*: to write one format under any name; other programs believe the name and fail, or guess.

use crate::call_error::CallError;
use anyhow::Result;
use deepcross_data::write::{Compression, FileForm};
use deepcross_data::{DataError, Format};
use deepcross_files::{is_standard_output, is_stream};
use std::path::Path;

/// The content of an output that has one format and is not compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Model,
    Cache,
    Configuration,
    Page,
    Graph,
    Tensors,
}

impl Content {
    const ALL: [Self; 6] =
        [Self::Model, Self::Cache, Self::Configuration, Self::Page, Self::Graph, Self::Tensors];

    /// The content in words, and the ends of its names without their period.
    fn words(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Model => ("a model", &["dcx"]),
            Self::Cache => ("a cache", &["dcc"]),
            Self::Configuration => ("a configuration", &["toml"]),
            Self::Page => ("a page", &["html", "htm"]),
            Self::Graph => ("an ONNX graph", &["onnx"]),
            Self::Tensors => ("a file of safetensors", &["safetensors"]),
        }
    }

    /// Refuses a name that shows another format, or a compression.
    ///
    /// An end that is not known shows nothing, and any name can be given to a device.
    pub(crate) fn check_name(self, out: &Path) -> Result<()> {
        let (noun, own) = self.words();
        let problem = match extension(out) {
            Some(end) if own.contains(&&*end) => return Ok(()),
            Some(end) if is_compression(&end) => format!("{noun} is not compressed"),
            Some(end) if is_of_another_format(&end) => {
                format!("the name shows another format than that of {noun}")
            }
            _ => return Ok(()),
        };
        let own: Vec<_> = own.iter().map(|end| format!(".{end}")).collect();
        let (out, own) = (out.display(), own.join(" or "));
        Err(CallError::with_message(format!(
            "{out}: {problem}, expected a name that ends in {own}"
        )))
    }
}

/// Ends of names of formats that no command writes.
const OTHER_FORMATS: [&str; 26] = [
    "arrow", "avro", "ckpt", "db", "dta", "feather", "h5", "hdf5", "ipc", "joblib", "json", "npy",
    "npz", "orc", "pdf", "pickle", "pkl", "png", "pt", "pth", "rds", "sqlite", "svg", "xls",
    "xlsx", "yaml",
];

fn is_compression(end: &str) -> bool {
    Compression::EXTENSIONS.contains(&end) || Compression::NOT_WRITTEN.contains(&end)
}

fn is_of_another_format(end: &str) -> bool {
    OTHER_FORMATS.contains(&end)
        || Content::ALL.iter().any(|content| content.words().1.contains(&end))
        || Format::all().any(|format| format.extensions().contains(&end))
}

/// The end of a name in lower case.
fn extension(path: &Path) -> Option<String> {
    path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase())
}

/// The form of an output of rows with these columns: the format of `to`, else the one that the name shows, else `usual`
/// if the name shows nothing, as that of the standard output.
pub(crate) fn rows_form(
    out: &Path,
    to: Option<Format>,
    usual: Format,
    columns: &[&str],
) -> Result<FileForm> {
    to.map_or(Ok(()), |to| check_to(out, to))?;
    let usual = to.or_else(|| shows_nothing(out).then_some(usual));
    let columns: Vec<_> = columns.iter().map(|&name| name.to_owned()).collect();
    let fits = |format: Format| !format.has_pairs() && format.check_columns(&columns).is_ok();
    match FileForm::of(out, usual) {
        Ok(form) if fits(form.format) => Ok(form),
        Ok(_) if to.is_some() => {
            let names = Format::all().filter(|format| fits(*format)).map(|format| format.name());
            Err(CallError::with_message(format!(
                "`--to`: the format cannot hold these columns, expected {}",
                names.collect::<Vec<_>>().join(", ")
            )))
        }
        Ok(_) | Err(DataError::UnknownFormat { .. }) => {
            let endings = endings(Format::all().filter(|format| fits(*format)));
            let out = out.display();
            Err(CallError::with_message(format!(
                "{out}: the name does not show a format of these rows, expected a name that ends in {endings}"
            )))
        }
        Err(error) => Err(error.into()),
    }
}

/// Refuses to write rows in another format than the one that the name shows. A format without ends of its own, such as
/// that of Criteo's files, has any name.
pub(crate) fn check_to(out: &Path, to: Format) -> Result<()> {
    match FileForm::of(out, None) {
        Ok(form) if form.format != to && !to.extensions().is_empty() => {
            let (shown, to, out) = (form.format.name(), to.name(), out.display());
            Err(CallError::with_message(format!(
                "`--out {out}`: the name shows the format {shown}, but `--to` is {to}; change one of the two"
            )))
        }
        _ => Ok(()),
    }
}

/// Whether a name has no end that shows a format, as `clicks`, `clicks.txt`, `clicks.2024-03-01` and `-`.
fn shows_nothing(out: &Path) -> bool {
    let is_compressed = extension(out).is_some_and(|end| Compression::EXTENSIONS.contains(&&*end));
    let inner = out.file_stem().filter(|_| is_compressed).map_or(out, Path::new);
    extension(inner).is_none_or(|end| !is_of_another_format(&end) && !is_compression(&end))
}

/// The ends of names of formats: ".csv, .tsv, each optionally followed by .gz or .zst, or .parquet".
pub(crate) fn endings(formats: impl Iterator<Item = Format>) -> String {
    let (packed, plain): (Vec<_>, Vec<_>) = formats
        .filter(|format| !format.extensions().is_empty())
        .partition(|format| format.compresses_itself());
    let endings = |formats: &[Format]| {
        let each = formats.iter().flat_map(|format| format.extensions());
        each.map(|end| format!(".{end}")).collect::<Vec<_>>().join(", ")
    };
    let compressions = Compression::EXTENSIONS.map(|end| format!(".{end}")).join(" or ");
    format!(
        "{}, each optionally followed by {compressions}, or {}",
        endings(&plain),
        endings(&packed)
    )
}

/// Refuses a stream in place of a folder.
pub(crate) fn check_folder_name(flag: &str, folder: &Path) -> Result<()> {
    check_no_stream(flag, folder, "a folder")
}

/// Refuses a stream in place of a file that is read again.
pub(crate) fn check_file_name(flag: &str, file: &Path) -> Result<()> {
    check_no_stream(flag, file, "a file")
}

fn check_no_stream(flag: &str, path: &Path, expected: &str) -> Result<()> {
    let stream = match path {
        path if is_standard_output(path) => "the standard output",
        path if is_stream(path) => "a pipe or a device",
        _ => return Ok(()),
    };
    let path = path.display();
    Err(CallError::with_message(format!("`{flag} {path}`: is {stream}, expected {expected}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: Result<impl std::fmt::Debug>, expected: &str) {
        assert_eq!(found.unwrap_err().to_string(), expected);
    }

    #[test]
    fn names_of_other_formats_and_compressions_are_refused() {
        for content in Content::ALL {
            let own = content.words().1[0];
            for name in ["x", "-", "/dev/null", "x.new", "x.tmp", &format!("x.y.{own}")] {
                content.check_name(Path::new(name)).unwrap();
            }
            content.check_name(Path::new(&format!("X.{}", own.to_uppercase()))).unwrap();
            let ends = ["csv", "PARQUET", "dcx", "onnx", "html", "json", "gz", "zst", "bz2", "zip"];
            for end in ends.iter().filter(|end| **end != own) {
                let name = format!("x.{end}");
                assert!(content.check_name(Path::new(&name)).is_err(), "{content:?} {name}");
            }
        }
        check(
            Content::Model.check_name(Path::new("m.dcx.gz")),
            "m.dcx.gz: a model is not compressed, expected a name that ends in .dcx",
        );
        check(
            Content::Page.check_name(Path::new("p.pdf")),
            "p.pdf: the name shows another format than that of a page, expected a name that ends in .html or .htm",
        );
    }

    #[test]
    fn the_form_of_rows_is_that_of_the_name() {
        let form = |name: &str| rows_form(Path::new(name), None, Format::TSV, &["a"]);
        for (name, format, compression) in [
            ("x", Format::TSV, Compression::None),
            ("-", Format::TSV, Compression::None),
            ("/dev/stdout", Format::TSV, Compression::None),
            ("x.txt", Format::TSV, Compression::None),
            ("x.2024-03-01", Format::TSV, Compression::None),
            ("x.out.gz", Format::TSV, Compression::Gzip),
            ("x.gz", Format::TSV, Compression::Gzip),
            ("x.CSV.ZST", Format::CSV, Compression::Zstd),
            ("x.ndjson.gz", Format::JSONL, Compression::Gzip),
            ("x.parquet", Format::PARQUET, Compression::None),
        ] {
            assert_eq!(form(name).unwrap(), FileForm { format, compression }, "{name}");
        }
        let to = rows_form(Path::new("x.json"), Some(Format::CSV), Format::TSV, &["a"]);
        assert_eq!(to.unwrap().format, Format::CSV);
        check(
            rows_form(Path::new("x"), Some(Format::LIBSVM), Format::CSV, &["a"]),
            "`--to`: the format cannot hold these columns, expected csv, tsv, jsonl, parquet",
        );
        for name in ["x.json", "x.svm", "x.xlsx.gz", "x.parquet.gz"] {
            let expected = "the name does not show a format of these rows, expected a name that ends in .csv, .tsv, .jsonl, .ndjson, each optionally followed by .gz or .zst, or .parquet";
            check(form(name), &format!("{name}: {expected}"));
        }
        check(
            form("x.csv.bz2"),
            "x.csv.bz2: `.bz2` is not written, expected a name that ends in .gz or .zst, or without a compression",
        );
    }
}
