//! The ranges of a search whose configuration has none: usual values, as far as the kind of model and the fields have
//! the keys.
//!
//! A value that the configuration cannot have beside its other keys is left out, so that the list below need not know
//! which key goes with which.

use super::domain::{Domain, Scale};
use super::{Dimension, Space, is_field, key_part};
use deepcross_features::fields::{
    Bucketized, Categorical, CountKeys, Cross, Encoding, HashKeys, IdKeys, Number,
};
use deepcross_features::{FieldConfig, FieldKind};
use deepcross_train::RunConfig;
use toml::{Table, Value};

/// Tells whether a configuration with this change is valid; the change is that of `--set`.
pub type Fits<'a> = &'a dyn Fn(&str) -> bool;

impl Space {
    /// The space with the ranges that suit a configuration.
    #[must_use]
    pub fn inferred(self, config: &RunConfig, fits: Fits<'_>) -> Self {
        let all = candidates(config).into_iter();
        let dimensions = all.filter_map(|dimension| fitting(dimension, fits)).collect();
        Self { dimensions, is_inferred: true, ..self }
    }
}

/// The numbers of bins of a number.
const BINS: [u32; 2] = [16, 64];

/// The number of buckets of a number.
const QUANTILES: u32 = 20;

/// The strengths of smoothing of click rates.
const SMOOTHINGS: [f64; 3] = [1.0, 10.0, 100.0];

/// How many times as many buckets hashed ids have, and how many times fewer.
const BUCKETS: u32 = 8;

/// The most fields of a form that have values of their own: those of more would divide the trials among too many keys.
const OWN: usize = 8;

/// The keys of whole fields, with other forms than the present one.
fn of_fields(config: &RunConfig) -> Vec<(String, Vec<Value>)> {
    let of = |forms: fn(&FieldConfig) -> Vec<Value>| {
        let key = |field: &FieldConfig| format!("field.{}", key_part(&field.name, None));
        let all = config.field.iter().map(|field| (key(field), forms(field)));
        let all: Vec<_> = all.filter(|(_, forms)| !forms.is_empty()).collect();
        if all.len() > OWN { Vec::new() } else { all }
    };
    [of(forms_of_number), of(forms_of_ids)].concat()
}

/// The ids and the counts of a field of ids.
fn ids(field: &FieldConfig) -> Option<(&IdKeys, &CountKeys)> {
    match &field.kind {
        FieldKind::Categorical(Categorical { ids, counts, .. })
        | FieldKind::Cross(Cross { ids, counts, .. }) => Some((ids, counts)),
        _ => None,
    }
}

/// The number in bins and in buckets.
fn forms_of_number(field: &FieldConfig) -> Vec<Value> {
    let FieldKind::Number(number) = field.kind else { return Vec::new() };
    let bins = |n| {
        let encoding = Some(Encoding::PiecewiseLinear);
        FieldKind::Number(Number { encoding, bins: Some(n), transform: None, ..number })
    };
    let Number { decimal, percent, .. } = number;
    let buckets =
        Bucketized { quantiles: Some(QUANTILES), decimal, percent, ..Bucketized::default() };
    let forms = BINS.map(bins).into_iter().chain([FieldKind::Bucketized(buckets)]);
    forms.filter_map(|kind| table(field, kind)).collect()
}

/// Ids without their counts and with several smoothings, in fewer and in more buckets; a cross may also be left out.
fn forms_of_ids(field: &FieldConfig) -> Vec<Value> {
    let Some((ids, counts)) = ids(field) else { return Vec::new() };
    let smoothings = CountKeys { counts: Some(true), smoothing: Some(SMOOTHINGS.into()) };
    let has_counts = counts.counts == Some(true);
    // `false`, since a default of all fields may be true.
    let none = CountKeys { counts: Some(false), smoothing: None };
    let other_counts = [none, smoothings].into_iter().filter(|_| has_counts);
    let buckets = |n: u32| [n / BUCKETS, n.saturating_mul(BUCKETS)].map(|n| n.max(1));
    let other_buckets = ids.hash.buckets.into_iter().flat_map(buckets);
    let of_counts = other_counts.map(|counts| with_ids(&field.kind, *ids, counts));
    let of_buckets = other_buckets.map(|buckets| {
        let hash = HashKeys { buckets: Some(buckets), ..ids.hash };
        with_ids(&field.kind, IdKeys { hash, ..*ids }, counts.clone())
    });
    let forms = of_counts.chain(of_buckets).filter_map(|kind| table(field, kind));
    let is_cross = matches!(field.kind, FieldKind::Cross(_));
    forms.chain(is_cross.then_some(Value::Boolean(false))).collect()
}

