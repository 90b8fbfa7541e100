//! Tests of calls with several files: folders, parts, columns by name, and columns that folders give.

use crate::{CONFIG, Folder, csv};
use arrow_array::builder::FixedSizeBinaryBuilder;
use arrow_array::types::Float16Type;
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, Float16Array, Int32Array, RecordBatch, StringArray, StructArray,
};
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::SchemaDescriptor;
use std::sync::Arc;

/// The lines of [`csv`] with the columns `age`, `more`, `tags`, `click` and `ad`.
fn reordered(text: &str) -> String {
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [click, ad, tags, age] = fields[..] else { panic!("{line}") };
        let more = if click == "click" { "more" } else { "\"x,y\"" };
        format!("{age},{more},{tags},{click},{ad}\n")
    };
    text.lines().map(line).collect()
}

/// Writes the columns as Parquet.
fn parquet(columns: Vec<(&str, ArrayRef)>, compression: Compression) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// `n` rows of [`CONFIG`] as columns.
fn columns(n: usize) -> Vec<(&'static str, ArrayRef)> {
    let texts = |text: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new((0..n).map(|i| Some(text(i))).collect::<StringArray>())
    };
    vec![
        ("click", texts(&|i| usize::from(i % 3 == 0).to_string())),
        ("ad", texts(&|i| format!("ad{}", i % 7))),
        ("tags", texts(&|i| format!("t{}|t{}", i % 4, i % 5))),
        ("age", Arc::new(Int32Array::from_iter_values((0..n as i32).map(|i| 18 + i * 5 % 60)))),
    ]
}

#[test]
fn columns_are_found_by_name_in_every_command() {
    let folder = Folder::with_model();
    folder.write("order.csv", reordered(&csv(200)));
    folder.succeed("train --config run.toml --data order.csv --out again.dcx");
    folder.succeed("train --config run.toml --data train.csv train.csv --out twice.dcx");
    folder.succeed("train --config run.toml --data train.csv order.csv --out mixed.dcx");
    let predicted = |model: &str, data: &str| {
        folder.succeed(&format!("predict --model {model} --data {data}")).stdout
    };
    assert_eq!(predicted("mixed.dcx", "new.csv"), predicted("twice.dcx", "new.csv"));
    let both = folder.succeed("evaluate --model model.dcx --data train.csv order.csv").stdout;
    assert!(both.starts_with("400 rows, 134 positive"), "{both}");
    let once = predicted("model.dcx", "train.csv");
    let (header, rows) = once.split_once('\n').unwrap();
    let unlabelled: String =
        csv(200).lines().map(|line| format!("{}\n", line.split_once(',').unwrap().1)).collect();
    folder.write("unlabelled.csv", unlabelled);
    let thrice = predicted("model.dcx", "order.csv train.csv unlabelled.csv");
    assert_eq!(thrice, format!("{header}\n{rows}{rows}{rows}"));
    folder.write("lacking.csv", "click,ad,tags\n1,ad1,t1\n");
    for call in ["train --config run.toml --out x.dcx --data", "predict --model model.dcx --data"] {
        let outcome = folder.call(&format!("{call} train.csv lacking.csv"));
        let message = "error: `lacking.csv`: has no column `age` for field `age`";
        assert!(outcome.stderr.starts_with(message), "{}", outcome.stderr);
        assert_eq!((outcome.code, &*outcome.stdout), (Some(1), ""));
    }
    let shown = folder.succeed("describe --data train.csv order.csv lacking.csv --label click");
    let lines = "`age` is left out: lacking.csv has no such column\n\
                 `more` is left out: train.csv has no such column\n";
    assert_eq!(shown.stderr, lines);
    assert!(shown.stdout.starts_with("401 rows"), "{}", shown.stdout);
    let out = "--label click --out inferred.toml";
    folder.succeed(&format!("infer-config --data train.csv order.csv lacking.csv {out}"));
    folder.succeed(
        "train --config inferred.toml --data train.csv order.csv lacking.csv --out y.dcx --set train.epochs=1",
    );
}

