//! Transports of requests to the sandbox: in this process, or over HTTP on loopback.

mod control;
mod http;
mod in_process;

pub(crate) use http::start;
pub use http::{ServeError, Server};
pub(crate) use in_process::InProcess;
