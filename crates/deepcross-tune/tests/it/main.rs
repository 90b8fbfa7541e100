//! Searches on small data: what they keep on disk, how they stop, and how often they take noise for a gain.

mod caches;
mod noise;
mod stopping;

use deepcross_data::Input;
use deepcross_train::Files;
use deepcross_train::config::ConfigText;
use deepcross_tune::{TuneError, TuneEvent, TuneOptions, Tuned, tune};
use std::fmt::Write;
use std::path::PathBuf;
use tempfile::TempDir;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A linear model whose learning rate is far too low; the section for ranges is open.
const CONFIG: &str = "[data]\nlabel = 'click'\n[[field]]\nname = 'ad'\nkind = 'categorical'\n[model]\nkind = 'lr'\n\
                      [train]\nbatch = 32\nlearning_rate = 1e-6\nstart_from_rate = true\n";

/// A folder with rows and the place of a search.
struct Case {
    folder: TempDir,
    config: String,
    files: Files,
    test: Input,
}

impl Case {
    /// A search with this end of the configuration, on rows whose clicks depend on the ad as much as `effect` says.
    fn new(end: &str, (train, test): (u64, u64), effect: f64) -> Self {
        Self::of_seed(end, (train, test), effect, 0)
    }

    fn of_seed(end: &str, (train, test): (u64, u64), effect: f64, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, rows: std::ops::Range<u64>| {
            let path = folder.path().join(name);
            std::fs::write(&path, text(rows, effect, seed)).unwrap();
            Input::from(vec![path])
        };
        let files = Files::new(put("train.csv", 0..train));
        let test = put("test.csv", train..train + test);
        Self { config: format!("{CONFIG}{end}"), files, test, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("search").join(name)
    }

    /// The options of a search, which is resumed if it has begun before.
    fn options<'a>(
        &self,
        (trials, seeds): (usize, usize),
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> TuneOptions<'a> {
        TuneOptions {
            folder: self.path(""),
            resume: true,
            trials,
            minutes: None,
            jobs: 1,
            threads: 1,
            by: None,
            seeds,
            cache_bytes: 1 << 30,
            stop,
        }
    }

    fn search(
        &self,
        options: &TuneOptions<'_>,
        observe: &mut (dyn FnMut(TuneEvent<'_>) + Send),
    ) -> Result<Tuned, TuneError> {
        let text = ConfigText { text: &self.config, file: "run.toml", ..ConfigText::default() };
        tune(text, &self.files, &self.test, options, observe)
    }
}

/// Rows with these numbers as CSV.
fn text(rows: std::ops::Range<u64>, effect: f64, seed: u64) -> String {
    let mut text = "click,ad\n".to_owned();
    for row in rows {
        let uniform = |what: u8| {
            let bits = xxh3_64_with_seed(&[&row.to_le_bytes()[..], &[what]].concat(), seed) >> 11;
            bits as f64 / (1_u64 << 53) as f64
        };
        let ad = (10.0 * uniform(0)) as u64;
        let rate = 0.4 + effect * if ad.is_multiple_of(2) { 1.0 } else { -1.0 };
        writeln!(text, "{},ad{ad}", u64::from(uniform(1) < rate)).unwrap();
    }
    text
}
