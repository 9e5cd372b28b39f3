//! Aggregators: what AWS Config in one account shows of the whole organization.

use serde_json::Value;
use uuid::Uuid;

use super::compliance::{compliance, is_wanted};
use super::evaluations::COMPLIANCE_TYPE;
use super::rule::Rule;
use super::{RULE_NAME, RuleKey, State, invalid, page, refused};
use crate::Timestamp;
use crate::operations::Needed;
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Shape, Structure, consists_of_word_and, integer, list, member, one_of,
    required, text, text_of,
};

/// An aggregator of the accounts of the organization.
#[derive(Clone, Debug)]
pub(super) struct Aggregator {
    arn: String,
    role: String,
    /// The Regions that it looks into; all, where none is named.
    regions: Vec<String>,
    created: Timestamp,
    updated: Timestamp,
}

const NAME: Shape = text_of(
    Allowed::Pattern(r"[\w\-]+", |text| consists_of_word_and("-", text)),
    1,
    256,
);
const ACCOUNT_ID: Shape = text(12, 12);
const REGION: Shape = text(1, 64);
const REGIONS: Shape = list(&text(1, usize::MAX), 1, usize::MAX);
const FILTER: Shape = Shape::Structure(&[
    member("Type", one_of(&["INCLUDE"])),
    member("Value", list(&text(1, 256), 0, usize::MAX)),
]);
const NEXT_TOKEN: Shape = text(0, usize::MAX);

pub(crate) const PUT_AGGREGATOR: Shape = Shape::Structure(&[
    required("ConfigurationAggregatorName", NAME),
    member(
        "AccountAggregationSources",
        list(
            &Shape::Structure(&[
                required("AccountIds", list(&ACCOUNT_ID, 1, usize::MAX)),
                member("AllAwsRegions", Shape::Boolean),
                member("AwsRegions", REGIONS),
            ]),
            0,
            1,
        ),
    ),
    member(
        "OrganizationAggregationSource",
        Shape::Structure(&[
            required("RoleArn", text(0, usize::MAX)),
            member("AwsRegions", REGIONS),
            member("AllAwsRegions", Shape::Boolean),
        ]),
    ),
    member(
        "Tags",
        list(
            &Shape::Structure(&[member("Key", text(1, 128)), member("Value", text(0, 256))]),
            0,
            50,
        ),
    ),
    member(
        "AggregatorFilters",
        Shape::Structure(&[
            member("ResourceType", FILTER),
            member("ServicePrincipal", FILTER),
        ]),
    ),
]);

pub(crate) const DESCRIBE_AGGREGATORS: Shape = Shape::Structure(&[
    member("ConfigurationAggregatorNames", list(&NAME, 0, 10)),
    member("NextToken", NEXT_TOKEN),
    member("Limit", integer(0, 100)),
]);

pub(crate) const AGGREGATE_COMPLIANCE: Shape = Shape::Structure(&[
    required("ConfigurationAggregatorName", NAME),
    member(
        "Filters",
        Shape::Structure(&[
            member("ConfigRuleName", RULE_NAME),
            member("ComplianceType", COMPLIANCE_TYPE),
            member("AccountId", ACCOUNT_ID),
            member("AwsRegion", REGION),
        ]),
    ),
    member("Limit", integer(0, 1000)),
    member("NextToken", NEXT_TOKEN),
]);

pub(crate) const AGGREGATE_DETAILS: Shape = Shape::Structure(&[
    required("ConfigurationAggregatorName", NAME),
    required("ConfigRuleName", RULE_NAME),
    required("AccountId", ACCOUNT_ID),
    required("AwsRegion", REGION),
    member("ComplianceType", COMPLIANCE_TYPE),
    member("Limit", integer(0, 100)),
    member("NextToken", NEXT_TOKEN),
]);

/// Returns the key of the aggregator that a request names.
fn asked(request: &Request<'_>) -> RuleKey {
    let name = request.text("ConfigurationAggregatorName");
    RuleKey::asked(request, name.unwrap_or_default())
}

/// The aggregator that is named. One that does not exist has no id yet.
pub(crate) fn aggregator(request: &Request<'_>) -> Vec<Needed> {
    let state = request.world.config.state();
    let known = state.aggregators.get(&asked(request));
    let arn = known.map_or_else(
        || arn(request, "config-aggregator/"),
        |known| known.arn.clone(),
    );
    vec![Needed::on(request, arn)]
}

fn arn(request: &Request<'_>, resource: &str) -> String {
    request.place().arn("config", resource)
}

pub(crate) fn put_configuration_aggregator(request: &Request<'_>) -> Result<Structure, Failure> {
    if request.input.get("AggregatorFilters").is_some() {
        return Err(Failure::not_implemented("AggregatorFilters"));
    }
    if request.input.get("AccountAggregationSources").is_some() {
        return Err(Failure::not_implemented("AccountAggregationSources"));
    }
    let Some(source) = request.input.get("OrganizationAggregationSource") else {
        return Err(invalid(
            "You must choose one of these source types: AccountAggregationSources or \
             OrganizationAggregationSource.",
        ));
    };
    let all = source.get("AllAwsRegions").and_then(Value::as_bool) == Some(true);
    let regions = source.get("AwsRegions").and_then(Value::as_array);
    if all == regions.is_some() {
        return Err(invalid(
            "You must choose either AllAwsRegions or AwsRegions.",
        ));
    }
    if request.world.organization.management_account() != Some(request.account()) {
        return Err(refused(
            "OrganizationAccessDeniedException",
            "This account is neither the management account nor a delegated administrator.",
        ));
    }
    let regions = regions.into_iter().flatten().filter_map(Value::as_str);
    let role = source.get("RoleArn").and_then(Value::as_str);
    let mut state = request.world.config.state();
    let key = asked(request);
    let known = state.aggregators.get(&key);
    let id = format!("config-aggregator-{:.8}", Uuid::new_v4().simple());
    let aggregator = Aggregator {
        arn: known.map_or_else(
            || arn(request, &format!("config-aggregator/{id}")),
            |known| known.arn.clone(),
        ),
        role: role.unwrap_or_default().to_owned(),
        regions: regions.map(str::to_owned).collect(),
        created: known.map_or(request.now, |known| known.created),
        updated: request.now,
    };
    let output = aggregator.output(&key.name);
    state.aggregators.insert(key, aggregator);
    Ok(Structure::new().with("ConfigurationAggregator", output))
}

