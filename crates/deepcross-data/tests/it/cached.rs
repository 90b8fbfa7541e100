//! Rows from a cache are those of the text, and so are the counts and reports of a pass.
//!
//! This holds for any number of rows at a time, any number of threads, and any draw of the negative rows.

use std::path::{Path, PathBuf};

use deepcross_data::{
    BadRows, Cache, CacheWriter, DataError, Fitted, Labels, NegativeCounts, Partition, RowPlan,
    RowReader, Shuffled, Skipped, Source, fit,
};
use deepcross_features::{Batch, Counts, FieldConfig, Pooling, Schema, TimeFormat, TimePart};
use rayon::ThreadPoolBuilder;
use tempfile::TempDir;

use crate::Files;

/// Everything that a pass gives.
#[derive(Debug, PartialEq)]
pub(crate) struct Pass {
    pub(crate) batch: Batch,
    counts: Counts,
    pub(crate) skipped: Skipped,
    bad_positions: Vec<usize>,
    negatives: NegativeCounts,
}

/// Reads to the end, `rows` rows at a time; also returns the counts after each fill.
pub(crate) fn pass(
    reader: &mut RowReader<'_>,
    rows: usize,
) -> Result<(Pass, Vec<Counts>), DataError> {
    let (mut batch, mut bad_positions, mut before) = (reader.new_batch(), Vec::new(), 0);
    let mut on_the_way = Vec::new();
    loop {
        let filled = reader.fill(&mut batch, rows)?;
        bad_positions.extend(reader.bad_positions().iter().map(|position| position + before));
        before += filled + reader.bad_positions().len();
        on_the_way.push(reader.counts().clone());
        if filled < rows {
            break;
        }
    }
    let (counts, skipped) = (reader.counts().clone(), reader.skipped().clone());
    let pass = Pass { batch, counts, skipped, bad_positions, negatives: reader.negatives() };
    Ok((pass, on_the_way))
}

/// Rows for all kinds of fields, with values that are missing, unseen, rare and clipped, with weights, and with several
/// kinds of bad rows.
pub(crate) fn content(n_rows: u32, bad: impl Fn(u32) -> bool) -> Vec<u8> {
    let row = |i: u32| {
        let label = u32::from(i.is_multiple_of(3));
        let ad = if i.is_multiple_of(11) { String::new() } else { format!("ad{}", i * i % 97) };
        let number = if i.is_multiple_of(7) { String::new() } else { format!("{}", i % 50) };
        let tags: Vec<_> = (0..i % 6).map(|k| format!("t{}:{}", (i * k) % 40, 1 + k)).collect();
        let (tags, time) = (tags.join("|"), 1_600_000_000 + u64::from(i) * 700);
        match i % 4 {
            0 if bad(i) => format!("2,{ad},{number},{tags},a,{time},1\n"),
            1 if bad(i) => format!("{label},{ad},many,{tags},a,{time},1\n"),
            2 if bad(i) => format!("{label},{ad}\n"),
            3 if bad(i) => format!("{label},{ad},{number},{tags},a,{time},-1\n"),
            _ => format!("{label},{ad},{number},{tags},words of {i},{time},{}\n", 1 + i % 3),
        }
    };
    let rows: String = (0..n_rows).map(row).collect();
    format!("click,ad,number,tags,title,time,importance\n{rows}").into_bytes()
}

pub(crate) fn schema(counts: bool) -> Schema {
    let ad = FieldConfig::categorical("ad").top(60);
    let fields = vec![
        if counts { ad.counts(true) } else { ad },
        FieldConfig::number("number")
            .transform(deepcross_features::Transform::Standard)
            .clip([1.0, 40.0]),
        FieldConfig::multi_hot("tags")
            .separator('|')
            .weights(true)
            .max_length(4)
            .min_count(3)
            .pooling(Pooling::Mean),
        FieldConfig::text("title").min_count(2),
        FieldConfig::time("hour", TimePart::Hour).time_format(TimeFormat::Unix).column("time"),
        FieldConfig::cross("both", ["ad", "number"], 50),
    ];
    Schema::new(fields, vec![String::new()]).unwrap()
}

/// A cache of the rows of a partition, and the source and encoder that read them from the text.
struct World {
    source: Source,
    fitted: Fitted,
    plan: RowPlan,
    cache: Cache,
    has_history: bool,
    _folder: TempDir,
    _files: Files,
}

impl World {
    fn new(content: &[u8], order: &str, counts: bool) -> Self {
        let files = Files::one(content);
        let config = format!("label = 'click'\nweight = 'importance'\norder = '{order}'");
        let source = files.source(&config).unwrap();
        let partition = Partition::Train { valid_fraction: 0.2, seed: 5 };
        let fitted = fit(&source, &schema(counts), partition, BadRows::Skip).unwrap();
        let plan = RowPlan { labels: Labels::Required, partition, bad_rows: BadRows::Skip };
        let folder = tempfile::tempdir().unwrap();
        let reader = RowReader::new(&source, &fitted.encoder, plan).unwrap();
        let reader = reader.with_history(fitted.history.clone());
        let pool = ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let cache = pool.install(|| write(&folder.path().join("rows.dcc"), [reader]));
        Self { source, fitted, plan, cache, has_history: counts, _folder: folder, _files: files }
    }

