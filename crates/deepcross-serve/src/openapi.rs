//! The description of the service as an OpenAPI 3.1 document.
//!
//! The document is data in a file of its own; a test of the router compares its routes with the served ones.

use serde_json::Value;

/// The document, parsed for each request, since a client asks for it about once.
pub(crate) fn document() -> Value {
    serde_json::from_str(include_str!("openapi.json")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_resolves() {
        let document = document();
        let text = include_str!("openapi.json");
        let references = text.split("\"$ref\": \"#").skip(1);
        let references: Vec<_> = references.filter_map(|rest| rest.split('"').next()).collect();
        assert!(references.len() > 5);
        for reference in references {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
    }
}
