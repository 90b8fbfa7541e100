//! The keys of a configuration struct, taken from the struct itself.
//!
//! A separate list of keys would become outdated.
//! A derived `Deserialize` passes the names of its fields to the deserializer before it reads anything: this
//! deserializer records the names, and gives no values.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::forward_to_deserialize_any;

/// The names of the fields of `T`; empty if it is not a struct.
pub(crate) fn known_keys<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut keys: &'static [&'static str] = &[];
    // The only result is an error, since there is nothing to read.
    let _ = T::deserialize(Listener { keys: &mut keys });
    keys
}

struct Listener<'a> {
    keys: &'a mut &'static [&'static str],
}

impl<'de> Deserializer<'de> for Listener<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("there is nothing to read"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.keys = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_file::TrainConfig;

    #[test]
    fn known_keys_are_the_fields_of_the_struct() {
        let keys = known_keys::<TrainConfig>();
        assert!(keys.contains(&"epochs") && keys.contains(&"seed"), "{keys:?}");
        assert_eq!(known_keys::<Vec<u8>>(), [""; 0]);
    }
}
