//! The contract between AWS Config and a custom Lambda rule.
//!
//! A control implements [`Control`]: what it observes in an account, and what
//! it concludes from that. Everything else is here, once for all controls: the
//! event that AWS Config sends ([`RuleEvent`]), the parameters of a rule
//! ([`Parameters`]), what the answer of an AWS API means ([`Account::call`]),
//! the verdict and its annotation ([`Verdict`], [`Annotation`]), reporting it
//! with `PutEvaluations`, and the Lambda function around it ([`lambda::serve`]).

mod account;
mod annotation;
mod answer;
mod arn;
mod control;
mod evaluation;
mod event;
mod evidence;
mod exception;
mod fact;
mod identity;
pub mod lambda;
mod parameters;
mod prediction;
mod report;
pub mod sdk;
mod timestamp;
mod verdict;
mod visible;

pub use account::{ASSUME_ROLE, Account, Section};
pub use annotation::Annotation;
pub use answer::{CallError, explain};
pub use arn::{Arn, ArnError};
pub use control::{Control, DEPLOYED, Frequency, Metadata, Severity, deployed_name};
pub use evaluation::{Evaluation, EvaluationError, Function, evaluate, judge_saved, observe};
pub use event::{EventError, MessageType, RuleEvent};
pub use evidence::{EvidenceRole, EvidenceRoles};
pub use exception::{
    Day, DayError, EXCEPTIONS, Exception, Exceptions, ExceptionsError, Owner, OwnerError,
};
pub use fact::{Fact, Unread};
pub use identity::{Identity, IdentityError};
pub use parameters::{
    Choice, ParameterError, ParameterKind, ParameterReader, ParameterSpec, Parameters,
    RuleParameters, WhenUnverifiable, parse_parameters, specify_parameters,
};
pub use prediction::{Prediction, SecurityHubStatus};
pub use report::{PUT_EVALUATIONS, ReportError};
pub use timestamp::{Timestamp, TimestampError};
pub use verdict::{Compliance, ReasonCode, Verdict, reasons};
pub use visible::{is_deceptive, visible};