#[test]
fn a_folder_stands_for_its_data_files() {
    let folder = Folder::with_model();
    let text = csv(200);
    let (header, rows) = text.split_once('\n').unwrap();
    let middle = rows.match_indices('\n').nth(79).unwrap().0 + 1;
    std::fs::create_dir_all(folder.path("parts/_temporary")).unwrap();
    folder.write("parts/part-1.csv", format!("{header}\n{}", &rows[middle..]));
    folder.write("parts/part-0.csv", format!("{header}\n{}", &rows[..middle]));
    for hidden in ["_SUCCESS", ".part-0.csv.crc", "_temporary/part-9.csv", "part-2.csv"] {
        folder.write(&format!("parts/{hidden}"), "");
    }
    folder.write("parts/notes.txt", "about these parts");
    let said = "parts: 2 files; left out: 1 empty file, `parts/notes.txt`\n";
    let trained = folder.succeed("train --config run.toml --data parts --out again.dcx");
    assert!(trained.stderr.starts_with(said), "{}", trained.stderr);
    assert!(folder.read("again.dcx") == folder.read("model.dcx"), "the artifacts differ");
    folder.succeed("train --config run.toml --data train.csv --valid parts --out valid.dcx");
    let call = "compare --config run.toml --data train.csv --test parts --models lr --seeds 1";
    assert!(folder.succeed(call).stderr.contains(said));
    let expected = folder.succeed("predict --model model.dcx --data train.csv").stdout;
    for name in ["parts", "parts/", "part*", "./parts"] {
        let predicted = folder.succeed(&format!("predict --model model.dcx --data {name}"));
        assert_eq!(predicted.stdout, expected, "{name}");
    }
    folder.write("parts/more.tsv", "click\n");
    folder.fail(
        "predict --model model.dcx --data parts",
        1,
        "`parts`: has files of several formats, such as `parts/more.tsv` and `parts/part-0.csv`; to read those of \
         one format, use a pattern such as 'parts/**/*.tsv'",
    );
    std::fs::create_dir(folder.path("none")).unwrap();
    folder.write("none/_SUCCESS", "");
    folder.fail(
        "predict --model model.dcx --data none",
        1,
        "`none`: is a folder without data files; it holds `_SUCCESS`",
    );
    folder.fail(
        "predict --model model.dcx --data trian.csv",
        1,
        "`trian.csv`: no such file, the nearest is `train.csv`",
    );
}

#[test]
fn folders_give_columns_to_training_and_prediction() {
    let folder = Folder::with_data();
    let text = csv(200);
    let (header, rows) = text.split_once('\n').unwrap();
    let lines: Vec<&str> = rows.lines().collect();
    let mut whole = format!("{header},day\n");
    for (day, lines) in ["2024-03-01", "2024-03-02"].iter().zip(lines.chunks(100)) {
        std::fs::create_dir_all(folder.path(&format!("days/day={day}"))).unwrap();
        folder.write(&format!("days/day={day}/a.csv"), format!("{header}\n{}\n", lines.join("\n")));
        whole.extend(lines.iter().map(|line| format!("{line},{day}\n")));
    }
    folder.write("whole.csv", &whole);
    folder.write("run.toml", CONFIG.replace("\"ad\"", "\"day\""));
    folder.succeed("train --config run.toml --data whole.csv --out whole.dcx");
    folder.succeed("train --config run.toml --data days --out days.dcx");
    assert!(folder.read("whole.dcx") == folder.read("days.dcx"), "the artifacts differ");
    let predict =
        |data: &str| folder.succeed(&format!("predict --model days.dcx --data {data}")).stdout;
    let expected = predict("whole.csv");
    assert_eq!(predict("days/*/*.csv"), expected);
    // A single day has its day too, however it is named.
    let last: Vec<&str> = expected.lines().skip(101).collect();
    for name in ["days/day=2024-03-02", "days/day=2024-03-02/*.csv", "days/day=2024-03-02/a.csv"] {
        assert_eq!(predict(name).lines().skip(1).collect::<Vec<_>>(), last, "{name}");
    }
    let described = folder.succeed("describe --data days --label click").stdout;
    assert!(described.contains(" day "), "{described}");
    folder.succeed("convert --data days --out converted.csv");
    assert_eq!(folder.succeed("predict --model days.dcx --data converted.csv").stdout, expected);
    let split = folder.succeed("split --data days --by order --out-dir sets");
    assert!(split.stderr.contains("warning: the files will not have the column `day`"));
    let strict = folder.call("split --data days --by order --out-dir strict --strict");
    assert_eq!(strict.code, Some(1));
    assert!(!folder.path("strict").exists());
}

