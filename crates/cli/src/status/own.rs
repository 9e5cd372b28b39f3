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

/// Every enabled rule; one that cannot be asked about hides no other.
pub(super) async fn shown(account: &Account, rules: &ChosenRules) -> Vec<Shown> {
    let client = client(account);
    let mut all = Vec::new();
    for rule in rules.enabled() {
        let mut shown = one(&client, account, rule).await;
        shown.remediation_exception = exception(&client, account, rule).await;
        all.push(shown);
    }
    all
}

async fn one(client: &Client, account: &Account, rule: &ConfiguredRule) -> Shown {
    let identity = account.identity();
    let nothing = |why: String| Shown::nothing(identity.account(), identity.region(), rule, why);
    let asked = client.get_compliance_details_by_config_rule();
    let asked = asked.config_rule_name(rule.name()).into_paginator();
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
                rule.name()
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
    evaluated.shown(identity.account(), identity.region(), rule, now)
}

/// That AWS Config does not remediate the account for this rule. Not being allowed to ask is
/// no reason to show nothing else.
async fn exception(
    client: &Client,
    account: &Account,
    rule: &ConfiguredRule,
) -> Option<RemediationException> {
    let asked = client.describe_remediation_exceptions();
    let asked = asked.config_rule_name(rule.name()).into_paginator().send();
    let pages: Vec<_> = asked.try_collect().await.ok()?;
    let all = pages
        .iter()
        .flat_map(DescribeRemediationExceptionsOutput::remediation_exceptions);
    let mut own = all.filter(|exception| {
        exception.resource_type() == ACCOUNT
            && exception.resource_id() == account.identity().account()
    });
    own.next().map(|exception| RemediationException {
        message: exception.message().map(str::to_owned),
        expires: exception.expiration_time().copied().map(Timestamp::from),
    })
}
