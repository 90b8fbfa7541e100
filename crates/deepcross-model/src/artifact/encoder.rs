//! The sections of an encoder, which several kinds of files have: one for the encoder and one for each of its fields.

use deepcross_features::{EncoderState, FieldState, ValueRules};

use super::{FormatError, SectionReader, SectionWriter};

/// The section of the values that mean "missing".
pub const ENCODER: &str = "encoder";

/// The beginning of the name of the section of a field, which the field's name follows.
pub const FIELD: &str = "field/";

/// The beginning of the name of the section of what a field says of its raw values, which the field's name follows; a
/// field that says nothing has none.
pub const VALUES: &str = "values/";

/// Writes the sections of an encoder.
///
/// # Errors
/// As [`SectionWriter::add`].
pub fn write_encoder(
    sections: &mut SectionWriter,
    encoder: &EncoderState,
) -> Result<(), FormatError> {
    sections.add(ENCODER, &encoder.missing)?;
    encoder.fields.iter().try_for_each(|field| sections.add(&section_of(field), field))?;
    let mut with_rules = encoder.fields.iter().filter(|field| !field.rules.is_empty());
    with_rules
        .try_for_each(|field| sections.add(&format!("{VALUES}{}", field.name()), &field.rules))
}

/// Reads the sections that [`write_encoder`] wrote. The state is not checked further.
///
/// # Errors
/// As [`SectionReader::take`], and if a field has another name than its section.
pub fn read_encoder(sections: &mut SectionReader<'_>) -> Result<EncoderState, FormatError> {
    let missing = sections.take(ENCODER)?;
    let mut fields: Vec<FieldState> = Vec::new();
    while let Some((name, field)) = sections.take_prefixed::<FieldState>(FIELD)? {
        if field.name() != name {
            let reason = format!("section `{FIELD}{name}`: it has the field `{}`", field.name());
            return Err(FormatError::Content { reason });
        }
        fields.push(field);
    }
    while let Some((name, rules)) = sections.take_prefixed::<ValueRules>(VALUES)? {
        let field = fields.iter_mut().find(|field| field.name() == name);
        let field = field.ok_or_else(|| FormatError::Content {
            reason: format!("section `{VALUES}{name}`: no field has this name"),
        })?;
        field.rules = rules;
    }
    Ok(EncoderState { missing, fields })
}

fn section_of(field: &FieldState) -> String {
    format!("{FIELD}{}", field.name())
}
