//! IAM policy documents: parse, and evaluate in three values.
//!
//! [`Document::parse`] reads a policy, [`authorize`] decides one request by AWS's
//! published evaluation logic: an explicit deny wins; within one account an
//! identity policy or a resource policy is enough; across accounts both are
//! needed; session policies and service control policies limit what the caller may
//! do; the trust policy of a role and the policy of a key must allow by themselves.
//! Nothing here does I/O, and nothing depends on AWS.
//!
//! ```
//! use iam_policy::{Applicable, Context, Decision, Document, Principal, Request, authorize};
//!
//! let policy = Document::parse(
//!     r#"{
//!         "Version": "2012-10-17",
//!         "Statement": {
//!             "Effect": "Allow",
//!             "Principal": {"Service": "cloudwatch.amazonaws.com"},
//!             "Action": "sns:Publish",
//!             "Resource": "arn:aws:sns:us-east-1:111122223333:alerts",
//!             "Condition": {"StringEquals": {"aws:SourceOrgID": "o-exampleorgid"}}
//!         }
//!     }"#,
//! )?;
//! let mut request = Request {
//!     principal: Principal::service("cloudwatch.amazonaws.com"),
//!     action: "sns:Publish".to_owned(),
//!     resource: "arn:aws:sns:us-east-1:111122223333:alerts".to_owned(),
//!     context: Context::partial([("aws:SourceAccount", "111122223333")]),
//! };
//! let applicable = Applicable { resource: Some(&policy), ..Applicable::default() };
//!
//! // Nobody has said which organization the alarm's account is in.
//! let Decision::Undecided(reason) = authorize(&request, &applicable) else { unreachable!() };
//! assert_eq!(reason, "the request's value of aws:SourceOrgID is not known");
//!
//! request.context.set("aws:SourceOrgID", ["o-exampleorgid"]);
//! assert_eq!(authorize(&request, &applicable), Decision::Allowed);
//! # Ok::<(), iam_policy::PolicyError>(())
//! ```
//!
//! | the resource policy names | it grants in the caller's own account |
//! |---|---|
//! | `*`, a user, a role session | everything, whatever identity and session policies leave out |
//! | a role | as the role's own policies: session policies limit it |
//! | the account | nothing by itself: the identity policy must allow too |
//!
//! **Three values.** A condition holds, does not hold, or is undecided: its operator or
//! key is not known, the request's value of the key is not known, or a value cannot be
//! read. An AND is false as soon as one side is, and an OR true, so an undecided part
//! makes a [`Decision::Undecided`] only where it decides. A document that AWS would not
//! store (an unknown element, a `Sid` that stands twice) is a [`PolicyError`].
//!
//! **Matching.** Actions are compared without regard to case. In a `Resource`, `*`
//! and `?` stay within their part of the ARN, except that a `*` at the end of a part
//! also crosses colons. ARN conditions compare the six parts of an ARN one by one.
//! A request for an action without resources has the resource `*`, which only the
//! pattern `*` matches. A `NotPrincipal` spares a caller only if it names the
//! account, the role and the session.
//!
//! **Not modelled**: permissions boundaries, resource control policies, VPC endpoint
//! policies, federated principals as callers, and `CanonicalUser`.

mod condition;
mod context;
mod document;
mod error;
mod evaluate;
mod json;
mod key;
mod operator;
mod pattern;
mod principal;
mod truth;
mod value;
mod variable;

pub use context::Context;
pub use document::{Document, Effect, PolicyReading};
pub use error::PolicyError;
pub use evaluate::{Applicable, Decision, Request, authorize};
pub use pattern::arn_matches;
pub use principal::{Principal, PrincipalKind};
pub use truth::Truth;
