//! Parquet: it gives the same rows as text, and refuses invalid files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, FixedSizeBinaryBuilder, Float64Builder, GenericListBuilder, Int64Builder,
    ListBuilder, NullBuilder, StringBuilder,
};
use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int32Array, RecordBatch, StringArray, StringViewArray, StructArray,
    TimestampMillisecondArray, TimestampSecondArray, UInt64Array,
};
use arrow_schema::{DataType, Field};
use deepcross_data::split::{Shares, SplitBy, Splitter};
use deepcross_data::{
    BadRows, DataConfig, DataError, Division, Input, Labels, Partition, RowPlan, RowReader, Source,
    fit,
};
use deepcross_features::fields::{TimeFormat, TimePart, UtcOffset};
use deepcross_features::{Batch, FieldConfig, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

use crate::memory::partitions;
use crate::{Files, config, read_all};

/// Writes the columns to `x.parquet`, in row groups of seven rows.
fn write(path: &Path, columns: Vec<(&str, ArrayRef)>, compression: Compression) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(7))
        .build();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties))
            .unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn written(columns: Vec<(&str, ArrayRef)>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    write(&path, columns, Compression::UNCOMPRESSED);
    (folder, path)
}

fn open(path: &Path) -> Source {
    Source::open(&[path.to_owned()], &DataConfig::default()).unwrap()
}

#[test]
fn each_type_has_the_text_of_its_values() {
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value([Some("a"), None, Some("b c")]);
    lists.append_null();
    let mut numbers = ListBuilder::new(Int64Builder::new());
    numbers.append_value([Some(7), Some(-8)]);
    numbers.append_value([]);
    let dictionary: DictionaryArray<Int32Type> = [Some("red"), None].into_iter().collect();
    let columns: Vec<(&str, ArrayRef, [&str; 2])> = vec![
        ("click", Arc::new(BooleanArray::from(vec![true, false])), ["true", "false"]),
        ("int", Arc::new(Int32Array::from(vec![Some(-3), None])), ["-3", ""]),
        ("large", Arc::new(UInt64Array::from(vec![u64::MAX, 0])), ["18446744073709551615", "0"]),
        (
            "single",
            Arc::new(Float32Array::from(vec![0.1, -1e30])),
            ["0.1", "-1000000000000000000000000000000"],
        ),
        ("double", Arc::new(Float64Array::from(vec![0.1, f64::NAN])), ["0.1", "NaN"]),
        ("text", Arc::new(StringArray::from(vec!["a,\"b\"\n", "ä"])), ["a,\"b\"", "ä"]),
        (
            "view",
            Arc::new(StringViewArray::from(vec!["", "a view of more than twelve bytes"])),
            ["", "a view of more than twelve bytes"],
        ),
        ("dictionary", Arc::new(dictionary), ["red", ""]),
        ("date", Arc::new(Date32Array::from(vec![0, 19_782])), ["1970-01-01", "2024-02-29"]),
        (
            "time",
            Arc::new(TimestampMillisecondArray::from(vec![1_709_209_800_000, 1_500])),
            ["2024-02-29T12:30:00", "1970-01-01T00:00:01.500"],
        ),
        (
            "instant",
            Arc::new(
                TimestampMillisecondArray::from(vec![1_709_209_800_000, -1])
                    .with_timezone("Asia/Tokyo"),
            ),
            ["2024-02-29T12:30:00Z", "1969-12-31T23:59:59.999Z"],
        ),
        (
            "price",
            Arc::new(Decimal128Array::from(vec![1250, -5]).with_precision_and_scale(9, 2).unwrap()),
            ["12.50", "-0.05"],
        ),
        ("tags", Arc::new(lists.finish()), ["a|b c", ""]),
        ("ids", Arc::new(numbers.finish()), ["7|-8", ""]),
    ];
    let arrays = columns.iter().map(|(name, array, _)| (*name, array.clone())).collect();
    let (_folder, path) = written(arrays);
    let source = open(&path);
    let names: Vec<_> = columns.iter().map(|(name, ..)| *name).collect();
    assert_eq!(source.header(), names);
    let rows = read_all(&source).unwrap();
    assert_eq!(rows.len(), 2);
    for (column, (name, _, expected)) in columns.iter().enumerate() {
        assert_eq!([&rows[0].1[column], &rows[1].1[column]], *expected, "{name}");
    }
}

const N: usize = 2500;

