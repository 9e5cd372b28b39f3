//! What AWS Config shows of the account that asks.

use aws_sdk_config::Client;
use aws_sdk_config::operation::describe_remediation_exceptions::DescribeRemediationExceptionsOutput;
use aws_sdk_config::operation::get_compliance_details_by_config_rule::GetComplianceDetailsByConfigRuleError;
use bundle::ConfiguredRule;
use config_rule::{Account, Timestamp};

use super::{Evaluated, RemediationException, Shown, client, refused};
use crate::rules::ChosenRules;

/// The resource type of results about an account as a whole.
const ACCOUNT: &str = "AWS::::Account";

/// Every enabled rule; one that cannot be asked about hides no other. What may not be told
/// of their remediation exceptions is a note.
pub(super) async fn read(
    account: &Account,
    rules: &ChosenRules,
    notes: &mut Vec<String>,
) -> Vec<Shown> {
    let client = client(account);
    let mut all = Vec::new();
    for rule in rules.enabled() {
        let mut shown = one(&client, account, rule).await;
        match exception(&client, account, rule).await {
            Ok(exception) => shown.remediation_exception = exception,
            Err(why) => {
                let note = format!("Remediation exceptions of AWS Config cannot be told: {why}");
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        all.push(shown);
    }
    all
}

async fn one(client: &Client, account: &Account, rule: &ConfiguredRule) -> Shown {
    let identity = account.identity();
    let nothing = |why: String| Shown::nothing(identity.account(), identity.region(), rule, why);
    let asked = client.get_compliance_details_by_config_rule();
    let asked = asked
        .config_rule_name(rule.deployed_name())
        .into_paginator();
    let results: Result<Vec<_>, _> = asked.items().send().collect().await;
    let results = match results {
        Ok(results) => results,
        Err(error)
            if error.as_service_error().is_some_and(
                GetComplianceDetailsByConfigRuleError::is_no_such_config_rule_exception,
            ) =>
        {
            let region = identity.region();
            return nothing(format!(
                "there is no rule {} in {region}: is it deployed there?",
                rule.deployed_name()
            ));
        }
        Err(error) => return nothing(refused("config:GetComplianceDetailsByConfigRule", &error)),
    };
    let about = results.iter().find(|result| {
        let identifier = result.evaluation_result_identifier();
        let about = identifier.and_then(|found| found.evaluation_result_qualifier());
        about.is_some_and(|about| {
            about.resource_type() == Some(ACCOUNT)
                && about.resource_id() == Some(identity.account())
        })
    });
    let Some(result) = about else {
        return nothing("AWS Config has no result of it yet".to_owned());
    };
    let evaluated = Evaluated {
        compliance: result.compliance_type(),
        annotation: result.annotation(),
        recorded: result.result_recorded_time(),
        invoked: result.config_rule_invoked_time(),
    };
    let now = account.observed_at();
    evaluated.status_of(identity.account(), identity.region(), rule, now)
}

/// That AWS Config does not remediate the account for this rule; or why that is not known.
async fn exception(
    client: &Client,
    account: &Account,
    rule: &ConfiguredRule,
) -> Result<Option<RemediationException>, String> {
    let asked = client.describe_remediation_exceptions();
    let asked = asked
        .config_rule_name(rule.deployed_name())
        .into_paginator()
        .send();
    let pages: Vec<_> = asked
        .try_collect()
        .await
        .map_err(|error| refused("config:DescribeRemediationExceptions", &error))?;
    let all = pages
        .iter()
        .flat_map(DescribeRemediationExceptionsOutput::remediation_exceptions);
    let mut own = all.filter(|exception| {
        exception.resource_type() == ACCOUNT
            && exception.resource_id() == account.identity().account()
    });
    Ok(own.next().map(|exception| RemediationException {
        message: exception.message().map(str::to_owned),
        expires: exception.expiration_time().copied().map(Timestamp::from),
    }))
}
