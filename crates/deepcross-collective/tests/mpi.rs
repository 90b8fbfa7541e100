//! Tests of ranks over MPI: starts itself on 1, 2 and 4 ranks, by the launcher of the MPI library.
//!
//! Without arguments, this program is the test; with the name of a part, it is one of its ranks.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test without the test harness says what it did"
)]

#[path = "../src/tests/script.rs"]
mod script;

use std::env;
use std::process::{Command, ExitCode, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use deepcross_collective::{Channel, CollectiveError, Communicator, Mpi, collectives};

/// Short, so that most messages of the script have several pieces.
const LONGEST_PIECE: usize = 1_000;

/// The part of a process whose launcher belongs to another library, so that the library does not see the other ranks.
const OTHER_LAUNCHER: &str = "other-launcher";

/// The part of ranks that do not call the library for a while after an exchange.
const BUSY: &str = "busy";

/// How long they are busy.
const LONG: Duration = Duration::from_secs(2);

/// The rank that ends too early.
const CULPRIT: usize = 1;

fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        None | Some("--quiet" | "--nocapture") => all_parts(),
        Some(part) => {
            rank(part);
            ExitCode::SUCCESS
        }
    }
}

/// One rank of a part.
fn rank(part: &str) {
    if part == OTHER_LAUNCHER {
        let error = Mpi::init().expect_err("a launcher of another library");
        assert!(error.to_string().contains("has started 4 processes"), "{error}");
        return;
    }
    if part == BUSY {
        return busy();
    }
    let mpi = Mpi::with_pieces(LONGEST_PIECE).expect("the library works");
    let size = env::args().nth(2).map_or(1, |size| size.parse().expect("a number"));
    assert_eq!(mpi.rank().size(), size);
    let is_culprit = mpi.rank().rank() == CULPRIT;
    match part {
        "script" => {
            script::run(mpi.rank()).expect("all ranks take part");
            script::short(mpi.rank()).expect("all ranks take part");
            threads(mpi.rank());
            mpi.finish().expect("all messages leave");
            return;
        }
        "panic" if is_culprit => panic!("a mistake"),
        "panic-on-a-thread" if is_culprit => {
            let _ = thread::spawn(|| panic!("a mistake")).join();
        }
        "abort" if is_culprit => mpi.rank().abort("the disk is full"),
        "return" if is_culprit => return,
        "exit" if is_culprit => std::process::exit(7),
        "crash" if is_culprit => std::process::abort(),
        _ => {}
    }
    // The others wait for a message that never comes.
    let _ = collectives::barrier(mpi.rank(), Channel(0));
    let _ = mpi.rank().receive(CULPRIT, Channel(1), &mut Vec::new());
}

/// A thread that waits for a message does not keep another from sending.
fn threads(ranks: &dyn Communicator) {
    let (rank, size) = (ranks.rank(), ranks.size());
    if size == 1 {
        return;
    }
    let receive = |channel| {
        let mut message = Vec::new();
        ranks.receive((rank + size - 1) % size, channel, &mut message).map(|()| message)
    };
    let send = |channel| ranks.send((rank + 1) % size, channel, &[7; 2_000]);
    let exchange = || -> Result<_, CollectiveError> {
        thread::scope(|scope| {
            // What this thread waits for is sent only once all ranks have what the other thread sends.
            let waits = scope.spawn(|| receive(Channel(20)));
            thread::sleep(Duration::from_millis(5));
            send(Channel(21))?;
            receive(Channel(21))?;
            collectives::barrier(ranks, Channel(22))?;
            send(Channel(20))?;
            waits.join().expect("no panic")
        })
    };
    assert_eq!(exchange(), Ok(vec![7; 2_000]));
}

/// A rank that computes after an exchange does not make others wait for the rest of its message.
fn busy() {
    let mpi = Mpi::init().expect("the library works");
    let message = vec![7; 16 << 20];
    for _ in 0..3 {
        collectives::barrier(mpi.rank(), Channel(0)).expect("all ranks take part");
        let start = Instant::now();
        collectives::all_gather(mpi.rank(), Channel(1), &message, &mut Vec::new())
            .expect("all ranks take part");
        let took = start.elapsed();
        thread::sleep(LONG);
        assert!(took < LONG, "the exchange took {took:?}");
    }
    mpi.finish().expect("all messages leave");
}

fn all_parts() -> ExitCode {
    if launcher(1, "script").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("skipped: mpiexec was not found; one rank runs alone");
        rank("script");
        return ExitCode::SUCCESS;
    }
    for size in [1, 2, 4] {
        let output = run(size, "script");
        assert!(output.status.success(), "{size} ranks: {}", text(&output));
    }
    // Over a network the library sends a long message only while it is called; within a machine it may not need that.
    let output = finished(launcher(2, BUSY).env("OMPI_MCA_btl", "tcp,self"), BUSY);
    assert!(output.status.success(), "{}", text(&output));
    for (part, message) in [
        ("panic", "rank 1: panicked"),
        ("panic-on-a-thread", "rank 1: panicked"),
        ("abort", "rank 1: the disk is full"),
        ("return", "rank 1: ended before the job was done"),
        ("exit", ""),
        ("crash", ""),
    ] {
        let output = run(4, part);
        assert!(!output.status.success(), "{part}: {}", text(&output));
        let said = text(&output).lines().filter(|line| *line == message).count();
        assert!(message.is_empty() || said == 1, "{part}: {}", text(&output));
    }
    for variable in ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"] {
        let mut command = Command::new(env::current_exe().expect("this program"));
        let status = command.arg(OTHER_LAUNCHER).env(variable, "4").status();
        assert!(status.expect("starts").success(), "{variable}: another launcher is not noticed");
    }
    println!("the script on 1, 2 and 4 ranks, and ranks that end too early: ok");
    ExitCode::SUCCESS
}

/// The launcher, for any number of ranks on this machine, also for root.
fn launcher(size: usize, part: &str) -> Command {
    let mut command = Command::new(env::var_os("MPIEXEC").unwrap_or_else(|| "mpiexec".into()));
    command
        .arg("-n")
        .arg(size.to_string())
        .arg(env::current_exe().expect("this program"))
        .args([part, &size.to_string()]);
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command.env("OMPI_MCA_rmaps_base_oversubscribe", "1");
    command.env("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe");
    command.stdin(Stdio::null());
    command
}

/// Runs a part on some ranks.
fn run(size: usize, part: &str) -> Output {
    finished(&mut launcher(size, part), &format!("{part} on {size} ranks"))
}

/// Runs a command, which must end within a minute.
fn finished(command: &mut Command, name: &str) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let start = Instant::now();
    while child.try_wait().expect("the launcher can be watched").is_none() {
        if start.elapsed() > Duration::from_mins(1) {
            child.kill().expect("the launcher can be ended");
            let output = child.wait_with_output().expect("an output");
            panic!("{name} does not end: {}", text(&output));
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().expect("an output")
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}
