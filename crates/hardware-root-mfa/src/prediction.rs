//! What Security Hub's IAM.6 will say: it goes by whether the root user can sign in to
//! the console.

use config_rule::{Compliance, Fact, Prediction, Verdict};

use crate::RootMfa;
use crate::facts::Partition;

pub(crate) fn predict(facts: &RootMfa, verdict: &Verdict) -> Prediction {
    if facts.kind_of_partition() != Partition::Ordinary {
        return Prediction::no_data(format!("{} does not have this control", facts.partition));
    }
    let Some(Fact::Known(summary)) = &facts.summary else {
        return Prediction::unknown("the account summary could not be read here");
    };
    match (summary.password_present, verdict.compliance) {
        (Some(0), _) => Prediction::passed("the root user has no password"),
        (None, _) | (_, Compliance::Unverifiable) => {
            Prediction::unknown("what decides could not be read here")
        }
        (_, Compliance::NonCompliant) => {
            Prediction::failed("the root user has a password, and no hardware MFA or a virtual one")
        }
        _ => Prediction::passed("the root user has hardware MFA and no virtual device"),
    }
}
