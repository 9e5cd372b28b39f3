//! Remediation that does no harm: plan, approve, apply, verify, record, undo.
//!
//! A control that can be remediated implements [`Remediation`]: what else it needs to
//! see, what it would do ([`Plan`]), how it applies a step, what still stands of it
//! ([`Standing`]), and how it reverts it. The rest is here, once for all: what the
//! organization allows ([`Approval`]), the loop that applies and looks again ([`Run`]),
//! who approves and keeps the [`Record`] ([`Attendant`]), [`undo()`], and the Lambda
//! function around it ([`lambda::serve`]).

mod approval;
mod attendant;
mod central;
mod event;
pub mod lambda;
mod member;
mod plan;
mod record;
mod remediation;
mod request;
mod run;
mod undo;
mod write;

pub use approval::{Approval, Mode, RemediationParameters};
pub use attendant::{Attendant, RecordNotKept, Unattended};
pub use event::{RequestError, accept};
pub use member::{
    DESCRIBE_ACCOUNT, MemberSettings, OrganizationMembership, PUT_PARAMETER, claim_today,
};
pub use plan::{ManualItem, Plan, READ_REFUSED, Step};
pub use record::{FORMAT, Outcome, Record, RecordError, RecordedStep, StepStatus};
pub use remediation::{Remediation, Target, remediation_actions};
pub use request::{Request, RequestRefusedError, requests};
pub use run::{Run, WaitSettings};
pub use undo::{Standing, Undo, UndoStatus, UndoneStep, plan_undo, undo};
pub use write::{StepError, remove, write};
