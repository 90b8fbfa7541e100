//! Tests of the program from outside: calls with flags and files, judged by what it prints, writes and returns.

#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod artifacts;
mod bad_input;
mod bad_rows;
mod cache;
mod calibrate;
mod combinations;
mod commands;
mod compare;
mod configurations;
mod convert;
mod decisions;
mod describe;
mod dialects;
mod ensembles;
mod few_words;
mod file_sets;
mod headerless;
mod held_out;
mod infer_config;
mod infer_config_others;
mod input_files;
mod instructions;
mod interchange;
mod json_lines;
mod labels;
mod members;
mod other_formats;
mod output_names;
mod outputs;
mod pairs;
mod parquet;
mod predictions;
mod quickstart;
mod real_data;
mod reports;
mod restart;
mod sampling;
mod serve;
mod split;
mod training;
mod training_only;
mod tune;
mod understanding;
mod values;
mod vectors;
mod warnings;
mod written_forms;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use std::fmt::Write;
use std::path::PathBuf;
use tempfile::TempDir;

/// The configuration of a small run with a categorical, a multi-hot and a number field, trained in no time.
const CONFIG: &str = r#"[data]
label = "click"

[[field]]
name = "ad"
kind = "categorical"

[[field]]
name = "tags"
kind = "multi-hot"
separator = "|"

[[field]]
name = "age"
kind = "number"

[model]
embedding = 4
bypass_below = 0
hidden = [8]

[train]
epochs = 2
batch = 32
"#;

const HEADER: &str = "click,ad,tags,age";

/// A header and `n` rows for [`CONFIG`].
fn csv(n: usize) -> String {
    let mut text = format!("{HEADER}\n");
    for i in 0..n {
        let (click, ad, age) = (usize::from(i % 3 == 0), i % 7, 18 + i * 5 % 60);
        // Writing to a string does not fail.
        writeln!(text, "{click},ad{ad},t{}|t{},{age}", i % 4, i % 5).unwrap();
    }
    text
}

/// The outcome of a call of the program.
struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// A folder that the program runs in, removed when the test ends.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with `run.toml`, `train.csv` of 200 rows and `new.csv` of 20.
    fn with_data() -> Self {
        let folder = Self::new();
        folder.write("run.toml", CONFIG);
        folder.write("train.csv", csv(200));
        folder.write("new.csv", csv(20));
        folder
    }

    /// The same with `model.dcx`, trained on `train.csv`.
    fn with_model() -> Self {
        let folder = Self::with_data();
        folder.succeed("train --config run.toml --data train.csv --out model.dcx");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// The names of all files in the folder.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The program, to be called in this folder.
    fn program(&self) -> Command {
        let mut command = cargo_bin_cmd!("deepcross");
        command.current_dir(self.folder.path());
        command
    }

    /// Calls the program with arguments separated by blanks.
    fn call(&self, arguments: &str) -> Outcome {
        let output = self.program().args(arguments.split(' ')).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Outcome {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    #[track_caller]
    fn succeed(&self, arguments: &str) -> Outcome {
        let outcome = self.call(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments}\n{}", outcome.stderr);
        outcome
    }

    /// Checks that the call ends with the code and exactly this message, prints no data and leaves the folder as it was.
    #[track_caller]
    fn fail(&self, arguments: &str, code: i32, message: &str) {
        let before = self.names();
        let outcome = self.call(arguments);
        let error = outcome.stderr.rsplit_once("error: ").map_or("", |(_, error)| error);
        assert_eq!(error.trim_end(), message, "{arguments}\n{}", outcome.stderr);
        assert_eq!(outcome.code, Some(code), "{arguments}");
        assert_eq!(outcome.stdout, "", "{arguments}");
        assert_eq!(self.names(), before, "{arguments}");
    }
}
