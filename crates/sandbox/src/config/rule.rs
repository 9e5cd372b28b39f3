//! A rule: what it was defined to be, and what it has seen.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::exceptions::RemediationException;
use super::invocation::RuleStatus;
use crate::Timestamp;
use crate::wire::{Output, Structure};

/// A rule of an account in a Region.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) arn: String,
    pub(super) id: String,
    pub(super) definition: Definition,
    /// The newest result of every resource, by its type and id. One that is `NOT_APPLICABLE`
    /// is here for its time only, so that no older result takes its place.
    pub(super) results: BTreeMap<(String, String), EvaluationResult>,
    /// The remediation configuration, as it was put.
    pub(super) remediation: Option<Value>,
    /// Remediation exceptions, by type and id of the resource.
    pub(super) exceptions: BTreeMap<(String, String), RemediationException>,
    /// Outcome of the last invocation.
    pub(super) status: Option<RuleStatus>,
    /// Number of invocations under way.
    pub(super) running: usize,
    /// Time of the last request for an evaluation.
    pub(super) started: Option<Timestamp>,
}

/// Definition of a rule in `PutConfigRule`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Definition {
    pub(super) config_rule_name: Option<String>,
    pub(super) config_rule_arn: Option<String>,
    pub(super) config_rule_id: Option<String>,
    pub(super) description: Option<String>,
    pub(super) scope: Option<Scope>,
    pub(super) source: Source,
    pub(super) input_parameters: Option<String>,
    pub(super) maximum_execution_frequency: Option<String>,
    #[serde(default)]
    pub(super) evaluation_modes: Vec<EvaluationMode>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Scope {
    #[serde(default)]
    compliance_resource_types: Vec<String>,
    tag_key: Option<String>,
    tag_value: Option<String>,
    compliance_resource_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the names are AWS's")]
pub(super) struct Source {
    pub(super) owner: String,
    pub(super) source_identifier: Option<String>,
    #[serde(default)]
    pub(super) source_details: Vec<SourceDetail>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SourceDetail {
    event_source: Option<String>,
    pub(super) message_type: Option<String>,
    pub(super) maximum_execution_frequency: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EvaluationMode {
    pub(super) mode: Option<String>,
}

/// Last result that a function reported about a resource.
#[derive(Clone, Debug)]
pub(super) struct EvaluationResult {
    pub(super) compliance: String,
    pub(super) annotation: Option<String>,
    pub(super) ordering: Timestamp,
    pub(super) recorded: Timestamp,
    pub(super) invoked: Timestamp,
}

impl Rule {
    /// A rule that nothing has happened to yet.
    pub(super) fn new(arn: String, id: String, definition: Definition) -> Self {
        Self {
            arn,
            id,
            definition,
            results: BTreeMap::new(),
            remediation: None,
            exceptions: BTreeMap::new(),
            status: None,
            running: 0,
            started: None,
        }
    }

    /// The function that the rule invokes.
    pub(super) fn function(&self) -> &str {
        self.definition
            .source
            .source_identifier
            .as_deref()
            .unwrap_or_default()
    }

    /// Returns true if a message of this type triggers the rule.
    pub(super) fn is_triggered_by(&self, message_type: &str) -> bool {
        self.definition.source.has_message(message_type)
    }

    /// The input parameters as the function gets them: a JSON object in a string, whose
    /// values are strings. None, when the rule has none.
    pub(super) fn rule_parameters(&self) -> Option<String> {
        let written = self.definition.input_parameters.as_deref()?;
        let parameters: Map<String, Value> = serde_json::from_str(written).ok()?;
        let texts: Map<String, Value> = parameters
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(_) => (name, value),
                other => (name, Value::String(other.to_string())),
            })
            .collect();
        Some(Value::Object(texts).to_string())
    }

    /// The rule as `DescribeConfigRules` shows it.
    pub(super) fn output(&self, name: &str) -> Structure {
        let definition = &self.definition;
        let modes = definition
            .evaluation_modes
            .iter()
            .map(|mode| Structure::new().with("Mode", mode.mode.as_deref().unwrap_or("DETECTIVE")));
        let modes: Vec<Structure> = if definition.evaluation_modes.is_empty() {
            vec![Structure::new().with("Mode", "DETECTIVE")]
        } else {
            modes.collect()
        };
        Structure::new()
            .with("ConfigRuleName", name)
            .with("ConfigRuleArn", &self.arn)
            .with("ConfigRuleId", &self.id)
            .with_some("Description", definition.description.as_ref())
            .with_some("Scope", definition.scope.as_ref().map(Scope::output))
            .with("Source", definition.source.output())
            .with_some("InputParameters", definition.input_parameters.as_ref())
            .with_some(
                "MaximumExecutionFrequency",
                definition.maximum_execution_frequency.as_ref(),
            )
            .with(
                "ConfigRuleState",
                if self.running > 0 {
                    "EVALUATING"
                } else {
                    "ACTIVE"
                },
            )
            .with("EvaluationModes", modes)
    }

    /// The results that AWS Config keeps, by resource: those that are `NOT_APPLICABLE` vanish
    /// (`config-not-applicable`).
    pub(super) fn kept_results(
        &self,
    ) -> impl Iterator<Item = (&(String, String), &EvaluationResult)> {
        let results = self.results.iter();
        results.filter(|(_, result)| result.compliance != "NOT_APPLICABLE")
    }

    /// The results of all resources together.
    pub(super) fn compliance(&self) -> &'static str {
        let any = |wanted: &str| {
            self.results
                .values()
                .any(|result| result.compliance == wanted)
        };
        if any("NON_COMPLIANT") {
            "NON_COMPLIANT"
        } else if any("COMPLIANT") {
            "COMPLIANT"
        } else {
            "INSUFFICIENT_DATA"
        }
    }
}

