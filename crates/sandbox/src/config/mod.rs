//! AWS Config: rules, the functions they invoke, and what those report.

mod aggregation;
mod compliance;
mod evaluations;
mod exceptions;
mod invocation;
mod notification;
mod recorded;
mod recorders;
mod remediations;
mod rule;
mod rules;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::StatusCode;
use tokio::sync::watch;

use crate::Timestamp;
use crate::operations::Needed;
use crate::paging::Page;
use crate::request::Request;
use crate::wire::{Allowed, Failure, Output, Shape, Structure, list, required, text_of};
use crate::world::NotFound;
use rule::Rule;

pub(crate) use aggregation::{
    AGGREGATE_COMPLIANCE, AGGREGATE_DETAILS, DESCRIBE_AGGREGATORS, PUT_AGGREGATOR, aggregator,
    describe_aggregate_compliance_by_config_rules, describe_configuration_aggregators,
    get_aggregate_compliance_details_by_config_rule, put_configuration_aggregator,
};
pub(crate) use compliance::{
    DESCRIBE_COMPLIANCE, DETAILS_BY_RESOURCE, DETAILS_BY_RULE, describe_compliance_by_config_rule,
    get_compliance_details_by_config_rule, get_compliance_details_by_resource,
};
pub(crate) use evaluations::{PUT_EVALUATIONS, put_evaluations};
pub(crate) use exceptions::{
    DESCRIBE_EXCEPTIONS, PUT_EXCEPTIONS, describe_remediation_exceptions,
    put_remediation_exceptions,
};
pub use invocation::RuleStatus;
pub(crate) use invocation::{event, notify};
pub use notification::{ConfigurationItem, Notification};
pub(crate) use recorders::{OF_RECORDERS, describe_recorder_status, describe_recorders};
pub(crate) use remediations::{
    DELETE_REMEDIATION, DESCRIBE_REMEDIATIONS, PUT_REMEDIATIONS, delete_remediation_configuration,
    describe_remediation_configurations, put_remediation_configurations,
};
pub(crate) use rules::{
    DESCRIBE_CONFIG_RULES, PUT_CONFIG_RULE, START_EVALUATION, delete_config_rule,
    describe_config_rules, put_config_rule, put_rule, start_config_rules_evaluation,
};

/// AWS Config in all accounts and Regions.
#[derive(Debug, Default)]
pub(crate) struct Config {
    state: Mutex<State>,
    /// Number of invocations under way.
    in_flight: watch::Sender<usize>,
}

/// Rules and tokens.
#[derive(Debug, Default)]
pub(crate) struct State {
    rules: BTreeMap<RuleKey, Rule>,
    tokens: BTreeMap<String, Token>,
    aggregators: BTreeMap<RuleKey, aggregation::Aggregator>,
}

/// Account, Region and name of a rule or an aggregator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RuleKey {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) name: String,
}

/// Meaning of a result token.
#[derive(Clone, Debug)]
struct Token {
    rule: RuleKey,
    invoked: Timestamp,
}

impl Config {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no invocation is under way.
    pub(crate) async fn settled(&self) {
        // Fails only without a sender, and that is `self`.
        let _ = self
            .in_flight
            .subscribe()
            .wait_for(|running| *running == 0)
            .await;
    }

    /// Returns the outcome of a rule's last invocation; `None` before the first.
    pub(crate) fn status(&self, key: &RuleKey) -> Result<Option<RuleStatus>, NotFound> {
        let state = self.state();
        let rule = state.rules.get(key).ok_or_else(|| key.not_found())?;
        Ok(rule.status.clone())
    }
}

impl RuleKey {
    pub(crate) fn not_found(&self) -> NotFound {
        let Self {
            account,
            region,
            name,
        } = self;
        NotFound(format!(
            "rule {name} in account {account} and Region {region}"
        ))
    }

    /// A rule of the account and Region that are asked.
    fn asked(request: &Request<'_>, name: impl Into<String>) -> Self {
        Self {
            account: request.account().to_owned(),
            region: request.region.to_owned(),
            name: name.into(),
        }
    }
}

impl State {
    /// The rules of an account in a Region, by name.
    fn rules_in(&self, account: &str, region: &str) -> impl Iterator<Item = (&RuleKey, &Rule)> {
        self.rules
            .iter()
            .filter(move |(key, _)| key.account == account && key.region == region)
    }

    /// The named rules of the account and Region that are asked; all, when none is named.
    fn named(&self, request: &Request<'_>) -> Result<Vec<(&RuleKey, &Rule)>, Failure> {
        let names = request.texts("ConfigRuleNames");
        if names.is_empty() {
            return Ok(self.rules_in(request.account(), request.region).collect());
        }
        names
            .into_iter()
            .map(|name| {
                let key = RuleKey::asked(request, name);
                self.rules
                    .get_key_value(&key)
                    .ok_or_else(|| no_such_rule(name))
            })
            .collect()
    }
}

const RULE_NAME: Shape = text_of(
    Allowed::Pattern(r".*\S.*", |text| !text.trim().is_empty()),
    1,
    128,
);

const RULE_NAMES: Shape = list(&RULE_NAME, 0, 25);

/// The input of operations about one rule.
pub(crate) const OF_RULE: Shape = Shape::Structure(&[required("ConfigRuleName", RULE_NAME)]);

/// The rule that is named.
pub(crate) fn rule(request: &Request<'_>) -> Vec<Needed> {
    vec![on_rule(
        request,
        request.text("ConfigRuleName").unwrap_or_default(),
    )]
}

/// The rules that are named; all of them when none is.
pub(crate) fn rules(request: &Request<'_>) -> Vec<Needed> {
    let names = request.texts("ConfigRuleNames");
    if names.is_empty() {
        return vec![on_rule(request, "")];
    }
    names
        .into_iter()
        .map(|name| on_rule(request, name))
        .collect()
}

/// A rule as policies see it. One that does not exist has no id: its ARN ends where
/// the id would begin, and only a policy for all rules covers it.
fn on_rule(request: &Request<'_>, name: &str) -> Needed {
    let state = request.world.config.state();
    let arn = state
        .rules
        .get(&RuleKey::asked(request, name))
        .map(|rule| rule.arn.clone());
    Needed::on(
        request,
        arn.unwrap_or_else(|| {
            let (partition, region, account) =
                (request.partition(), request.region, request.account());
            format!("arn:{partition}:config:{region}:{account}:config-rule/")
        }),
    )
}

/// An error of AWS Config: they all come with status 400.
fn refused(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, code, message)
}

fn invalid(message: impl Into<String>) -> Failure {
    refused("InvalidParameterValueException", message)
}

fn no_such_rule(name: &str) -> Failure {
    refused(
        "NoSuchConfigRuleException",
        format!(
            "The ConfigRule '{name}' provided in the request is invalid. Please check the configRule name"
        ),
    )
}

/// A page of a list, as all of AWS Config pages.
fn page(
    request: &Request<'_>,
    name: &'static str,
    items: Vec<Structure>,
    size: usize,
) -> Result<Structure, Failure> {
    let page = Page::cut(request, items, request.text("NextToken"), size).ok_or_else(|| {
        refused(
            "InvalidNextTokenException",
            "The specified next token is not valid.",
        )
    })?;
    Ok(Structure::new()
        .with(name, Output::List(page.items))
        .with_some("NextToken", page.next))
}
