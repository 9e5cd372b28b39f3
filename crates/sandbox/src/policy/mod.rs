//! IAM policies: what the sandbox lets a caller do.
//!
//! [`Document::parse`] reads a policy, [`authorize`] decides one request by AWS's
//! published evaluation logic: an explicit deny wins; within one account an
//! identity policy or a resource policy is enough; across accounts both are
//! needed; session policies limit what the identity may do; the trust policy of a
//! role and the policy of a key must allow by themselves. Nothing here does I/O.
//!
//! | the resource policy names | what it grants in the same account |
//! |---|---|
//! | `*`, a user, a role session | everything, whatever identity and session policies leave out |
//! | a role | as the role's own policies: session policies limit it |
//! | the account | nothing by itself: the identity policy must allow too |
//!
//! **An answer or an error, never a guess.** A policy with an element, operator or
//! condition key that is not known here does not parse. An operator that does not
//! fit its key, a variable without a value, a key that every real request carries
//! and this one lacks: each is a [`PolicyError`], and an error allows nothing.
//!
//! **Matching.** Actions are compared without regard to case. In a `Resource`, `*`
//! and `?` stay within their part of the ARN, except that a `*` at the end of a part
//! also crosses colons. ARN conditions compare the six parts of an ARN one by one.
//! A request for an action without resources has the resource `*`, which only the
//! pattern `*` matches. A `NotPrincipal` spares a caller only if it names the
//! account, the role and the session.
//!
//! **Not modelled**: permissions boundaries, service and resource control policies,
//! federated principals as callers, `CanonicalUser`, unique ids as principals,
//! `Binary` conditions, set operators with `IfExists`, and dates other than full
//! ISO 8601 or seconds since 1970. Each is refused where it could be written.
//!
//! The comparisons of conditions come from the crate `iam-rs`; `operator` holds what
//! it gets wrong and how that is handled.

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
mod variable;

pub use document::{Document, Effect};
pub use error::PolicyError;
pub use evaluate::{Applicable, Decision, Request, authorize};
pub use principal::{Principal, PrincipalKind};
