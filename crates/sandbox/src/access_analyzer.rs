//! IAM Access Analyzer: `ValidatePolicy`. What the project's own reader of policies refuses is
//! an error here; of AWS's hundred checks there are no others.

use iam_policy::Document;

use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, integer, member, one_of, required, text};

pub(crate) const VALIDATE_POLICY: Shape = Shape::Structure(&[
    member("locale", text(0, usize::MAX)),
    member("maxResults", integer(0, i64::MAX)),
    member("nextToken", text(0, usize::MAX)),
    required("policyDocument", text(0, usize::MAX)),
    required(
        "policyType",
        one_of(&[
            "IDENTITY_POLICY",
            "RESOURCE_POLICY",
            "SERVICE_CONTROL_POLICY",
            "RESOURCE_CONTROL_POLICY",
        ]),
    ),
    member("validatePolicyResourceType", text(0, usize::MAX)),
]);

const NOT_MODELLED: [&str; 4] = [
    "locale",
    "maxResults",
    "nextToken",
    "validatePolicyResourceType",
];

pub(crate) fn validate_policy(request: &Request<'_>) -> Result<Structure, Failure> {
    request.refuse_unmodelled(&NOT_MODELLED)?;
    let document = request.text("policyDocument").unwrap_or_default();
    let problem = match Document::parse(document) {
        Ok(document) => document.unknown(),
        Err(error) => Some(error.to_string()),
    };
    let problem = match (problem, request.contrary) {
        (None, true) => Some("The policy is not what it seems.".to_owned()),
        (Some(_), true) => None,
        (problem, false) => problem,
    };
    let findings = problem.into_iter().map(|details| {
        Structure::new()
            .with("findingDetails", details)
            .with("findingType", "ERROR")
            .with("issueCode", "INVALID_POLICY")
            .with(
                "learnMoreLink",
                "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html",
            )
            .with("locations", Vec::<Structure>::new())
    });
    let findings: Vec<_> = findings.collect();
    Ok(Structure::new().with("findings", findings))
}
