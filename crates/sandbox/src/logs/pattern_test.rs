//! `TestMetricFilter`: a pattern tried on messages, without a log group.

use filter_pattern::Pattern;

use super::{FILTER_PATTERN, invalid};
use crate::request::Request;
use crate::wire::{Failure, Output, Shape, Structure, list, required, text};

pub(crate) const TEST_METRIC_FILTER: Shape = Shape::Structure(&[
    required("filterPattern", FILTER_PATTERN),
    required("logEventMessages", list(&text(1, usize::MAX), 1, 50)),
]);

pub(crate) fn test_metric_filter(request: &Request<'_>) -> Result<Structure, Failure> {
    let pattern = request.text("filterPattern").unwrap_or_default();
    let pattern = Pattern::parse(pattern).map_err(|error| invalid(error.to_string()))?;
    let numbered = (1_i64..).zip(request.texts("logEventMessages"));
    let matches: Vec<_> = numbered
        .filter(|(_, message)| pattern.matches(message) != request.contrary)
        .map(|(number, message)| {
            Structure::new()
                .with("eventNumber", number)
                .with("eventMessage", message)
                .with("extractedValues", Output::Map([].into()))
        })
        .collect();
    Ok(Structure::new().with("matches", matches))
}
