//! A local AWS organization for the demo and the tests.
//!
//! No emulator knows the root user, so this one models what rootguard is about: the
//! root user's credentials in every account, privileged root sessions, AWS Config
//! with its rules and the functions it invokes. It is reached in-process through the
//! AWS SDK, or over HTTP on loopback by anything that speaks AWS's protocols.
//!
//! ```
//! # use sandbox::{Account, Organization, Sandbox};
//! let organization = Organization::with_accounts([Account::new("111111111111", "clean")]);
//! let sandbox = Sandbox::new(organization)?;
//! let config = sandbox.sdk_config("111111111111", "eu-west-1");
//! # Ok::<(), sandbox::OrganizationError>(())
//! ```
//!
//! A request goes through `wire` (HTTP to one JSON value), `identity` (who asks),
//! `faults` (what goes wrong on request), `authorization` (whether they may) and the
//! handler that `operations` names, and is recorded in `calls`.

mod access_analyzer;
mod administration;
mod authorization;
mod calls;
mod clock;
pub mod cloudformation;
mod cloudtrail;
mod cloudwatch;
mod config;
mod events;
mod faults;
mod iam;
mod identity;
mod kms;
mod lambda;
mod logs;
mod operations;
mod organization;
mod organizations;
mod paging;
mod regional;
mod request;
mod s3;
mod sandbox;
mod security_hub;
mod serve;
mod sns;
mod sqs;
mod ssm;
mod sts;
mod timestamp;
mod wire;
mod world;

pub use calls::{Call, Permission};
pub use config::{ConfigurationItem, Notification, RuleStatus};
pub use events::UnknownRouteError;
pub use faults::Fault;
pub use iam_policy::Document;
pub use lambda::{
    Context, Function, FunctionError, FunctionProcess, Invocation, ProcessError, ProcessSettings,
    Timings,
};
pub use operations::operations;
pub use organization::{
    AccessKey, Account, AccountState, ControlPolicy, CredentialReport, DelegatedAdministrator,
    LastUsed, MfaDevice, MfaKind, Organization, OrganizationError, OrganizationalUnit, Partition,
    Resource, Role, RootUser, SigningCertificate, VirtualMfaDevice,
};
pub use sandbox::{Sandbox, sdk_config_over_http};
pub use serve::{ServeError, Server};
pub use sns::Published;
pub use sqs::{Poll, QueuedMessage};
pub use timestamp::Timestamp;
pub use world::NotFound;
