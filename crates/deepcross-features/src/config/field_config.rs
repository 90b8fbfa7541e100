//! The configuration of one field: a `[[field]]` table of a run.

use crate::companion::companion_name;
use crate::keys::{KeyValue, Set};
use crate::kind::CompanionKeys;
use crate::kinds::FieldKind;
use crate::kinds::bins::BinsBy;
use crate::kinds::bucketized::Bucketized;
use crate::kinds::categorical::Categorical;
use crate::kinds::cross::Cross;
use crate::kinds::missing_number::MissingNumber;
use crate::kinds::multi_hot::{ListFormat, MultiHot, Pooling};
use crate::kinds::number::{Encoding, Number};
use crate::kinds::number_form::DecimalMark;
use crate::kinds::number_transform::Transform;
use crate::kinds::text::{Grams, Text};
use crate::kinds::time::{Time, TimePart};
use crate::kinds::utc_offset::UtcOffset;
use crate::kinds::vector::Vector;
use crate::lookup::vocabulary::TopBy;
use crate::problem::{Problem, listed};
use crate::raw::spelling::Spelling;
use crate::raw::value_rules::ValueRules;
use crate::smoothing::Smoothing;
use crate::times::time_format::TimeFormat;

/// One field of the model's input: the column that it reads, and the encoding of its values.
///
/// The methods that take and return `self` set one key each.
/// A key that has no meaning for the kind is a problem, which [`problems`](Self::problems) reports.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldConfig {
    /// The field's name, not empty, unique among the fields.
    pub name: String,
    /// The column to read; by default the column called `name`. A kind with the key `columns` does not have it.
    pub column: Option<String>,
    /// The raw values (after trimming) that mean "missing" in this field, besides those that do in all fields.
    pub missing_values: Option<Vec<String>>,
    /// The value that every row has outside of training, if the column is known only in training.
    pub at_prediction: Option<String>,
    /// The encoding of values, with the keys of the kind.
    pub kind: FieldKind,
    /// Keys that were given, but have no meaning for the kind.
    pub(crate) foreign: Vec<&'static str>,
}

