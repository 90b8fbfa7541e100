//! One seed gives one model file, whatever instructions the processor has.

use std::process::Output;

use crate::Folder;
use xxhash_rust::xxh3::xxh3_64;

/// Fields of all kinds that have their own arithmetic, in batches whose last one is not full.
const CONFIG: &str = r#"[data]
label = "click"

[[field]]
name = "query"
kind = "multi-hot"
separator = " "

[[field]]
name = "user"
kind = "categorical"
counts = true

[[field]]
name = "age"
kind = "number"
transform = "log1p"

[[field]]
name = "price"
kind = "number"

[train]
epochs = 2
batch = 128
"#;

/// Checksums of the model files of the first [`MODELS`]: the same on every processor and every system.
///
/// A change of the arithmetic or of the stored form changes them, and the changelog says so.
const CHECKSUMS: [u64; 3] = [0x0b4c_4462_3eec_2c89, 0x09a0_cb23_35dd_fd38, 0x02a9_96b5_289a_fec5];

/// Keys of every kind of model, and of what has arithmetic of its own.
const MODELS: [&str; 12] = [
    "--set model.hidden=[24,17]",
    "--set model.hidden=[24] --set model.batch_norm=true --set train.clip_norm=0.5",
    "--set model.kind=mlp --set model.hidden=[24] --set model.activation='tanh' --set model.embedding_dropout=0.2",
    "--set model.hidden=[24] --set train.schedule=cosine --set train.optimizer=adagrad",
    "--set model.kind=deep-crossing-plain --set model.hidden=[24]",
    "--set model.kind=mlp --set model.hidden=[24,8]",
    "--set model.kind=lr --set train.optimizer=ftrl",
    "--set model.kind=fm",
    "--set model.kind=ffm",
    "--set model.kind=deepfm --set model.hidden=[24]",
    "--set model.kind=dcn-v2 --set model.hidden=[24]",
    "--set model.kind=mlp --set model.hidden=[24,8] --set model.batch_norm=true --set model.dropout=0.1",
];

fn train(folder: &Folder, instructions: &str, keys: &str, out: &str) -> Output {
    let call = format!("train --config run.toml --data train.tsv --out {out} {keys}");
    let mut program = folder.program();
    program.env("DEEPCROSS_INSTRUCTIONS", instructions).args(call.split(' '));
    program.output().unwrap()
}

#[test]
fn all_instructions_write_the_same_model_file() {
    let folder = Folder::new();
    folder.write("run.toml", CONFIG);
    folder.succeed("simulate --rows 700 --out train.tsv");
    let mut used = Vec::new();
    for keys in MODELS {
        let plain = train(&folder, "plain", keys, "plain.dcx");
        assert!(plain.status.success(), "{keys}: {}", String::from_utf8_lossy(&plain.stderr));
        for instructions in ["avx2", "avx512", "neon"] {
            let output = train(&folder, instructions, keys, "other.dcx");
            if output.status.success() {
                let same = folder.read("plain.dcx") == folder.read("other.dcx");
                assert!(same, "{keys}: {instructions} and plain loops write two files");
                used.push(instructions);
                continue;
            }
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(error.contains("expected instructions of this processor"), "{error}");
            assert_eq!(output.status.code(), Some(2), "{error}");
        }
    }
    if cfg!(target_arch = "x86_64") && is_x86_64_feature_usual() {
        assert!(used.contains(&"avx2"), "{used:?}");
    }
}

#[test]
fn another_processor_wrote_the_same_model_files() {
    let folder = Folder::new();
    folder.write("run.toml", CONFIG);
    folder.succeed("simulate --rows 700 --out train.tsv");
    let found = [0, 1, 2].map(|i| {
        let output = train(&folder, "", MODELS[i], "model.dcx");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        xxh3_64(&folder.read("model.dcx"))
    });
    assert_eq!(found, CHECKSUMS, "{found:#x?}");
}

#[cfg(target_arch = "x86_64")]
fn is_x86_64_feature_usual() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

#[cfg(not(target_arch = "x86_64"))]
fn is_x86_64_feature_usual() -> bool {
    false
}
