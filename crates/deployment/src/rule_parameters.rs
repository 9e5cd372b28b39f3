//! The parameters of templates that come from a rule, with the values that the organization
//! wants.

use bundle::{ConfiguredRule, ORGANIZATION_ID, Organization};
use config_rule::Choice;
use serde_json::{Map, Value as Json, json};

use crate::parameters::Parameters;

/// The list of evidence roles among the parameters of a rule.
pub(crate) const EVIDENCE_ROLES: &str = "centralEvidenceRoleArns";

/// `no-root-keys` or `whenUnverifiable` as the name of a parameter or a resource.
pub(crate) fn word(name: &str) -> String {
    let capitalized = name.split('-').map(|part| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    capitalized.collect()
}

/// The parameters of a control's template that are those of its rule.
pub(crate) fn evaluation(rule: &ConfiguredRule, organization: &Organization) -> Parameters {
    let given = completed(rule, organization);
    let mut parameters = Parameters::default();
    for spec in rule.rule.parameters() {
        let value = given.get(spec.name).unwrap_or(&spec.default);
        parameters = parameters.text(word(spec.name), text(value));
    }
    parameters.text("Frequency", rule.frequency.word())
}

/// The length in characters of the parameters that AWS Config keeps for a rule: all of them,
/// as strings, but for empty lists.
pub(crate) fn input_length(rule: &ConfiguredRule, organization: &Organization) -> usize {
    let given = completed(rule, organization);
    let all = rule.rule.parameters().into_iter().map(|spec| {
        let value = given.get(spec.name).unwrap_or(&spec.default);
        (spec.name.to_owned(), Json::String(text(value)))
    });
    let written: Map<_, _> = all.filter(|(_, value)| *value != "").collect();
    Json::Object(written).to_string().chars().count()
}

/// The severities that differ from those of the controls, for the function `security-hub`.
pub(crate) fn severities(rules: &[ConfiguredRule]) -> String {
    let changed = rules
        .iter()
        .filter(|rule| rule.severity != rule.rule.metadata().severity);
    let pairs: Vec<_> = changed
        .map(|rule| format!("{}={}", rule.name(), rule.severity.word()))
        .collect();
    pairs.join(",")
}

/// The parameters of a remediating function that come from its rule.
pub(crate) fn remediation(rule: &ConfiguredRule, organization: &Organization) -> Parameters {
    let parameters = Json::Object(completed(rule, organization));
    let mut settings = rule.remediation.clone();
    let key = "managementAccountId";
    let is_central = rule.rule.is_from_central();
    if is_central && settings.get(key).is_none_or(|id| id == "") {
        settings.insert(key.to_owned(), json!(organization.accounts.management));
    }
    Parameters::default()
        .text("RuleParameters", parameters.to_string())
        .text("Remediation", Json::Object(settings).to_string())
        .text("Exceptions", rule.accepted().to_string())
}

/// The settings of a remediation but who may start it.
pub(crate) fn without_mode(rule: &ConfiguredRule) -> Map<String, Json> {
    let mut settings = rule.remediation.clone();
    settings.remove("mode");
    settings
}

/// Returns who may start the remediation of a rule; none if nobody may.
pub(crate) fn mode(rule: &ConfiguredRule) -> Option<String> {
    let specs = rule.rule.remediation_parameters();
    let default = specs.into_iter().find(|spec| spec.name == "mode");
    let given = rule.remediation.get("mode").cloned();
    let mode = given.or(default.map(|spec| spec.default));
    let mode = text(&mode.unwrap_or_default());
    (rule.enabled && mode != "off").then_some(mode)
}

/// The evidence roles of a rule as a template takes them; none, if it takes none.
pub(crate) fn evidence_roles(rule: &ConfiguredRule, organization: &Organization) -> Option<String> {
    let mut specs = rule.rule.parameters().into_iter();
    specs.find(|spec| spec.name == EVIDENCE_ROLES)?;
    let given = completed(rule, organization);
    given.get(EVIDENCE_ROLES).map(text)
}

/// The parameters of a rule as given, with what the organization knows of itself: its id,
/// and the evidence roles that are deployed with it, one per account, so that one that is
/// given stands.
fn completed(rule: &ConfiguredRule, organization: &Organization) -> Map<String, Json> {
    let mut parameters = rule.parameters.clone();
    let specs = rule.rule.parameters();
    let takes = |name: &str| specs.iter().any(|spec| spec.name == name);
    if takes(ORGANIZATION_ID) {
        let id = parameters.entry(ORGANIZATION_ID).or_insert(Json::Null);
        if text(id).is_empty() {
            *id = json!(organization.settings.id);
        }
    }
    if takes(EVIDENCE_ROLES) {
        let given = parameters.get(EVIDENCE_ROLES).map(text).unwrap_or_default();
        let mut roles: Vec<_> = given.split(',').map(str::trim).map(str::to_owned).collect();
        for account in evidence_accounts(organization) {
            let of_account = format!("arn:{}:iam::{account}:", organization.partition());
            if !roles.iter().any(|role| role.starts_with(&of_account)) {
                roles.push(format!("{of_account}role/rootguard/rootguard-evidence"));
            }
        }
        roles.retain(|role| !role.is_empty());
        parameters.insert(EVIDENCE_ROLES.to_owned(), json!(roles));
    }
    parameters
}

/// The accounts that get an evidence role: the owner of the trail, that of its log group.
pub(crate) fn evidence_accounts(organization: &Organization) -> Vec<&str> {
    let accounts = &organization.accounts;
    let mut owners = vec![accounts.trail.as_str(), accounts.log_group.as_str()];
    owners.dedup();
    owners
}

/// A value as a template takes it.
pub(crate) fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(text).collect();
            items.join(",")
        }
        Json::Null => String::new(),
        other => other.to_string(),
    }
}