impl FieldConfig {
    /// A field with this name that encodes the values of the column of this name.
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            name: name.into(),
            column: None,
            missing_values: None,
            at_prediction: None,
            kind,
            foreign: Vec::new(),
        }
    }

    /// A categorical field with defaults for everything else.
    pub fn categorical(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Categorical(Categorical::default()))
    }

    /// A multi-hot field with defaults for everything else.
    pub fn multi_hot(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::MultiHot(MultiHot::default()))
    }

    /// A text field with defaults for everything else.
    pub fn text(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Text(Text::default()))
    }

    /// A number field with defaults for everything else.
    pub fn number(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Number(Number::default()))
    }

    /// A bucketized field; exactly one of `boundaries`, `quantiles` and `log_square` must still be set.
    pub fn bucketized(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Bucketized(Bucketized::default()))
    }

    /// A time field whose value is `part`, with defaults for everything else.
    pub fn time(name: impl Into<String>, part: TimePart) -> Self {
        Self::new(name, FieldKind::Time(Time { part: Some(part), ..Time::default() }))
    }

    /// A field of the combinations of values of these columns, two to eight different ones, with defaults for everything
    /// else.
    pub fn cross<const N: usize>(name: impl Into<String>, columns: [&str; N]) -> Self {
        let columns = Some(columns.map(str::to_owned).to_vec());
        Self::new(name, FieldKind::Cross(Cross { columns, ..Cross::default() }))
    }

    /// A field of vectors of numbers, with defaults for everything else.
    pub fn vector(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Vector(Vector::default()))
    }

    /// Reads this column instead of the column called like the field.
    #[must_use]
    pub fn column(self, column: impl Into<String>) -> Self {
        Self { column: Some(column.into()), ..self }
    }

    /// Also takes these raw values as missing, in any spelling; by default, only those that are missing in all fields.
    #[must_use]
    pub fn missing_values(self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { missing_values: Some(values.into_iter().map(Into::into).collect()), ..self }
    }

    /// Sets the value of every row outside of training; the column is then read only in training.
    #[must_use]
    pub fn at_prediction(self, value: impl Into<String>) -> Self {
        Self { at_prediction: Some(value.into()), ..self }
    }

    /// What the field says of its raw values.
    pub(crate) fn value_rules(&self) -> ValueRules {
        let missing = self.missing_values.clone().unwrap_or_default();
        ValueRules { missing, at_prediction: self.at_prediction.clone() }
    }

    /// Categorical, cross, multi-hot, text and bucketized by `log_square`: a value that occurs fewer times than this in
    /// training is rare; at least 1, which is the default.
    #[must_use]
    pub fn min_count(self, min_count: u64) -> Self {
        self.with("min_count", min_count)
    }

    /// Categorical, cross, multi-hot, text and bucketized by `log_square`: only the first `top` values by `top_by` are
    /// kept, others are rare; at least 1, by default all are kept.
    #[must_use]
    pub fn top(self, top: usize) -> Self {
        self.with("top", top)
    }

    /// With `top`: the order of values, by count (the default) or by positive rows.
    #[must_use]
    pub fn top_by(self, top_by: TopBy) -> Self {
        self.with("top_by", top_by)
    }

    /// Categorical, multi-hot, text and cross: hashes values into this number of buckets instead of keeping a vocabulary;
    /// 1 to 2³² − 2.
    #[must_use]
    pub fn buckets(self, buckets: u32) -> Self {
        self.with("buckets", buckets)
    }

    /// With `buckets`: the seed of the hash; 0 to 2⁶³ − 1, by default 0.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.with("seed", seed)
    }

    /// Categorical and cross: whether to add a field of companion counts, named like this field with `_counts` appended;
    /// by default not.
    #[must_use]
    pub fn counts(self, counts: bool) -> Self {
        self.with("counts", counts)
    }

    /// With `counts`: the strengths of smoothing of the click rate, in clicks, a number or an array of up to eight; 0.001
    /// to 10⁹, by default 4.
    #[must_use]
    pub fn smoothing(self, smoothing: impl Into<Smoothing>) -> Self {
        self.with("smoothing", smoothing.into())
    }

    /// Categorical, multi-hot and cross: the spelling of the values; by default, it is learned.
    #[must_use]
    pub fn spelling(self, spelling: Spelling) -> Self {
        self.with("spelling", spelling)
    }

    /// Multi-hot: how a list is written; by default with separators.
    #[must_use]
    pub fn list(self, list: ListFormat) -> Self {
        self.with("list", list)
    }

    /// Multi-hot: the character between the elements of a value; by default `|`. Vector: a character that may stand between
    /// two numbers, besides blanks, `,`, `;` and `|`.
    #[must_use]
    pub fn separator(self, separator: char) -> Self {
        self.with("separator", separator.to_string())
    }

    /// Multi-hot: the pooling of the embeddings of a row's elements; by default the sum.
    #[must_use]
    pub fn pooling(self, pooling: Pooling) -> Self {
        self.with("pooling", pooling)
    }

    /// Multi-hot: whether an element may have a weight after a colon, as in `word:0.5`; by default not.
    #[must_use]
    pub fn weights(self, weights: bool) -> Self {
        self.with("weights", weights)
    }

    /// Multi-hot: the number of elements of a value that are kept, at least 1; by default all are kept.
    #[must_use]
    pub fn max_length(self, max_length: usize) -> Self {
        self.with("max_length", max_length)
    }

    /// Text: the weight of a gram that occurs several times; by default the number of times.
    #[must_use]
    pub fn grams(self, grams: Grams) -> Self {
        self.with("grams", grams)
    }

    /// Number: what becomes of the number; by default it is scaled.
    #[must_use]
    pub fn encoding(self, encoding: Encoding) -> Self {
        self.with("encoding", encoding)
    }

    /// Number, encoded piecewise-linear: the number of bins; 2 to 256, by default 64.
    #[must_use]
    pub fn bins(self, bins: u32) -> Self {
        self.with("bins", bins)
    }

    /// Number, encoded piecewise-linear: the rule for the edges of bins; by default [`BinsBy::Quantiles`].
    #[must_use]
    pub fn bins_by(self, bins_by: BinsBy) -> Self {
        self.with("bins_by", bins_by)
    }

    /// Number: the scaling; by default [`Transform::MinMax`].
    #[must_use]
    pub fn transform(self, transform: Transform) -> Self {
        self.with("transform", transform)
    }

    /// Number: a range, lower end first, into which values are moved before all else.
    #[must_use]
    pub fn clip(self, clip: [f64; 2]) -> Self {
        self.with("clip", clip)
    }

    /// Number: the replacement of a missing value; by default the mean.
    #[must_use]
    pub fn missing(self, missing: MissingNumber) -> Self {
        self.with("missing", missing)
    }

    /// Number and bucketized: the character before decimals; by default a point.
    #[must_use]
    pub fn decimal(self, decimal: DecimalMark) -> Self {
        self.with("decimal", decimal)
    }

    /// Number and bucketized: whether `%` may follow a number, so that `5%` is 5; by default not.
    #[must_use]
    pub fn percent(self, percent: bool) -> Self {
        self.with("percent", percent)
    }

    /// The field with this character before decimals, if it reads numbers and has no other one.
    #[must_use]
    pub fn or_decimal(mut self, decimal: DecimalMark) -> Self {
        match &mut self.kind {
            FieldKind::Number(Number { decimal: own, .. })
            | FieldKind::Bucketized(Bucketized { decimal: own, .. }) => {
                own.get_or_insert(decimal);
            }
            _ => {}
        }
        self
    }

    /// Bucketized: the numbers at which a new bucket begins, ascending.
    #[must_use]
    pub fn boundaries(self, boundaries: impl Into<Vec<f64>>) -> Self {
        self.with("boundaries", boundaries.into())
    }

    /// Bucketized: the number of buckets, each with equally many training values; 2 to 1000.
    #[must_use]
    pub fn quantiles(self, quantiles: u32) -> Self {
        self.with("quantiles", quantiles)
    }

    /// Bucketized: whether the bucket of x is ⌊ln(x)²⌋ for x above 2, and else x without its fraction.
    #[must_use]
    pub fn log_square(self, log_square: bool) -> Self {
        self.with("log_square", log_square)
    }

    /// Time: the form in which a time is written; by default [`TimeFormat::Unix`].
    #[must_use]
    pub fn time_format(self, time_format: TimeFormat) -> Self {
        self.with("time_format", time_format)
    }

    /// Time, except `yymmddhh`: the offset from UTC of the clock that shows the hour and the weekday; by default none.
    #[must_use]
    pub fn utc_offset(self, utc_offset: UtcOffset) -> Self {
        self.with("utc_offset", utc_offset)
    }

    /// Vector: the number of numbers, 1 to 65,536; by default, that of the first vector.
    #[must_use]
    pub fn width(self, width: u32) -> Self {
        self.with("width", width)
    }

    /// Vector: whether it is divided by its length; by default not.
    #[must_use]
    pub fn normalize(self, normalize: bool) -> Self {
        self.with("normalize", normalize)
    }

    fn with<T: KeyValue>(mut self, name: &'static str, value: T) -> Self {
        let mut set = Set { name, value: Some(value) };
        self.kind.keys(&mut set);
        self.foreign.extend(set.value.map(|_| name));
        self
    }

    /// All columns that the field reads: two or more for a cross, and one for every other kind.
    pub fn columns(&self) -> Vec<&str> {
        match self.kind.kind().columns() {
            Some(columns) => columns.iter().map(String::as_str).collect(),
            None => vec![self.column.as_deref().unwrap_or(&self.name)],
        }
    }

    /// The key that gives the columns that the field reads.
    pub fn column_key(&self) -> &'static str {
        if self.kind.kind().columns().is_some() { "columns" } else { "column" }
    }

    /// The name of the field of companion counts that goes with this field, if there is one.
    pub fn companion(&self) -> Option<String> {
        self.companion_keys().map(|_| companion_name(&self.name))
    }

    pub(crate) fn companion_keys(&self) -> Option<CompanionKeys> {
        self.kind.kind().companion()
    }

    /// All problems of the field that need no other field to be seen; empty if the field is valid.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.foreign_keys();
        let name = Problem::unless(!self.name.is_empty(), "name", "not be empty", "\"\"");
        problems.extend(name);
        let good = self.column.as_deref() != Some("");
        problems.extend(Problem::unless(good, "column", "not be empty", "\"\""));
        if self.at_prediction.is_some() && self.kind.kind().columns().is_some() {
            let kind = &self.kind;
            let message =
                format!("has no meaning for kind `{kind}`, only for fields of one column");
            problems.push(Problem::new("at_prediction", message));
        }
        problems.extend(self.kind.kind().problems());
        let section = format!("field.{}", self.name);
        problems.into_iter().map(|problem| problem.within(&section)).collect()
    }

    /// Keys that were given, but have no meaning for the kind.
    fn foreign_keys(&self) -> Vec<Problem> {
        let own_columns = |kind: &FieldKind| kind.kind().columns().is_some();
        let column = self.column.is_some() && own_columns(&self.kind);
        let kinds = FieldKind::all();
        let mut problems = Vec::new();
        let mut refuse = |key: &str, has_key: &dyn Fn(&FieldKind) -> bool| {
            let having = kinds.iter().filter(|kind| has_key(kind)).map(|kind| format!("`{kind}`"));
            let (kind, kinds) = (&self.kind, listed(&having.collect::<Vec<_>>()));
            let message = format!("has no meaning for kind `{kind}`, only for {kinds}");
            problems.push(Problem::new(key, message));
        };
        if column {
            refuse("column", &|kind| !own_columns(kind));
        }
        for key in FieldKind::all_key_names().filter(|key| self.foreign.contains(key)) {
            refuse(key, &|kind| kind.key_names().contains(&key));
        }
        problems
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
        let found: Vec<_> = parse(toml).problems().iter().map(Problem::to_string).collect();
        assert_eq!(found, problems);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        check("name = \"a\"\nkind = \"categorical\"\nmin_count = 2\ntop = 5", NONE);
        check(
            "name = \"a\"\nkind = \"number\"\nseparator = \"|\"\ntop = 0",
            &[
                "`field.a.top`: has no meaning for kind `number`, only for `categorical`, `multi-hot`, `text`, `bucketized` and `cross`",
                "`field.a.separator`: has no meaning for kind `number`, only for `multi-hot` and `vector`",
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

    #[test]
    fn keys_of_bins_go_with_bins() {
        let number = "name = \"a\"\nkind = \"number\"\n";
        let bins = format!("{number}encoding = \"piecewise-linear\"\n");
        check(&format!("{bins}bins = 256\nbins_by = \"label\"\nclip = [0, 1]"), NONE);
        check(&format!("{number}encoding = \"scaled\"\ntransform = \"raw\""), NONE);
        check(
            &format!("{bins}transform = \"raw\"\nbins = 257"),
            &[
                "`field.a.transform`: contradicts `encoding = \"piecewise-linear\"`, which replaces the scaling",
                "`field.a.bins`: must be from 2 to 256, but is 257",
            ],
        );
        check(
            &format!("{number}bins = 1\nbins_by = \"label\""),
            &[
                "`field.a.bins`: has no meaning without `encoding = \"piecewise-linear\"`, but is 1",
                "`field.a.bins_by`: has no meaning without `encoding = \"piecewise-linear\"`, but is \"label\"",
                "`field.a.bins`: must be from 2 to 256, but is 1",
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
        spelling = "text"
        list = "separated"
        separator = ";"
        pooling = "sum"
        weights = true
        max_length = 7
        grams = "binary"
        encoding = "scaled"
        transform = "raw"
        bins = 11
        bins_by = "label"
        clip = [0, 1]
        missing = 8
        decimal = ","
        percent = true
        boundaries = [9]
        quantiles = 10
        log_square = true
        part = "hour"
        time_format = "unix"
        utc_offset = "+01:00""#;

    #[track_caller]
    fn check_own_keys(kind: &str, own: &[&str]) {
        let field = parse(&format!("name = \"a\"\nkind = \"{kind}\"\n{ALL_KEYS}"));
        let foreign = field.problems();
        for line in ALL_KEYS.lines() {
            let (key, _) = line.trim().split_once(" = ").expect("a key and a value");
            let start = format!("`field.a.{key}`: has no meaning for kind `{kind}`, only for ");
            let is_foreign = foreign.iter().any(|problem| problem.to_string().starts_with(&start));
            assert_eq!(is_foreign, !own.contains(&key), "{key}");
        }
    }

    #[test]
    fn each_kind_has_its_keys() {
        let ids = ["column", "min_count", "top", "top_by", "buckets", "seed"];
        let and = |keys: &[&'static str]| [&ids[..], keys].concat();
        check_own_keys("categorical", &and(&["counts", "smoothing", "spelling"]));
        let of_crosses = ["columns", "counts", "smoothing", "spelling"];
        check_own_keys("cross", &[&ids[1..], &of_crosses].concat());
        let of_lists = ["list", "separator", "pooling", "weights", "max_length", "spelling"];
        check_own_keys("multi-hot", &and(&of_lists));
        check_own_keys("text", &and(&["grams"]));
        let form = ["decimal", "percent"];
        let own = ["column", "encoding", "transform", "bins", "bins_by", "clip", "missing"];
        check_own_keys("number", &[&own[..], &form].concat());
        let vocabulary = ["column", "min_count", "top", "top_by"];
        let buckets = ["boundaries", "quantiles", "log_square"];
        check_own_keys("bucketized", &[&vocabulary[..], &buckets, &form].concat());
        check_own_keys("time", &["column", "part", "time_format", "utc_offset"]);
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
            ],
        );
        check(
            "name = \"a\"\nkind = \"cross\"\ncolumn = \"b\"",
            &[
                "`field.a.column`: has no meaning for kind `cross`, only for `categorical`, \
                 `multi-hot`, `text`, `number`, `bucketized`, `time` and `vector`",
                "`field.a.columns`: must be given, as two to eight names",
            ],
        );
    }

    #[test]
    fn a_printed_list_has_neither_separator_nor_weights() {
        check(
            "name = \"a\"\nkind = \"multi-hot\"\nlist = \"printed\"\nseparator = \";\"\nweights = true",
            &[
                "`field.a.separator`: has no meaning with `list = \"printed\"`",
                "`field.a.weights`: has no meaning with `list = \"printed\"`",
            ],
        );
        check("name = \"a\"\nkind = \"multi-hot\"\nlist = \"printed\"\nweights = false", NONE);
        check("name = \"a\"\nkind = \"multi-hot\"\nlist = \"separated\"\nseparator = \";\"", NONE);
    }

    #[test]
    fn an_offset_needs_a_time_that_it_can_shift() {
        let time = "name = \"a\"\nkind = \"time\"\npart = \"hour\"\nutc_offset = \"+01:00\"";
        for format in TimeFormat::ALL.into_iter().filter(|format| *format != TimeFormat::Yymmddhh) {
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
        let cross = "name = \"a\"\nkind = \"cross\"\ncolumns = [\"x\", \"y\"]\ncounts = true";
        for keys in ["", "\nbuckets = 3", "\nmin_count = 2\nsmoothing = [1, 10.5]"] {
            check(&format!("{cross}{keys}"), NONE);
        }
        check(
            &format!("{cross}\nbuckets = 3\ntop = 2\nsmoothing = [1, 0]"),
            &[
                "`field.a.top`: contradicts `buckets = 3`, since hashing keeps no vocabulary",
                "`field.a.smoothing`: must be one to eight different numbers from 0.001 to 1e9, but is [1, 0]",
            ],
        );
    }

    #[test]
    fn numbers_and_columns_have_their_ranges() {
        for (columns, good) in [
            (&["x", "y"][..], true),
            (&["x", "x"], false),
            (&["x"], false),
            (&["x", ""], false),
            (&["x", "y", "z"], true),
            (&["x", "y", "x"], false),
            (&["1", "2", "3", "4", "5", "6", "7", "8"], true),
            (&["1", "2", "3", "4", "5", "6", "7", "8", "9"], false),
        ] {
            let problem = format!(
                "`field.a.columns`: must be the names of two to eight different columns, but is {columns:?}"
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
        let field = FieldConfig::categorical("a").buckets(1).seed(1 << 63);
        let message = "must be at most 9223372036854775807, but is 9223372036854775808";
        assert_eq!(field.problems(), [Problem::new("field.a.seed", message)]);
        check(
            "name = \"a\"\nkind = \"number\"\nclip = [3, 2]",
            &["`field.a.clip`: must be two numbers within the range of f32, the lower first, \
               but is [3, 2]"],
        );
    }

    #[test]
    fn each_method_sets_its_key() {
        let ids = FieldConfig::multi_hot("a").min_count(2).top(3).top_by(TopBy::Positives);
        let hashed = FieldConfig::categorical("b").buckets(4).seed(5).counts(true).smoothing(6.0);
        let list = FieldConfig::multi_hot("c").separator(';').pooling(Pooling::Mean).weights(true);
        let number = FieldConfig::number("d").transform(Transform::Raw).clip([0.0, 1.0]);
        let utc = UtcOffset::UTC;
        let fields = [
            (ids, "min_count = 2\ntop = 3\ntop_by = \"positives\""),
            (hashed, "buckets = 4\nseed = 5\ncounts = true\nsmoothing = 6"),
            (
                list.max_length(7),
                "separator = \";\"\npooling = \"mean\"\nweights = true\nmax_length = 7",
            ),
            (FieldConfig::text("e").grams(Grams::Binary), "grams = \"binary\""),
            (
                number.missing(MissingNumber::Value(8.0)),
                "transform = \"raw\"\nclip = [0, 1]\nmissing = 8",
            ),
            (
                FieldConfig::number("d")
                    .encoding(Encoding::PiecewiseLinear)
                    .bins(9)
                    .bins_by(BinsBy::Label),
                "encoding = \"piecewise-linear\"\nbins = 9\nbins_by = \"label\"",
            ),
            (FieldConfig::multi_hot("e").list(ListFormat::Printed), "list = \"printed\""),
            (
                FieldConfig::number("e").decimal(DecimalMark::Comma).percent(true),
                "decimal = \",\"\npercent = true",
            ),
            (FieldConfig::bucketized("f").boundaries([9.0]), "boundaries = [9]"),
            (FieldConfig::bucketized("g").quantiles(10), "quantiles = 10"),
            (FieldConfig::bucketized("h").log_square(true), "log_square = true"),
            (
                FieldConfig::time("i", TimePart::Hour)
                    .time_format(TimeFormat::UnixMs)
                    .utc_offset(utc),
                "part = \"hour\"\ntime_format = \"unix-ms\"\nutc_offset = \"+00:00\"",
            ),
            (FieldConfig::categorical("k").spelling(Spelling::Number), "spelling = \"number\""),
            (
                FieldConfig::cross("j", ["x", "y"]).counts(true).smoothing([1.0, 10.0]),
                "columns = [\"x\", \"y\"]\ncounts = true\nsmoothing = [1, 10]",
            ),
        ];
        for (field, keys) in fields {
            let (name, kind) = (&field.name, field.kind.name());
            assert_eq!(parse(&format!("name = \"{name}\"\nkind = \"{kind}\"\n{keys}")), field);
            assert_eq!(field.problems(), []);
        }
        let foreign = FieldConfig::number("a").top(3).problems();
        assert_eq!(foreign, parse("name = \"a\"\nkind = \"number\"\ntop = 3").problems());
        assert_eq!(foreign.len(), 1);
    }
}