/// Rows as Parquet with typed columns, and as CSV.
fn both(compression: Compression) -> (TempDir, Source, Source) {
    let clicks = (0..N).map(|i| i % 3 == 0);
    let ads = (0..N).map(|i| (i % 11 > 0).then(|| format!("ad{}", i % 11)));
    let ages = (0..N).map(|i| i as f32 / 7.0);
    let mut tags = ListBuilder::new(StringBuilder::new());
    let mut csv = String::from("click,ad,tags,age\n");
    for i in 0..N {
        let elements: Vec<_> = (0..i % 4).map(|k| format!("t{}", (i + k) % 9)).collect();
        tags.append_value(elements.iter().map(Some));
        let ad = if i % 11 > 0 { format!("ad{}", i % 11) } else { String::new() };
        csv +=
            &format!("{},{ad},{},{}\n", u8::from(i % 3 == 0), elements.join("|"), i as f32 / 7.0);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("click", Arc::new(clicks.map(Some).collect::<BooleanArray>())),
        ("ad", Arc::new(ads.collect::<StringArray>())),
        ("tags", Arc::new(tags.finish())),
        ("age", Arc::new(ages.map(Some).collect::<Float32Array>())),
    ];
    write(&path, columns, compression);
    let text = folder.path().join("x.csv");
    std::fs::write(&text, csv).unwrap();
    let config = config("label = 'click'");
    let [parquet, csv] = [path, text].map(|path| Source::open(&[path], &config).unwrap());
    (folder, parquet, csv)
}

fn encoded(source: &Source, partition: Partition) -> (Batch, Vec<f32>) {
    let fields = vec![
        FieldConfig::categorical("ad"),
        FieldConfig::multi_hot("tags"),
        FieldConfig::number("age"),
    ];
    let schema = Schema::new(fields, vec![String::new()]).unwrap();
    let bad_rows = source.config().bad_rows;
    let fitted = fit(source, &schema, partition, bad_rows).unwrap();
    let plan = RowPlan { labels: Labels::Required, partition, bad_rows };
    let mut reader = RowReader::new(source, &fitted.encoder, plan).unwrap();
    let mut batch = reader.new_batch();
    reader.fill(&mut batch, N).unwrap();
    let labels = batch.labels().to_vec();
    (batch, labels)
}

#[test]
fn the_same_rows_as_text_are_the_same_numbers_on_any_number_of_threads() {
    let codecs = [
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for compression in codecs {
        let (_folder, parquet, csv) = both(compression);
        for partition in [Partition::All, Partition::Valid(Division::by_row(0.3, 5))] {
            let expected = encoded(&csv, partition);
            for threads in 1..=3 {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                assert_eq!(
                    pool.install(|| encoded(&parquet, partition)),
                    expected,
                    "{compression}"
                );
            }
        }
    }
}

#[test]
fn names_have_no_blanks_around_them() {
    let numbers = || -> ArrayRef { Arc::new(UInt64Array::from(vec![1])) };
    let (_folder, path) = written(vec![("\u{a0}a ", numbers()), (" b\u{feff}", numbers())]);
    assert_eq!(open(&path).header(), ["a", "b"]);
}

#[test]
fn errors_name_the_row_or_the_column() {
    let mut tags = ListBuilder::new(StringBuilder::new());
    tags.append_value([Some("a")]);
    tags.append_value([Some("b|c")]);
    let (folder, path) = written(vec![("tags", Arc::new(tags.finish()))]);
    let in_folder = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    let source = open(&path);
    let error = read_all(&source).unwrap_err();
    assert!(error.is_bad_row());
    assert_eq!(
        in_folder(error.to_string()),
        "`x.parquet`, row 2: field `tags` is `b|c`, expected a list whose elements do not contain the \
         separator `|`"
    );
    let shares = SplitBy::Order(Shares { valid: 0.0, test: 0.5 });
    let error = Splitter::new(&source, &shares, source.config().bad_rows).unwrap_err();
    assert_eq!(
        in_folder(error.to_string()),
        "`x.parquet`: is not lines of text that could be copied, but Parquet"
    );
    let inner: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let nested = StructArray::from(vec![(Arc::new(Field::new("a", DataType::Int32, true)), inner)]);
    let (_folder, path) = written(vec![("user", Arc::new(nested))]);
    let error = open(&path).column("user", "the label").unwrap_err().to_string();
    assert!(error.contains("x.parquet`: column `user` for the label is of type Struct"), "{error}");
    assert!(
        error.ends_with(
            "expected whole numbers, floating-point numbers, decimals, booleans, text, UUIDs, dates, times, \
             or lists of these"
        ),
        "{error}"
    );
    let files = Files::new(&[("x.parquet", b"a,b\n1,2\n")]);
    let error = files.message(&files.source("").unwrap_err());
    assert!(error.starts_with("`x.parquet`: cannot be read as Parquet: "), "{error}");
    let error = files.message(&files.source("columns = ['a']").unwrap_err());
    assert_eq!(error, "`data.columns`: has no meaning with the format `parquet`");
}

#[test]
fn columns_that_are_missing_or_of_a_different_kind_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    let path = |name: &str| folder.path().join(name);
    let ages: ArrayRef = Arc::new(StringArray::from(vec!["7", "old"]));
    let ads: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    let plain = Compression::UNCOMPRESSED;
    write(&path("x.parquet"), vec![("age", ages.clone()), ("ad", ads.clone())], plain);
    write(&path("y.parquet"), vec![("age", ages)], plain);
    let both = [path("x.parquet"), path("y.parquet")];
    let source = Source::open(&both, &DataConfig::default()).unwrap();
    let error = source.column("ad", "the label").unwrap_err();
    assert_eq!(in_folder(error.to_string()), "`y.parquet`: has no column `ad` for the label");
    let fitting = |name: &str, field: FieldConfig| {
        let schema = Schema::new(vec![field], Vec::new()).unwrap();
        let error = fit(&open(&path(name)), &schema, Partition::All, BadRows::Error).unwrap_err();
        in_folder(error.to_string())
    };
    assert_eq!(
        fitting("y.parquet", FieldConfig::categorical("ad")),
        "`y.parquet`: has no column `ad` for field `ad`"
    );
    assert_eq!(
        fitting("x.parquet", FieldConfig::number("age")),
        "`x.parquet`, row 2: field `age` is `old`, expected a finite number"
    );
}

