//! A small artifact for the tests.

use std::collections::BTreeMap;

use deepcross_autodiff::Params;
use ndarray::{Array2, array};
use serde::{Deserialize, Serialize};

use super::{Encoding, FileHeader, FileKind, FormatError, SectionReader, SectionWriter, Values};

pub(super) const KIND: FileKind = FileKind {
    name: "artifact",
    magic: "DEEPCROS",
    version: 1,
    sections: &[("config", 1), ("field/", 3), ("summary", 1)],
    members: &[Values::Finite],
};

/// A header with strings, sequences, options and numbers, as real ones have.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    pub(super) config: String,
    pub(super) fields: Vec<(String, Field)>,
    pub(super) summary: Option<BTreeMap<String, f64>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Field {
    separator: Option<char>,
    lengths: Vec<u64>,
    rare: Vec<u32>,
}

impl FileHeader for Header {
    const KIND: FileKind = KIND;

    fn write(&self, sections: &mut SectionWriter) -> Result<(), FormatError> {
        sections.add("config", &self.config)?;
        for (name, field) in &self.fields {
            sections.add(&format!("field/{name}"), field)?;
        }
        self.summary.iter().try_for_each(|summary| sections.add("summary", summary))
    }

    fn read(sections: &mut SectionReader<'_>) -> Result<Self, FormatError> {
        let (config, mut fields) = (sections.take("config")?, Vec::new());
        while let Some((name, field)) = sections.take_prefixed("field/")? {
            fields.push((name.to_owned(), field));
        }
        Ok(Self { config, fields, summary: sections.take_optional("summary")? })
    }
}

pub(super) fn header() -> Header {
    let field = |name: &str, separator| {
        let (lengths, rare) = (vec![1, 3, 300, u64::MAX], vec![70_000, u32::MAX]);
        (name.to_owned(), Field { separator, lengths, rare })
    };
    Header {
        config: "[model]\npreset = \"paper\"\n".to_owned(),
        fields: vec![field("campaign", None), field("genres", Some('|'))],
        summary: Some(BTreeMap::from([("auc".to_owned(), 0.75), ("log_loss".to_owned(), 0.5)])),
    }
}

pub(super) fn params() -> Params<f32> {
    let mut params = Params::new();
    params.add_dense("weight", array![[0.5, -0.25]]);
    params.add_table("campaign", Array2::from_shape_fn((10, 3), |(i, j)| (3 * i + j) as f32 / 8.0));
    params.add_dense("bias", array![[-0.0]]);
    params.add_statistic("mean", vec![0.125, 1.0]);
    params
}

pub(super) fn bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    let params = params();
    let encoding = Encoding::new(&header(), &[&params]).expect("the sample can be encoded");
    encoding.write_to(&mut bytes).expect("a vector takes all bytes");
    bytes
}
