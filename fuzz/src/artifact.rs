//! Checks of files with weights: the artifact, the checkpoint, and safetensors.

use std::path::Path;

use deepcross_model::interchange::{decode_safetensors, encode_safetensors};
use deepcross_model::{Scorer, TrainedModel};
use deepcross_train::{Checkpoints, RunOptions, load_model, train};
use xxhash_rust::xxh3::xxh3_64;

use crate::file::Written;
use crate::sums::{number, put, range};
use crate::world::World;

/// Values that a field of any kind may meet; each row has the same value in all of its columns.
const VALUES: [&str; 8] = ["", "1", "a1", "t1:0.5|t2", "red shoes", "-1e9", "1471080600", "é"];

/// Checks an artifact as it is, and with corrected checksums.
pub fn artifact(bytes: &[u8]) {
    check_artifact(bytes);
    if let Some(sealed) = sealed(bytes) {
        check_artifact(&sealed);
    }
}

/// Checks that the model is the same when read, when mapped, and when stored and read again.
fn check_artifact(bytes: &[u8]) {
    let file = Written::new(bytes);
    let [read, mapped] =
        [TrainedModel::load, TrainedModel::map].map(|open| open(&file.path()).map_err(shown));
    match (read, mapped) {
        (Ok(read), Ok(mapped)) => {
            let expected = predictions(read.clone());
            assert_eq!(predictions(mapped), expected);
            assert_eq!(predictions(stored(&read)), expected);
        }
        (Err(read), Err(mapped)) => assert_eq!(read, mapped),
        (read, mapped) => panic!("{:?} but {:?}", read.map(drop), mapped.map(drop)),
    }
}

/// The message of an error, which must be fit to be shown.
fn shown(error: impl ToString) -> String {
    let message = error.to_string();
    let is_unseen = |c: char| c.is_control() && c != '\n';
    assert!(!message.contains(is_unseen), "{message:?}");
    message
}

/// The model after it was written to an artifact and read again.
fn stored(trained: &TrainedModel) -> TrainedModel {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("again.dcx");
    trained.save(&file).expect("what was read can be written");
    let again = TrainedModel::load(&file).expect("what was written can be read");
    assert_eq!(again.fingerprint().ok(), trained.fingerprint().ok());
    again
}

/// The bits of the predictions for the rows that the encoder of the model accepts.
fn predictions(trained: TrainedModel) -> Vec<u32> {
    let scorer = Scorer::new(trained);
    let header: Vec<_> = scorer.encoder().columns().into_iter().map(str::to_owned).collect();
    let Ok(binding) = scorer.encoder().bind(&header) else { return Vec::new() };
    let mut session = scorer.session();
    for value in VALUES {
        // A value that the fields do not accept is an error, and adds no row.
        let _ = scorer.push(&mut session, &binding, &vec![value; header.len()]);
    }
    scorer.score(&mut session).iter().map(|probability| probability.to_bits()).collect()
}

/// An artifact or a checkpoint with corrected checksums of the header and of the whole file.
fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let length = number(&bytes, 12, 8)?;
    let header = xxh3_64(&bytes[range(&bytes, 28, length)?]);
    put(&mut bytes, 20, header);
    let end = bytes.len().checked_sub(8)?;
    let sum = xxh3_64(&bytes[..end]);
    put(&mut bytes, end, sum);
    Some(bytes)
}

/// Checks a checkpoint as it is, and with corrected checksums.
pub fn checkpoint(bytes: &[u8]) {
    check_checkpoint(bytes);
    if let Some(sealed) = sealed(bytes) {
        check_checkpoint(&sealed);
    }
}

/// Checks that a run can begin from the model of the checkpoint, or is refused; and the same for resuming.
fn check_checkpoint(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("run.checkpoint");
    std::fs::write(&file, bytes).expect("room for the bytes");
    match load_model(&file).map_err(shown) {
        Ok(trained) => assert_eq!(predictions(stored(&trained)), predictions(trained)),
        Err(_) => return,
    }
    if bytes.starts_with(b"DEEPCKPT") {
        resume(&file);
    }
}

fn resume(file: &Path) {
    let world = World::get();
    let checkpoints = Checkpoints::new(file).resume(true);
    let options = RunOptions { checkpoints: Some(checkpoints), ..RunOptions::on_threads(1) };
    if let Err(error) = train(&world.config, &world.files(), options, &mut |_| {}) {
        shown(error);
    }
}

/// Checks weights for the layers of a model: accepted weights are finite, and the same when written and read again.
pub fn safetensors(bytes: &[u8]) {
    let like = [&World::get().trained.params];
    let members = match decode_safetensors(bytes, &like) {
        Ok(members) => members,
        Err(error) => {
            shown(error);
            return;
        }
    };
    let first = [&members[0]];
    assert_eq!((members.len(), first[0].find_non_finite()), (1, None));
    let again = encode_safetensors(&first).expect("what was read can be written");
    let again = decode_safetensors(&again, &like).expect("what was written can be read");
    assert_eq!(encode_safetensors(&[&again[0]]).ok(), encode_safetensors(&first).ok());
}
