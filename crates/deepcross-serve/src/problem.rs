//! Problem documents (RFC 9457), which say why a request was refused.
//!
//! They name the kind of a value (string, number, …) and never repeat the value: such documents end up in logs.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The largest number of row errors that a document lists.
const LISTED: usize = 20;

/// A problem document, sent with its status.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Problem {
    /// `urn:deepcross:problem:` and a word, by which programs distinguish problems.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<RowError>,
    /// The number of errors that are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    errors_left_out: usize,
    #[serde(skip)]
    retry_after: Option<u32>,
    /// Whether the response says that bodies are read without a content encoding (RFC 7694).
    #[serde(skip)]
    accepts_identity: bool,
}

/// An error in a value of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RowError {
    /// The row, from 0; absent if the error is in the shared values, or in a whole column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<usize>,
    /// The part of the request that is named if there is no row, in the words of the request.
    #[serde(skip)]
    pub(crate) place: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// The kind of the value found: `string`, `number`, …, or `nothing` if the field is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<&'static str>,
    /// The expected value, in words.
    pub(crate) expected: String,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        kind: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:deepcross:problem:{kind}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            errors_left_out: 0,
            retry_after: None,
            accepts_identity: false,
        }
    }

    /// The body is not in the form that the route reads.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-body", "The body cannot be read", detail)
    }

    /// The body has too many bytes or too many rows.
    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The request is too large", detail)
    }

    /// The body is compressed.
    pub(crate) fn content_encoding() -> Self {
        let title = "The content encoding is not supported";
        let detail = "the body is compressed, expected it without a content encoding";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let problem = Self::new(status, "content-encoding", title, detail);
        Self { accepts_identity: true, ..problem }
    }

    /// The service has no room for the request.
    pub(crate) fn overloaded(detail: impl Into<String>) -> Self {
        let title = "The service is overloaded";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", title, detail);
        Self { retry_after: Some(1), ..problem }
    }

    /// Scoring took too long, or failed.
    pub(crate) fn not_scored(detail: impl Into<String>) -> Self {
        let title = "The rows could not be scored";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-scored", title, detail);
        Self { retry_after: Some(1), ..problem }
    }

    /// Some rows cannot be scored; the detail describes the first error.
    pub(crate) fn rows(mut errors: Vec<RowError>, left_out: usize) -> Self {
        let detail = errors.first().map(RowError::sentence).unwrap_or_default();
        let beyond = errors.len().saturating_sub(LISTED);
        errors.truncate(LISTED);
        let title = "Rows cannot be scored";
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-rows", title, detail);
        Self { errors, errors_left_out: left_out + beyond, ..problem }
    }

    /// The status of the response.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl RowError {
    fn sentence(&self) -> String {
        let row = self.row.map_or_else(|| self.place.to_owned(), |row| format!("row {row}"));
        let field = self.field.as_ref().map(|field| format!(", field `{field}`"));
        let found = self.found.map(|found| match found {
            "nothing" => ", but the field is absent".to_owned(),
            _ => format!(", but found a value of kind {found}"),
        });
        let (field, found) = (field.unwrap_or_default(), found.unwrap_or_default());
        format!("{row}{field}: expected {}{found}", self.expected)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.accepts_identity {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_errors_are_listed_and_the_detail_has_the_first() {
        let error = |row| RowError {
            place: "shared",
            row: Some(row),
            field: Some("age".to_owned()),
            found: Some("string"),
            expected: "a finite number".to_owned(),
        };
        let problem = Problem::rows((3..30).map(error).collect(), 2);
        assert_eq!((problem.errors.len(), problem.errors_left_out), (20, 9));
        let expected =
            "row 3, field `age`: expected a finite number, but found a value of kind string";
        assert_eq!(problem.detail, expected);
        assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}
