//! Control: a trail logs every management event of the account, in every Region,
//! and its log files arrive (Security Hub CloudTrail.1, CIS AWS Foundations 3.1 in
//! 1.4 to 5.0).
//!
//! What no trail logs, nobody can find out later; the root user's acts are
//! management events.

mod assessment;
mod evaluate;
mod facts;
mod parameters;
mod plan;
mod prediction;
mod remediation;

use config_rule::{
    ASSUME_ROLE, Account, CallError, Control, Frequency, Metadata, Prediction, ReasonCode,
    Severity, Verdict,
};
use trails::{DESCRIBE_TRAILS, GET_EVENT_SELECTORS, GET_TRAIL_STATUS};

pub use self::remediation::{RemediationDetails, RemediationSettings, TrailDetails};
pub use facts::AccountTrails;
pub use parameters::{OrganizationTrail, TrailLoggingParameters};
pub use plan::{CREATED_TRAIL, TrailChange};

/// The trail's log files cannot be checked for changes, and
/// `requireLogFileValidation` asks for it.
pub const LOG_FILE_VALIDATION_OFF: ReasonCode = ReasonCode::new("LOG_FILE_VALIDATION_OFF");
/// The trail's selectors leave out management events.
pub const MANAGEMENT_EVENTS_INCOMPLETE: ReasonCode =
    ReasonCode::new("MANAGEMENT_EVENTS_INCOMPLETE");
/// The trail is switched on, and no log file has arrived yet.
pub const NO_DELIVERY_YET: ReasonCode = ReasonCode::new("NO_DELIVERY_YET");
/// There are trails, each for one Region only.
pub const NO_MULTI_REGION_TRAIL: ReasonCode = ReasonCode::new("NO_MULTI_REGION_TRAIL");
/// No trail logs the account's events.
pub const NO_TRAIL: ReasonCode = ReasonCode::new("NO_TRAIL");
/// The trail's log files do not arrive.
pub const TRAIL_DELIVERY_FAILING: ReasonCode = ReasonCode::new("TRAIL_DELIVERY_FAILING");
/// A trail satisfies, and everything about it was seen.
pub const TRAIL_LOGGING: ReasonCode = ReasonCode::new("TRAIL_LOGGING");
/// An organization trail satisfies as far as was seen, which was all but its
/// selectors, and `organizationTrail` accepts that.
pub const TRAIL_LOGGING_SELECTORS_UNREAD: ReasonCode =
    ReasonCode::new("TRAIL_LOGGING_SELECTORS_UNREAD");
/// The trail is not encrypted with a KMS key, and `requireKmsEncryption` asks
/// for it.
pub const TRAIL_NOT_ENCRYPTED: ReasonCode = ReasonCode::new("TRAIL_NOT_ENCRYPTED");
/// The trail is switched off.
pub const TRAIL_NOT_LOGGING: ReasonCode = ReasonCode::new("TRAIL_NOT_LOGGING");

/// The IAM actions that an evidence role needs in the account of an
/// organization trail.
pub const EVIDENCE_READS: &[&str] = &[GET_TRAIL_STATUS, GET_EVENT_SELECTORS];

/// The control.
#[derive(Debug)]
pub struct TrailLogging;

impl Control for TrailLogging {
    type Facts = AccountTrails;
    type Parameters = TrailLoggingParameters;

    const METADATA: Metadata = Metadata {
        name: "trail-logging",
        title: "A trail logs every management event in every Region",
        security_hub_control: "CloudTrail.1",
        severity: Severity::High,
        frequency: Frequency::TwentyFourHours,
        reads: &[
            DESCRIBE_TRAILS,
            GET_TRAIL_STATUS,
            GET_EVENT_SELECTORS,
            ASSUME_ROLE,
        ],
        reasons: &[
            LOG_FILE_VALIDATION_OFF,
            MANAGEMENT_EVENTS_INCOMPLETE,
            NO_DELIVERY_YET,
            NO_MULTI_REGION_TRAIL,
            NO_TRAIL,
            TRAIL_DELIVERY_FAILING,
            TRAIL_LOGGING,
            TRAIL_LOGGING_SELECTORS_UNREAD,
            TRAIL_NOT_ENCRYPTED,
            TRAIL_NOT_LOGGING,
        ],
    };

    async fn observe(
        account: &Account,
        parameters: &TrailLoggingParameters,
    ) -> Result<AccountTrails, CallError> {
        AccountTrails::observe(account, parameters).await
    }

    fn evaluate(facts: &AccountTrails, parameters: &TrailLoggingParameters) -> Verdict {
        evaluate::judge(facts, parameters).unwrap_or_else(Verdict::from)
    }

    fn predict(facts: &AccountTrails, _: &Verdict) -> Prediction {
        prediction::predict(facts)
    }
}