/// A small file with columns of several types, in two row groups.
pub(crate) fn small() -> Vec<u8> {
    let mut tags = ListBuilder::new(StringBuilder::new());
    (0..9).for_each(|i| tags.append_value((0..i % 3).map(|k| Some(format!("t{k}")))));
    let (_folder, path) = written(vec![
        ("click", Arc::new((0..9).map(|i| Some(i % 2 == 0)).collect::<BooleanArray>())),
        (
            "ad",
            Arc::new((0..9).map(|i| (i > 2).then(|| format!("ad{i}"))).collect::<StringArray>()),
        ),
        ("tags", Arc::new(tags.finish())),
        ("age", Arc::new((0..9).map(|i| Some(i as f32)).collect::<Float32Array>())),
    ]);
    std::fs::read(path).unwrap()
}

#[test]
fn batches_in_memory_give_what_parquet_gives() {
    let n = 40;
    let users: DictionaryArray<Int32Type> =
        (0..n).map(|i| ["ann", "bob", " é "].get(i % 4).copied()).collect();
    let mut tags = ListBuilder::new(StringBuilder::new());
    for i in 0..n {
        tags.append_value([Some("a"), None, Some("b")].into_iter().take(i % 4));
    }
    let times: TimestampMillisecondArray =
        (0..n as i64).map(|i| (i % 5 > 0).then_some(1_700_000_000_000 + 3_600_007 * i)).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("click", Arc::new(BooleanArray::from_iter((0..n).map(|i| Some(i % 3 == 0))))),
        ("user", Arc::new(users)),
        ("age", Arc::new(Int32Array::from_iter((0..n as i32).map(|i| (i % 7 > 0).then_some(i))))),
        ("rate", Arc::new(Float32Array::from_iter_values((0..n).map(|i| 0.1 * i as f32)))),
        ("price", Arc::new(Float64Array::from_iter((0..n).map(|i| Some(1e-3 * i as f64))))),
        ("cents", Arc::new(Decimal128Array::from_iter((0..n as i128).map(Some)))),
        ("day", Arc::new(Date32Array::from_iter_values(0..n as i32))),
        ("time", Arc::new(times)),
        ("tags", Arc::new(tags.finish())),
    ];
    let batch = RecordBatch::try_from_iter(columns.clone()).unwrap();
    let (_folder, path) = written(columns);
    let config = config("label = 'click'\nweight = 'price'");
    let parquet = Source::open(&[path], &config).unwrap();
    let batches = [batch.slice(0, 9), batch.slice(9, 0), batch.slice(9, n - 9)];
    let memory = Source::open(Input::from_batches(&batches).unwrap(), &config).unwrap();
    assert_eq!(memory.header(), parquet.header());
    assert_eq!(read_all(&memory).unwrap(), read_all(&parquet).unwrap());

    let numbers = ["age", "rate", "price", "cents"].map(FieldConfig::number);
    let others = [FieldConfig::categorical("user"), FieldConfig::categorical("day")];
    let lists = [FieldConfig::multi_hot("tags"), FieldConfig::categorical("time")];
    let fields: Vec<_> = numbers.into_iter().chain(others).chain(lists).collect();
    let schema = Schema::new(fields, vec![String::new()]).unwrap();
    let fitted = [&memory, &parquet]
        .map(|source| fit(source, &schema, partitions()[1], BadRows::Error).unwrap());
    assert_eq!(fitted[0].encoder.to_state(), fitted[1].encoder.to_state());
    assert_eq!((fitted[0].rows, fitted[0].positives), (fitted[1].rows, fitted[1].positives));
    for partition in partitions() {
        let plan = RowPlan { labels: Labels::Required, partition, bad_rows: BadRows::Error };
        let [memory, parquet] = [&memory, &parquet].map(|source| {
            let mut reader = RowReader::new(source, &fitted[0].encoder, plan).unwrap();
            let mut batch = reader.new_batch();
            while reader.fill(&mut batch, 7).unwrap() > 0 {}
            (batch, reader.counts().clone())
        });
        assert!(memory.0.n_rows() > 5);
        assert_eq!(memory, parquet);
    }

    let other = RecordBatch::try_from_iter([("x", batch.column(0).clone())]).unwrap();
    let error = Input::from_batches(&[batch, other]).unwrap_err().to_string();
    assert_eq!(error, "`rows in memory`: the batches have different columns");
}

