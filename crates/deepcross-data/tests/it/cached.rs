//! Rows from a cache are those of the text, and so are the counts and reports of a pass.
//!
//! This holds for any number of rows at a time, any number of threads, and any draw of the negative rows.

use std::path::{Path, PathBuf};

use deepcross_data::cache::{Cache, CacheWriter, CachedRows};
use deepcross_data::{
    BadRows, DataError, Division, Fitted, Labels, NegativeCounts, Partition, RowPlan, RowReader,
    Shuffled, Side, Skipped, Source, fit,
};
use deepcross_features::fields::{Pooling, TimeFormat, TimePart};
use deepcross_features::{Batch, Counts, FieldConfig, Schema};
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
    let pair = FieldConfig::cross("pair", ["ad", "time"]).min_count(2);
    let fields = vec![
        if counts { ad.counts(true) } else { ad },
        FieldConfig::number("number")
            .transform(deepcross_features::fields::Transform::Standard)
            .clip([1.0, 40.0]),
        FieldConfig::multi_hot("tags")
            .separator('|')
            .weights(true)
            .max_length(4)
            .min_count(3)
            .pooling(Pooling::Mean),
        FieldConfig::text("title").min_count(2),
        FieldConfig::time("hour", TimePart::Hour).time_format(TimeFormat::Unix).column("time"),
        FieldConfig::cross("both", ["ad", "number"]).buckets(50).counts(counts),
        if counts { pair.counts(true).smoothing([1.0, 9.0]) } else { pair },
    ];
    Schema::new(fields, vec![String::new()]).unwrap()
}

/// A cache of all rows, of which a fifth is held out, and the source and encoder that read them from the text.
struct World {
    source: Source,
    fitted: Fitted,
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
        let fitted = fit(&source, &schema(counts), train(), BadRows::Skip).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let reader = RowReader::new(&source, &fitted.encoder, plan(Partition::All)).unwrap();
        let reader = reader.with_history(fitted.history.clone());
        let pool = ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let path = folder.path().join("rows.dcc");
        let cache = pool.install(|| {
            let mut writer = CacheWriter::create(&path, b"a description").unwrap();
            writer.write_split_part(reader, division()).unwrap();
            writer.finish().unwrap()
        });
        Self { source, fitted, cache, has_history: counts, _folder: folder, _files: files }
    }

    fn reader(&self, partition: Partition) -> RowReader<'_> {
        RowReader::new(&self.source, &self.fitted.encoder, plan(partition)).unwrap()
    }

    /// The reader of the text for the rows of a side.
    fn text_of(&self, side: Side) -> RowReader<'_> {
        match side {
            Side::Train => self.reader(train()).with_history(self.fitted.history.clone()),
            Side::Valid => self.reader(Partition::Valid(division())),
        }
    }

    /// The reader of these rows of the cache.
    fn cached_rows(&self, rows: CachedRows, side: Side) -> RowReader<'_> {
        let has_history = self.has_history && side == Side::Train;
        RowReader::of_cache(&self.fitted.encoder, rows, has_history)
    }

    fn cached_of(&self, side: Side) -> RowReader<'_> {
        self.cached_rows(self.cache.rows(0).side(side), side)
    }

    fn text(&self) -> RowReader<'_> {
        self.text_of(Side::Train)
    }

    fn cached(&self) -> RowReader<'_> {
        self.cached_of(Side::Train)
    }
}

fn division() -> Division {
    Division::by_row(0.2, 5)
}

fn train() -> Partition {
    Partition::Train(division())
}

