//! Runs that are killed, interrupted, resumed, or started from a model, as a user or a supervisor would do it.

use crate::{Folder, csv};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A call of `train` in a folder with data; each test adds the flags that it needs.
const TRAIN: &str = "train --config run.toml --data train.csv --out model.dcx";

/// Settings that give a run every kind of state that a checkpoint must carry over: a shuffle buffer smaller than the data,
/// companion counts, a sample of the negative rows, dropout, a schedule, and a best epoch.
const SETTINGS: [&str; 9] = [
    "train.shuffle_buffer=500",
    "train.batch=40",
    "train.epochs=5",
    "train.negative_rate=0.7",
    "train.schedule=plateau",
    "train.patience=4",
    "train.learning_rate=0.05",
    "model.dropout=0.1",
    "field.ad.counts=true",
];

/// The arguments of a call with [`SETTINGS`].
fn arguments(call: &str) -> Vec<String> {
    let words = call.split(' ').map(str::to_owned);
    words.chain(SETTINGS.iter().flat_map(|set| ["--set".to_owned(), (*set).to_owned()])).collect()
}

impl Folder {
    /// Starts the program, to be killed.
    fn start(&self, arguments: &[String]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_deepcross"))
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs the program to its end, and returns its exit status and its standard error.
    fn run_to_end(&self, arguments: &[String]) -> (ExitStatus, String) {
        ended(self.start(arguments))
    }
}

fn ended(child: Child) -> (ExitStatus, String) {
    let output = child.wait_with_output().unwrap();
    (output.status, String::from_utf8(output.stderr).unwrap())
}

/// Numbers that look random, from 0 to below 1, and are the same in each run of the test.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn a_run_that_is_killed_again_and_again_gives_the_same_artifact() {
    const KILLS: usize = 30;
    let folder = Folder::with_data();
    folder.write("train.csv", csv(20_000));
    let begun = std::time::Instant::now();
    let (status, stderr) = folder.run_to_end(&arguments(TRAIN));
    assert!(status.success(), "{stderr}");
    let (alone, expected) = (begun.elapsed(), folder.read("model.dcx"));

    let (mut random, mut kills, mut resumed, mut ends) = (Random(7), 0, 0, 0);
    while kills < KILLS || ends == 0 {
        let threads = 1 + (random.next() * 3.0) as usize;
        let call = format!("{TRAIN} --resume --threads {threads} --set train.checkpoint_steps=4");
        let mut child = folder.start(&arguments(&call));
        std::thread::sleep(alone.mul_f64(0.05 + 0.5 * random.next()));
        let has_ended = child.try_wait().unwrap().is_some();
        // SIGKILL: nothing of the program runs after it.
        child.kill().unwrap();
        let (status, stderr) = ended(child);
        resumed += usize::from(stderr.contains("continuing from the checkpoint"));
        if has_ended {
            assert!(status.success(), "{stderr}");
            assert!(folder.read("model.dcx") == expected, "another artifact after {kills} kills");
            assert!(!folder.path("model.dcx.checkpoint").exists());
            std::fs::remove_file(folder.path("model.dcx")).unwrap();
            ends += 1;
        } else {
            kills += 1;
        }
    }
    assert!(resumed >= KILLS / 2, "only {resumed} of {kills} killed runs were resumed ones");
    // The last kill may have left half of a file; the next run removes it.
    let (status, stderr) = folder.run_to_end(&arguments(&format!("{TRAIN} --resume")));
    assert!(status.success(), "{stderr}");
    assert!(folder.read("model.dcx") == expected, "another artifact at the end");
    let left: Vec<_> = folder.names().into_iter().filter(|name| name.ends_with(".tmp")).collect();
    assert_eq!(left, [""; 0]);
}

#[cfg(unix)]
mod signals {
    use super::*;
    use std::io::{BufRead, BufReader, Read, Write};

