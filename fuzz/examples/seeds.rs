//! Writes small valid files for each target into `corpus/TARGET`, as seeds:
//!
//! `cargo run --release --manifest-path fuzz/Cargo.toml --example seeds`

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampMillisecondArray,
};
use deepcross_data::Division;
use deepcross_data::cache::CacheWriter;
use deepcross_fuzz::World;
use deepcross_model::interchange::encode_safetensors;
use deepcross_train::{Checkpoints, Next, RunOptions, train};
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

const CSV: &str = "click,weight,number,list,text,hour,id,quant,square,bucket,counted
1,1,0.5,a:2|b,Blue shoes,1471080600,x,1,2,x,y
0,0.5,-17,\"c|d,e\",\"red \"\"hat\"\"\",1471080601,y,2,1e3,y,y
1,1,,,,,,,,,
0,2,1e3,a|a|a|b,\"two
lines\",1471180600,x,9,0,z,z
";

const TSV: &str = "click\tweight\tnumber\tlist\ttext\thour\tid\n1\t1\t0.5\ta:2|b\tBlue \"shoes\t1471080600\tx\r\n\
    # no row\n0\t.5\t\t\t\t\t\n1\t1\t2\ta\tred hat\t1471080601\tx\n";

const LIBSVM: &str = "+1 qid:3 1:0.5 7:1 # first\n-1 qid:4 7:2e-1\n0\n1 2:1\n";

const LIBFFM: &str = "+1 0:3:0.5 2:7:1 # first\n-1 2:7:2e-1\n0\n1 10:2:1 2:3:-4\n";

const JSONL: &str = r#"{"click":1,"weight":1,"number":0.50,"list":["a:2","b"],"text":"Blue sho\u00e9s","hour":1471080600,"id":"x"}
{"click":0,"weight":".5","number":null,"id":true}
{"id":12345678901234567890,"click":"1","weight":2,"text":"a \"b\"\n"}
"#;

const VALUES: &str = "1\n-2.5e3\na:0.5|b|a\nBlue shoes\n1471080600\n2016-08-13T09:30:00+02:00\n2016-08-13\n16081309\n\
    ?\n\nжаба é\nnan\n1e999\n0x1p3\n1471080600123\n  x \n";

const CONFIG: &str = "[data]\nlabel = { column = 'y', positive = ['1'], negative = ['0'] }\ncolumns = ['y', 'a', 'b']\n\
    missing = ['', '?']\nquote = false\n[[field]]\nname = 'a'\nkind = 'number'\nclip = [0, 9.5]\nmissing = 'indicator'\n\
    [[field]]\nname = 'b'\nkind = 'categorical'\ntop = 10\ncounts = true\n[model]\npreset = 'paper'\nhidden = [8]\n\
    embeddings = { b = 3 }\n[train]\noptimizer = 'adam'\nlearning_rate = 1e-3\n[compare.fm]\nembedding = 4\n";

const OVERRIDES: &str = "\0train.epochs=3\nfield.a.transform=standard\nmodel.hidden=[4, 4]\n";

const ROWS: &str = r#"{"rows":[{"ad":"a1","tags":["t1",2],"age":1.50,"query":"r\u00e9d shoes"},{"price":null,"hour":"1471080600","site":true}]}"#;

const COLUMNS: &str =
    r#"{"columns":{"age":[1,"2"],"tags":[["t1"],null],"site":["\ud83d\ude00","s"]}}"#;

const RANK: &str = r#"{"shared":{"query":"red","hour":1471080600},"candidates":[{"ad":"a1"},{"ad":"a2","query":"own"},{}],"order":"input","top":2}"#;

fn main() -> io::Result<()> {
    let corpus = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"));
    let criteo = criteo();
    let texts: [(&str, &[&str]); 13] = [
        ("csv", &[CSV]),
        ("tsv", &[TSV]),
        ("criteo", &[&criteo]),
        ("libsvm", &[LIBSVM]),
        ("libffm", &[LIBFFM]),
        ("jsonl", &[JSONL]),
        ("infer", &[CSV, TSV, LIBSVM, LIBFFM, JSONL, &criteo]),
        ("values", &[VALUES]),
        ("config", &[CONFIG, &format!("{CONFIG}{OVERRIDES}")]),
        ("score_json", &[ROWS, COLUMNS]),
        ("score_csv", &["ad,tags,age,other\na1,t1:2|t2,\"3\",x\n,,,\n"]),
        ("rank", &[RANK]),
        ("gzip", &[CSV]),
    ];
    for (target, seeds) in texts {
        for (number, seed) in seeds.iter().enumerate() {
            put(&corpus, target, &number.to_string(), seed.as_bytes())?;
        }
    }
    put(&corpus, "gzip", "members", &gzip(CSV.as_bytes())?)?;
    put(&corpus, "zstd", "plain", CSV.as_bytes())?;
    put(&corpus, "zstd", "frame", &zstd::encode_all(CSV.as_bytes(), 1)?)?;
    let codecs = [
        ("plain", Compression::UNCOMPRESSED),
        ("snappy", Compression::SNAPPY),
        ("zstd", Compression::ZSTD(ZstdLevel::default())),
    ];
    for (name, codec) in codecs {
        put(&corpus, "parquet", name, &parquet(codec))?;
    }
    weights(&corpus)
}

