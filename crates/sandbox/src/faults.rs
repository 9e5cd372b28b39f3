//! Faults on request: per account and action, for a number of times or for ever.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;

use crate::organization::Organization;

/// Something that goes wrong, in every account and with every action until narrowed.
///
/// ```
/// # use sandbox::Fault;
/// let fault = Fault::throttling().account("111111111111").action("iam:Get*").after(1).times(3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    effect: Effect,
    account: Option<String>,
    #[serde(default = "every_action")]
    action: String,
    resource: Option<String>,
    #[serde(default)]
    after: u32,
    times: Option<u32>,
}

/// Effect of a fault.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Effect {
    /// With how many milliseconds the client is asked to wait.
    Throttling(u64),
    AccessDenied,
    /// With its status and code.
    Error(u16, String),
    /// Of so many milliseconds.
    Latency(u64),
    DroppedConnection,
    LostAnswer,
    PagesOf(usize),
    FailedEvaluations,
    Contrary,
}

impl Fault {
    /// Requests are throttled; the answer asks to wait two milliseconds.
    pub fn throttling() -> Self {
        Self::with_effect(Effect::Throttling(2))
    }

    /// Requests are denied as if by a service control policy.
    pub fn access_denied() -> Self {
        Self::with_effect(Effect::AccessDenied)
    }

    /// Requests fail on the server's side, with a status of 500 to 599.
    pub fn server_error(status: u16) -> Self {
        Self::error(status, "InternalFailure")
    }

    /// Requests fail with this HTTP status and error code.
    pub fn error(status: u16, code: impl Into<String>) -> Self {
        Self::with_effect(Effect::Error(status, code.into()))
    }

    /// Answers come later.
    pub fn latency(delay: Duration) -> Self {
        Self::with_effect(Effect::Latency(
            u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
        ))
    }

    /// The connection ends without an answer.
    pub fn dropped_connection() -> Self {
        Self::with_effect(Effect::DroppedConnection)
    }

    /// The request is served, and the connection ends before its answer.
    pub fn lost_answer() -> Self {
        Self::with_effect(Effect::LostAnswer)
    }

    /// Lists come in pages of at most this many items, whatever the client asks for.
    pub fn pages_of(items: usize) -> Self {
        Self::with_effect(Effect::PagesOf(items.max(1)))
    }

    /// `PutEvaluations` and `BatchImportFindings` answer 200 and record nothing: all of
    /// it is in `FailedEvaluations` or `FailedFindings`.
    pub fn failed_evaluations() -> Self {
        Self::with_effect(Effect::FailedEvaluations)
    }

    /// The opposite answer: what the sandbox grants is refused, what it refuses is granted, and a
    /// trial of a pattern or a policy comes out the other way. `rootguard acceptance` is tested
    /// with it, because a question whose answer may be either asks nothing.
    pub fn contrary() -> Self {
        Self::with_effect(Effect::Contrary)
    }

    /// Only in this account: that of the credentials.
    #[must_use]
    pub fn account(self, id: impl Into<String>) -> Self {
        Self {
            account: Some(id.into()),
            ..self
        }
    }

    /// Only with these IAM actions: `iam:GetAccountSummary`, `iam:Get*`.
    #[must_use]
    pub fn action(self, pattern: impl Into<String>) -> Self {
        Self {
            action: pattern.into(),
            ..self
        }
    }

    /// Only when it is about this resource, by the ARN that policies know it by. Does
    /// not go with short pages and `FailedEvaluations`, which are not about one.
    #[must_use]
    pub fn resource(self, arn: impl Into<String>) -> Self {
        Self {
            resource: Some(arn.into()),
            ..self
        }
    }

    /// Not the first so many times that it would: the n-th page of a list fails
    /// after n - 1.
    #[must_use]
    pub fn after(self, passed: u32) -> Self {
        Self {
            after: passed,
            ..self
        }
    }

    /// Only so many times.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    fn with_effect(effect: Effect) -> Self {
        Self {
            effect,
            account: None,
            action: every_action(),
            resource: None,
            after: 0,
            times: None,
        }
    }

    fn hits(&self, account: &str, action: &str, resources: &[&str]) -> bool {
        self.times != Some(0)
            && self.account.as_deref().is_none_or(|only| only == account)
            && self
                .resource
                .as_deref()
                .is_none_or(|only| resources.contains(&only))
            && matches(&self.action.to_lowercase(), &action.to_lowercase())
    }

    /// Returns the effect on the next request, if there is one.
    fn strike(&mut self) -> Option<Effect> {
        if self.after > 0 {
            self.after -= 1;
            return None;
        }
        self.times = self.times.map(|times| times.saturating_sub(1));
        Some(self.effect.clone())
    }
}