    fn text(&self) -> RowReader<'_> {
        let reader = RowReader::new(&self.source, &self.fitted.encoder, self.plan).unwrap();
        reader.with_history(self.fitted.history.clone())
    }

    fn cached(&self) -> RowReader<'_> {
        let reader = RowReader::new(&self.source, &self.fitted.encoder, self.plan).unwrap();
        reader.with_cache(&self.cache, 0, self.has_history)
    }
}

pub(crate) fn write<const N: usize>(path: &Path, readers: [RowReader<'_>; N]) -> Cache {
    let mut writer = CacheWriter::create(path, b"a description").unwrap();
    for reader in readers {
        writer.write_part(reader).unwrap();
    }
    writer.finish().unwrap()
}

#[track_caller]
fn check(world: &World, rate: f64) {
    for threads in [1, 3] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for rows in [1, 37, 4096, 100_000] {
            let mut text = world.text().with_negative_rate(rate, 3);
            let mut cached = world.cached().with_negative_rate(rate, 3);
            for epoch in [0, 1] {
                text.set_epoch(epoch);
                cached.set_epoch(epoch);
                let expected = pool.install(|| pass(&mut text, rows)).unwrap();
                let found = pool.install(|| pass(&mut cached, rows)).unwrap();
                assert!(found.0.batch.n_rows() > 1000);
                let what = format!("{threads} threads, {rows} rows, epoch {epoch}, rate {rate}");
                assert!(found == expected, "{what}");
                text.restart().unwrap();
                cached.restart().unwrap();
            }
        }
    }
}

#[test]
fn rows_of_a_cache_are_those_of_the_text() {
    for (order, counts) in [("any", true), ("time", true), ("any", false)] {
        let spotted = content(6000, |i| i % 5 == 2);
        let world = World::new(&spotted, order, counts);
        let skipped = pass(&mut world.cached(), 1000).unwrap().0.skipped;
        assert!(skipped.rows > 300, "{skipped:?}");
        for rate in [1.0, 0.3] {
            check(&world, rate);
        }
    }
    check(&World::new(&content(5000, |_| false), "any", true), 1.0);
}

#[test]
fn shuffled_rows_are_the_same_from_a_cache() {
    let world = World::new(&content(3000, |i| i % 50 == 2), "time", true);
    let folder = tempfile::tempdir().unwrap();
    for whole in [false, true] {
        let shuffled = |reader| {
            let shuffled = Shuffled::new(reader, 300, 7, 1);
            match whole {
                true => shuffled.as_a_whole(2000, folder.path().to_owned()),
                false => shuffled,
            }
        };
        let (mut text, mut cached) = (shuffled(world.text()), shuffled(world.cached()));
        for epoch in [1, 2] {
            let all = |shuffled: &mut Shuffled<'_>| {
                let mut batch = world.fitted.encoder.new_batch();
                while shuffled.next(&mut batch, 64).unwrap() > 0 {}
                batch
            };
            assert_eq!(all(&mut text), all(&mut cached), "{whole}");
            text.restart(epoch + 1).unwrap();
            cached.restart(epoch + 1).unwrap();
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file is left");
}

#[test]
fn a_cache_is_opened_as_it_was_written() {
    let world = World::new(&content(5000, |_| false), "any", false);
    world.cache.verify().unwrap();
    let opened = Cache::open(world.cache.path()).unwrap();
    opened.verify().unwrap();
    assert_eq!(opened.about(), b"a description");
    assert_eq!((opened.n_parts(), opened.n_rows(0)), (1, world.fitted.rows));
    assert_eq!(opened.n_bytes(), std::fs::metadata(opened.path()).unwrap().len());
    let names = std::fs::read_dir(world._folder.path()).unwrap();
    let names: Vec<PathBuf> = names.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(names, [opened.path()], "nothing else is left");
}

#[test]
fn a_dropped_or_killed_writer_leaves_no_cache() {
    let world = World::new(&content(5000, |_| false), "any", false);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.dcc");
    let names = || std::fs::read_dir(folder.path()).unwrap().count();
    let mut writer = CacheWriter::create(&path, b"").unwrap();
    writer.write_part(world.text()).unwrap();
    drop(writer);
    assert_eq!(names(), 0);
    // A killed process would leave such a file.
    std::fs::write(folder.path().join(".rows.dcc.x1y2.tmp"), "half").unwrap();
    assert!(matches!(Cache::open(&path), Err(DataError::MissingFile { .. })));
    write(&path, [world.text()]);
    assert_eq!(names(), 1, "the leftover file is removed");
    let error = CacheWriter::create(&folder.path().join("none").join("x"), b"").unwrap_err();
    assert!(matches!(error, DataError::Unwritable { .. }), "{error}");
    assert!(CacheWriter::create(folder.path(), b"").is_err());
}
