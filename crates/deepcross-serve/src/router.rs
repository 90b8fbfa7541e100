//! The table of routes; every request is timed, and checked for the token.

use crate::problem::Problem;
use crate::service::Service;
use crate::{openapi, routes};
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use std::sync::Arc;
use std::time::Instant;

/// All routes, each with its method; the OpenAPI document has the same.
pub(crate) const ROUTES: [(&str, &str); 8] = [
    ("post", "/v1/score"),
    ("post", "/v1/rank"),
    ("get", "/v1/model"),
    ("post", "/v1/reload"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
    ("get", "/openapi.json"),
];

/// The router for a service.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let mut router = Router::new();
    for (_, path) in ROUTES {
        router = router.route(path, handler(path));
    }
    router
        .fallback(|| async {
            Problem::new(
                StatusCode::NOT_FOUND,
                "no-route",
                "No such route",
                "see /openapi.json for all routes",
            )
        })
        .method_not_allowed_fallback(|| async {
            let (status, detail) =
                (StatusCode::METHOD_NOT_ALLOWED, "see /openapi.json for all methods");
            Problem::new(status, "no-method", "The route does not support this method", detail)
        })
        .layer(from_fn_with_state(Arc::clone(&service), authorize))
        .layer(from_fn_with_state(Arc::clone(&service), measure))
        .with_state(service)
}

fn handler(path: &str) -> MethodRouter<Arc<Service>> {
    match path {
        "/v1/score" => post(routes::score),
        "/v1/rank" => post(routes::rank),
        "/v1/model" => get(routes::model),
        "/v1/reload" => post(routes::reload),
        "/healthz" => get(|| async { "ok\n" }),
        "/readyz" => get(routes::readyz),
        "/metrics" => get(routes::metrics),
        _ => get(|| async { axum::Json(openapi::document()) }),
    }
}

/// Times a request; all unknown paths count as one route, so that no caller can create labels.
async fn measure(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    service.metrics.count_request(&route, response.status().as_u16(), start.elapsed());
    response
}

/// Requires the token on all routes under `/v1`.
async fn authorize(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    if let Some(token) = &service.config.token {
        let shown = request.headers().get(header::AUTHORIZATION);
        let is_open = !request.uri().path().starts_with("/v1/");
        if !is_open && !token.matches_header(shown.map(|shown| shown.as_bytes())) {
            let detail = "expected `Authorization: Bearer TOKEN` with the token of the service";
            let (status, title) = (StatusCode::UNAUTHORIZED, "The token is missing or wrong");
            return Problem::new(status, "unauthorized", title, detail).into_response();
        }
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn exactly_the_served_routes_are_described() {
        let document = openapi::document();
        assert_eq!(document["openapi"], "3.1.0");
        let paths = document["paths"].as_object().expect("paths");
        let described = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods");
            methods.keys().map(move |method| (method.as_str(), path.as_str()))
        });
        assert_eq!(described.collect::<BTreeSet<_>>(), BTreeSet::from(ROUTES));
    }
}
