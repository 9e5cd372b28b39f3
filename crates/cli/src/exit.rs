//! How a command ends.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// Outcome that the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The command did what it is for; for `check`, everything is compliant.
    Done,
    /// `check` judged, and something is not compliant.
    NotCompliant,
    /// `check` could not judge everything, and nothing it judged is wrong.
    Unjudged,
}

/// The exit code of a command; says on standard error why it failed. A reader
/// who has seen enough (`rootguard demo | head`) is no failure.
pub(crate) fn code_of(result: anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::NotCompliant) => ExitCode::from(1),
        Ok(Outcome::Unjudged) => ExitCode::from(2),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if standard error is gone too.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Returns whether whoever reads standard output has seen enough.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref().map(std::io::Error::kind);
        let json = cause
            .downcast_ref()
            .and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(ErrorKind::BrokenPipe)
    })
}
