//! Given facts, the verdict: every row of `verdicts.json` on the pure function.

use control_testkit::verdict_tests;
use trail_logging::TrailLogging;

use crate::fixtures::rows;

verdict_tests!(TrailLogging, rows());
