//! Tests of encoding on several ranks: the cache has the bytes of one process, errors are those of one process, and no
//! rank hangs.

use crate::cache::CONFIG;
use crate::common::{clicks, folder, write};
use deepcross::collective::{Communicator, Death, Faults, Threads};
use deepcross::data::cache::Cache;
use deepcross::data::write::{FileForm, convert};
use deepcross::data::{BadRows, Source};
use deepcross::model::TrainedModel;
use deepcross::train::{
    EncodeOptions, Event, Files, RunConfig, RunOptions, TrainError, WrittenCache, encode, train,
};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// More than four units of rows, so that each of four ranks has one, and some have two.
const ROWS: u64 = 19_000;

struct Case {
    folder: TempDir,
    config: RunConfig,
    files: Files,
    init: Option<TrainedModel>,
}

impl Case {
    fn new(overrides: &[&str]) -> Self {
        let overrides = [&["train.epochs=1"], overrides].concat();
        let overrides: Vec<_> = overrides.iter().map(|&one| one.to_owned()).collect();
        let config =
            RunConfig::parse(CONFIG, &overrides, "run.toml").expect("the configuration is valid");
        let folder = folder();
        let train = vec![write(&folder, "train.tsv", &clicks(1, ROWS))];
        Self { folder, config, files: Files::new(train), init: None }
    }

