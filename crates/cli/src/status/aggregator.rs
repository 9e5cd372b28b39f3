//! What an aggregator of AWS Config shows of an organization.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{anyhow, bail};
use aws_sdk_config::Client;
use aws_sdk_config::types::{ConfigRuleComplianceFilters, ConfigurationAggregator};
use bundle::ConfiguredRule;
use config_rule::Account;
use futures::{StreamExt, stream};

use super::{Evaluated, Shown, client, refused};
use crate::progress;
use crate::rules::ChosenRules;

/// Number of results that are asked for at once: all calls are of one account, whose rate AWS
/// limits.
const AT_ONCE: usize = 8;

/// The aggregator that is to be asked: the one that is named, or the only one there.
pub(super) async fn chosen(account: &Account, wanted: Option<String>) -> anyhow::Result<String> {
    if let Some(name) = wanted {
        return Ok(name);
    }
    let mut names = Vec::new();
    let mut next = None;
    loop {
        let asked = client(account).describe_configuration_aggregators();
        let page =
            asked.set_next_token(next).send().await.map_err(|error| {
                anyhow!(refused("config:DescribeConfigurationAggregators", &error))
            })?;
        let all = page.configuration_aggregators().iter();
        let all = all.filter_map(ConfigurationAggregator::configuration_aggregator_name);
        names.extend(all.map(str::to_owned));
        next = page.next_token;
        if next.is_none() {
            break;
        }
    }
    let region = account.identity().region();
    match names.as_slice() {
        [name] => Ok(name.clone()),
        [] => bail!(
            "there is no aggregator of AWS Config in {region} of account {}.\nAsk as the account \
             that has it (config-admin.yaml), in its Region.",
            account.identity().account()
        ),
        several => bail!(
            "there are several aggregators in {region}: name one with --aggregator: {}",
            several.join(", ")
        ),
    }
}

/// Every enabled rule in every account: those that the aggregator sees, and those of `names`.
pub(super) async fn read(
    account: &Account,
    aggregator: &str,
    names: &BTreeMap<String, String>,
    rules: &ChosenRules,
) -> anyhow::Result<Vec<Shown>> {
    let (client, region) = (client(account), account.identity().region());
    let mut seen: Vec<(BTreeSet<String>, &ConfiguredRule)> = Vec::new();
    for rule in rules.enabled() {
        seen.push((accounts(&client, aggregator, rule, region).await?, rule));
    }
    let all: BTreeSet<&String> = seen
        .iter()
        .flat_map(|(accounts, _)| accounts)
        .chain(names.keys())
        .collect();
    // An account's rules stand together.
    let asked: Vec<_> = all
        .into_iter()
        .flat_map(|id| {
            seen.iter()
                .map(move |(accounts, rule)| (id, accounts, *rule))
        })
        .collect();
    let bar = progress::bar(asked.len());
    let one = async |id: &str, is_seen: bool, rule| {
        let mut shown = if is_seen {
            one(&client, account, aggregator, id, rule).await
        } else {
            let why = format!("the aggregator sees no rule {} there", rule.deployed_name());
            Shown::nothing(id, region, rule, why)
        };
        shown.row.account_name = names.get(id).cloned();
        bar.inc(1);
        shown
    };
    let shown = stream::iter(asked)
        .map(|(id, accounts, rule)| one(id, accounts.contains(id), rule))
        .buffered(AT_ONCE)
        .collect()
        .await;
    bar.finish_and_clear();
    Ok(shown)
}

/// The accounts in which the aggregator sees a rule.
async fn accounts(
    client: &Client,
    aggregator: &str,
    rule: &ConfiguredRule,
    region: &str,
) -> anyhow::Result<BTreeSet<String>> {
    let filters = ConfigRuleComplianceFilters::builder()
        .config_rule_name(rule.deployed_name())
        .aws_region(region)
        .build();
    let asked = client.describe_aggregate_compliance_by_config_rules();
    let asked = asked.configuration_aggregator_name(aggregator);
    let mut pages = asked.filters(filters).into_paginator().send();
    let mut accounts = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            let action = "config:DescribeAggregateComplianceByConfigRules";
            anyhow!("{aggregator}: {}", refused(action, &error))
        })?;
        let all = page.aggregate_compliance_by_config_rules.into_iter();
        accounts.extend(all.flatten().filter_map(|found| found.account_id));
    }
    Ok(accounts)
}

async fn one(
    client: &Client,
    account: &Account,
    aggregator: &str,
    id: &str,
    rule: &ConfiguredRule,
) -> Shown {
    let region = account.identity().region();
    let asked = client.get_aggregate_compliance_details_by_config_rule();
    let asked = asked
        .configuration_aggregator_name(aggregator)
        .config_rule_name(rule.deployed_name())
        .account_id(id)
        .aws_region(region);
    let answer = match asked.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let action = "config:GetAggregateComplianceDetailsByConfigRule";
            return Shown::nothing(id, region, rule, refused(action, &error));
        }
    };
    // Our functions report one result, of the account.
    let Some(result) = answer.aggregate_evaluation_results().first() else {
        let why = "AWS Config has no result of it yet".to_owned();
        return Shown::nothing(id, region, rule, why);
    };
    let evaluated = Evaluated {
        compliance: result.compliance_type(),
        annotation: result.annotation(),
        recorded: result.result_recorded_time(),
        invoked: result.config_rule_invoked_time(),
    };
    evaluated.status_of(id, region, rule, account.observed_at())
}
