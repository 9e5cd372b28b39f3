//! Given facts, the verdict: every row of `verdicts.json` on the pure function.

use control_testkit::verdict_tests;
use hardware_root_mfa::HardwareRootMfa;

use crate::fixtures::rows;

verdict_tests!(HardwareRootMfa, rows());
