//! What the runbook of AWS Config's Remediate button sends to the function.

use config_rule::Identity;
use serde_json::Value;

/// A request that this function does not take. Never repeats the payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is not what the runbook sends.
    #[error(
        "the event is not {{\"resourceId\": \"ACCOUNT\"}} and nothing else, which the runbook sends"
    )]
    Malformed,
    /// It is about another account than the function's own.
    #[error("the event is about account {event}, this function repairs only its own, {own}")]
    OtherAccount {
        /// The account that the event names.
        event: String,
        /// The account of the function.
        own: String,
    },
}

/// Reads the payload of `aws:invokeLambdaFunction`. Of everything that a remediation
/// works with only the resource id comes from AWS Config, and the resource of every
/// rule here is the account; the rest is the function's own configuration. So a key
/// that is not known is refused: it may be somebody's try to change it.
///
/// # Errors
/// If it is anything else than the id of the function's own account.
pub fn accept(event: &Value, own: &Identity) -> Result<(), RequestError> {
    let members = event.as_object().ok_or(RequestError::Malformed)?;
    let id = match members.get("resourceId") {
        Some(Value::String(id)) if members.len() == 1 => id,
        _ => return Err(RequestError::Malformed),
    };
    if id == own.account() {
        Ok(())
    } else {
        Err(RequestError::OtherAccount {
            event: id.chars().take(12).collect(),
            own: own.account().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_functions_own_account_is_accepted() {
        let arn = "arn:aws:lambda:us-east-1:111122223333:function:f";
        let own = Identity::of_function(arn).unwrap();
        assert_eq!(accept(&json!({"resourceId": "111122223333"}), &own), Ok(()));
        let other = accept(&json!({"resourceId": "444455556666"}), &own).unwrap_err();
        assert!(other.to_string().contains("444455556666"), "{other}");
        for event in [
            json!(null),
            json!("111122223333"),
            json!({}),
            json!({"resourceId": 111_122_223_333_u64}),
            json!({"resourceId": "111122223333", "mode": "automatic"}),
            json!({"ResourceId": "111122223333"}),
        ] {
            assert_eq!(
                accept(&event, &own),
                Err(RequestError::Malformed),
                "{event}"
            );
        }
    }
}