fn plan(partition: Partition) -> RowPlan {
    RowPlan { labels: Labels::Required, partition, bad_rows: BadRows::Skip }
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
        let sides = [Side::Train, Side::Valid];
        for (rows, side) in [1, 37, 4096, 100_000].into_iter().flat_map(|n| sides.map(|s| (n, s))) {
            let mut text = world.text_of(side).with_negative_rate(rate, 3);
            let mut cached = world.cached_of(side).with_negative_rate(rate, 3);
            for epoch in [0, 1] {
                text.set_epoch(epoch);
                cached.set_epoch(epoch);
                let expected = pool.install(|| pass(&mut text, rows)).unwrap();
                let found = pool.install(|| pass(&mut cached, rows)).unwrap();
                assert!(found.0.batch.n_rows() > 300);
                let what =
                    format!("{threads} threads, {rows} rows, epoch {epoch}, rate {rate}, {side:?}");
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

/// The passes over ranges that follow each other, put together; each reader draws the negative rows of an epoch.
fn pass_in_ranges(world: &World, side: Option<Side>, cuts: &[u64], rate: f64) -> Pass {
    let mut ends = cuts.to_vec();
    ends.extend([0, world.cache.rows(0).n_rows_of_part()]);
    ends.sort_unstable();
    let passes = ends.windows(2).map(|ends| {
        let rows = world.cache.rows(0).range(ends[0]..ends[1]);
        let rows = side.map_or(rows.clone(), |side| rows.side(side));
        let mut reader = world.cached_rows(rows, side.unwrap_or(Side::Train));
        reader = reader.with_negative_rate(rate, 3);
        reader.set_epoch(2);
        pass(&mut reader, 1000).unwrap().0
    });
    let shapes = world.fitted.encoder.shapes();
    let mut all = Pass {
        batch: world.fitted.encoder.new_batch(),
        counts: Counts::new(shapes),
        skipped: Skipped::default(),
        bad_positions: Vec::new(),
        negatives: NegativeCounts::default(),
    };
    for found in passes {
        let before = all.batch.n_rows() + all.bad_positions.len();
        all.bad_positions.extend(found.bad_positions.iter().map(|position| before + position));
        all.batch.append(&found.batch, 0..found.batch.n_rows());
        all.counts.merge(&found.counts);
        all.skipped.rows += found.skipped.rows;
        all.skipped.first.extend(found.skipped.first);
        all.skipped.first.truncate(5);
        all.negatives.met += found.negatives.met;
        all.negatives.kept += found.negatives.kept;
    }
    all
}

#[test]
fn ranges_of_any_cut_give_the_rows_of_a_whole_pass() {
    for counts in [true, false] {
        let world = World::new(&content(11_000, |i| i % 5 == 2 || i > 10_990), "any", counts);
        let n_rows = world.cache.rows(0).n_rows_of_part();
        assert!(n_rows > 2 * 4096);
        for (side, rate) in [
            (None, 1.0),
            (Some(Side::Train), 0.3),
            (Some(Side::Valid), 0.5),
            (Some(Side::Train), 1.0),
        ] {
            let whole = pass_in_ranges(&world, side, &[], rate);
            assert!(whole.skipped.rows > 50 && whole.negatives.met > 300, "{whole:?}");
            let random =
                |seed: u64| (0..7).map(move |i| (i + seed) * 2_654_435_761 % n_rows).collect();
            let cuts =
                [vec![4096], vec![4095, 4096, 4097, 8192], vec![0, 1, 2, n_rows - 1], vec![n_rows]];
            for cuts in cuts.into_iter().chain((0..5).map(random)) {
                let found = pass_in_ranges(&world, side, &cuts, rate);
                assert!(found == whole, "{side:?}, rate {rate}, cut at {cuts:?}");
            }
        }
    }
}

#[test]
fn a_reader_of_a_range_begins_again() {
    let world = World::new(&content(6000, |i| i % 5 == 2), "any", true);
    let rows = world.cache.rows(0).side(Side::Train).range(1234..5000);
    let mut reader = world.cached_rows(rows, Side::Train).with_negative_rate(0.3, 3);
    let first = pass(&mut reader, 100).unwrap();
    reader.restart().unwrap();
    assert!(pass(&mut reader, 100).unwrap() == first);
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
    assert_eq!(
        (opened.n_parts(), opened.rows(0).n_rows_of_part(), opened.rows(1).n_rows_of_part()),
        (1, 5000, 0)
    );
    assert_eq!(opened.rows(0).side(Side::Train).n_rows_of_part(), world.fitted.rows);
    assert_eq!(opened.rows(0).side(Side::Valid).n_rows_of_part(), 5000 - world.fitted.rows);
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
