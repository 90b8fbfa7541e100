//! Checks the configuration of one field and reports all of its problems at once.

use std::fmt;

use crate::config::field_config::{FieldConfig, FieldKind, TimeFormat, single_char};
use crate::config::limits::{are_cuts, in_range, is_smoothing};
use crate::config::missing_number::MissingNumber;

/// A key, whether it is given, and the kinds for which it has a meaning.
type Key = (&'static str, bool, &'static [FieldKind]);

impl FieldConfig {
    /// All problems of the field that need no other field to be seen, a sentence each; empty if the field is valid.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.foreign_keys();
        problems.extend(self.lacking_keys());
        problems.extend(self.contradictions());
        problems.extend(self.bad_values());
        problems
    }

    fn key(&self, key: &str) -> String {
        format!("`field.{}.{key}`", self.name)
    }

    /// The keys that have a meaning for some kinds only.
    fn keys(&self) -> [Key; 23] {
        use FieldKind::{Bucketized, Categorical, Cross, MultiHot, Number, Text, Time};
        const ONE_COLUMN: &[FieldKind] = &[Categorical, MultiHot, Text, Number, Bucketized, Time];
        const VOCABULARY: &[FieldKind] = &[Categorical, MultiHot, Text, Bucketized];
        const HASH: &[FieldKind] = &[Categorical, MultiHot, Text, Cross];
        [
            ("column", self.column.is_some(), ONE_COLUMN),
            ("columns", self.columns.is_some(), &[Cross]),
            ("min_count", self.min_count.is_some(), VOCABULARY),
            ("top", self.top.is_some(), VOCABULARY),
            ("top_by", self.top_by.is_some(), VOCABULARY),
            ("buckets", self.buckets.is_some(), HASH),
            ("seed", self.seed.is_some(), HASH),
            ("counts", self.counts.is_some(), &[Categorical]),
            ("smoothing", self.smoothing.is_some(), &[Categorical]),
            ("separator", self.separator.is_some(), &[MultiHot]),
            ("pooling", self.pooling.is_some(), &[MultiHot]),
            ("weights", self.weights.is_some(), &[MultiHot]),
            ("max_length", self.max_length.is_some(), &[MultiHot]),
            ("grams", self.grams.is_some(), &[Text]),
            ("transform", self.transform.is_some(), &[Number]),
            ("clip", self.clip.is_some(), &[Number]),
            ("missing", self.missing.is_some(), &[Number]),
            ("boundaries", self.boundaries.is_some(), &[Bucketized]),
            ("quantiles", self.quantiles.is_some(), &[Bucketized]),
            ("log_square", self.log_square.is_some(), &[Bucketized]),
            ("part", self.part.is_some(), &[Time]),
            ("time_format", self.time_format.is_some(), &[Time]),
            ("utc_offset", self.utc_offset.is_some(), &[Time]),
        ]
    }

    /// Keys that have no meaning for the kind.
    fn foreign_keys(&self) -> Vec<String> {
        let keys = self.keys();
        let foreign = keys.iter().filter(|(_, given, kinds)| *given && !kinds.contains(&self.kind));
        foreign
            .map(|(key, _, kinds)| {
                let (key, kind, kinds) = (self.key(key), self.kind, listed(kinds));
                format!("{key}: has no meaning for kind `{kind}`, only for {kinds}")
            })
            .collect()
    }

    /// Missing keys that the kind needs.
    fn lacking_keys(&self) -> Vec<String> {
        let lacking: &[(&str, bool, &str)] = match self.kind {
            FieldKind::Bucketized => {
                let rules = [
                    self.boundaries.is_some(),
                    self.quantiles.is_some(),
                    self.log_square == Some(true),
                ];
                let one_of =
                    "needs exactly one of `boundaries`, `quantiles` and `log_square = true`";
                &[("kind", rules.iter().filter(|given| **given).count() != 1, one_of)]
            }
            FieldKind::Time => {
                &[("part", self.part.is_none(), "must be given, as \"hour\" or \"weekday\"")]
            }
            FieldKind::Cross => &[
                ("columns", self.columns.is_none(), "must be given, as two names"),
                ("buckets", self.buckets.is_none(), "must be given, from 1 to 4294967294"),
            ],
            _ => &[],
        };
        let lacking = lacking.iter().filter(|(_, lacks, _)| *lacks);
        lacking.map(|(key, _, problem)| format!("{}: {problem}", self.key(key))).collect()
    }

    /// Keys that contradict each other.
    fn contradictions(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let vocabulary = [
            ("min_count", self.min_count.is_some()),
            ("top", self.top.is_some()),
            ("top_by", self.top_by.is_some()),
        ];
        let vocabulary = vocabulary.iter().filter(|(_, given)| *given).map(|(key, _)| key);
        if let Some(buckets) = self.buckets {
            problems.extend(vocabulary.map(|key| {
                let key = self.key(key);
                format!(
                    "{key}: contradicts `buckets = {buckets}`, since hashing keeps no vocabulary"
                )
            }));
        } else if self.kind == FieldKind::Bucketized && self.log_square != Some(true) {
            let only = "has a meaning only with `log_square = true`";
            problems.extend(vocabulary.map(|key| format!("{}: {only}", self.key(key))));
        } else if let (Some(by), None) = (self.top_by, self.top) {
            let key = self.key("top_by");
            problems.push(format!("{key}: has no meaning without `top`, but is \"{by}\""));
        }
        if let (Some(seed), None) = (self.seed, self.buckets) {
            let key = self.key("seed");
            problems.push(format!("{key}: has no meaning without `buckets`, but is {seed}"));
        }
        if let (Some(smoothing), None | Some(false)) = (self.smoothing, self.counts) {
            let key = self.key("smoothing");
            problems
                .push(format!("{key}: has no meaning without `counts = true`, but is {smoothing}"));
        }
        if self.utc_offset.is_some() && self.time_format == Some(TimeFormat::Yymmddhh) {
            let key = self.key("utc_offset");
            let problem =
                "has no meaning with `time_format = \"yymmddhh\"`, an hour of the local clock";
            problems.push(format!("{key}: {problem}"));
        }
        problems
    }

    /// Values out of range.
    fn bad_values(&self) -> Vec<String> {
        let mut checks = Checks { field: self, problems: Vec::new() };
        checks.columns();
        checks.ids();
        checks.counts();
        checks.elements();
        checks.numbers();
        checks.problems
    }
}

