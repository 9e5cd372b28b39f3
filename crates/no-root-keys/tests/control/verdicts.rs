//! Given facts, the verdict: every row of `verdicts.json` on the pure function.

use control_testkit::verdict_tests;
use no_root_keys::NoRootKeys;

use crate::fixtures::rows;

verdict_tests!(NoRootKeys, rows());