#[test]
fn columns_of_other_types_are_left_alone_if_nothing_reads_them() {
    let folder = Folder::with_model();
    let n = 200;
    let inner: ArrayRef = Arc::new(Int32Array::from_iter_values(0..n));
    let user = StructArray::from(vec![(Arc::new(Field::new("a", DataType::Int32, true)), inner)]);
    let mut all = columns(n as usize);
    all.insert(1, ("user", Arc::new(user)));
    folder.write("user.parquet", parquet(all, Compression::SNAPPY));
    folder.succeed("train --config run.toml --data user.parquet --out again.dcx");
    assert!(folder.read("again.dcx") == folder.read("model.dcx"), "the artifacts differ");
    let expected = folder.succeed("predict --model model.dcx --data train.csv").stdout;
    let predicted = folder.succeed("predict --model model.dcx --data user.parquet").stdout;
    assert_eq!(predicted, expected);
    folder.succeed("evaluate --model model.dcx --data user.parquet");
    let line = "`user` is left out: values of type Struct(\"a\": Int32) are not read\n";
    let described = folder.succeed("describe --data user.parquet --label click");
    assert_eq!(described.stderr, line);
    let inferred = folder.succeed("infer-config --data user.parquet --label click --out u.toml");
    assert!(inferred.stderr.starts_with(line), "{}", inferred.stderr);
    let converted = folder.succeed("convert --data user.parquet --out plain.csv").stderr;
    let message =
        "the column `user` is not written, since values of type Struct(\"a\": Int32) are not read";
    assert!(converted.starts_with(&format!("warning: {message}\n")), "{converted}");
    folder.fail("convert --data user.parquet --out strict.csv --strict", 1, message);
    folder.write("run.toml", CONFIG.replace("\"ad\"", "\"user\""));
    folder.fail(
        "train --config run.toml --data user.parquet --out x.dcx",
        1,
        "`user.parquet`: column `user` for field `user` is of type Struct(\"a\": Int32), expected whole numbers, \
         floating-point numbers, decimals, booleans, text, UUIDs, dates, times, or lists of these",
    );
}

#[test]
fn halves_and_uuids_are_read_as_their_texts() {
    let folder = Folder::new();
    type Half = <Float16Type as ArrowPrimitiveType>::Native;
    let halves = [0.1, -65504.0, 0.333, 1.0, 5.96e-8, 0.0];
    let mut ids = FixedSizeBinaryBuilder::new(16);
    let mut bytes = FixedSizeBinaryBuilder::new(2);
    for id in 0..halves.len() as u8 {
        ids.append_value(std::array::from_fn::<u8, 16, _>(|at| id + 16 * at as u8)).unwrap();
        bytes.append_value([b'a' + id, b'z']).unwrap();
    }
    let ids: ArrayRef = Arc::new(ids.finish());
    let half: ArrayRef = Arc::new(Float16Array::from_iter_values(halves.map(Half::from_f32)));
    let bytes: ArrayRef = Arc::new(bytes.finish());
    let batch =
        RecordBatch::try_from_iter([("half", half), ("bytes", bytes), ("id", ids)]).unwrap();
    let types = "message rows {
        REQUIRED FIXED_LEN_BYTE_ARRAY (2) half (FLOAT16);
        REQUIRED FIXED_LEN_BYTE_ARRAY (2) bytes;
        REQUIRED FIXED_LEN_BYTE_ARRAY (16) id (UUID);
    }";
    let types = SchemaDescriptor::new(Arc::new(parse_message_type(types).unwrap()));
    let options = ArrowWriterOptions::new().with_parquet_schema(types);
    let mut writer =
        ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    folder.write("x.parquet", writer.into_inner().unwrap());
    folder.succeed("convert --data x.parquet --out x.csv");
    let text = folder.text("x.csv");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let column = |at: usize| rows.iter().map(|row| row[at]).collect::<Vec<_>>();
    assert_eq!(column(0), ["half", "0.1", "-65500", "0.333", "1", "0.00000006", "0"]);
    assert_eq!(column(1)[..3], ["bytes", "az", "bz"]);
    assert_eq!(column(2)[2], "01112131-4151-6171-8191-a1b1c1d1e1f1");
}