/// Instants have the hours of the configured clock, and local times those that are written, in every format.
#[test]
fn instants_have_the_same_hours_from_text_and_parquet() {
    let n = 50_i64;
    let at = |i: i64| 1_709_209_800 + 3_607 * i;
    let clicks =
        || -> ArrayRef { Arc::new(BooleanArray::from_iter((0..n).map(|i| Some(i % 3 == 0)))) };
    let times = || TimestampMillisecondArray::from_iter_values((0..n).map(|i| 1000 * at(i)));
    let text = |i: i64, zone: &str| {
        let second = (12 * 3600 + 30 * 60 + 3_607 * i) % 86_400;
        let day = (12 * 3600 + 30 * 60 + 3_607 * i) / 86_400;
        let date = ["2024-02-29", "2024-03-01", "2024-03-02"][day as usize];
        format!("{date}T{:02}:{:02}:{:02}{zone}", second / 3600, second / 60 % 60, second % 60)
    };
    let csv = |zone: &str| {
        let lines = (0..n).map(|i| format!("{},{}\n", u8::from(i % 3 == 0), text(i, zone)));
        format!("click,at\n{}", lines.collect::<String>())
    };
    let folder = tempfile::tempdir().unwrap();
    let config = config("label = 'click'");
    let hours = |source: &Source| {
        let [hour, day] =
            [("hour", TimePart::Hour), ("day", TimePart::Weekday)].map(|(name, part)| {
                let field = FieldConfig::time(name, part).column("at");
                field
                    .time_format(TimeFormat::DateTime)
                    .utc_offset(UtcOffset::parse("+09:00").unwrap())
            });
        let schema = Schema::new(vec![hour, day], vec![String::new()]).unwrap();
        let encoder = fit(source, &schema, Partition::All, BadRows::Error).unwrap().encoder;
        let plan = RowPlan {
            labels: Labels::Required,
            partition: Partition::All,
            bad_rows: BadRows::Error,
        };
        let mut reader = RowReader::new(source, &encoder, plan).unwrap();
        let mut batch = reader.new_batch();
        while reader.fill(&mut batch, 7).unwrap() > 0 {}
        assert_eq!(batch.n_rows(), n as usize);
        batch
    };
    let of_csv = |zone: &str| {
        let path = folder.path().join("x.csv");
        std::fs::write(&path, csv(zone)).unwrap();
        hours(&Source::open(&[path], &config).unwrap())
    };
    let of_parquet = |times: TimestampMillisecondArray| {
        let columns: Vec<(&str, ArrayRef)> = vec![("click", clicks()), ("at", Arc::new(times))];
        let batch = RecordBatch::try_from_iter(columns.clone()).unwrap();
        let (_folder, path) = written(columns);
        let parquet = hours(&Source::open(&[path], &config).unwrap());
        let memory = Input::from_batches(&[batch]).unwrap();
        assert_eq!(hours(&Source::open(memory, &config).unwrap()), parquet);
        parquet
    };
    let instants = of_csv("Z");
    assert_eq!(of_parquet(times().with_timezone("UTC")), instants);
    assert_eq!(of_parquet(times().with_timezone("Asia/Tokyo")), instants);
    let local = of_csv("");
    assert_eq!(of_parquet(times()), local);
    assert_ne!(local, instants);
    // 12:30 in UTC is 21:30 at the configured clock.
    let hour = |batch: &Batch| batch.columns()[0].clone().sparse_mut().ids()[0];
    assert_eq!((hour(&local), hour(&instants)), (13, 22));
}

