//! What the templates take of a rule: rule and parameter in one word, with the value that
//! the organization wants.

use std::collections::BTreeMap;

use config_rule::{Choice, Control};
use hardware_root_mfa::HardwareRootMfa;
use no_root_keys::NoRootKeys;
use serde_json::{Map, Value as Json, json};

use super::Value;
use crate::organization::Organization;
use crate::rules::ConfiguredRule;

/// The list of evidence roles among the parameters of a rule.
const EVIDENCE_ROLES: &str = "centralEvidenceRoleArns";

/// `no-root-keys` and `whenUnverifiable` as parts of the name of a parameter.
pub(super) fn word(name: &str) -> String {
    let capitalized = name.split('-').map(|part| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    capitalized.collect()
}

/// What `rules.yaml` takes of a rule.
pub(super) fn evaluation(
    rule: &ConfiguredRule,
    organization: &Organization,
    into: &mut BTreeMap<String, Value>,
) {
    let name = word(rule.name());
    let given = with_evidence_roles(rule, organization);
    for spec in rule.rule.parameters() {
        let value = given.get(spec.name).unwrap_or(&spec.default);
        into.insert(name.clone() + &word(spec.name), Value::Text(text(value)));
    }
    into.insert(
        format!("{name}Enabled"),
        Value::Text(rule.enabled.to_string()),
    );
    let frequency = rule.frequency.word().to_owned();
    into.insert(format!("{name}Frequency"), Value::Text(frequency));
}

/// How long the parameters are that AWS Config keeps for a rule: `rules.yaml` gives all of
/// them, as strings, but for empty lists.
pub(super) fn input_length(rule: &ConfiguredRule, organization: &Organization) -> usize {
    let given = with_evidence_roles(rule, organization);
    let all = rule.rule.parameters().into_iter().map(|spec| {
        let value = given.get(spec.name).unwrap_or(&spec.default);
        (spec.name.to_owned(), Json::String(text(value)))
    });
    let written: Map<_, _> = all.filter(|(_, value)| *value != "").collect();
    Json::Object(written).to_string().chars().count()
}

/// How bad it is where a rule does not hold, and where that is accepted for a while.
pub(super) fn judgement(rule: &ConfiguredRule, into: &mut BTreeMap<String, Value>) {
    let severity = rule.severity.word().to_owned();
    let name = word(rule.name());
    into.insert(format!("{name}Severity"), Value::Text(severity));
    let accepted = rule.accepted().to_string();
    into.insert(format!("{name}Exceptions"), Value::Text(accepted));
}

/// What a remediating function reads of its rule.
pub(super) fn remediation(
    rule: &ConfiguredRule,
    organization: &Organization,
    into: &mut BTreeMap<String, Value>,
) {
    let name = word(rule.name());
    let parameters = Json::Object(with_evidence_roles(rule, organization));
    into.insert(
        format!("{name}RuleParameters"),
        Value::Text(parameters.to_string()),
    );
    let accepted = rule.accepted().to_string();
    into.insert(format!("{name}Exceptions"), Value::Text(accepted));
    let mut settings = rule.remediation.clone();
    let key = "managementAccountId";
    if is_remediated_centrally(rule) && settings.get(key).is_none_or(|id| id == "") {
        settings.insert(key.to_owned(), json!(organization.accounts.management));
    }
    into.insert(
        format!("{name}Remediation"),
        Value::Text(Json::Object(settings).to_string()),
    );
}

/// Whether a rule is about the root user's own credentials, which only the account that
/// looks after root users can change.
pub(crate) fn is_remediated_centrally(rule: &ConfiguredRule) -> bool {
    [NoRootKeys::METADATA.name, HardwareRootMfa::METADATA.name].contains(&rule.name())
}

/// Who may start the remediation of a rule, in accounts that have what it needs.
pub(super) fn mode(rule: &ConfiguredRule, has_root_access: bool) -> String {
    let startable = rule.enabled && (has_root_access || !is_remediated_centrally(rule));
    if !startable {
        return "off".to_owned();
    }
    let specs = rule.rule.remediation_parameters();
    let default = specs.into_iter().find(|spec| spec.name == "mode");
    let given = rule.remediation.get("mode").cloned();
    text(
        &given
            .or(default.map(|spec| spec.default))
            .unwrap_or_default(),
    )
}

/// The evidence roles that the functions of some rules may assume.
pub(super) fn evidence_roles(rules: &[ConfiguredRule], organization: &Organization) -> String {
    let mut all: Vec<String> = Vec::new();
    for rule in rules {
        let given = with_evidence_roles(rule, organization);
        let listed = given.get(EVIDENCE_ROLES).map(text).unwrap_or_default();
        all.extend(
            listed
                .split(',')
                .filter(|role| !role.is_empty())
                .map(str::to_owned),
        );
    }
    all.sort();
    all.dedup();
    all.join(",")
}

/// The parameters of a rule as given, and the evidence roles that are deployed with it:
/// one per account, so that one that is given stands.
fn with_evidence_roles(rule: &ConfiguredRule, organization: &Organization) -> Map<String, Json> {
    let mut parameters = rule.parameters.clone();
    if rule
        .rule
        .parameters()
        .iter()
        .any(|spec| spec.name == EVIDENCE_ROLES)
    {
        let given = parameters.get(EVIDENCE_ROLES).map(text).unwrap_or_default();
        let mut roles: Vec<_> = given.split(',').map(str::trim).map(str::to_owned).collect();
        for account in evidence_accounts(organization) {
            let of_account = format!("arn:aws:iam::{account}:");
            if !roles.iter().any(|role| role.starts_with(&of_account)) {
                roles.push(format!("{of_account}role/rootguard/evidence"));
            }
        }
        roles.retain(|role| !role.is_empty());
        parameters.insert(EVIDENCE_ROLES.to_owned(), json!(roles));
    }
    parameters
}

/// The accounts that get an evidence role: the owner of the trail, that of its log group.
pub(super) fn evidence_accounts(organization: &Organization) -> Vec<&str> {
    let accounts = &organization.accounts;
    let mut owners = vec![accounts.trail.as_str(), accounts.log_group.as_str()];
    owners.dedup();
    owners
}

/// A value as a template takes it.
fn text(value: &Json) -> String {
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