/// Gathers the values that are out of range.
struct Checks<'a> {
    field: &'a FieldConfig,
    problems: Vec<String>,
}

impl Checks<'_> {
    /// Adds a problem unless `good`: `must` is the rule after the word "must", and `is` is the value.
    fn check(&mut self, key: &str, good: bool, must: &str, is: &dyn fmt::Display) {
        if !good {
            self.problems.push(format!("{}: must {must}, but is {is}", self.field.key(key)));
        }
    }

    fn columns(&mut self) {
        let FieldConfig { name, column, columns, .. } = self.field;
        self.check("name", !name.is_empty(), "not be empty", &"\"\"");
        self.check("column", column.as_deref() != Some(""), "not be empty", &"\"\"");
        if let Some(columns) = columns {
            let good = matches!(&columns[..], [a, b] if a != b && !a.is_empty() && !b.is_empty());
            let must = "be the names of two different columns";
            self.check("columns", good, must, &format!("{columns:?}"));
        }
    }

    fn ids(&mut self) {
        let FieldConfig { min_count, top, buckets, seed, .. } = *self.field;
        self.check("min_count", min_count != Some(0), "be at least 1", &0);
        self.check("top", top != Some(0), "be at least 1", &0);
        let buckets = buckets.unwrap_or(1);
        let good = (1..u32::MAX).contains(&buckets);
        self.check("buckets", good, "be from 1 to 4294967294", &buckets);
        let seed = seed.unwrap_or(0);
        self.check("seed", i64::try_from(seed).is_ok(), "be at most 9223372036854775807", &seed);
    }

    fn counts(&mut self) {
        let smoothing = self.field.smoothing.unwrap_or(1.0);
        self.check("smoothing", is_smoothing(smoothing), "be from 0.001 to 1e9", &smoothing);
    }

    fn elements(&mut self) {
        let FieldConfig { separator, weights, max_length, .. } = self.field;
        let separator = separator.as_deref().unwrap_or("|");
        let shown = format!("{separator:?}");
        self.check("separator", single_char(separator).is_some(), "be one character", &shown);
        let colon = *weights == Some(true) && separator == ":";
        self.check("separator", !colon, "not be a colon if elements have weights", &shown);
        self.check("max_length", *max_length != Some(0), "be at least 1", &0);
    }

    fn numbers(&mut self) {
        let FieldConfig { clip, missing, boundaries, quantiles, .. } = self.field;
        if let Some([low, high]) = *clip {
            let good = in_range(low) && in_range(high) && low < high;
            let must = "be two numbers within the range of f32, the lower first";
            self.check("clip", good, must, &format!("[{low}, {high}]"));
        }
        if let Some(MissingNumber::Value(value)) = *missing {
            let must = "be a finite number within the range of f32";
            self.check("missing", in_range(value), must, &value);
        }
        if let Some(boundaries) = boundaries {
            let good = !boundaries.is_empty() && are_cuts(boundaries);
            let must = "be at least one number, all within the range of f32 and ascending";
            self.check("boundaries", good, must, &format!("{boundaries:?}"));
        }
        let quantiles = quantiles.unwrap_or(2);
        self.check("quantiles", (2..=1000).contains(&quantiles), "be from 2 to 1000", &quantiles);
    }
}

