//! The rows of `verdicts.json`.

use config_rule::Compliance;
use serde::Deserialize;
use serde_json::{Map, Value};
use trail_logging::AccountTrails;

/// Given facts and parameters, the verdict.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) parameters: Map<String, Value>,
    pub(crate) facts: AccountTrails,
    pub(crate) compliance: Compliance,
    pub(crate) annotation: String,
}

/// All rows.
pub(crate) fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("../verdicts.json")).unwrap()
}
