//! Authorization: faults aside, the policies decide what a caller may do.

use iam_policy::{Applicable, Context, Decision, Document, PolicyError, PrincipalKind};

use crate::identity::Caller;
use crate::operations::Needed;
use crate::request::Request;
use crate::wire::Failure;

/// Refuses a request that the policies do not allow.
pub(crate) fn authorize(request: &Request<'_>, needed: &Needed) -> Result<(), Failure> {
    let caller = request.caller;
    let action = needed.action;
    // A request that cannot be judged is not allowed, and not passed off as denied either.
    let cannot_judge = |reason: String| Failure::not_implemented(format!("this policy: {reason}"));
    let decision = decide(request, needed).map_err(|error| cannot_judge(error.to_string()))?;
    let because = match decision {
        Decision::Allowed => return Ok(()),
        Decision::ImplicitlyDenied => format!("because no policy allows the {action} action"),
        Decision::ExplicitlyDenied => "with an explicit deny".to_owned(),
        Decision::Undecided(reason) => return Err(cannot_judge(reason)),
    };
    Err(request.access_denied(format!(
        "User: {} is not authorized to perform: {action} on resource: {} {because}",
        caller.principal.arn, needed.resource
    )))
}

/// Checks a policy that is to be put on a resource. An operator or key that only the
/// sandbox does not know is not passed off as an error of the client.
pub(crate) fn check_resource_policy(
    text: &str,
    malformed: impl FnOnce(String) -> Failure,
) -> Result<(), Failure> {
    let document = match Document::parse(text) {
        Ok(document) if document.names_principals() => document,
        Ok(_) => return Err(malformed("a statement names no principal".to_owned())),
        Err(error) => return Err(malformed(error.to_string())),
    };
    document.unknown().map_or(Ok(()), |reason| {
        Err(Failure::not_implemented(format!("this policy: {reason}")))
    })
}

fn decide(request: &Request<'_>, needed: &Needed) -> Result<Decision, PolicyError> {
    let caller = request.caller;
    let of_resource = needed.policy.as_ref().map_err(PolicyError::clone)?;
    let identity = identity_policies(request, caller);
    let session = caller
        .session
        .as_ref()
        .and_then(|session| session.policies.as_deref());
    Ok(iam_policy::authorize(
        &iam_policy::Request {
            principal: caller.principal.clone(),
            action: needed.action.to_owned(),
            resource: needed.resource.clone(),
            context: context(request, needed),
        },
        &Applicable {
            identity: &identity,
            session,
            resource: of_resource.as_ref(),
            owner: needed.owner.as_deref(),
            ..Applicable::default()
        },
    ))
}

/// Returns the policies of a session's role, as they are now. Root users, administrators
/// and everybody else here need no policy.
fn identity_policies(request: &Request<'_>, caller: &Caller) -> Vec<Document> {
    let PrincipalKind::AssumedRole { role_arn } = &caller.principal.kind else {
        return Vec::new();
    };
    let name = role_arn.rsplit('/').next().unwrap_or_default();
    let account = request.world.account(&caller.principal.account);
    account
        .and_then(|account| account.role(name).map(|role| role.policies.clone()))
        .unwrap_or_default()
}

/// Returns the request context. The evaluator adds what follows from the principal itself.
fn context(request: &Request<'_>, needed: &Needed) -> Context {
    let caller = request.caller;
    let organization = &request.world.organization;
    let mut context = vec![
        ("aws:CurrentTime".to_owned(), request.now.to_string()),
        (
            "aws:EpochTime".to_owned(),
            (request.now.millis() / 1000).to_string(),
        ),
        ("aws:RequestedRegion".to_owned(), request.region.to_owned()),
        // The sandbox stands for endpoints that are only reached over TLS.
        ("aws:SecureTransport".to_owned(), "true".to_owned()),
        ("aws:ViaAWSService".to_owned(), "false".to_owned()),
        ("aws:userid".to_owned(), caller.user_id.clone()),
    ];
    if request.world.has_member(&caller.principal.account) {
        context.push(("aws:PrincipalOrgID".to_owned(), organization.id.clone()));
    }
    if let Some(session) = &caller.session {
        context.push(("aws:TokenIssueTime".to_owned(), session.issued.to_string()));
        context.push((
            "aws:MultiFactorAuthPresent".to_owned(),
            session.mfa.to_string(),
        ));
        if let Some(identity) = &session.source_identity {
            context.push(("aws:SourceIdentity".to_owned(), identity.clone()));
        }
        for (key, tag) in &session.tags {
            context.push((format!("aws:PrincipalTag/{key}"), tag.value.clone()));
        }
    }
    let named = needed.resource.split(':').nth(4).unwrap_or_default();
    let owner = needed.owner.as_deref().unwrap_or(named);
    if request.world.account(owner).is_some() {
        context.push(("aws:ResourceAccount".to_owned(), owner.to_owned()));
    }
    if request.world.has_member(owner) {
        context.push(("aws:ResourceOrgID".to_owned(), organization.id.clone()));
    }
    let mut context = Context::usual(context);
    for (key, values) in (request.operation.context)(request) {
        context.set(&key, values);
    }
    context
}