/// "`a`", "`a` and `b`", "`a`, `b` and `c`".
fn listed(kinds: &[FieldKind]) -> String {
    let names: Vec<_> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &[&str] = &[];

    fn parse(toml: &str) -> FieldConfig {
        toml::from_str(toml).expect("a well-formed field")
    }

    #[track_caller]
    fn check(toml: &str, problems: &[impl AsRef<str>]) {
        let problems: Vec<_> = problems.iter().map(AsRef::as_ref).collect();
        assert_eq!(parse(toml).problems(), problems);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        check("name = \"a\"\nkind = \"categorical\"\nmin_count = 2\ntop = 5", NONE);
        check(
            "name = \"a\"\nkind = \"number\"\nseparator = \"|\"\ntop = 0",
            &[
                "`field.a.top`: has no meaning for kind `number`, only for `categorical`, `multi-hot`, `text` and `bucketized`",
                "`field.a.separator`: has no meaning for kind `number`, only for `multi-hot`",
                "`field.a.top`: must be at least 1, but is 0",
            ],
        );
        check(
            "name = \"a\"\nkind = \"multi-hot\"\nbuckets = 0\ntop = 1\nmin_count = 0\n\
             separator = \"ab\"",
            &[
                "`field.a.min_count`: contradicts `buckets = 0`, since hashing keeps no vocabulary",
                "`field.a.top`: contradicts `buckets = 0`, since hashing keeps no vocabulary",
                "`field.a.min_count`: must be at least 1, but is 0",
                "`field.a.buckets`: must be from 1 to 4294967294, but is 0",
                "`field.a.separator`: must be one character, but is \"ab\"",
            ],
        );
        check(
            "name = \"a\"\nkind = \"categorical\"\nseed = 3\ntransform = \"raw\"",
            &[
                "`field.a.transform`: has no meaning for kind `categorical`, only for `number`",
                "`field.a.seed`: has no meaning without `buckets`, but is 3",
            ],
        );
        check(
            "name = \"a\"\nkind = \"text\"\ntop_by = \"positives\"\npooling = \"mean\"",
            &[
                "`field.a.pooling`: has no meaning for kind `text`, only for `multi-hot`",
                "`field.a.top_by`: has no meaning without `top`, but is \"positives\"",
            ],
        );
        check(
            "name = \"a\"\nkind = \"multi-hot\"\nweights = true\nseparator = \":\"\n\
             max_length = 0\ntop_by = \"count\"\nbuckets = 9",
            &[
                "`field.a.top_by`: contradicts `buckets = 9`, since hashing keeps no vocabulary",
                "`field.a.separator`: must not be a colon if elements have weights, but is \":\"",
                "`field.a.max_length`: must be at least 1, but is 0",
            ],
        );
        check(
            "name = \"\"\nkind = \"number\"\ncolumn = \"\"\nmissing = inf",
            &[
                "`field..name`: must not be empty, but is \"\"",
                "`field..column`: must not be empty, but is \"\"",
                "`field..missing`: must be a finite number within the range of f32, but is inf",
            ],
        );
    }

    /// Every key except `name` and `kind`.
    const ALL_KEYS: &str = r#"column = "x"
        columns = ["x", "y"]
        min_count = 2
        top = 3
        top_by = "count"
        buckets = 4
        seed = 5
        counts = true
        smoothing = 6
        separator = ";"
        pooling = "sum"
        weights = true
        max_length = 7
        grams = "binary"
        transform = "raw"
        clip = [0, 1]
        missing = 8
        boundaries = [9]
        quantiles = 10
        log_square = true
        part = "hour"
        time_format = "unix"
        utc_offset = "+01:00""#;

    #[track_caller]
    fn check_own_keys(kind: &str, own: &[&str]) {
        let field = parse(&format!("name = \"a\"\nkind = \"{kind}\"\n{ALL_KEYS}"));
        let foreign = field.foreign_keys();
        for line in ALL_KEYS.lines() {
            let (key, _) = line.trim().split_once(" = ").expect("a key and a value");
            let start = format!("`field.a.{key}`: has no meaning for kind `{kind}`, only for ");
            let is_foreign = foreign.iter().any(|problem| problem.starts_with(&start));
            assert_eq!(is_foreign, !own.contains(&key), "{key}");
        }
    }

    #[test]
    fn each_kind_has_its_keys() {
        let ids = ["column", "min_count", "top", "top_by", "buckets", "seed"];
        let and = |keys: &[&'static str]| [&ids[..], keys].concat();
        check_own_keys("categorical", &and(&["counts", "smoothing"]));
        check_own_keys("multi-hot", &and(&["separator", "pooling", "weights", "max_length"]));
        check_own_keys("text", &and(&["grams"]));
        check_own_keys("number", &["column", "transform", "clip", "missing"]);
        let vocabulary = ["column", "min_count", "top", "top_by"];
        let buckets = ["boundaries", "quantiles", "log_square"];
        check_own_keys("bucketized", &[&vocabulary[..], &buckets].concat());
        check_own_keys("time", &["column", "part", "time_format", "utc_offset"]);
        check_own_keys("cross", &["columns", "buckets", "seed"]);
    }

    #[test]
    fn keys_that_a_kind_needs_must_be_given() {
        let one_of = "`field.a.kind`: needs exactly one of `boundaries`, `quantiles` and \
                      `log_square = true`";
        check("name = \"a\"\nkind = \"bucketized\"", &[one_of]);
        check("name = \"a\"\nkind = \"bucketized\"\nlog_square = false", &[one_of]);
        check("name = \"a\"\nkind = \"bucketized\"\nlog_square = true\ntop = 3", NONE);
        check(
            "name = \"a\"\nkind = \"bucketized\"\nquantiles = 3\nboundaries = [1]\nmin_count = 2",
            &[one_of, "`field.a.min_count`: has a meaning only with `log_square = true`"],
        );
        check(
            "name = \"a\"\nkind = \"time\"\nseed = 1",
            &[
                "`field.a.seed`: has no meaning for kind `time`, only for `categorical`, \
                 `multi-hot`, `text` and `cross`",
                "`field.a.part`: must be given, as \"hour\" or \"weekday\"",
                "`field.a.seed`: has no meaning without `buckets`, but is 1",
            ],
        );
        check(
            "name = \"a\"\nkind = \"cross\"\ncolumn = \"b\"",
            &[
                "`field.a.column`: has no meaning for kind `cross`, only for `categorical`, \
                 `multi-hot`, `text`, `number`, `bucketized` and `time`",
                "`field.a.columns`: must be given, as two names",
                "`field.a.buckets`: must be given, from 1 to 4294967294",
            ],
        );
    }

    #[test]
    fn an_offset_needs_a_time_that_it_can_shift() {
        let time = "name = \"a\"\nkind = \"time\"\npart = \"hour\"\nutc_offset = \"+01:00\"";
        for format in ["unix", "unix-ms", "date-time"] {
            check(&format!("{time}\ntime_format = \"{format}\""), NONE);
        }
        check(
            &format!("{time}\ntime_format = \"yymmddhh\""),
            &[
                "`field.a.utc_offset`: has no meaning with `time_format = \"yymmddhh\"`, an hour of \
                 the local clock",
            ],
        );
    }

    #[test]
    fn companion_counts_have_a_smoothing() {
        check("name = \"a\"\nkind = \"categorical\"\ncounts = true\nsmoothing = 2.5", NONE);
        check("name = \"a\"\nkind = \"categorical\"\nbuckets = 3\ncounts = true", NONE);
        let alone = "name = \"a\"\nkind = \"categorical\"\ncounts = false\nsmoothing = 2.5";
        check(alone, &["`field.a.smoothing`: has no meaning without `counts = true`, but is 2.5"]);
        check(
            "name = \"a\"\nkind = \"categorical\"\ncounts = true\nsmoothing = 0",
            &["`field.a.smoothing`: must be from 0.001 to 1e9, but is 0"],
        );
        check(
            "name = \"a\"\nkind = \"categorical\"\ncounts = true\nsmoothing = 2e9",
            &["`field.a.smoothing`: must be from 0.001 to 1e9, but is 2000000000"],
        );
        check(
            "name = \"a\"\nkind = \"cross\"\ncounts = true\nbuckets = 3\ncolumns = [\"x\", \"y\"]",
            &["`field.a.counts`: has no meaning for kind `cross`, only for `categorical`"],
        );
    }

    #[test]
    fn numbers_and_columns_have_their_ranges() {
        for (columns, good) in [
            (&["x", "y"][..], true),
            (&["x", "x"], false),
            (&["x"], false),
            (&["x", ""], false),
            (&["x", "y", "z"], false),
        ] {
            let problem = format!(
                "`field.a.columns`: must be the names of two different columns, but is {columns:?}"
            );
            let toml =
                format!("name = \"a\"\nkind = \"cross\"\nbuckets = 1\ncolumns = {columns:?}");
            check(&toml, if good { &[] } else { std::slice::from_ref(&problem) });
        }
        for (clip, good) in [
            ("0, 1.0", true),
            ("1, 1", false),
            ("2, 1", false),
            ("nan, 1", false),
            ("0, 1e39", false),
        ] {
            let field = parse(&format!("name = \"a\"\nkind = \"number\"\nclip = [{clip}]"));
            assert_eq!(field.problems().is_empty(), good, "{clip}");
        }
        for (boundaries, good) in
            [("1, 2.5", true), ("", false), ("1, 1", false), ("2, 1", false), ("0, inf", false)]
        {
            let toml = format!("name = \"a\"\nkind = \"bucketized\"\nboundaries = [{boundaries}]");
            assert_eq!(parse(&toml).problems().is_empty(), good, "{boundaries}");
        }
        for (quantiles, good) in [(1, false), (2, true), (1000, true), (1001, false)] {
            let problem =
                format!("`field.a.quantiles`: must be from 2 to 1000, but is {quantiles}");
            let toml = format!("name = \"a\"\nkind = \"bucketized\"\nquantiles = {quantiles}");
            check(&toml, if good { &[] } else { std::slice::from_ref(&problem) });
        }
        check(
            "name = \"a\"\nkind = \"categorical\"\nbuckets = 4294967295",
            &["`field.a.buckets`: must be from 1 to 4294967294, but is 4294967295"],
        );
        let (buckets, seed) = (Some(1), Some(1 << 63));
        let field = FieldConfig { buckets, seed, ..FieldConfig::categorical("a") };
        let problem =
            "`field.a.seed`: must be at most 9223372036854775807, but is 9223372036854775808";
        assert_eq!(field.problems(), [problem]);
        check(
            "name = \"a\"\nkind = \"number\"\nclip = [3, 2]",
            &["`field.a.clip`: must be two numbers within the range of f32, the lower first, \
               but is [3, 2]"],
        );
    }
}