    /// Changes the lines of the training file, which are counted from 0 without the header.
    fn with_lines(self, change: impl Fn(usize, &mut String)) -> Self {
        let mut lines = clicks(1, ROWS);
        lines.iter_mut().skip(1).enumerate().for_each(|(row, line)| change(row, line));
        write(&self.folder, "train.tsv", &lines);
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn encode(
        &self,
        out: &Path,
        ranks: Option<&dyn Communicator>,
        events: &Mutex<Vec<usize>>,
    ) -> Result<WrittenCache, TrainError> {
        let threads = 1 + ranks.map_or(1, Communicator::rank) % 2;
        let init = self.init.as_ref();
        let options = EncodeOptions { threads, init, ranks, ..EncodeOptions::default() };
        encode(&self.config, &self.files, options, out, &mut |event| {
            if let Event::Fitted { .. } = event {
                let rank = ranks.map_or(0, Communicator::rank);
                events.lock().expect("no observer panics").push(rank);
            }
        })
    }

    fn alone(&self) -> Result<WrittenCache, TrainError> {
        self.encode(&self.path("alone.dcc"), None, &Mutex::default())
    }

    fn on_ranks(&self, size: usize) -> Vec<Result<WrittenCache, TrainError>> {
        self.with_faults(size, Faults::default())
    }

    fn with_faults(&self, size: usize, faults: Faults) -> Vec<Result<WrittenCache, TrainError>> {
        let (out, events) = (self.path("ranks.dcc"), Mutex::default());
        let done = Threads::run_with(size, faults, |ranks| self.encode(&out, Some(ranks), &events));
        let events = events.into_inner().expect("no observer panics");
        assert!(events.iter().all(|rank| *rank == 0), "events of {events:?}");
        done
    }

    /// Checks that the cache has the bytes of one process on each of these numbers of ranks.
    #[track_caller]
    fn check(&self, name: &str, sizes: &[usize]) {
        let written = self.alone().unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = std::fs::read(self.path("alone.dcc")).expect("the cache is written");
        for &size in sizes {
            for (rank, done) in self.on_ranks(size).into_iter().enumerate() {
                let done = done.unwrap_or_else(|error| panic!("{name}, rank {rank}: {error}"));
                assert_eq!(done, written, "{name}, rank {rank} of {size}");
            }
            let found = std::fs::read(self.path("ranks.dcc")).expect("the cache is written");
            assert!(found == expected, "{name}: other bytes on {size} ranks");
            std::fs::remove_file(self.path("ranks.dcc")).expect("the cache is there");
        }
    }

    /// Checks that all ranks report the error of one process, which has this text.
    #[track_caller]
    fn check_error(&self, expected: &str) {
        let alone = self.alone().expect_err("a row is bad").to_string();
        assert!(alone.contains(expected), "{alone}");
        for size in [2, 3, 4] {
            for (rank, done) in self.on_ranks(size).into_iter().enumerate() {
                let error = done.expect_err("a row is bad").to_string();
                assert_eq!(error, alone, "rank {rank} of {size}");
            }
            assert!(!self.path("ranks.dcc").exists());
        }
    }
}

/// A line of the simulator whose cell in the column is replaced.
fn with_cell(line: &str, column: &str, value: &str) -> String {
    static HEADER: LazyLock<String> = LazyLock::new(|| clicks(1, 0)[0].clone());
    let at = HEADER.split('\t').position(|name| name == column).expect("a column");
    let mut cells: Vec<_> = line.split('\t').collect();
    cells[at] = value;
    cells.join("\t")
}

#[test]
fn the_cache_has_the_bytes_of_one_process() {
    Case::new(&[]).check("rows at random", &[1, 2, 4, 8]);
    for overrides in [
        &["train.valid_by=field:user", "train.split_seed=3"][..],
        &["train.valid_by=time:hour", "train.valid_fraction=0.3"],
        &["train.valid_fraction=0"],
    ] {
        Case::new(overrides).check(&overrides.join(" "), &[3]);
    }
    for overrides in [
        &["data.order=time"][..],
        &["data.order=time", "train.valid_by=field:user", "train.valid_fraction=0.3"],
    ] {
        Case::new(overrides).check("companion counts of earlier rows", &[2, 3]);
    }
}

#[test]
fn bad_rows_move_the_blocks_of_all_ranks() {
    let bad = |row: usize, line: &mut String| {
        *line = match row % 1000 {
            3 => line.replacen(['0', '1'], "maybe", 1),
            500 => format!("{line}\tmore"),
            700 => with_cell(line, "age", "old"),
            _ => return,
        };
    };
    for overrides in [&["data.bad_rows=skip"][..], &["data.bad_rows=skip", "data.order=time"]] {
        Case::new(overrides).with_lines(bad).check(&overrides.join(" "), &[2, 4]);
    }
    // Bad rows around the end of a unit, and as the last rows.
    let at_ends = |row: usize, line: &mut String| {
        if (4090..4100).contains(&row) || row >= 18_990 || row == 12_287 {
            *line = with_cell(line, "age", "old");
        }
    };
    Case::new(&["data.bad_rows=skip"]).with_lines(at_ends).check("ends of units", &[2, 3, 4]);
}

#[test]
fn several_files_and_a_validation_file_are_shared() {
    let mut case = Case::new(&[]);
    let more = write(&case.folder, "more.tsv", &clicks(2, 5000));
    let first = case.path("train.tsv");
    case.files.train = vec![more, first].into();
    case.files.valid = vec![write(&case.folder, "valid.tsv", &clicks(3, 9000))].into();
    case.check("three files", &[2, 4]);
    // A number of rows that fills the units, and one that does not fill a single one.
    for rows in [8192, 50] {
        case.files.train = vec![write(&case.folder, "train.tsv", &clicks(1, rows))].into();
        case.files.valid = vec![write(&case.folder, "valid.tsv", &clicks(3, 60))].into();
        case.check("few rows", &[2, 3]);
    }
}

#[test]
fn rows_are_shared_for_the_encoder_of_a_model() {
    let mut case = Case::new(&["train.negative_rate=0.5"]);
    let files = Files::new(vec![write(&case.folder, "first.tsv", &clicks(4, 900))]);
    let model = train(&case.config, &files, RunOptions::on_threads(2), &mut |_| ());
    case.init = Some(model.expect("the rows are valid"));
    case.check("a model", &[3]);
}

#[test]
fn an_error_is_that_of_one_process() {
    // In a row of the second unit and in an earlier one of the third, by fields of other ranks.
    let twice = |row: usize, line: &mut String| match row {
        9000 => *line = with_cell(line, "hour", "noon"),
        9500 => *line = with_cell(line, "age", "old"),
        _ => {}
    };
    Case::new(&[]).with_lines(twice).check_error("line 9002");
    let of_label = |row: usize, line: &mut String| {
        if row == 18_000 {
            *line = line.replacen(['0', '1'], "maybe", 1);
        }
    };
    Case::new(&[]).with_lines(of_label).check_error("line 18002");
    // The classes of the labels are not named: a label contradicts the labels of earlier rows.
    let contrary = |row: usize, line: &mut String| {
        if row == 15_000 {
            *line = with_cell(line, "click", "-1");
        }
    };
    Case::new(&[]).with_lines(contrary).check_error("line 15002");
    // Rows that are held out are encoded, but not fitted.
    let held_out = |row: usize, line: &mut String| {
        if row >= 18_000 {
            *line = with_cell(line, "age", "old");
        }
    };
    for order in ["any", "time"] {
        let order = format!("data.order={order}");
        let case = Case::new(&["train.valid_by=time:hour", "train.valid_fraction=0.3", &order]);
        case.with_lines(held_out).check_error("field `age`");
    }
}

/// One rank meets the label 0 and another one −1, and neither knows of the other.
#[test]
fn labels_of_several_ranks_may_not_contradict_each_other() {
    let mut case =
        Case::new(&["train.epochs=1"]).with_lines(|_, line| *line = with_cell(line, "click", "1"));
    let mut lines = clicks(3, 9000);
    for (row, line) in lines.iter_mut().skip(1).enumerate() {
        let label = match row {
            2000 => "0",
            5000 => "-1",
            _ => "1",
        };
        *line = with_cell(line, "click", label);
    }
    case.files.valid = vec![write(&case.folder, "valid.tsv", &lines)].into();
    case.check_error("line 5002");
}

#[test]
fn ranks_with_other_files_or_settings_are_refused() {
    let (one, other) = (Case::new(&[]), Case::new(&["field.age.transform=log1p"]));
    let short = Case::new(&[]);
    write(&short.folder, "train.tsv", &clicks(1, ROWS - 1));
    for others in [&other, &short] {
        let out = one.path("ranks.dcc");
        let done = Threads::run(2, |ranks| {
            let case = if ranks.rank() == 0 { &one } else { others };
            case.encode(&out, Some(ranks), &Mutex::default())
        });
        for done in done {
            let error = done.expect_err("the ranks differ").to_string();
            let expected =
                "rank 1 has another run than rank 0: one of these is another: the configuration,";
            assert!(error.starts_with(expected), "{error}");
        }
    }
}

#[test]
fn a_cache_that_cannot_be_written_ends_all_ranks() {
    let case = Case::new(&[]);
    std::fs::create_dir(case.path("ranks.dcc")).expect("there is room");
    let [first, second] = &case.on_ranks(2)[..] else { panic!("two ranks") };
    let error = first.as_ref().expect_err("the file is a folder").to_string();
    assert!(error.contains("cannot be written"), "{error}");
    assert!(second.is_err());
}

#[test]
fn compressed_files_are_shared() {
    let mut case = Case::new(&[]);
    let (text, compressed) = (case.path("train.tsv"), case.path("train.tsv.gz"));
    let source = Source::open(vec![text], &case.config.data).expect("rows");
    let form = FileForm::of(&compressed, None).expect("a known form");
    let out = std::fs::File::create(&compressed).expect("there is room");
    convert(&source, BadRows::Error, form, out).expect("there is room");
    case.files.train = vec![compressed].into();
    case.check("gzip", &[2]);
}

#[test]
fn slow_messages_change_nothing() {
    let case = Case::new(&["data.bad_rows=skip"]).with_lines(|row, line| {
        if row % 3000 == 7 {
            *line = with_cell(line, "age", "old");
        }
    });
    case.alone().expect("the rows are valid");
    let expected = std::fs::read(case.path("alone.dcc")).expect("the cache is written");
    for seed in 1..=4 {
        let longest_delay = Duration::from_millis(30);
        let faults = Faults { seed, longest_delay, death: None };
        let done = case.with_faults(3, faults);
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        assert!(std::fs::read(case.path("ranks.dcc")).expect("written") == expected, "{seed}");
    }
}

/// A rank that dies at any of its messages ends the others with its name, and leaves no cache.
#[test]
fn a_rank_that_dies_ends_all_others() {
    let mut case = Case::new(&[]);
    case.files.train = vec![write(&case.folder, "train.tsv", &clicks(1, 13_000))].into();
    for rank in 0..3 {
        let mut deaths = 0;
        for operation in 0.. {
            let death = Some(Death { rank, operation });
            let done = case.with_faults(3, Faults { death, ..Faults::default() });
            let failed = done.iter().filter(|done| done.is_err()).count();
            if failed == 0 {
                break;
            }
            deaths += 1;
            let lost = format!("rank {rank} was lost");
            let others = done.iter().enumerate().filter(|(other, _)| *other != rank);
            for (_, error) in others.filter_map(|(other, done)| Some((other, done.as_ref().err()?)))
            {
                let error = error.to_string();
                assert!(error.contains(&lost), "operation {operation}: {error}");
            }
            let _ = std::fs::remove_file(case.path("ranks.dcc"));
        }
        assert!(deaths > 8, "{deaths} deaths of rank {rank}");
        Cache::open(&case.path("ranks.dcc"))
            .and_then(|cache| cache.verify())
            .expect("a valid cache");
    }
}
