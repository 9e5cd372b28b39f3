//! Compliance as AWS Config shows it: by rule and by resource.

use super::evaluations::COMPLIANCE_TYPE;
use super::rule::Rule;
use super::{RULE_NAMES, RuleKey, invalid, no_such_rule, page};
use crate::request::Request;
use crate::wire::{Failure, Member, Shape, Structure, integer, list, member, required, text};

const COMPLIANCE_TYPES: Member = member("ComplianceTypes", list(&COMPLIANCE_TYPE, 0, 3));
const NEXT_TOKEN: Member = member("NextToken", text(0, usize::MAX));

pub(crate) const DETAILS_BY_RULE: Shape = Shape::Structure(&[
    // Half of what a rule's name may have elsewhere: AWS's model says so.
    required("ConfigRuleName", text(1, 64)),
    COMPLIANCE_TYPES,
    member("Limit", integer(0, 100)),
    NEXT_TOKEN,
]);

pub(crate) const DETAILS_BY_RESOURCE: Shape = Shape::Structure(&[
    member("ResourceType", text(1, 256)),
    member("ResourceId", text(1, 768)),
    COMPLIANCE_TYPES,
    NEXT_TOKEN,
    member("ResourceEvaluationId", text(1, 128)),
]);

pub(crate) const DESCRIBE_COMPLIANCE: Shape = Shape::Structure(&[
    member("ConfigRuleNames", RULE_NAMES),
    COMPLIANCE_TYPES,
    NEXT_TOKEN,
]);

/// Default page size.
const DEFAULT_LIMIT: usize = 10;

pub(crate) fn get_compliance_details_by_config_rule(
    request: &Request<'_>,
) -> Result<Structure, Failure> {
    let name = request.text("ConfigRuleName").unwrap_or_default();
    let wanted = wanted(request)?;
    let state = request.world.config.state();
    let rule = state
        .rules
        .get(&RuleKey::asked(request, name))
        .ok_or_else(|| no_such_rule(name))?;
    let results = rule
        .kept_results()
        .filter(|(_, result)| is_wanted(&wanted, &result.compliance))
        .map(|(resource, result)| result.output(name, resource))
        .collect();
    let limit = request
        .size("Limit")
        .filter(|limit| *limit > 0)
        .unwrap_or(DEFAULT_LIMIT);
    page(request, "EvaluationResults", results, limit)
}

pub(crate) fn get_compliance_details_by_resource(
    request: &Request<'_>,
) -> Result<Structure, Failure> {
    let wanted = wanted(request)?;
    let (Some(resource_type), Some(id)) =
        (request.text("ResourceType"), request.text("ResourceId"))
    else {
        return Err(invalid("ResourceType and ResourceId are required."));
    };
    let resource = (resource_type.to_owned(), id.to_owned());
    let state = request.world.config.state();
    let results = state
        .rules_in(request.account(), request.region)
        .filter_map(|(key, rule)| {
            let mut results = rule.kept_results();
            let (_, result) = results.find(|(known, _)| **known == resource)?;
            Some((key, result))
        })
        .filter(|(_, result)| is_wanted(&wanted, &result.compliance))
        .map(|(key, result)| result.output(&key.name, &resource))
        .collect();
    page(request, "EvaluationResults", results, DEFAULT_LIMIT)
        // This operation alone has no InvalidNextTokenException.
        .map_err(|error| invalid(error.message))
}

pub(crate) fn describe_compliance_by_config_rule(
    request: &Request<'_>,
) -> Result<Structure, Failure> {
    let wanted = request.texts("ComplianceTypes");
    let state = request.world.config.state();
    let rules = state
        .named(request)?
        .into_iter()
        .filter(|(_, rule)| is_wanted(&wanted, rule.compliance()))
        .map(|(key, rule)| {
            Structure::new()
                .with("ConfigRuleName", &key.name)
                .with("Compliance", compliance(rule))
        })
        .collect();
    page(request, "ComplianceByConfigRules", rules, 25)
}

pub(super) fn compliance(rule: &Rule) -> Structure {
    const CAP: usize = 25;
    let compliance = rule.compliance();
    let count = rule
        .results
        .values()
        .filter(|result| result.compliance == "NON_COMPLIANT")
        .count();
    let contributors = (count > 0).then(|| {
        Structure::new()
            .with(
                "CappedCount",
                i64::try_from(count.min(CAP)).unwrap_or_default(),
            )
            .with("CapExceeded", count > CAP)
    });
    Structure::new()
        .with("ComplianceType", compliance)
        .with_some("ComplianceContributorCount", contributors)
}

/// The compliance types that a request asks for.
fn wanted<'a>(request: &'a Request<'_>) -> Result<Vec<&'a str>, Failure> {
    let wanted = request.texts("ComplianceTypes");
    if wanted.contains(&"INSUFFICIENT_DATA") {
        return Err(invalid(
            "INSUFFICIENT_DATA cannot be used to filter results.",
        ));
    }
    Ok(wanted)
}

pub(super) fn is_wanted(wanted: &[&str], compliance: &str) -> bool {
    wanted.is_empty() || wanted.contains(&compliance)
}