/// The kind with other ids and counts.
fn with_ids(kind: &FieldKind, ids: IdKeys, counts: CountKeys) -> FieldKind {
    match kind.clone() {
        FieldKind::Categorical(kind) => FieldKind::Categorical(Categorical { ids, counts, ..kind }),
        FieldKind::Cross(kind) => FieldKind::Cross(Cross { ids, counts, ..kind }),
        kind => kind,
    }
}

/// The table that replaces a field by one of this kind.
fn table(field: &FieldConfig, kind: FieldKind) -> Option<Value> {
    let mut field = field.clone();
    field.kind = kind;
    let mut table = Table::try_from(&field).ok()?;
    // They stay.
    ["name", "column", "columns"].iter().for_each(|key| drop(table.remove(*key)));
    Some(Value::Table(table))
}

fn candidates(config: &RunConfig) -> Vec<Dimension> {
    let of_fields = of_fields(config);
    let has_own = |key: &str| {
        let has = |form: &Value| form.as_table().is_some_and(|form| form.contains_key(key));
        of_fields.iter().any(|(_, forms)| forms.iter().any(has))
    };
    // Whole fields have these keys already.
    let (own_numbers, own_counts) = (has_own("bins"), has_own("counts"));

    let (rate, batch) = (config.train.learning_rate, config.train.batch as i64);
    let rates =
        Domain::Range { low: rate / 8.0, high: rate * 8.0, scale: Scale::Log, is_integer: false };
    let hidden = [&[32][..], &[64, 64], &[128, 64], &[256, 128]];
    let hidden =
        hidden.map(|widths| widths.iter().copied().map(Value::Integer).collect::<Vec<_>>());
    let all = [
        ("train.learning_rate", rates),
        ("train.batch", list([(batch / 2).max(1), batch, 2 * batch])),
        ("train.embedding_l2", list([0.0, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2])),
        ("train.l2", list([0.0, 1e-5, 1e-4, 1e-3])),
        ("model.embedding", list([4, 8, 16, 32])),
        ("model.hidden", list(hidden)),
        ("model.dropout", list([0.0, 0.1, 0.2, 0.3, 0.5])),
        ("model.cross_layers", list([1, 2, 3, 4])),
        ("field.*.min_count", list([1, 2, 5, 10])),
        ("field.*.counts", list([false, true])),
        ("field.*.transform", list(["min-max", "standard", "signed-log"])),
        ("field.*.bins", list([8, 16, 32, 64])),
        ("field.*.quantiles", list([5, 10, 20, 50])),
    ];
    let present: Table =
        config.to_toml().ok().and_then(|text| text.parse().ok()).unwrap_or_default();
    let is_own = |key: &str| match key {
        "field.*.transform" | "field.*.bins" | "field.*.quantiles" => own_numbers,
        "field.*.counts" => own_counts,
        _ => false,
    };
    let all = all.into_iter().filter(|(key, _)| !is_own(key));
    let all = all.map(|(key, domain)| {
        let domain = with_present(domain, present_value(&present, key));
        Dimension { key: key.to_owned(), domain }
    });
    // They come first, since the keys of all fields change them. `true` leaves a field as it is.
    let of_fields = of_fields.iter().map(|(key, forms)| {
        let values = [&[Value::Boolean(true)], &forms[..]].concat();
        Dimension { key: key.clone(), domain: Domain::Choices(values) }
    });
    of_fields.chain(all).collect()
}

/// The value that the configuration has now.
fn present_value<'t>(config: &'t Table, key: &str) -> Option<&'t Value> {
    let (section, key) = key.split_once('.')?;
    config.get(section)?.as_table()?.get(key)
}

/// The choices with the present one.
fn with_present(domain: Domain, present: Option<&Value>) -> Domain {
    match (domain, present) {
        (Domain::Choices(values), Some(present)) if !values.contains(present) => {
            Domain::Choices([values, vec![present.clone()]].concat())
        }
        (domain, _) => domain,
    }
}

fn list<T: Into<Value>, const N: usize>(values: [T; N]) -> Domain {
    let mut distinct: Vec<Value> = Vec::new();
    for value in values.map(Into::into) {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    Domain::Choices(distinct)
}

/// The dimension without the values that do not fit, unless fewer than two are left.
fn fitting(dimension: Dimension, fits: Fits<'_>) -> Option<Dimension> {
    let Dimension { key, domain } = dimension;
    let domain = match domain {
        Domain::Choices(values) => {
            // `true` leaves a field as it is, and `false` leaves it out.
            let does_fit = |value: &Value| {
                (value.is_bool() && is_field(&key)) || fits(&format!("{key}={value}"))
            };
            let values: Vec<_> = values.into_iter().filter(does_fit).collect();
            (values.len() > 1).then_some(Domain::Choices(values))
        }
        range => {
            [0.0, 1.0].iter().all(|&u| fits(&format!("{key}={}", range.at(u)))).then_some(range)
        }
    };
    Some(Dimension { key, domain: domain? })
}
