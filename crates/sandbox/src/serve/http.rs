//! HTTP on loopback, for everything that speaks AWS's protocols.

use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::control;
use crate::request::{Dropped, answer};
use crate::world::World;

/// No request of a modelled operation is larger: as much as a package of a function may be.
const LARGEST_BODY: usize = 50 * 1024 * 1024;

/// A sandbox that is being served. Dropping it ends the service at once.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// Reasons for which the sandbox could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Anybody who can reach the sandbox is any administrator in it.
    #[error("{0} is not a loopback address; the sandbox verifies no signatures")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on")]
    Unavailable {
        /// The address.
        address: SocketAddr,
        /// Reason.
        source: std::io::Error,
    },
}

impl Server {
    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL to give to clients as their endpoint.
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops to listen and waits until the requests under way are answered.
    pub async fn shut_down(mut self) {
        if let Some(stop) = self.stop.take() {
            // It fails only when the server has ended already.
            let _ = stop.send(());
        }
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn start(world: Arc<World>, address: SocketAddr) -> Result<Server, ServeError> {
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let unavailable = |source| ServeError::Unavailable { address, source };
    let listener = TcpListener::bind(address).await.map_err(unavailable)?;
    let address = listener.local_addr().map_err(unavailable)?;
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(accept(world, listener, stopped));
    Ok(Server {
        address,
        stop: Some(stop),
        task,
    })
}

async fn accept(world: Arc<World>, listener: TcpListener, mut stopped: oneshot::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => continue,
            // A connection that ended before it was accepted concerns nobody else.
            Ok((stream, _)) = listener.accept() => stream,
        };
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let world = Arc::clone(&world);
        let service = service_fn(move |request| respond(Arc::clone(&world), request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            // An error here is a client that went away, or a fault that dropped it.
            let _ = connection.await;
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// Reads the body of a request to its end. What is too large is read and not kept: a client
/// that is answered while it still writes may lose the answer to a broken connection.
async fn read(mut body: Incoming) -> Result<Bytes, StatusCode> {
    let (mut kept, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length > LARGEST_BODY {
            kept = Vec::new();
        } else {
            kept.extend_from_slice(&data);
        }
    }
    if length > LARGEST_BODY {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    Ok(kept.into())
}

/// Answers a request; the error ends the connection without an answer.
async fn respond(
    world: Arc<World>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let (parts, body) = request.into_parts();
    let body = match read(body).await {
        Ok(body) => body,
        Err(status) => {
            let mut response = Response::new(Full::from("the request could not be read"));
            *response.status_mut() = status;
            return Ok(response);
        }
    };
    let response = match control::path(&parts) {
        Some(path) => control::answer(&world, &parts.method, path, &body),
        None => answer(&world, &parts, &body).await?,
    };
    Ok(response.map(Full::new))
}
