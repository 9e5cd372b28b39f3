//! Every call that was made, in order.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::Timestamp;

/// A call that the sandbox answered, or refused to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Time.
    pub time: Timestamp,
    /// The account of the credentials; empty when nobody knows them.
    pub account: String,
    /// The ARN of the principal; empty when nobody knows the credentials.
    pub principal: String,
    /// The Region that was asked.
    pub region: String,
    /// The service, by its signing name (`iam`).
    pub service: String,
    /// The operation (`GetAccountSummary`); empty when the request names none.
    pub operation: String,
    /// Permissions that the principal needed: mostly one, none for an operation that needs none,
    /// several where AWS checks several.
    pub permissions: Vec<Permission>,
    /// The condition keys that only this operation has, and their values: the task policy
    /// of `AssumeRoot`, say.
    pub context: Vec<(String, Vec<String>)>,
    /// The HTTP status of the answer; none when the connection was dropped.
    pub status: Option<u16>,
    /// The error code of the answer.
    pub error: Option<String>,
}

/// An IAM action on a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Permission {
    /// The action (`iam:GetAccountSummary`).
    pub action: String,
    /// The ARN of the resource, or `*`.
    pub resource: String,
}

impl Call {
    /// A call of which nothing but the time is known yet.
    pub(crate) fn at(time: Timestamp) -> Self {
        Self {
            time,
            account: String::new(),
            principal: String::new(),
            region: String::new(),
            service: String::new(),
            operation: String::new(),
            permissions: Vec::new(),
            context: Vec::new(),
            status: None,
            error: None,
        }
    }
}

/// The calls since the last reset.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<Vec<Call>>);

impl Calls {
    pub(crate) fn record(&self, call: Call) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(call);
    }

    pub(crate) fn all(&self) -> Vec<Call> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
