//! Progress on a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `length` evaluations on standard error; nothing where that is no
/// terminal.
pub(crate) fn bar(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
    // The template is ours: if it were wrong, the default bar does.
    match ProgressStyle::with_template("{bar:30} {pos}/{len} evaluations {wide_msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A bar over `length` accounts, with the time that is left.
pub(crate) fn accounts(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
    match ProgressStyle::with_template("{bar:30} {pos}/{len} accounts, {eta} left {wide_msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A bar over `length` of what `what` says.
pub(crate) fn counted(length: usize, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
    let template = format!("{{bar:30}} {{pos}}/{{len}} {what} {{wide_msg}}");
    match ProgressStyle::with_template(&template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
