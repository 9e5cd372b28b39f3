//! A pattern as an argument or on standard input, and the report of one that is not valid.

use std::io::{IsTerminal, Read};

use anyhow::Context;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, SourceSpan};

/// Takes the pattern from the argument, else from standard input, without the line end
/// that `echo` adds.
///
/// # Errors
/// If there is no argument, and standard input is a terminal or cannot be read.
pub(crate) fn pattern_or_standard_input(argument: Option<String>) -> anyhow::Result<String> {
    if let Some(pattern) = argument {
        return Ok(pattern);
    }
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        anyhow::bail!("no pattern: give one in single quotes, or on standard input");
    }
    let mut pattern = String::new();
    stdin
        .read_to_string(&mut pattern)
        .context("reading the pattern from standard input")?;
    let end = pattern.trim_end_matches(['\n', '\r']).len();
    pattern.truncate(end);
    Ok(pattern)
}

/// A fault, to be shown in the pattern that has it.
#[derive(Debug, Diagnostic, thiserror::Error)]
#[error("not a valid pattern: {message}")]
struct Invalid {
    message: String,
    #[source_code]
    source_code: String,
    #[label("here")]
    at: SourceSpan,
    #[help]
    hint: String,
}

/// Shows in a pattern the fault at a byte of it, with a hint.
pub(crate) fn report(
    source: &str,
    message: &str,
    offset: usize,
    hint: &str,
) -> anyhow::Result<String> {
    let invalid = Invalid {
        message: message.to_owned(),
        source_code: source.to_owned(),
        at: SourceSpan::from(offset),
        hint: hint.to_owned(),
    };
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .render_report(&mut text, &invalid)?;
    Ok(text)
}
