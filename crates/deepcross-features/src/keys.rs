//! The keys of a configuration, as a list that can be visited.
//!
//! Each key is listed once, with its name and its value.
//! Reading, writing and setting a key, and finding out which keys there are, all visit this list.
//! Rejected: a derived `Deserialize`, because it stops at the first key that does not belong to the kind, and because
//! flattening, by which kinds could share keys, loses the path of a value that cannot be read.

use std::any::Any;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{DeserializeOwned, MapAccess};
use serde::ser::SerializeStruct;

/// Visits keys, one after the other.
pub(crate) trait KeyVisitor {
    /// Visits the key `name`; `value` is `None` if the key is not given.
    fn key<T: KeyValue>(&mut self, name: &'static str, value: &mut Option<T>);
}

/// The value of a key.
pub(crate) trait KeyValue: Clone + Serialize + DeserializeOwned + 'static {}

impl<T: Clone + Serialize + DeserializeOwned + 'static> KeyValue for T {}

/// The names of all keys.
#[derive(Debug, Default)]
pub(crate) struct Names(pub(crate) Vec<&'static str>);

/// Gives a value to the key called `name`.
#[derive(Debug)]
pub(crate) struct Set<T> {
    pub(crate) name: &'static str,
    /// The value, until a key takes it.
    pub(crate) value: Option<T>,
}

/// Writes the keys that are given.
pub(crate) struct Write<S: SerializeStruct> {
    pub(crate) into: S,
    pub(crate) result: Result<(), S::Error>,
}

/// Reads the value of one key, and gives it to all keys of this name, which have the same type.
pub(crate) struct Read<'a, 'de, A: MapAccess<'de>> {
    name: &'a str,
    map: &'a mut A,
    found: Option<Found<A::Error>>,
    lifetime: PhantomData<&'de ()>,
}

/// The name of a key, and its value or the reason why the value cannot be read.
type Found<E> = (&'static str, Result<Box<dyn Any>, E>);

impl<'a, 'de, A: MapAccess<'de>> Read<'a, 'de, A> {
    /// Reads the next value of `map`, whose key is `name`.
    pub(crate) fn new(name: &'a str, map: &'a mut A) -> Self {
        Self { name, map, found: None, lifetime: PhantomData }
    }

    /// The name of the key; `None` if no key has this name, so that nothing was read.
    pub(crate) fn finish(self) -> Result<Option<&'static str>, A::Error> {
        self.found.map(|(name, value)| value.map(|_| name)).transpose()
    }
}

impl KeyVisitor for Names {
    fn key<T: KeyValue>(&mut self, name: &'static str, _: &mut Option<T>) {
        self.0.push(name);
    }
}

impl<V: KeyValue> KeyVisitor for Set<V> {
    fn key<T: KeyValue>(&mut self, name: &'static str, value: &mut Option<T>) {
        let value: &mut dyn Any = value;
        if let Some(value) = value.downcast_mut().filter(|_| name == self.name) {
            *value = self.value.take();
        }
    }
}

impl<S: SerializeStruct> KeyVisitor for Write<S> {
    fn key<T: KeyValue>(&mut self, name: &'static str, value: &mut Option<T>) {
        if let (Some(value), Ok(())) = (value, &self.result) {
            self.result = self.into.serialize_field(name, value);
        }
    }
}

impl<'de, A: MapAccess<'de>> KeyVisitor for Read<'_, 'de, A> {
    fn key<T: KeyValue>(&mut self, name: &'static str, value: &mut Option<T>) {
        if name != self.name {
            return;
        }
        let map = &mut *self.map;
        let (_, found) = self.found.get_or_insert_with(|| {
            let value = map.next_value::<Option<T>>();
            (name, value.map(|value| Box::new(value) as Box<dyn Any>))
        });
        if let Some(found) = found.as_ref().ok().and_then(|found| found.downcast_ref()) {
            value.clone_from(found);
        }
    }
}
