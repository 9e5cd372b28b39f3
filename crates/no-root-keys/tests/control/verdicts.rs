//! Given facts, the verdict: every row of `verdicts.json` on the pure function.

use control_tests::verdict_tests;
use no_root_keys::NoRootKeys;

use crate::given::rows;

verdict_tests!(NoRootKeys, rows());
