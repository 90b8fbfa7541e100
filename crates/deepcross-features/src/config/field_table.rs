//! Reads and writes a `[[field]]` table.
//!
//! The keys of all kinds are read before the kind is known, so that all problems can be reported: a value that cannot
//! be read, and a key that has no meaning for the kind.

use std::fmt;
use std::sync::LazyLock;

use serde::de::{
    Deserialize, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, VariantAccess, Visitor,
};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::config::field_config::FieldConfig;
use crate::config::value_key::{RawValue, RawValues};
use crate::keys::{Read, Write};
use crate::kinds::FieldKind;

/// The keys of all kinds.
static KEYS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    ["name", "kind", "column", "missing_values", "at_prediction"]
        .into_iter()
        .chain(FieldKind::all_key_names())
        .collect()
});

/// The names of all kinds.
static KINDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| FieldKind::all().iter().map(FieldKind::name).collect());

impl Serialize for FieldConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut kind = self.kind.clone();
        let mut into = serializer.serialize_struct("FieldConfig", 5 + kind.key_names().len())?;
        into.serialize_field("name", &self.name)?;
        into.serialize_field("kind", kind.name())?;
        if let Some(column) = &self.column {
            into.serialize_field("column", column)?;
        }
        if let Some(values) = &self.missing_values {
            into.serialize_field("missing_values", values)?;
        }
        if let Some(value) = &self.at_prediction {
            into.serialize_field("at_prediction", value)?;
        }
        let mut write = Write { into, result: Ok(()) };
        kind.keys(&mut write);
        write.result?;
        write.into.end()
    }
}

impl<'de> Deserialize<'de> for FieldConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("FieldConfig", &KEYS, FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = FieldConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("struct FieldConfig")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FieldConfig, A::Error> {
        let (mut name, mut kind, mut column) = (None, None, None);
        let (mut missing_values, mut at_prediction) = (None, None);
        let (mut kinds, mut given) = (FieldKind::all(), Vec::new());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => name = Some(map.next_value()?),
                "kind" => kind = Some(map.next_value::<KindName>()?),
                "column" => column = map.next_value()?,
                "missing_values" => missing_values = map.next_value::<Option<RawValues>>()?,
                "at_prediction" => at_prediction = map.next_value::<Option<RawValue>>()?,
                _ => {
                    let mut read = Read::new(&key, &mut map);
                    kinds.iter_mut().for_each(|kind| kind.keys(&mut read));
                    match read.finish()? {
                        Some(key) => given.push(key),
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
            }
        }
        let name = name.ok_or_else(|| A::Error::missing_field("name"))?;
        let KindName(kind) = kind.ok_or_else(|| A::Error::missing_field("kind"))?;
        let kind = kinds.into_iter().find(|known| known.name() == kind);
        let kind = kind.ok_or_else(|| A::Error::missing_field("kind"))?;
        let own = kind.key_names();
        let foreign = given.into_iter().filter(|key| !own.contains(key)).collect();
        let missing_values = missing_values.map(|RawValues(values)| values);
        let at_prediction = at_prediction.map(|RawValue(value)| value);
        Ok(FieldConfig { name, column, missing_values, at_prediction, kind, foreign })
    }
}