#[test]
fn a_compression_that_is_not_read_is_named() {
    let folder = Folder::with_model();
    let mut bytes = parquet(columns(20), Compression::UNCOMPRESSED);
    // The codec of a column chunk, field 4 of its metadata, is 4 for Brotli: the library cannot write it.
    let footer = bytes.len() - 8;
    let length = u32::from_le_bytes(bytes[footer..footer + 4].try_into().unwrap()) as usize;
    let name = b"\x19\x18\x05click";
    let at = footer - length;
    let found = bytes[at..footer].windows(name.len()).rposition(|part| part == name);
    let codec = at + found.unwrap() + name.len();
    assert_eq!(bytes[codec..codec + 2], [0x15, 0]);
    bytes[codec + 1] = 8;
    folder.write("brotli.parquet", bytes);
    folder.fail(
        "predict --model model.dcx --data brotli.parquet",
        1,
        "`brotli.parquet`: cannot be read as Parquet: row group 1 has the column `click` compressed by Brotli, which \
         is not read; write the file with Zstandard, Snappy, gzip, LZ4 or no compression",
    );
}

#[cfg(unix)]
#[test]
fn names_of_files_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::with_model();
    std::fs::create_dir(folder.path("logs")).unwrap();
    folder.write("logs/a.csv", csv(20));
    let odd = OsStr::from_bytes(b"logs/caf\xe9.csv");
    std::fs::write(folder.folder.path().join(odd), csv(20)).unwrap();
    let expected = folder.succeed("predict --model model.dcx --data new.csv").stdout;
    let twice = folder.succeed("predict --model model.dcx --data logs/*.csv").stdout;
    assert_eq!(twice.lines().count(), 2 * expected.lines().count() - 1);
    let output = folder
        .program()
        .args(["predict", "--model", "model.dcx", "--data"])
        .arg(odd)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    folder.succeed("predict --model model.dcx --data logs/caf?.csv");
}

#[test]
fn names_of_fields_may_have_dots_and_equals_signs() {
    let folder = Folder::new();
    let named = |text: &str| text.replace("\"ad\"", "\"a.d=1\"");
    folder.write("run.toml", named(CONFIG));
    folder.write("train.csv", csv(200).replacen("ad", "a.d=1", 1));
    let train = "train --config run.toml --data train.csv --out model.dcx --set";
    folder.succeed(&format!("{train} field.\"a.d=1\".top=3"));
    let shown = folder.succeed("inspect --model model.dcx --neighbours a.d=1=ad1").stdout;
    assert!(shown.starts_with("a.d=1 = ad1"), "{shown}");
    folder.succeed("inspect --model model.dcx --neighbours \"a.d=1\"=ad1");
    let outcome = folder.call(&format!("{train} field.a.d.top=3"));
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("--set 'field.\"a.b\".top=10'"), "{}", outcome.stderr);
}

#[test]
fn folders_that_the_call_names_give_the_label_and_the_weight() {
    let folder = Folder::with_data();
    let weighted = crate::CONFIG.replace("\"click\"\n", "\"click\"\nweight = \"w\"\n");
    folder.write("weighted.toml", weighted);
    let text = csv(200);
    let rows = |class: &'static str| text.lines().skip(1).filter(move |row| row.starts_with(class));
    let mut whole = "click,ad,tags,age,w\n".to_owned();
    for (class, name) in [("0", "click=0/w=2"), ("1", "click=1/w=1")] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
        let without = rows(class).map(|row| format!("{}\n", &row[2..])).collect::<String>();
        folder.write(&format!("{name}/a.csv"), format!("ad,tags,age\n{without}"));
        let weight = if class == "0" { 2 } else { 1 };
        rows(class).for_each(|row| whole += &format!("{row},{weight}\n"));
    }
    folder.write("whole.csv", whole);
    let files = "click=0/w=2/a.csv click=1/w=1/a.csv";
    folder.succeed("train --config weighted.toml --data whole.csv --out whole.dcx");
    folder.succeed(&format!("train --config weighted.toml --data {files} --out parts.dcx"));
    assert!(folder.read("whole.dcx") == folder.read("parts.dcx"), "the artifacts differ");
    let by = "--set train.valid_by=field:w --out x.dcx";
    let refused = folder.call(&format!("train --config run.toml --data {files} {by}"));
    let expected = "is given by a folder that the call names itself, which gives columns to fields, the label \
                    and the weight alone; name the folder above it";
    assert!(refused.code == Some(1) && refused.stderr.contains(expected), "{}", refused.stderr);
}
