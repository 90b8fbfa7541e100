//! The sections of an encoder, which several kinds of files have: one for the encoder and one for each of its fields.

use deepcross_features::{EncoderState, FieldState};

use super::{FormatError, SectionReader, SectionWriter};

/// The section of the values that mean "missing".
pub const ENCODER: &str = "encoder";

/// The beginning of the name of the section of a field, which the field's name follows.
pub const FIELD: &str = "field/";

/// Writes the sections of an encoder.
///
/// # Errors
/// As [`SectionWriter::add`].
pub fn write_encoder(
    sections: &mut SectionWriter,
    encoder: &EncoderState,
) -> Result<(), FormatError> {
    sections.add(ENCODER, &encoder.missing)?;
    encoder.fields.iter().try_for_each(|field| sections.add(&section_of(field), field))
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
    Ok(EncoderState { missing, fields })
}

fn section_of(field: &FieldState) -> String {
    format!("{FIELD}{}", field.name())
}
