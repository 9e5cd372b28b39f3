//! What the tests of every control have in common: the table of verdicts, and the
//! stage on which the control's Lambda function runs in a sandbox.
//!
//! A dev-dependency of controls, and of nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "only tests call this, and what is not as expected fails them"
)]

mod alarms;
mod fixtures;
mod harness;
mod keeper;
mod member;
mod recipients;
mod remediation_harness;
mod remediation_table;
mod roles;
mod table;
#[cfg(test)]
mod tests;
mod trails;

pub use alarms::{describe_alarms, describe_metric_filters, describe_mute_rule};
pub use fixtures::{describe_summary, let_fail};
pub use harness::{Deployment, RuleHarness, with};
pub use member::{
    CENTRAL, CENTRAL_REGION, MANAGEMENT, MEMBER, REQUEST_QUEUE, central_function, days_ago,
    member_organization, outcome_left, remediate_member, request_event, served, sessions,
};
pub use recipients::{
    describe_function, describe_key, describe_key_alias, describe_subscription, describe_topic,
};
pub use remediation_harness::{Crash, RemediationHarness, Stopped, invoke_remediator, is_write};
pub use remediation_table::{RemediationResult, RemediationTable};
pub use roles::give_evidence_role;
pub use table::{
    Row, every_row_has_its_verdict, facts_survive_being_saved, rows,
    the_readme_names_every_reason_code, the_rows_show_every_reason_code_and_no_other,
};
pub use trails::{describe_trail, let_trail_fail};