/// The faults that are in force.
#[derive(Debug)]
pub(crate) struct Faults {
    /// Those the organization file describes: part of the world.
    standing: Vec<Fault>,
    injected: Mutex<Vec<Fault>>,
}

impl Faults {
    pub(crate) fn standing(organization: &Organization) -> Self {
        let standing = organization.accounts.iter().flat_map(|account| {
            let denied = account
                .denied_actions
                .iter()
                .map(|action| (Fault::access_denied(), action));
            let throttled = account
                .throttled_actions
                .iter()
                .map(|action| (Fault::throttling(), action));
            denied
                .chain(throttled)
                .map(|(fault, action)| fault.account(&account.id).action(action))
        });
        Self {
            standing: standing.collect(),
            injected: Mutex::default(),
        }
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.injected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(fault);
    }

    pub(crate) fn clear(&self) {
        self.injected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The first fault of the wanted kind for an action in an account. It counts as
    /// having happened.
    pub(crate) fn take(
        &self,
        account: &str,
        action: &str,
        wanted: impl Fn(&Effect) -> bool,
    ) -> Option<Effect> {
        self.take_about(account, action, &[], wanted)
    }

    /// Takes the fault for an action on resources.
    pub(crate) fn take_about(
        &self,
        account: &str,
        action: &str,
        resources: &[&str],
        wanted: impl Fn(&Effect) -> bool,
    ) -> Option<Effect> {
        let mut injected = self.injected.lock().unwrap_or_else(PoisonError::into_inner);
        let hits = |fault: &Fault| wanted(&fault.effect) && fault.hits(account, action, resources);
        injected
            .iter_mut()
            .filter(|fault| hits(fault))
            .find_map(Fault::strike)
            .or_else(|| {
                let standing = self.standing.iter().find(|fault| hits(fault));
                standing.map(|fault| fault.effect.clone())
            })
    }
}

/// Returns true if a text fits a pattern in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|remainder| {
            let mut ends = remainder
                .char_indices()
                .map(|(end, _)| end)
                .chain([remainder.len()]);
            ends.any(|end| remainder.get(end..).is_some_and(|tail| matches(rest, tail)))
        }),
    }
}

fn every_action() -> String {
    "*".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("iam:*", "iam:getuser", true),
            ("iam:get*report", "iam:getcredentialreport", true),
            ("iam:get", "iam:getuser", false),
            ("iam:*user", "iam:getuserpolicy", false),
            ("*:get*", "sts:getcalleridentity", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_fault_about_a_resource_leaves_others_alone() {
        let faults = Faults::standing(&Organization::with_accounts([]));
        faults.inject(Fault::access_denied().resource("arn:one"));
        let taken = |resources: &[&str]| faults.take_about("1", "a:B", resources, |_| true);
        assert!(taken(&["arn:one"]).is_some());
        assert!(taken(&["arn:other", "arn:one"]).is_some());
        assert!(taken(&["arn:other"]).is_none());
        assert!(taken(&[]).is_none());
    }

    #[test]
    fn a_counted_fault_ends() {
        let faults = Faults::standing(&Organization::with_accounts([]));
        faults.inject(Fault::throttling().account("1").action("iam:Get*").times(2));
        let taken = |account, action| faults.take(account, action, |_| true).is_some();
        assert!(!taken("2", "iam:GetUser"));
        assert!(!taken("1", "iam:ListUsers"));
        assert!(taken("1", "iam:GetUser"));
        assert!(taken("1", "iam:getuser"));
        assert!(!taken("1", "iam:GetUser"));
    }

    #[test]
    fn a_fault_lets_pass_what_comes_before() {
        let faults = Faults::standing(&Organization::with_accounts([]));
        let taken = |action| faults.take("1", action, |_| true);
        let late = Fault::throttling().action("iam:Get*").after(2).times(1);
        faults.inject(late);
        assert_eq!(taken("iam:ListUsers"), None);
        assert_eq!(taken("iam:GetUser"), None);
        assert_eq!(taken("iam:GetUser"), None);
        assert_eq!(taken("iam:GetUser"), Some(Effect::Throttling(2)));
        assert_eq!(taken("iam:GetUser"), None);
        // What goes wrong for another reason is not one of those that pass.
        faults.inject(Fault::throttling().times(2));
        faults.inject(Fault::access_denied().after(1));
        let effects = [(); 4].map(|()| taken("iam:GetUser"));
        let throttled = Some(Effect::Throttling(2));
        let denied = Some(Effect::AccessDenied);
        assert_eq!(effects, [throttled.clone(), throttled, None, denied]);
    }
}
