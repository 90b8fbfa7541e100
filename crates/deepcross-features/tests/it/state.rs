//! A stored encoder encodes like the original, and damage to it is refused or harmless.

use bincode::config::{Config, standard};
use bincode::serde::{decode_from_slice, encode_to_vec};
use deepcross_features::{Encoder, EncoderState, FeatureError};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::common::{Row, encode, fit, rows};

/// The configuration for decoding a file.
fn config() -> impl Config {
    standard().with_limit::<100_000>()
}

fn to_bytes(encoder: &Encoder) -> Vec<u8> {
    encode_to_vec(encoder.to_state(), config()).expect("a state can be encoded")
}

/// The encoder in `bytes`, if they decode at all.
fn from_bytes(bytes: &[u8]) -> Option<Result<Encoder, FeatureError>> {
    let (state, _) = decode_from_slice::<EncoderState, _>(bytes, config()).ok()?;
    Some(Encoder::from_state(state))
}

#[test]
fn a_state_without_fields_is_refused() {
    let no_fields = [0, 0];
    let message = "stored encoder: there must be at least 1 field, but there is none";
    let found = from_bytes(&no_fields).expect("it decodes").map_err(|error| error.to_string());
    assert_eq!(found.map(drop), Err(message.to_owned()));
}

/// The bytes of a stored field change only together with the version of the section that holds it.
///
/// The file changes with the fields of the common schema, too: with `DEEPCROSS_STORE=1` the test writes it first.
#[test]
fn a_stored_encoder_is_read_and_written_unchanged() {
    let training = [["0", "a|b", "x"], ["10", "a|b|é:2", "x"], ["?", "c", "e"]];
    let training = training.map(|row| row.map(str::to_owned));
    let (encoder, binding) = fit(&training);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/encoder.bin");
    if std::env::var_os("DEEPCROSS_STORE").is_some() {
        std::fs::write(file, to_bytes(&encoder)).expect("the file can be written");
    }
    let stored = std::fs::read(file).expect("the file is there");
    assert_eq!(to_bytes(&encoder), stored);
    let restored = from_bytes(&stored).expect("it decodes").expect("it is accepted");
    let later = [training.to_vec(), vec![["7", "é|d", "z"].map(str::to_owned)]].concat();
    assert_eq!(encode(&restored, &binding, &later), encode(&encoder, &binding, &later));
}

#[test]
fn repeated_and_empty_names_are_refused() {
    let bytes = to_bytes(&fit(&[]).0);
    let check = |from: &[u8], to: &[u8], message: &str| {
        let start = bytes.windows(from.len()).position(|window| window == from);
        let start = start.expect("the name is in the bytes");
        let forged = [&bytes[..start], to, &bytes[start + from.len()..]].concat();
        let found = from_bytes(&forged).expect("it decodes").map_err(|error| error.to_string());
        assert_eq!(found.map(drop), Err(message.to_owned()));
    };
    check(b"\x04mean", b"\x04list", "stored encoder: there is more than one field `list`");
    let empty = "stored encoder: a field or its column has an empty name";
    check(b"\x04mean", b"\x00", empty);
    check(b"\x04mean\x01\x04list", b"\x04mean\x01\x00", empty);
    let columns = "stored encoder: field `mean`: reads 0 columns, but must read 1";
    check(b"\x04mean\x01\x04list", b"\x04mean\x00", columns);
}

/// The bytes of a valid state, with a few of them changed.
fn damage(bytes: &[u8], flips: &[(Index, u8)]) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    for (place, bits) in flips {
        damaged[place.index(bytes.len())] ^= bits;
    }
    damaged
}

proptest! {
    #[test]
    fn a_restored_encoder_encodes_like_the_original(training in rows(), later in rows()) {
        let (encoder, binding) = fit(&training);
        let bytes = to_bytes(&encoder);
        let restored = from_bytes(&bytes).expect("it decodes").expect("it is accepted");
        prop_assert_eq!(restored.shapes(), encoder.shapes());
        prop_assert_eq!(restored.fields(), encoder.fields());
        prop_assert_eq!(to_bytes(&restored), bytes);
        let all: Vec<Row> = [training, later].concat();
        prop_assert_eq!(encode(&restored, &binding, &all), encode(&encoder, &binding, &all));
    }

    #[test]
    fn damaged_states_never_panic(
        training in rows(),
        flips in prop::collection::vec(any::<(Index, u8)>(), 1..4),
    ) {
        let (encoder, binding) = fit(&training);
        let damaged = damage(&to_bytes(&encoder), &flips);
        if let Some(Ok(accepted)) = from_bytes(&damaged) {
            let (mut batch, mut counts) = (accepted.new_batch(), accepted.new_counts());
            for row in &training {
                // With a damaged list of missing values, a missing number may be refused.
                let _ = accepted.encode(&binding, row, &mut batch, &mut counts);
            }
            prop_assert_eq!(batch.check(accepted.shapes()), Ok(()));
        }
    }
}