#[test]
fn batches_may_have_columns_that_are_not_read() {
    let inner: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let nested = StructArray::from(vec![(Arc::new(Field::new("a", DataType::Int32, true)), inner)]);
    let nested: ArrayRef = Arc::new(nested);
    let mut id = FixedSizeBinaryBuilder::new(16);
    id.append_value([0xab; 16]).unwrap();
    let id: ArrayRef = Arc::new(id.finish());
    let mark = ["ARROW:extension:name", "arrow.uuid"].map(str::to_owned);
    let uuid = Field::new("uuid", id.data_type().clone(), true)
        .with_metadata(std::collections::HashMap::from([mark.into()]));
    let schema = arrow_schema::Schema::new(vec![
        Field::new("user", nested.data_type().clone(), true),
        uuid,
        Field::new("age", DataType::Int32, true),
    ]);
    let age: ArrayRef = Arc::new(Int32Array::from(vec![7]));
    let batch = RecordBatch::try_new(Arc::new(schema), vec![nested, id, age]).unwrap();
    let input = Input::from_batches(&[batch]).unwrap();
    let source = Source::open(input, &DataConfig::default()).unwrap();
    assert_eq!(source.header(), ["uuid", "age"]);
    let rows = read_all(&source).unwrap();
    assert_eq!(rows[0].1, ["abababab-abab-abab-abab-abababababab", "7"]);
    let unread = source.unread_columns()[0];
    assert_eq!((&*unread.name, &*unread.kind), ("user", "Struct(\"a\": Int32)"));
    let error = source.column("user", "the weight").unwrap_err().to_string();
    assert!(
        error.starts_with("`rows in memory`: column `user` for the weight is of type Struct"),
        "{error}"
    );
}

#[test]
fn batches_have_the_types_of_the_first() {
    let batch = |column: ArrayRef| RecordBatch::try_from_iter([("new", column)]).unwrap();
    let list = |is_large: bool| -> ArrayRef {
        let mut texts = GenericListBuilder::<i32, _>::new(StringBuilder::new());
        let mut large = GenericListBuilder::<i64, _>::new(StringBuilder::new())
            .with_field(Field::new("element", DataType::Utf8, false));
        texts.append_value([Some("a")]);
        large.append_value([Some("a")]);
        if is_large { Arc::new(large.finish()) } else { Arc::new(texts.finish()) }
    };
    let booleans: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["true"]));
    let few: ArrayRef = Arc::new(["a"].into_iter().collect::<DictionaryArray<Int8Type>>());
    let many: ArrayRef = Arc::new(["a"].into_iter().collect::<DictionaryArray<Int32Type>>());
    let of = |first: &ArrayRef, other: &ArrayRef| {
        let batches = [batch(first.clone()), batch(first.clone()), batch(other.clone())];
        Input::from_batches(&batches).map(|_| ()).map_err(|error| error.to_string())
    };
    let refused = |other: &str, first: &str| {
        Err(format!(
            "`rows in memory`: column `new` is of type {other} in one batch, expected {first} as in the first"
        ))
    };
    assert_eq!(of(&booleans, &texts), refused("Utf8", "Boolean"));
    assert_eq!(of(&texts, &list(false)), refused("List(Utf8)", "Utf8"));
    let zoned = |zone: &str| -> ArrayRef {
        Arc::new(TimestampSecondArray::from(vec![0]).with_timezone(zone))
    };
    let local: ArrayRef = Arc::new(TimestampSecondArray::from(vec![0]));
    assert_eq!(of(&zoned("UTC"), &zoned("Asia/Tokyo")), Ok(()));
    assert_eq!(of(&local, &zoned("UTC")), refused("Timestamp(s, \"UTC\")", "Timestamp(s)"));
    for (first, other) in
        [(&few, &many), (&many, &texts), (&texts, &few), (&list(false), &list(true))]
    {
        assert_eq!(of(first, other), Ok(()));
    }
}

