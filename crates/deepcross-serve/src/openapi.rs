//! The description of the service in OpenAPI 3.1.
//!
//! The document is data, and stands in a file of its own; a test compares its routes with those that are served.

use serde_json::Value;

/// The document, read anew for each request: it is asked for once in a client's life.
pub(crate) fn document() -> Value {
    serde_json::from_str(include_str!("openapi.json")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::ROUTES;
    use std::collections::BTreeSet;

    #[test]
    fn all_routes_are_described_and_no_other() {
        let document = document();
        assert_eq!(document["openapi"], "3.1.0");
        let paths = document["paths"].as_object().expect("paths");
        let described = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods");
            methods.keys().map(move |method| (method.as_str(), path.as_str()))
        });
        assert_eq!(described.collect::<BTreeSet<_>>(), BTreeSet::from(ROUTES));
    }

    #[test]
    fn references_lead_to_what_is_there() {
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
