//! Given facts, the verdict: every row of `verdicts.json` on the pure function.

use control_tests::verdict_tests;
use trail_logging::TrailLogging;

use crate::given::rows;

verdict_tests!(TrailLogging, rows());