#[test]
fn lists_are_trimmed_as_their_texts_are() {
    let lists = [[" a", "b\n"], ["a ", "c"], ["d", "\t"]];
    let mut tags = ListBuilder::new(StringBuilder::new());
    lists.iter().for_each(|list| tags.append_value(list.iter().copied().map(Some)));
    let clicks: ArrayRef = Arc::new(Int32Array::from(vec![1, 0, 1]));
    let batch =
        RecordBatch::try_from_iter([("click", clicks), ("tags", Arc::new(tags.finish()) as _)])
            .unwrap();
    let rows =
        [["1", " a|b\n"], ["0", "a |c"], ["1", "d|\t"]].map(|row| row.map(str::to_owned).to_vec());
    let header = ["click", "tags"].map(str::to_owned).to_vec();
    let schema = Schema::new(vec![FieldConfig::categorical("tags")], Vec::new()).unwrap();
    for (settings, values) in
        [("", ["a|b", "a |c", "d|"]), ("trim = false", [" a|b\n", "a |c", "d|\t"])]
    {
        let config = config(&format!("label = 'click'\n{settings}"));
        let lists =
            Source::open(Input::from_batches(std::slice::from_ref(&batch)).unwrap(), &config)
                .unwrap();
        let texts = Source::open(Input::from_rows(header.clone(), rows.to_vec()), &config).unwrap();
        let encoders = [&lists, &texts]
            .map(|source| fit(source, &schema, Partition::All, BadRows::Error).unwrap().encoder);
        assert_eq!(encoders[0].to_state(), encoders[1].to_state());
        let mut found: Vec<_> = (3..6).filter_map(|id| encoders[0].value(0, id)).collect();
        let mut expected = values.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        for seed in 0..40 {
            let partition = Partition::Valid(Division::by_row(0.5, seed));
            let held_out = [&lists, &texts].map(|source| {
                let plan =
                    RowPlan { labels: Labels::Required, partition, bad_rows: BadRows::Error };
                let mut reader = RowReader::new(source, &encoders[0], plan).unwrap();
                let mut batch = reader.new_batch();
                while reader.fill(&mut batch, 7).unwrap() > 0 {}
                batch
            });
            assert_eq!(held_out[0], held_out[1], "seed {seed}");
        }
    }
}

#[test]
fn a_list_is_as_long_as_its_text() {
    fn rows_of(elements: impl ArrayBuilder) -> Result<Vec<(u64, Vec<String>)>, DataError> {
        let mut list = ListBuilder::new(elements);
        list.append(true);
        let list: ArrayRef = Arc::new(list.finish());
        let batch = RecordBatch::try_from_iter([("tags", list)]).unwrap();
        let input = Input::from_batches(&[batch]).unwrap();
        read_all(&Source::open(input, &DataConfig::default()).unwrap())
    }
    let integers = |n: usize| {
        let mut elements = Int64Builder::new();
        elements.append_slice(&vec![1_000_000_000_000_000_000; n]);
        rows_of(elements)
    };
    // The longest text of a number.
    let least = -f64::MIN_POSITIVE;
    assert_eq!(least.to_string().len(), 327);
    let doubles = |n: usize| {
        let mut elements = Float64Builder::new();
        elements.append_slice(&vec![least; n]);
        rows_of(elements)
    };
    // A row has at most 16 MiB, and each number has a separator.
    let message =
        "`rows in memory`, row 1: the line is longer than 16 MiB, the longest that is read";
    let (most_integers, most_doubles) = ((16 << 20) / 20, (16 << 20) / 328);
    assert_eq!(integers(most_integers).unwrap()[0].1[0].len(), 20 * most_integers - 1);
    assert_eq!(integers(most_integers + 1).unwrap_err().to_string(), message);
    assert_eq!(doubles(most_doubles).unwrap()[0].1[0].len(), 328 * most_doubles - 1);
    assert_eq!(doubles(most_doubles + 1).unwrap_err().to_string(), message);
    // A missing element has no text.
    let mut elements = NullBuilder::new();
    elements.append_nulls(9 << 20);
    assert_eq!(rows_of(elements).unwrap()[0].1[0], "");
}