fn put(corpus: &Path, target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = corpus.join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("seed-{name}")), bytes)
}

fn criteo() -> String {
    let row = |n: usize| {
        let numbers = (1..=13).map(|i| if i == n { String::new() } else { (n * i).to_string() });
        let categories = (1..=26).map(|i| format!("{:08x}", n * 77_777_777 * i % 5));
        let fields: Vec<_> = numbers.chain(categories).collect();
        format!("{}\t{}\n", n % 2, fields.join("\t"))
    };
    (0..2).map(row).collect()
}

/// Compresses bytes as gzip, in two members.
fn gzip(text: &[u8]) -> io::Result<Vec<u8>> {
    let (first, second) = text.split_at(text.len() / 2);
    let member = |part: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut encoder, part).and_then(|()| encoder.finish())
    };
    Ok([member(first)?, member(second)?].concat())
}

/// A Parquet file of nine rows of several types, in two row groups.
fn parquet(compression: Compression) -> Vec<u8> {
    let n = 0..9_i64;
    let mut list = ListBuilder::new(StringBuilder::new());
    n.clone().for_each(|i| list.append_value((0..i % 3).map(|k| Some(format!("t{k}")))));
    let prices = Decimal128Array::from_iter_values(n.clone().map(i128::from));
    let columns: [(&str, ArrayRef); 8] = [
        ("click", Arc::new(n.clone().map(|i| Some(i % 2 == 0)).collect::<BooleanArray>())),
        (
            "id",
            Arc::new(
                n.clone().map(|i| (i > 2).then(|| format!("a{}", i % 4))).collect::<StringArray>(),
            ),
        ),
        ("list", Arc::new(list.finish())),
        ("number", Arc::new(n.clone().map(|i| Some(i as f32)).collect::<Float32Array>())),
        ("number2", Arc::new(n.clone().map(|i| Some(i as f64 / 7.0)).collect::<Float64Array>())),
        ("square", Arc::new(n.clone().map(|i| (i != 5).then_some(i * i)).collect::<Int64Array>())),
        ("quant", Arc::new(prices.with_precision_and_scale(9, 2).expect("a decimal"))),
        (
            "hour",
            Arc::new(n.map(|i| Some(1_709_209_800_000 + i)).collect::<TimestampMillisecondArray>()),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(7))
        .build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("memory takes all bytes");
    writer.into_inner().expect("memory takes all bytes")
}

/// Writes the model in all of its file formats, and its encoded rows.
fn weights(corpus: &Path) -> io::Result<()> {
    let (world, folder) = (World::get(), tempfile::tempdir()?);
    let path = |name: &str| folder.path().join(name);
    let fail = |error: &dyn std::error::Error| io::Error::other(error.to_string());
    let (model, checkpoint, cache) = (path("model"), path("checkpoint"), path("cache"));
    world.trained.save(&model).map_err(|error| fail(&error))?;
    let checkpoints = Checkpoints::new(&checkpoint).ask(|_| Next::Stop);
    let options = RunOptions { checkpoints: Some(checkpoints), ..RunOptions::on_threads(1) };
    // The run ends with the error that it was stopped.
    let _ = train(&world.config, &world.files(), options, &mut |_| {});
    let mut writer = CacheWriter::create(&cache, b"about").map_err(|error| fail(&error))?;
    let division = Division::by_row(0.3, 1);
    writer.write_split_part(world.reader(), division).map_err(|error| fail(&error))?;
    writer.write_part(world.reader()).map_err(|error| fail(&error))?;
    writer.finish().map_err(|error| fail(&error))?;
    put(corpus, "artifact", "model", &fs::read(&model)?)?;
    put(corpus, "checkpoint", "model", &fs::read(&model)?)?;
    put(corpus, "checkpoint", "step", &fs::read(&checkpoint)?)?;
    put(corpus, "cache", "rows", &fs::read(&cache)?)?;
    let weights = encode_safetensors(&[&world.trained.params]).map_err(|error| fail(&error))?;
    put(corpus, "safetensors", "model", &weights)
}
