//! The handlers of the routes.

use crate::job_queue::Score;
use crate::json_body::{Order, RankRequest};
use crate::problem::Problem;
use crate::served_model::LoadedModel;
use crate::service::Service;
use crate::text_rows::TextRows;
use crate::{csv_body, json_body};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The size in bytes above which a body is parsed in a thread of its own, so that other requests need not wait.
const LARGE: usize = 64 << 10;

#[derive(Serialize)]
struct Probabilities {
    probabilities: Vec<f32>,
}

#[derive(Serialize)]
struct Ranking {
    ranking: Vec<Ranked>,
}

#[derive(Serialize)]
struct Ranked {
    /// The position among the candidates, from 0.
    index: usize,
    probability: f32,
}

/// The format of a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyFormat {
    Json,
    Csv,
}

pub(crate) async fn score(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let format = body_format(&headers, true)?;
    let body = read(&service, &headers, body).await?;
    let model = service.current_model.get();
    let rows = parse(&service, &model, body, move |body, model, service| {
        let (columns, limits) = (&model.columns, service.limits());
        match format {
            BodyFormat::Json => json_body::score_rows(body, columns, limits),
            BodyFormat::Csv => csv_body::rows(body, columns, limits),
        }
    });
    let rows: TextRows = rows.await?;
    let scores = service.scoring.score(&model, rows).await?;
    let probabilities = scores.iter().map(|score| score.probability).collect();
    Ok(Json(Probabilities { probabilities }).into_response())
}

pub(crate) async fn rank(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    body_format(&headers, false)?;
    let body = read(&service, &headers, body).await?;
    let model = service.current_model.get();
    let request = parse(&service, &model, body, |body, model, service| {
        json_body::rank_rows(body, &model.columns, service.limits())
    });
    let RankRequest { rows, order, top } = request.await?;
    let scores = service.scoring.score(&model, rows).await?;
    Ok(Json(Ranking { ranking: ranking(&scores, order, top) }).into_response())
}

pub(crate) async fn model(State(service): State<Arc<Service>>) -> Response {
    Json(&service.current_model.get().description).into_response()
}

pub(crate) async fn reload(State(service): State<Arc<Service>>) -> Result<Response, Problem> {
    if service.config.token.is_none() {
        let detail = "a service without a token can be reloaded only by SIGHUP";
        let title = "Reload is not allowed";
        return Err(Problem::new(StatusCode::FORBIDDEN, "reload-refused", title, detail));
    }
    let reloaded = tokio::task::spawn_blocking(move || service.reload()).await;
    let failed = |reason: String| {
        let title = "The new model was refused; the old one is still served";
        Problem::new(StatusCode::CONFLICT, "model-refused", title, reason)
    };
    let model = reloaded.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
    let fingerprint = format!("{:016x}", model.fingerprint);
    Ok(Json(serde_json::json!({ "fingerprint": fingerprint })).into_response())
}

pub(crate) async fn readyz(State(service): State<Arc<Service>>) -> Result<&'static str, Problem> {
    let is_draining = service.is_draining.load(Ordering::Relaxed);
    if is_draining || !service.scoring.all_run() {
        let detail =
            if is_draining { "the service is shutting down" } else { "a scoring thread has ended" };
        let (status, title) = (StatusCode::SERVICE_UNAVAILABLE, "The service is not ready");
        return Err(Problem::new(status, "not-ready", title, detail));
    }
    Ok("ready\n")
}

pub(crate) async fn metrics(State(service): State<Arc<Service>>) -> Response {
    // The warnings that are due now are in the text.
    service.watch_values();
    let text = service.metrics.render(service.gauges());
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// The candidates in the requested order; equal logits keep the order of the request.
///
/// Rejected: the order of the probabilities, of which many are rounded to 1 if the model separates well. Any calibrator
/// keeps the order of the logits.
fn ranking(scores: &[Score], order: Order, top: Option<usize>) -> Vec<Ranked> {
    let mut indices: Vec<_> = (0..scores.len()).collect();
    let top = top.unwrap_or(usize::MAX);
    if order == Order::Sorted || top < indices.len() {
        indices.sort_by(|&a, &b| scores[b].logit.total_cmp(&scores[a].logit));
        indices.truncate(top);
    }
    if order == Order::Input {
        indices.sort_unstable();
    }
    let ranked = |index: usize| Ranked { index, probability: scores[index].probability };
    indices.into_iter().map(ranked).collect()
}

fn body_format(headers: &HeaderMap, takes_csv: bool) -> Result<BodyFormat, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
    let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    match kind {
        None => Ok(BodyFormat::Json),
        Some(kind) if kind.eq_ignore_ascii_case("application/json") => Ok(BodyFormat::Json),
        Some(kind) if takes_csv && kind.eq_ignore_ascii_case("text/csv") => Ok(BodyFormat::Csv),
        Some(_) => {
            let and_csv = if takes_csv { " or text/csv" } else { "" };
            let detail = format!("expected application/json{and_csv}");
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            Err(Problem::new(status, "media-type", "The content type is not supported", detail))
        }
    }
}