/// The name of a kind that exists.
struct KindName(&'static str);

impl<'de> Deserialize<'de> for KindName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_enum("FieldKind", &KINDS, KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = KindName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("enum FieldKind")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<KindName, A::Error> {
        let (name, variant) = data.variant::<String>()?;
        variant.unit_variant()?;
        let known = KINDS.iter().find(|known| **known == name);
        known.map(|known| KindName(known)).ok_or_else(|| A::Error::unknown_variant(&name, &KINDS))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::kinds::missing_number::MissingNumber;
    use crate::kinds::multi_hot::Pooling;
    use crate::kinds::number_transform::Transform;
    use crate::kinds::text::Grams;
    use crate::kinds::time::TimePart;
    use crate::kinds::utc_offset::UtcOffset;
    use crate::lookup::vocabulary::TopBy;
    use crate::problem::Problem;
    use crate::times::time_format::TimeFormat;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Run {
        field: Vec<FieldConfig>,
    }

    const FIELDS: &str = r#"
        [[field]]
        name = "age"
        kind = "number"
        transform = "signed-log"
        clip = [0, 99.5]
        missing = 0

        [[field]]
        name = "campaign"
        kind = "categorical"
        column = "campaign_id"
        top = 10000

        [[field]]
        name = "genres"
        kind = "multi-hot"
        separator = "|"
        pooling = "mean"
        buckets = 1000000
        seed = 7

        [[field]]
        name = "tags"
        kind = "multi-hot"
        weights = true
        max_length = 20
        pooling = "sqrt-n"

        [[field]]
        name = "query"
        kind = "text"
        grams = "binary"
        top = 49292
        top_by = "positives"

        [[field]]
        name = "price"
        kind = "bucketized"
        boundaries = [1, 2.5]

        [[field]]
        name = "hour"
        kind = "time"
        part = "hour"
        time_format = "date-time"
        utc_offset = "-08:30"

        [[field]]
        name = "pair"
        kind = "cross"
        columns = ["a", "b"]
        buckets = 10
    "#;

    fn ids() -> Vec<FieldConfig> {
        vec![
            FieldConfig::categorical("campaign").column("campaign_id").top(10_000),
            FieldConfig::multi_hot("genres")
                .separator('|')
                .pooling(Pooling::Mean)
                .buckets(1_000_000)
                .seed(7),
            FieldConfig::multi_hot("tags").weights(true).max_length(20).pooling(Pooling::SqrtN),
            FieldConfig::text("query").grams(Grams::Binary).top(49_292).top_by(TopBy::Positives),
        ]
    }

    #[test]
    fn field_tables_of_a_run_are_parsed_and_survive_a_round_trip() {
        let run: Run = toml::from_str(FIELDS).expect("well-formed tables");
        let number = FieldConfig::number("age")
            .transform(Transform::SignedLog)
            .clip([0.0, 99.5])
            .missing(MissingNumber::Value(0.0));
        let others = vec![
            FieldConfig::bucketized("price").boundaries(vec![1.0, 2.5]),
            FieldConfig::time("hour", TimePart::Hour)
                .time_format(TimeFormat::DateTime)
                .utc_offset(UtcOffset::parse("-08:30").expect("an offset")),
            FieldConfig::cross("pair", ["a", "b"]).buckets(10),
        ];
        assert_eq!(run.field, [vec![number], ids(), others].concat());
        assert!(run.field.iter().all(|field| field.problems().is_empty()));
        let written = toml::to_string(&run).expect("a configuration can be written");
        assert_eq!(
            toml::from_str::<Run>(&written).expect("a written configuration can be read"),
            run
        );
    }

    #[test]
    fn keys_are_written_in_the_order_of_the_kind() {
        let field = FieldConfig::time("day", TimePart::Weekday).column("time");
        let expected = "name = \"day\"\nkind = \"time\"\ncolumn = \"time\"\npart = \"weekday\"\n";
        assert_eq!(toml::to_string(&field).as_deref(), Ok(expected));
    }

    #[test]
    fn raw_values_may_be_written_without_quotes() {
        let table = |keys: &str| format!("name = \"a\"\nkind = \"categorical\"\n{keys}");
        let parse = |keys: &str| toml::from_str::<FieldConfig>(&table(keys));
        for (keys, values) in [
            ("missing_values = 0", &["0"][..]),
            ("missing_values = \"none\"", &["none"]),
            ("missing_values = [\"0\", -1, 2.5, true]", &["0", "-1", "2.5", "true"]),
        ] {
            let expected = FieldConfig::categorical("a").missing_values(values.iter().copied());
            assert_eq!(parse(keys), Ok(expected.clone()), "{keys}");
            let written = toml::to_string(&expected).expect("it can be written");
            assert_eq!(toml::from_str(&written), Ok(expected));
        }
        for keys in ["at_prediction = \"1\"", "at_prediction = 1"] {
            let expected = FieldConfig::categorical("a").at_prediction("1");
            assert_eq!(parse(keys), Ok(expected.clone()), "{keys}");
            let written = toml::to_string(&expected).expect("it can be written");
            assert_eq!(toml::from_str(&written), Ok(expected));
        }
        for (keys, expected) in [
            ("missing_values = { a = 1 }", "expected a value, or a list of values"),
            ("missing_values = [[1]]", "expected a value, such as"),
            ("at_prediction = [1]", "expected a value, such as \"1\" or 1"),
        ] {
            let error = parse(keys).expect_err("another type").to_string();
            assert!(error.contains(expected), "{keys}: {error}");
        }
        let cross = "name = \"a\"\nkind = \"cross\"\ncolumns = [\"x\", \"y\"]\nat_prediction = 1";
        let cross: FieldConfig = toml::from_str(cross).expect("a well-formed field");
        let message = "has no meaning for kind `cross`, only for fields of one column";
        assert_eq!(cross.problems(), [Problem::new("field.a.at_prediction", message)]);
    }

    #[test]
    fn one_name_is_one_type_in_all_kinds() {
        for key in ["min_count", "top", "buckets", "seed"] {
            for kind in FieldKind::all().iter().filter(|kind| kind.key_names().contains(&key)) {
                let text = format!("name = \"a\"\nkind = \"{kind}\"\n{key} = 3");
                let field: FieldConfig = toml::from_str(&text).expect("a well-formed field");
                assert!(toml::to_string(&field).is_ok_and(|text| text.contains(" = 3")), "{text}");
            }
        }
    }
}