    fn send(signal: &str, child: &Child) {
        let status = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Reads what the program says until a line begins like this.
    fn wait_for(stderr: &mut impl BufRead, start: &str) {
        let mut line = String::new();
        while !line.starts_with(start) {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended before `{start}`");
        }
    }

    /// Interrupts a run in its second epoch by a signal; returns its exit code, and what it said after.
    fn interrupted(folder: &Folder, signal: &str) -> (Option<i32>, String) {
        let mut child = folder.start(&arguments(TRAIN));
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        wait_for(&mut stderr, " 1 ");
        send(signal, &child);
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        (child.wait().unwrap().code(), rest)
    }

    #[test]
    fn an_interrupted_run_keeps_a_checkpoint_and_can_be_continued() {
        let folder = Folder::with_data();
        folder.write("train.csv", csv(9_000));
        folder.run_to_end(&arguments(TRAIN));
        let expected = folder.read("model.dcx");
        for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
            std::fs::remove_file(folder.path("model.dcx")).unwrap();
            let (found, stderr) = interrupted(&folder, signal);
            assert_eq!(found, Some(code), "{stderr}");
            let line = "the checkpoint is model.dcx.checkpoint: the same call with --resume continues from it\n";
            assert!(
                stderr.contains("interrupted after step ") && stderr.ends_with(line),
                "{stderr}"
            );
            assert!(!folder.path("model.dcx").exists() && !stderr.contains("error"), "{stderr}");
            std::fs::copy(folder.path("model.dcx.checkpoint"), folder.path("copy")).unwrap();

            let (status, stderr) = folder.run_to_end(&arguments(&format!("{TRAIN} --resume")));
            assert!(
                status.success() && stderr.contains("continuing from the checkpoint of step "),
                "{stderr}"
            );
            assert!(folder.read("model.dcx") == expected, "{signal}: another artifact");
            assert!(!folder.path("model.dcx.checkpoint").exists());
            for epoch in 1..=3 {
                let row = format!("\n {epoch} ");
                let n = stderr.matches(&row).count();
                assert_eq!(n, 1, "rows of epoch {epoch} in the table: {stderr}");
            }

            let other = "train --config run.toml --data train.csv --init copy --out other.dcx";
            let (status, stderr) = folder.run_to_end(&arguments(other));
            assert!(status.success(), "another run begins from the checkpoint: {stderr}");
        }
    }

    #[test]
    fn a_second_signal_ends_a_run_at_once() {
        let folder = Folder::with_data();
        // The pipe is full and nobody reads it: the run waits at the line of its first epoch, and cannot look for signals.
        let (reader, writer) = std::io::pipe().unwrap();
        let mut full = writer.try_clone().unwrap();
        let fill = std::thread::spawn(move || while full.write_all(&[b' '; 512]).is_ok() {});
        let mut child = Command::new(env!("CARGO_BIN_EXE_deepcross"))
            .args(arguments(&format!("{TRAIN} --json")))
            .current_dir(folder.folder.path())
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        wait_for(&mut stderr, " 1 ");
        send("-INT", &child);
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert_eq!(child.try_wait().unwrap(), None, "the first signal waits for the next step");
        send("-TERM", &child);
        let code = child.wait().unwrap().code();
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        // If the system hands over both signals at once, either can be the second.
        assert!([Some(130), Some(143)].contains(&code), "{code:?}: {rest}");
        assert!(!rest.contains("interrupted"), "{rest}");
        assert!(!folder.path("model.dcx.checkpoint").exists(), "{rest}");
        drop(reader);
        fill.join().unwrap();
    }

    #[test]
    fn a_run_without_a_step_has_nothing_to_keep_and_ends_at_once() {
        let folder = Folder::with_data();
        // The standard input stays open, so the run waits for rows.
        let call = TRAIN.replace("train.csv", "-");
        let child = folder.start(&arguments(&call));
        // The program listens to signals once the temporary file of the input exists.
        std::thread::sleep(std::time::Duration::from_millis(500));
        send("-TERM", &child);
        let (status, stderr) = ended(child);
        assert_eq!(status.code(), Some(143), "{stderr}");
    }
}

/// A folder with the checkpoint of a run that stopped early, because its numbers were no longer finite.
fn with_checkpoint() -> Folder {
    let folder = Folder::with_data();
    folder.refuse(&failing(""), 1, "the last good checkpoint stays in `model.dcx.checkpoint`");
    folder
}

/// A call that fails, since the learning rate is much too high.
fn failing(more: &str) -> String {
    let rate =
        "--set train.optimizer=sgd --set train.learning_rate=1e15 --set train.checkpoint_steps=1";
    format!("{TRAIN} {rate}{more}")
}

#[test]
fn a_run_that_is_continued_says_the_warnings_of_its_rows_again() {
    let folder = Folder::with_data();
    let label = "label = { column = \"click\", positive = [\"1\", \"5\"], negative = [\"0\"] }";
    folder.write("run.toml", crate::CONFIG.replace("label = \"click\"", label));
    let warning = "warning: no row has the label `5`; the column `click` has `1`, `0`\n";
    for more in ["", " --resume"] {
        let said = folder.call(&failing(more)).stderr;
        assert_eq!(said.matches(warning).count(), 1, "{more}: {said}");
        assert_eq!(said.contains("continuing from the checkpoint"), !more.is_empty(), "{said}");
    }
    let said = folder.call(&failing(" --resume --strict")).stderr;
    let error = warning.replace("warning: ", "error: ");
    assert!(said.contains(&error) && !said.contains("NaN"), "{said}");
}