impl Scope {
    /// Says whether resources of a type can be in the scope: all types, where it names none.
    /// A scope by tag has no resources: those that are recorded here have no tags.
    pub(super) fn has_type(&self, resource_type: &str) -> bool {
        let types = &self.compliance_resource_types;
        let named = types.is_empty() || types.iter().any(|one| one == resource_type);
        named && self.tag_key.is_none()
    }

    /// Says whether a resource is in the scope, by its id.
    pub(super) fn has_id(&self, resource_id: &str) -> bool {
        let only = self.compliance_resource_id.as_deref();
        only.is_none_or(|only| only == resource_id)
    }

    fn output(&self) -> Structure {
        let types = &self.compliance_resource_types;
        Structure::new()
            .with_some(
                "ComplianceResourceTypes",
                (!types.is_empty()).then(|| types.clone()),
            )
            .with_some("TagKey", self.tag_key.as_ref())
            .with_some("TagValue", self.tag_value.as_ref())
            .with_some("ComplianceResourceId", self.compliance_resource_id.as_ref())
    }
}

impl Source {
    pub(super) fn has_message(&self, message_type: &str) -> bool {
        self.source_details
            .iter()
            .any(|detail| detail.message_type.as_deref() == Some(message_type))
    }

    fn output(&self) -> Structure {
        let details: Vec<Structure> = self
            .source_details
            .iter()
            .map(SourceDetail::output)
            .collect();
        Structure::new()
            .with("Owner", &self.owner)
            .with_some("SourceIdentifier", self.source_identifier.as_ref())
            .with("SourceDetails", details)
    }
}

impl SourceDetail {
    fn output(&self) -> Structure {
        Structure::new()
            .with_some("EventSource", self.event_source.as_ref())
            .with_some("MessageType", self.message_type.as_ref())
            .with_some(
                "MaximumExecutionFrequency",
                self.maximum_execution_frequency.as_ref(),
            )
    }
}

impl EvaluationResult {
    /// The result as the compliance operations show it.
    pub(super) fn output(&self, rule: &str, resource: &(String, String)) -> Structure {
        let qualifier = Structure::new()
            .with("ConfigRuleName", rule)
            .with("ResourceType", &resource.0)
            .with("ResourceId", &resource.1)
            .with("EvaluationMode", "DETECTIVE");
        let identifier = Structure::new()
            .with("EvaluationResultQualifier", qualifier)
            .with("OrderingTimestamp", self.ordering);
        Structure::new()
            .with("EvaluationResultIdentifier", identifier)
            .with("ComplianceType", Output::from(&self.compliance))
            .with("ResultRecordedTime", self.recorded)
            .with("ConfigRuleInvokedTime", self.invoked)
            .with_some("Annotation", self.annotation.as_ref())
    }
}