pub(crate) fn describe_configuration_aggregators(
    request: &Request<'_>,
) -> Result<Structure, Failure> {
    let names = request.texts("ConfigurationAggregatorNames");
    let state = request.world.config.state();
    let there = |key: &&RuleKey| key.account == request.account() && key.region == request.region;
    let mut found = Vec::new();
    if names.is_empty() {
        let here = state.aggregators.iter().filter(|(key, _)| there(key));
        found.extend(here.map(|(key, aggregator)| aggregator.output(&key.name)));
    }
    for name in names {
        let key = RuleKey::asked(request, name);
        let aggregator = state.aggregators.get(&key).ok_or_else(no_such_aggregator)?;
        found.push(aggregator.output(name));
    }
    page(
        request,
        "ConfigurationAggregators",
        found,
        limit(request, 100),
    )
}

pub(crate) fn describe_aggregate_compliance_by_config_rules(
    request: &Request<'_>,
) -> Result<Structure, Failure> {
    let filter = |name: &str| request.input.get("Filters")?.get(name)?.as_str();
    let wanted = |name, value: &str| filter(name).is_none_or(|wanted| wanted == value);
    let state = request.world.config.state();
    let seen = state.seen(request)?.filter(|(key, rule)| {
        wanted("ConfigRuleName", &key.name)
            && wanted("AccountId", &key.account)
            && wanted("AwsRegion", &key.region)
            && wanted("ComplianceType", rule.compliance())
    });
    let rules = seen.map(|(key, rule)| {
        Structure::new()
            .with("ConfigRuleName", &key.name)
            .with("Compliance", compliance(rule))
            .with("AccountId", &key.account)
            .with("AwsRegion", &key.region)
    });
    let rules = rules.collect();
    page(
        request,
        "AggregateComplianceByConfigRules",
        rules,
        limit(request, 1000),
    )
}

pub(crate) fn get_aggregate_compliance_details_by_config_rule(
    request: &Request<'_>,
) -> Result<Structure, Failure> {
    let is = |name, value: &str| request.text(name) == Some(value);
    let wanted: Vec<&str> = request.text("ComplianceType").into_iter().collect();
    let state = request.world.config.state();
    let mut seen = state.seen(request)?.filter(|(key, _)| {
        is("ConfigRuleName", &key.name)
            && is("AccountId", &key.account)
            && is("AwsRegion", &key.region)
    });
    let found = seen.next().into_iter().flat_map(|(key, rule)| {
        let results = rule.kept_results();
        results.map(move |(resource, result)| (key, resource, result))
    });
    let results = found
        .filter(|(.., result)| is_wanted(&wanted, &result.compliance))
        .map(|(key, resource, result)| {
            result
                .output(&key.name, resource)
                .with("AccountId", &key.account)
                .with("AwsRegion", &key.region)
        });
    let results = results.collect();
    page(
        request,
        "AggregateEvaluationResults",
        results,
        limit(request, 50),
    )
}

/// Returns the page size: the requested one, or else the maximum.
fn limit(request: &Request<'_>, most: usize) -> usize {
    let asked = request.size("Limit").filter(|limit| *limit > 0);
    asked.unwrap_or(most)
}

fn no_such_aggregator() -> Failure {
    refused(
        "NoSuchConfigurationAggregatorException",
        "The configuration aggregator does not exist.",
    )
}

impl State {
    /// The rules that the aggregator which is asked sees: those of all active accounts of
    /// the organization, in its Regions.
    fn seen<'a>(
        &'a self,
        request: &'a Request<'_>,
    ) -> Result<impl Iterator<Item = (&'a RuleKey, &'a Rule)>, Failure> {
        let aggregator = self.aggregators.get(&asked(request));
        let aggregator = aggregator.ok_or_else(no_such_aggregator)?;
        let world = request.world;
        let is_source = move |(key, _): &(&RuleKey, &Rule)| {
            let member = world.active_account(&key.account);
            let regions = &aggregator.regions;
            member.is_some_and(|account| account.in_organization && account.config_recorder)
                && (regions.is_empty() || regions.contains(&key.region))
        };
        Ok(self.rules.iter().filter(is_source))
    }
}

impl Aggregator {
    fn output(&self, name: &str) -> Structure {
        let source = Structure::new()
            .with("RoleArn", &self.role)
            .with_some(
                "AwsRegions",
                (!self.regions.is_empty()).then(|| self.regions.clone()),
            )
            .with("AllAwsRegions", self.regions.is_empty());
        Structure::new()
            .with("ConfigurationAggregatorName", name)
            .with("ConfigurationAggregatorArn", &self.arn)
            .with("OrganizationAggregationSource", source)
            .with("CreationTime", self.created)
            .with("LastUpdatedTime", self.updated)
    }
}
