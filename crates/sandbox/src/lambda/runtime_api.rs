//! The Runtime API that a function's process polls: the next event out, its result in.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use super::{Context, FunctionError};

/// Report of a process to the Runtime API.
#[derive(Debug)]
pub(super) enum Report {
    /// It asked for the next event: it is initialised, or done with the last one.
    Polled,
    /// It could not initialise.
    InitError(FunctionError),
    /// It finished this invocation.
    Finished(String, Result<Value, FunctionError>),
}

/// An event on its way to the process.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) event: Value,
    pub(super) context: Context,
}

/// A Runtime API endpoint of one process. It stops when this is dropped.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) deliveries: mpsc::UnboundedSender<Delivery>,
    pub(super) reports: mpsc::UnboundedReceiver<Report>,
    _server: JoinSet<()>,
}

/// State that all requests to the endpoint share.
#[derive(Debug)]
struct Endpoint {
    deliveries: Mutex<mpsc::UnboundedReceiver<Delivery>>,
    reports: mpsc::UnboundedSender<Report>,
}

impl RuntimeApi {
    pub(super) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (deliveries, next_delivery) = mpsc::unbounded_channel();
        let (report, reports) = mpsc::unbounded_channel();
        let endpoint = Arc::new(Endpoint {
            deliveries: Mutex::new(next_delivery),
            reports: report,
        });
        let mut server = JoinSet::new();
        server.spawn(accept(listener, endpoint));
        Ok(Self {
            address,
            deliveries,
            reports,
            _server: server,
        })
    }
}

async fn accept(listener: TcpListener, endpoint: Arc<Endpoint>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // A delayed acknowledgement would show up as 40 ms of the function's time.
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let endpoint = Arc::clone(&endpoint);
        connections.spawn(async move {
            let service = service_fn(|request| answer(&endpoint, request));
            // A connection that breaks off is a process that died, which its exit
            // status tells better.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    endpoint: &Endpoint,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let path = parts
        .uri
        .path()
        .strip_prefix("/2018-06-01/runtime/")
        .unwrap_or_default();
    if parts.method == Method::GET && path == "invocation/next" {
        return Ok(next(endpoint).await);
    }
    let Ok(body) = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
    else {
        return Ok(status(StatusCode::BAD_REQUEST));
    };
    let report = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["init", "error"] => Report::InitError(function_error(&body)),
        ["invocation", id, "response"] => Report::Finished((*id).to_owned(), result(&body)),
        ["invocation", id, "error"] => {
            Report::Finished((*id).to_owned(), Err(function_error(&body)))
        }
        _ => return Ok(status(StatusCode::NOT_FOUND)),
    };
    Ok(accepted(endpoint, report))
}

/// Waits for an event: Lambda freezes an idle process in this request.
async fn next(endpoint: &Endpoint) -> Response<Full<Bytes>> {
    if endpoint.reports.send(Report::Polled).is_err() {
        return status(StatusCode::GONE);
    }
    let Some(Delivery { event, context }) = endpoint.deliveries.lock().await.recv().await else {
        return status(StatusCode::GONE);
    };
    let deadline = context
        .deadline
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &context.request_id)
        .header(
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        )
        .header(
            "lambda-runtime-invoked-function-arn",
            &context.invoked_function_arn,
        )
        .body(Full::from(event.to_string()))
        .unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

fn accepted(endpoint: &Endpoint, report: Report) -> Response<Full<Bytes>> {
    match endpoint.reports.send(report) {
        Ok(()) => status(StatusCode::ACCEPTED),
        Err(_) => status(StatusCode::GONE),
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from("{\"status\":\"OK\"}"));
    *response.status_mut() = status;
    response
}

fn result(body: &[u8]) -> Result<Value, FunctionError> {
    serde_json::from_slice(body).map_err(|error| {
        FunctionError::new(
            "Runtime.MarshalError",
            format!("the response is not JSON: {error}"),
        )
    })
}

fn function_error(body: &[u8]) -> FunctionError {
    let report: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| {
        report
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    FunctionError {
        error_type: text("errorType"),
        message: text("errorMessage"),
    }
}
