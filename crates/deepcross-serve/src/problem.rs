//! What went wrong with a request, as a problem document of RFC 9457.
//!
//! Values are named by their kind (string, number, …) and never repeated: such documents end in logs.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The most single errors that a document lists.
const LISTED: usize = 20;

/// A problem document, to be sent with its status.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Problem {
    /// `urn:deepcross:problem:` and what programs tell problems apart by.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<RowError>,
    /// How many more there are than are listed.
    #[serde(skip_serializing_if = "is_zero")]
    errors_left_out: usize,
    #[serde(skip)]
    retry_after: Option<u32>,
}

/// What is wrong with a value of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RowError {
    /// Counted from 0; absent where it is in what all candidates share, or in a whole column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<usize>,
    /// What there is in place of a row, in the words of the request.
    #[serde(skip)]
    pub(crate) place: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// The kind of value that was found: `string`, `number`, …, or `nothing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<&'static str>,
    /// What was expected instead.
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
        }
    }

    /// The body is not what the route reads.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-body", "The body cannot be read", detail)
    }

    /// The body, or the number of its rows, is beyond a limit.
    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The request is too large", detail)
    }

    /// The service has too much to do.
    pub(crate) fn overloaded(detail: impl Into<String>) -> Self {
        let title = "The service is overloaded";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", title, detail);
        Self { retry_after: Some(1), ..problem }
    }

    /// Scoring took too long, or failed.
    pub(crate) fn not_scored(detail: impl Into<String>) -> Self {
        let title = "The rows could not be scored in time";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-scored", title, detail);
        Self { retry_after: Some(1), ..problem }
    }

    /// Values of rows cannot be scored; the detail tells of the first.
    pub(crate) fn rows(mut errors: Vec<RowError>, left_out: usize) -> Self {
        let detail = errors.first().map(RowError::sentence).unwrap_or_default();
        let beyond = errors.len().saturating_sub(LISTED);
        errors.truncate(LISTED);
        let title = "Rows cannot be scored";
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-rows", title, detail);
        Self { errors, errors_left_out: left_out + beyond, ..problem }
    }

    /// The status that it is sent with.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl RowError {
    fn sentence(&self) -> String {
        let row = self.row.map_or_else(|| self.place.to_owned(), |row| format!("row {row}"));
        let field = self.field.as_ref().map(|field| format!(", field `{field}`"));
        let found = self.found.map(|found| format!(", but there is a value of kind {found}"));
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
    fn few_errors_are_listed_and_the_first_is_told() {
        let error = |row| RowError {
            place: "shared",
            row: Some(row),
            field: Some("age".to_owned()),
            found: Some("string"),
            expected: "a finite number".to_owned(),
        };
        let problem = Problem::rows((3..30).map(error).collect(), 2);
        assert_eq!((problem.errors.len(), problem.errors_left_out), (20, 9));
        let told =
            "row 3, field `age`: expected a finite number, but there is a value of kind string";
        assert_eq!(problem.detail, told);
        assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}
