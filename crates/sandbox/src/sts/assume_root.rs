//! `AssumeRoot`: a session as the root user of a member account, for one task.

use std::time::Duration;

use hyper::StatusCode;

use super::{EVERYTHING, credentials};
use crate::identity::{NewSession, SessionTags, root_arn};
use crate::operations::{Context, Needed};
use crate::organization::{Partition, is_account_id};
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, integer, member, required, text};
use iam_policy::{Document, PolicyError, Principal, PrincipalKind};

pub(crate) const ASSUME_ROOT: Shape = Shape::Structure(&[
    required("TargetPrincipal", text(12, 2048)),
    required(
        "TaskPolicyArn",
        Shape::Structure(&[member("arn", text(20, 2048))]),
    ),
    member("DurationSeconds", integer(0, 900)),
]);

/// The tasks, each with AWS's own policy for it (`root-task/…`, version 1).
const TASKS: &[(&str, &str)] = &[
    (
        "IAMAuditRootUserCredentials",
        include_str!("tasks/IAMAuditRootUserCredentials.json"),
    ),
    (
        "IAMCreateRootUserPassword",
        include_str!("tasks/IAMCreateRootUserPassword.json"),
    ),
    (
        "IAMDeleteRootUserCredentials",
        include_str!("tasks/IAMDeleteRootUserCredentials.json"),
    ),
    (
        "S3UnlockBucketPolicy",
        include_str!("tasks/S3UnlockBucketPolicy.json"),
    ),
    (
        "SQSUnlockQueuePolicy",
        include_str!("tasks/SQSUnlockQueuePolicy.json"),
    ),
];

const MANAGED_POLICIES: &str = "arn:aws:iam::aws:policy/";

/// The account whose root user is asked for, by its id or the ARN of that user.
fn target<'a>(request: &'a Request<'_>) -> Option<&'a str> {
    let target = request.text("TargetPrincipal").unwrap_or_default();
    let account = target
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.strip_suffix(":root"))
        .unwrap_or(target);
    is_account_id(account).then_some(account)
}

fn task_arn<'a>(request: &'a Request<'_>) -> Option<&'a str> {
    request
        .input
        .pointer("/TaskPolicyArn/arn")
        .and_then(|arn| arn.as_str())
}

/// The root user that is asked for.
pub(crate) fn root_user(request: &Request<'_>) -> Vec<Needed> {
    let arn = target(request).map(|account| root_arn(request.partition(), account));
    vec![Needed::on(request, arn.unwrap_or_else(|| "*".to_owned()))]
}

/// The condition key by which policies limit the tasks a caller may do.
pub(crate) fn assume_root_context(request: &Request<'_>) -> Context {
    // What is no ARN of a managed policy is refused later, whatever policies say.
    let arn = task_arn(request).filter(|arn| arn.starts_with(MANAGED_POLICIES));
    arn.map(|arn| ("sts:TaskPolicyArn".to_owned(), vec![arn.to_owned()]))
        .into_iter()
        .collect()
}

pub(crate) fn assume_root(request: &Request<'_>) -> Result<Structure, Failure> {
    if request.partition() != Partition::Aws {
        // The task policies of the other partitions are not known.
        let what = format!("sts:AssumeRoot in the partition {}", request.partition());
        return Err(Failure::not_implemented(what));
    }
    if request.global_endpoint {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "InvalidAction",
            "AssumeRoot is not supported by the global endpoint; call a Regional one",
        ));
    }
    let policies = task_policies(request)?;
    let Some(target) = target(request) else {
        return Err(request
            .protocol
            .invalid("TargetPrincipal is not an account or its root user"));
    };
    if let Some(reason) = refusal(request, target) {
        return Err(request.protocol.access_denied(format!(
            "User: {} is not authorized to perform: sts:AssumeRoot on resource: {}: {reason}",
            request.caller.principal.arn,
            root_arn(request.partition(), target),
        )));
    }
    let seconds = request.integer("DurationSeconds").unwrap_or(900);
    let source_identity = request
        .caller
        .session
        .as_ref()
        .and_then(|session| session.source_identity.clone());
    let issued = request.world.sessions.issue(
        NewSession {
            principal: Principal {
                arn: root_arn(request.partition(), target),
                account: target.to_owned(),
                kind: PrincipalKind::RootSession,
            },
            user_id: target.to_owned(),
            duration: Duration::from_secs(seconds.unsigned_abs()),
            policies: Some(policies),
            source_identity: source_identity.clone(),
            tags: SessionTags::new(),
            mfa: false,
        },
        request.now,
    );
    Ok(Structure::new()
        .with("Credentials", credentials(&issued))
        .with_some("SourceIdentity", source_identity))
}

/// The policies that limit the session to the task that is asked for.
fn task_policies(request: &Request<'_>) -> Result<Vec<Document>, Failure> {
    let name = task_arn(request)
        .and_then(|arn| {
            arn.strip_prefix(MANAGED_POLICIES)?
                .strip_prefix("root-task/")
        })
        .unwrap_or_default();
    let Some((_, task)) = TASKS.iter().find(|(task, _)| *task == name) else {
        return Err(request
            .protocol
            .invalid("TaskPolicyArn is not the policy of a root task"));
    };
    // A task policy only denies. What it leaves is what a root user may do: everything.
    [task, EVERYTHING]
        .into_iter()
        .map(Document::parse)
        .collect::<Result<_, PolicyError>>()
        .map_err(|error| Failure::not_implemented(format!("this task policy: {error}")))
}

/// Returns the reason for which the caller may not become the root user of an account.
fn refusal(request: &Request<'_>, target: &str) -> Option<&'static str> {
    let organization = &request.world.organization;
    let caller = Some(request.account());
    if !organization.root_sessions {
        Some("root sessions are not enabled in this organization")
    } else if request.is_root() {
        Some("root users cannot assume root")
    } else if caller != organization.management_account()
        && caller != organization.iam_delegated_administrator.as_deref()
    {
        Some("the caller is not of the management account or the delegated administrator")
    } else if organization.management_account() == Some(target) {
        Some("the management account is no member account")
    } else if !request.world.has_member(target) || request.world.active_account(target).is_none() {
        Some("it is not an active account of this organization")
    } else {
        None
    }
}
