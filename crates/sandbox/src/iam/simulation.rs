//! `SimulateCustomPolicy`: policies decided without anybody who has them. The evaluator is that
//! of the project, so an answer says nothing about AWS.

use hyper::StatusCode;
use iam_policy::{Applicable, Context, Decision, Document, Principal, PrincipalKind};
use serde_json::Value;

use crate::organization::is_account_id;
use crate::request::Request;
use crate::wire::{
    Failure, Output, Shape, Structure, integer, list, member, one_of, required, text,
};

pub(crate) const SIMULATE_CUSTOM_POLICY: Shape = Shape::Structure(&[
    required("PolicyInputList", list(&text(1, 131_072), 0, usize::MAX)),
    member(
        "PermissionsBoundaryPolicyInputList",
        list(&text(1, 131_072), 0, usize::MAX),
    ),
    member("ResourcePolicy", text(1, 131_072)),
    member("ResourceOwner", text(1, 2048)),
    member("CallerArn", text(1, 2048)),
    member("ResourceHandlingOption", text(1, 64)),
    member("MaxItems", integer(1, 1000)),
    member("Marker", text(1, 320)),
    required("ActionNames", list(&text(3, 128), 0, usize::MAX)),
    member("ResourceArns", list(&text(1, 2048), 0, usize::MAX)),
    member(
        "ContextEntries",
        list(
            &Shape::Structure(&[
                member("ContextKeyName", text(5, 256)),
                member(
                    "ContextKeyValues",
                    list(&text(0, usize::MAX), 0, usize::MAX),
                ),
                member(
                    "ContextKeyType",
                    one_of(&[
                        "string",
                        "stringList",
                        "numeric",
                        "numericList",
                        "boolean",
                        "booleanList",
                        "ip",
                        "ipList",
                        "binary",
                        "binaryList",
                        "date",
                        "dateList",
                    ]),
                ),
            ]),
            0,
            usize::MAX,
        ),
    ),
]);

const NOT_MODELLED: [&str; 7] = [
    "PermissionsBoundaryPolicyInputList",
    "ResourcePolicy",
    "ResourceOwner",
    "CallerArn",
    "ResourceHandlingOption",
    "MaxItems",
    "Marker",
];

pub(crate) fn simulate_custom_policy(request: &Request<'_>) -> Result<Structure, Failure> {
    request.refuse_unmodelled(&NOT_MODELLED)?;
    let policies = request.texts("PolicyInputList").into_iter();
    let policies =
        policies.map(|text| Document::parse(text).map_err(|error| invalid(error.to_string())));
    let policies: Vec<_> = policies.collect::<Result<_, _>>()?;
    let mut resources = request.texts("ResourceArns");
    if resources.is_empty() {
        resources.push("*");
    }
    let mut results = Vec::new();
    for action in request.texts("ActionNames") {
        for resource in &resources {
            let decision = decide(request, &policies, action, resource)?;
            results.push(
                Structure::new()
                    .with("EvalActionName", action)
                    .with("EvalResourceName", *resource)
                    .with("EvalDecision", decision)
                    .with("MatchedStatements", Output::List(Vec::new()))
                    .with("MissingContextValues", Output::List(Vec::new())),
            );
        }
    }
    Ok(Structure::new()
        .with("EvaluationResults", results)
        .with("IsTruncated", false))
}

fn decide(
    request: &Request<'_>,
    policies: &[Document],
    action: &str,
    resource: &str,
) -> Result<&'static str, Failure> {
    // Without a caller the simulator takes one of the resource's own account.
    let owner = resource.split(':').nth(4).filter(|id| is_account_id(id));
    let account = owner.unwrap_or(request.account());
    let asked = iam_policy::Request {
        principal: Principal {
            arn: format!("arn:{}:iam::{account}:user/simulated", request.partition()),
            account: account.to_owned(),
            kind: PrincipalKind::User,
        },
        action: action.to_owned(),
        resource: resource.to_owned(),
        context: context(request),
    };
    let applicable = Applicable {
        identity: policies,
        owner: Some(account),
        ..Applicable::default()
    };
    let denied = match iam_policy::authorize(&asked, &applicable) {
        Decision::Allowed => None,
        Decision::ImplicitlyDenied => Some("implicitDeny"),
        Decision::ExplicitlyDenied => Some("explicitDeny"),
        Decision::Undecided(reason) => return Err(Failure::not_implemented(reason)),
    };
    Ok(match (denied, request.contrary) {
        (None, false) | (Some(_), true) => "allowed",
        (None, true) => "implicitDeny",
        (Some(denied), false) => denied,
    })
}

/// Collects the context entries. The simulator takes a key that is not among them as absent.
fn context(request: &Request<'_>) -> Context {
    let mut context = Context::complete::<&str, &str>([]);
    for entry in request.list("ContextEntries") {
        let name = entry.get("ContextKeyName").and_then(Value::as_str);
        let values = entry.get("ContextKeyValues").and_then(Value::as_array);
        if let (Some(name), Some(values)) = (name, values) {
            context.set(name, values.iter().filter_map(Value::as_str));
        }
    }
    context
}

fn invalid(problem: String) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "InvalidInput", problem)
}
