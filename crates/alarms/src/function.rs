//! Lambda functions that alarms invoke.

use config_rule::{Account, Arn, CallError, Fact};

use crate::client::lambda;

/// IAM action that reads the policy of a function.
pub const GET_POLICY: &str = "lambda:GetPolicy";

/// The resource policy of a function, an alias or a version. `Known(None)`:
/// there is none, or no such function; either way nothing can invoke it.
///
/// # Errors
/// See [`Account::call`].
pub(crate) async fn observe_function_policy(
    account: &Account,
    function: &Arn,
) -> Result<Fact<Option<String>>, CallError> {
    let request = lambda(account)
        .get_policy()
        .function_name(function.as_str());
    let answer = account.call(GET_POLICY, request.send()).await?;
    Ok(answer.map(|output| output?.policy))
}
