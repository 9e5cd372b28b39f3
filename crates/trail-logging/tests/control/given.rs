//! The rows of `verdicts.json`.

use control_tests::Row;
use trail_logging::TrailLogging;

/// All rows.
pub(crate) fn rows() -> Vec<Row<TrailLogging>> {
    control_tests::rows(include_str!("../verdicts.json"))
}
