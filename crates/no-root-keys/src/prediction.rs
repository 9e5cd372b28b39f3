//! What Security Hub's IAM.4 will say: whether the root user has an access key, and
//! nothing about certificates.

use config_rule::{Prediction, Unread};

use crate::RootKeys;

pub(crate) fn predict(facts: &RootKeys) -> Prediction {
    let has_key = || -> Result<bool, Unread> { facts.summary.known()?.has_access_key() };
    match has_key() {
        Ok(true) => Prediction::failed("the root user has an access key"),
        Ok(false) => Prediction::passed(
            "the root user has no access key, and it does not look at signing certificates",
        ),
        Err(_) => Prediction::unknown("the account summary could not be read here"),
    }
}
