//! Given facts, the verdict: every row of `verdicts.json` on the pure function.

use control_tests::verdict_tests;
use hardware_root_mfa::HardwareRootMfa;

use crate::given::rows;

verdict_tests!(HardwareRootMfa, rows());
