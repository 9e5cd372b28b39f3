//! What the organization accepts for a while, as people and machines are told of it.

use std::time::SystemTime;

use bundle::{ConfiguredException, Rules};
use config_rule::Exception;
use serde::Serialize;

/// An exception of `rules.toml`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownException {
    /// The name of the rule.
    pub(crate) control: &'static str,
    #[serde(flatten)]
    pub(crate) exception: Exception,
    /// Reason why it is accepted.
    pub(crate) reason: String,
    /// True if its last day is over: then it changes nothing.
    pub(crate) expired: bool,
}

/// Those of the rules, as of now.
pub(crate) fn all(rules: &Rules) -> Vec<ShownException> {
    let now = SystemTime::now().into();
    let shown = rules.exceptions().map(|configured| {
        let ConfiguredException {
            control,
            exception,
            reason,
        } = configured.clone();
        ShownException {
            control,
            expired: exception.is_expired(now),
            exception,
            reason,
        }
    });
    shown.collect()
}

/// A sentence on how many hold, and one for each that has expired.
pub(crate) fn notes(exceptions: &[ShownException]) -> Vec<String> {
    let holding = exceptions.iter().filter(|shown| !shown.expired).count();
    let mut notes = Vec::new();
    match holding {
        0 => {}
        1 => notes.push("1 exception holds.".to_owned()),
        many => notes.push(format!("{many} exceptions hold.")),
    }
    for shown in exceptions.iter().filter(|shown| shown.expired) {
        let ShownException {
            control, exception, ..
        } = shown;
        let Exception {
            account,
            reason_code,
            expires,
            owner,
        } = exception;
        notes.push(format!(
            "An exception expired on {expires} and is void: {control} {reason_code} in {account}, \
             owner {owner}."
        ));
    }
    notes
}