/// Refuses a compressed body.
///
/// Rejected: decompressing it, since a few kilobytes can become gigabytes.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let is_none = |encoding: &HeaderValue| encoding.as_bytes().eq_ignore_ascii_case(b"identity");
    match encodings.all(is_none) {
        true => Ok(()),
        false => Err(Problem::content_encoding()),
    }
}

/// Reads the body within the limits of size and time.
async fn read(service: &Service, headers: &HeaderMap, body: Body) -> Result<RequestBody, Problem> {
    check_encoding(headers)?;
    let most = service.config.max_body;
    let too_large = || Problem::too_large(format!("a body may have at most {most} bytes"));
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let body = collect(Limited::new(body, most), &service.body_memory);
    match tokio::time::timeout(service.config.read_timeout, body).await {
        Ok(Ok(body)) if is_compressed(&body.bytes) => Err(Problem::content_encoding()),
        Ok(Ok(body)) => Ok(body),
        Ok(Err(BodyError::TooLong)) => Err(too_large()),
        Ok(Err(BodyError::NoMemory)) => {
            let detail = "the request bodies in memory already fill `body-memory`";
            Err(Problem::overloaded(detail))
        }
        Ok(Err(BodyError::Cut)) => Err(Problem::malformed("the body ended early")),
        Err(_) => {
            let (status, detail) =
                (StatusCode::REQUEST_TIMEOUT, "the body did not arrive within `read-timeout`");
            Err(Problem::new(status, "slow-body", "The body took too long to arrive", detail))
        }
    }
}

/// Whether a body begins as gzip or zstd does, and no text.
fn is_compressed(body: &[u8]) -> bool {
    body.starts_with(b"\x1f\x8b") || body.starts_with(b"\x28\xb5\x2f\xfd")
}

/// A body, and its share of the memory for bodies.
struct RequestBody {
    bytes: Vec<u8>,
    _share: Option<OwnedSemaphorePermit>,
}

/// The reason why there is no body.
enum BodyError {
    TooLong,
    NoMemory,
    Cut,
}

/// Reserves memory as bytes arrive: a caller who announces many bytes and sends none reserves none.
async fn collect(
    mut body: Limited<Body>,
    memory: &Arc<Semaphore>,
) -> Result<RequestBody, BodyError> {
    let (mut bytes, mut share) = (Vec::new(), None::<OwnedSemaphorePermit>);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error.is::<LengthLimitError>() {
            true => BodyError::TooLong,
            false => BodyError::Cut,
        })?;
        let Ok(data) = frame.into_data() else { continue };
        let n_bytes = u32::try_from(data.len()).map_err(|_| BodyError::NoMemory)?;
        let more = Arc::clone(memory).try_acquire_many_owned(n_bytes);
        let more = more.map_err(|_| BodyError::NoMemory)?;
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        bytes.extend_from_slice(&data);
    }
    Ok(RequestBody { bytes, _share: share })
}

/// Parses a body with `work`, in a thread of its own if it is large.
async fn parse<T: Send + 'static>(
    service: &Arc<Service>,
    model: &Arc<LoadedModel>,
    body: RequestBody,
    work: impl FnOnce(&[u8], &LoadedModel, &Service) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    if body.bytes.len() <= LARGE {
        return work(&body.bytes, model, service);
    }
    let (service, model) = (Arc::clone(service), Arc::clone(model));
    let parsed = tokio::task::spawn_blocking(move || work(&body.bytes, &model, &service)).await;
    parsed.unwrap_or_else(|_| Err(Problem::not_scored("reading the body failed")))
}
