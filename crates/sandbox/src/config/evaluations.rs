//! `PutEvaluations`: what functions report.

use serde::Deserialize;

use super::rule::EvaluationResult;
use super::{Token, invalid, no_such_rule, refused};
use crate::Timestamp;
use crate::faults::Effect;
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, list, member, one_of, required, text};

const EVALUATION: Shape = Shape::Structure(&[
    required("ComplianceResourceType", text(1, 256)),
    required("ComplianceResourceId", text(1, 768)),
    required("ComplianceType", COMPLIANCE_TYPE),
    member("Annotation", text(1, 256)),
    required("OrderingTimestamp", Shape::Timestamp),
]);

pub(super) const COMPLIANCE_TYPE: Shape = one_of(&[
    "COMPLIANT",
    "NON_COMPLIANT",
    "NOT_APPLICABLE",
    "INSUFFICIENT_DATA",
]);

pub(crate) const PUT_EVALUATIONS: Shape = Shape::Structure(&[
    member("Evaluations", list(&EVALUATION, 0, 100)),
    required("ResultToken", text(0, usize::MAX)),
    member("TestMode", Shape::Boolean),
]);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvaluations {
    #[serde(default)]
    evaluations: Vec<Evaluation>,
    result_token: String,
    #[serde(default)]
    test_mode: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Evaluation {
    compliance_resource_type: String,
    compliance_resource_id: String,
    compliance_type: String,
    annotation: Option<String>,
    ordering_timestamp: f64,
}

pub(crate) fn put_evaluations(request: &Request<'_>) -> Result<Structure, Failure> {
    let input: PutEvaluations = request.parse()?;
    for evaluation in &input.evaluations {
        evaluation.check()?;
    }
    let token = if input.test_mode {
        None
    } else {
        Some(token(request, &input.result_token)?)
    };
    let fails = |effect: &Effect| *effect == Effect::FailedEvaluations;
    let failed = request
        .world
        .faults
        .take(request.account(), request.operation.action, fails)
        .is_some();
    if failed {
        let evaluations: Vec<Structure> =
            input.evaluations.iter().map(Evaluation::output).collect();
        return Ok(Structure::new().with("FailedEvaluations", evaluations));
    }
    if let Some(token) = token {
        record(request, &token, input.evaluations)?;
    }
    Ok(Structure::new().with("FailedEvaluations", Vec::<Structure>::new()))
}

/// Returns the meaning of a result token in the account and Region of the request.
fn token(request: &Request<'_>, token: &str) -> Result<Token, Failure> {
    let state = request.world.config.state();
    let known = state.tokens.get(token).filter(|token| {
        token.rule.account == request.account() && token.rule.region == request.region
    });
    known.cloned().ok_or_else(|| {
        refused(
            "InvalidResultTokenException",
            "The result token provided in the request is invalid.",
        )
    })
}

fn record(
    request: &Request<'_>,
    token: &Token,
    evaluations: Vec<Evaluation>,
) -> Result<(), Failure> {
    let mut state = request.world.config.state();
    let rule = state
        .rules
        .get_mut(&token.rule)
        .ok_or_else(|| no_such_rule(&token.rule.name))?;
    for evaluation in evaluations {
        let resource = (
            evaluation.compliance_resource_type,
            evaluation.compliance_resource_id,
        );
        let ordering = Timestamp::from_epoch_seconds(evaluation.ordering_timestamp);
        // Invocations overtake each other: what is said of an older state is no news.
        if rule
            .results
            .get(&resource)
            .is_some_and(|known| known.ordering > ordering)
        {
            continue;
        }
        rule.results.insert(
            resource,
            EvaluationResult {
                compliance: evaluation.compliance_type,
                annotation: evaluation.annotation,
                ordering,
                recorded: request.now,
                invoked: token.invoked,
            },
        );
    }
    Ok(())
}

impl Evaluation {
    /// Holds an evaluation to what AWS Config asks of it beyond its shape.
    fn check(&self) -> Result<(), Failure> {
        if self.compliance_type == "INSUFFICIENT_DATA" {
            return Err(invalid(
                "The compliance type INSUFFICIENT_DATA is not supported in PutEvaluations.",
            ));
        }
        let parts: Vec<&str> = self.compliance_resource_type.split("::").collect();
        if parts.len() != 3 || parts.first() != Some(&"AWS") {
            return Err(invalid(format!(
                "The resource type {} is not supported.",
                self.compliance_resource_type
            )));
        }
        Ok(())
    }

    fn output(&self) -> Structure {
        Structure::new()
            .with("ComplianceResourceType", &self.compliance_resource_type)
            .with("ComplianceResourceId", &self.compliance_resource_id)
            .with("ComplianceType", &self.compliance_type)
            .with_some("Annotation", self.annotation.as_ref())
            .with(
                "OrderingTimestamp",
                Timestamp::from_epoch_seconds(self.ordering_timestamp),
            )
    }
}