#[test]
fn the_last_good_checkpoint_stays_if_a_number_is_no_longer_finite() {
    let folder = with_checkpoint();
    let before = folder.read("model.dcx.checkpoint");
    let advice = "with other settings, such as a lower learning rate, rename model.dcx.checkpoint and give its new name \
                  to --init\n";
    folder.refuse(&failing(" --resume"), 1, advice);
    assert!(folder.read("model.dcx.checkpoint") == before, "another checkpoint");
}

#[test]
fn the_checkpoint_of_another_run_is_refused() {
    let folder = with_checkpoint();
    let before = folder.read("model.dcx.checkpoint");
    let message =
        "`model.dcx.checkpoint` is the checkpoint of another run: `train.batch` was 32, and is 16";
    folder.refuse(&failing(" --resume --set train.batch=16"), 2, message);
    folder.refuse(&failing(" --resume --seed 7"), 2, "`train.seed` was 1, and is 7");
    folder.write("train.csv", csv(201));
    let message = "the training file `train.csv` had ";
    folder.refuse(&failing(" --resume"), 2, message);
    assert_eq!(folder.read("model.dcx.checkpoint"), before);
    folder.write("model.dcx.checkpoint", &before[..before.len() - 1]);
    folder.refuse(&failing(" --resume"), 1, "model.dcx.checkpoint`: is cut off");
}

#[test]
fn without_resume_a_run_starts_from_the_beginning_and_says_so() {
    let folder = with_checkpoint();
    let restart = "starting from the beginning: the first checkpoint replaces model.dcx.checkpoint";
    let outcome = folder.succeed(TRAIN);
    assert!(outcome.stderr.contains(restart), "{}", outcome.stderr);
    assert!(
        !folder.path("model.dcx.checkpoint").exists(),
        "the finished run removes its own checkpoint, too"
    );
    let outcome = folder.succeed(&format!("{TRAIN} --resume"));
    let none = "there is no checkpoint model.dcx.checkpoint: starting from the beginning";
    assert!(outcome.stderr.contains(none), "{}", outcome.stderr);
}

#[test]
fn settings_of_checkpoints_do_not_change_the_model() {
    let folder = Folder::with_model();
    let plain = folder.read("model.dcx");
    folder.succeed(&format!(
        "{TRAIN} --set train.checkpoint_steps=3 --set train.checkpoint_minutes=0.001"
    ));
    assert!(folder.read("model.dcx") == plain, "another artifact");
}

#[test]
fn a_model_can_be_trained_further_on_the_rows_of_the_next_day() {
    let folder = Folder::with_model();
    let header = csv(0);
    let rows: String =
        csv(300).lines().skip(1).map(|row| row.replace("ad1,", "newad,") + "\n").collect();
    folder.write("today.csv", header + &rows);
    let today = "train --config run.toml --data today.csv --init model.dcx --out today.dcx";
    let outcome = folder.succeed(today);
    assert!(
        outcome.stderr.contains("unusual values"),
        "the new value is reported: {}",
        outcome.stderr
    );
    folder.succeed("predict --model today.dcx --data new.csv --out predictions.csv");
    let message =
        "the model to begin from has another schema: `field.ad.top` was not set, and is 3";
    folder.refuse(&format!("{today} --set field.ad.top=3"), 2, message);
    folder.refuse(&today.replace("model.dcx", "none.dcx"), 1, "none.dcx`: no such file");
    let message = "is not a deepcross artifact: it does not begin with `DEEPCROS`";
    folder.refuse(&today.replace("model.dcx", "run.toml"), 1, message);
}

#[test]
fn a_run_on_standard_input_continues_only_with_the_same_bytes() {
    let folder = with_checkpoint();
    let piped = failing(" --resume").replace("train.csv", "-");
    let same = folder.run_with_input(&piped, &folder.read("train.csv"));
    assert!(
        same.contains("continuing from the checkpoint") && !same.contains("another run"),
        "{same}"
    );
    let other = folder.run_with_input(&piped, csv(150).as_bytes());
    assert!(other.contains("the training file `-` had "), "{other}");
}

impl Folder {
    /// Checks that the call ends with the code, and that its message contains `part`.
    #[track_caller]
    fn refuse(&self, call: &str, code: i32, part: &str) {
        let outcome = self.call(call);
        assert_eq!(outcome.code, Some(code), "{call}\n{}", outcome.stderr);
        assert!(outcome.stderr.contains(part), "{call}\n{}", outcome.stderr);
    }

    /// Returns what the program says to a call with this standard input.
    fn run_with_input(&self, call: &str, input: &[u8]) -> String {
        use std::io::Write;
        let arguments: Vec<_> = call.split(' ').map(str::to_owned).collect();
        let mut child = self.start(&arguments);
        child.stdin.take().unwrap().write_all(input).unwrap();
        ended(child).1
    }
}
