//! Who gets in by the policies of the templates, and who tries in vain. Each policy is
//! asked by whom it is for, and then by everybody who is almost that.

use iam_policy::{
    Applicable, Context, Decision, Document, Principal, PrincipalKind, Request, authorize,
};
use sandbox::cloudformation::Stack;
use serde_json::{Value, json};

use crate::infra::{ACCOUNT, full};

const OTHER_MEMBER: &str = "999900001111";
const CENTRAL: &str = "444455556666";
const ORGANIZATION: &str = "o-sandbox0001";

/// A session of a role.
fn session(account: &str, role: &str) -> Principal {
    let name = role.rsplit('/').next().unwrap();
    Principal {
        arn: format!("arn:aws:sts::{account}:assumed-role/{name}/session"),
        account: account.to_owned(),
        kind: PrincipalKind::AssumedRole {
            role_arn: format!("arn:aws:iam::{account}:role/{role}"),
        },
    }
}

fn service(name: &str) -> Principal {
    Principal::service(name)
}

/// Returns whether a request is allowed. Nothing of it is undecided.
fn is_allowed(request: &Request, applicable: &Applicable<'_>) -> bool {
    match authorize(request, applicable) {
        Decision::Allowed => true,
        Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => false,
        Decision::Undecided(reason) => panic!("{reason}"),
    }
}

/// A policy of a resource, asked with an identity that may do everything by its own
/// policies: what those are is up to whoever owns the other account.
fn lets(
    policy: &Value,
    who: Principal,
    action: &str,
    resource: &str,
    keys: &[(&str, &str)],
) -> bool {
    let policy = Document::try_from(policy.clone()).unwrap();
    let everything = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "*",
    }});
    let identity = match who.kind {
        PrincipalKind::Service => vec![],
        _ => vec![Document::try_from(everything).unwrap()],
    };
    let request = Request {
        principal: who,
        action: action.to_owned(),
        resource: resource.to_owned(),
        context: Context::usual(keys.iter().copied()),
    };
    // The ARN of a bucket does not say whose it is.
    let owner = resource.split(':').nth(4);
    let owner = owner
        .filter(|account| !account.is_empty())
        .unwrap_or(ACCOUNT);
    let applicable = Applicable {
        identity: &identity,
        resource: Some(&policy),
        owner: Some(owner),
        ..Applicable::default()
    };
    is_allowed(&request, &applicable)
}

fn trust<'a>(stack: &'a Stack, role: &str) -> (&'a Value, String) {
    let mut roles = stack.of_type("AWS::IAM::Role");
    let role = roles.find(|known| known.reference() == role).unwrap();
    let arn = role.attribute("Arn").unwrap().to_owned();
    (&role.properties["AssumeRolePolicyDocument"], arn)
}

#[test]
fn evidence_is_shown_to_functions_of_the_organization_only() {
    let stack = full("evidence");
    let (trust, role) = trust(&stack, "rootguard-evidence");
    let shown = |who, organization| {
        let keys = [("aws:PrincipalOrgID", organization)];
        lets(trust, who, "sts:AssumeRole", &role, &keys)
    };
    let function = || session(OTHER_MEMBER, "rootguard/rootguard-root-usage-alarm");
    assert!(shown(function(), ORGANIZATION));
    // Of another organization, of no path, with the name in another path.
    assert!(!shown(function(), "o-anotherone"));
    assert!(!lets(trust, function(), "sts:AssumeRole", &role, &[]));
    for look_alike in [
        "root-usage-alarm",
        "team/root-usage-alarm",
        "team/rootguard/evil",
    ] {
        assert!(
            !shown(session(OTHER_MEMBER, look_alike), ORGANIZATION),
            "{look_alike}"
        );
    }
}

/// Only a role that members cannot make where the guardrails are in force.
#[test]
fn buses_take_events_of_their_senders_only() {
    for (template, role, source) in [
        (
            "root-access",
            "rootguard/rootguard-request-root-remediation",
            "rootguard.remediation",
        ),
        (
            "activity-hub",
            "rootguard/rootguard-forward-root-activity",
            "aws.signin",
        ),
    ] {
        let stack = full(template);
        let policy = stack.resource("BusPolicy").unwrap();
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": policy.properties["Statement"],
        });
        let bus = stack.of_type("AWS::Events::EventBus").next().unwrap();
        let bus = bus.attribute("Arn").unwrap();
        let sends = |who, organization, source| {
            let keys = [
                ("aws:PrincipalOrgID", organization),
                ("events:source", source),
            ];
            lets(&policy, who, "events:PutEvents", bus, &keys)
        };
        assert!(
            sends(session(OTHER_MEMBER, role), ORGANIZATION, source),
            "{template}"
        );
        assert!(
            !sends(session(OTHER_MEMBER, role), "o-anotherone", source),
            "{template}"
        );
        let name = role.rsplit('/').next().unwrap();
        for look_alike in [
            name,
            &format!("team/{role}"),
            "rootguard/other",
            "Administrator",
        ] {
            let who = session(OTHER_MEMBER, look_alike);
            assert!(
                !sends(who, ORGANIZATION, source),
                "{template}: {look_alike}"
            );
        }
    }
    // A drill announces itself, and passes nothing off as root activity.
    let hub = full("activity-hub");
    let policy = &hub.resource("DrillPolicy").unwrap().properties["Statement"];
    let policy = json!({"Version": "2012-10-17", "Statement": policy});
    let bus = hub.resource("Bus").unwrap().attribute("Arn").unwrap();
    let announces = |role, organization, source| {
        let keys = [
            ("aws:PrincipalOrgID", organization),
            ("events:source", source),
        ];
        let who = session(OTHER_MEMBER, role);
        lets(&policy, who, "events:PutEvents", bus, &keys)
    };
    assert!(announces(
        "rootguard/rootguard-drill",
        ORGANIZATION,
        "rootguard.drill"
    ));
    assert!(!announces(
        "rootguard/rootguard-drill",
        "o-anotherone",
        "rootguard.drill"
    ));
    assert!(!announces(
        "rootguard/rootguard-drill",
        ORGANIZATION,
        "aws.signin"
    ));
    assert!(!announces("drill", ORGANIZATION, "rootguard.drill"));
    // A request is one, whoever sends it.
    let stack = full("root-access");
    let policy = stack.of_type("AWS::Events::EventBusPolicy").next().unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": policy.properties["Statement"]});
    let bus = stack.resource("Bus").unwrap().attribute("Arn").unwrap();
    let keys = [
        ("aws:PrincipalOrgID", ORGANIZATION),
        ("events:source", "aws.iam"),
    ];
    let who = session(OTHER_MEMBER, "rootguard/rootguard-request-root-remediation");
    assert!(!lets(&policy, who, "events:PutEvents", bus, &keys));
}

/// Not even the administrators of the queue's own account, whose own policies would do.
#[test]
fn queues_take_what_their_rules_send() {
    for (template, own) in [
        ("root-access/no-root-keys", None),
        ("root-access/hardware-root-mfa", None),
        ("activity-hub", Some("rootguard/rootguard-root-activity")),
    ] {
        let stack = full(template);
        for policy in stack.of_type("AWS::SQS::QueuePolicy") {
            let document = &policy.properties["PolicyDocument"];
            let allowed = &document["Statement"][0];
            let queue = allowed["Resource"].as_str().unwrap();
            let rule = allowed["Condition"]["ArnEquals"]["aws:SourceArn"]
                .as_str()
                .unwrap();
            let sends =
                |who, keys: &[(&str, &str)]| lets(document, who, "sqs:SendMessage", queue, keys);
            let events = || service("events.amazonaws.com");
            assert!(sends(events(), &[("aws:SourceArn", rule)]), "{template}");
            let forged = format!("{rule}-2");
            assert!(
                !sends(events(), &[("aws:SourceArn", &forged)]),
                "{template}"
            );
            assert!(!sends(
                service("sns.amazonaws.com"),
                &[("aws:SourceArn", rule)]
            ));
            for who in [
                session(ACCOUNT, "Administrator"),
                session(OTHER_MEMBER, "Administrator"),
            ] {
                assert!(!sends(who, &[]), "{template}");
            }
            if let Some(own) = own {
                assert!(sends(session(ACCOUNT, own), &[]), "{template}");
            }
        }
    }
}

#[test]
fn runbooks_and_outcomes_have_one_sender() {
    let execution =
        |account: &str| format!("arn:aws:ssm:eu-west-1:{account}:automation-execution/1");
    for (template, role) in [
        (
            "remediations/trail-logging",
            "rootguard-trail-logging-runbook",
        ),
        (
            "remediations/root-usage-alarm",
            "rootguard-root-usage-alarm-runbook",
        ),
        ("account", "rootguard-request-root-remediation"),
    ] {
        let stack = full(template);
        let (trust, arn) = trust(&stack, role);
        let assumed = |who, account: &str, source: &str| {
            let keys = [("aws:SourceAccount", account), ("aws:SourceArn", source)];
            lets(trust, who, "sts:AssumeRole", &arn, &keys)
        };
        let ssm = || service("ssm.amazonaws.com");
        assert!(assumed(ssm(), ACCOUNT, &execution(ACCOUNT)), "{role}");
        // The confused deputy: Systems Manager on behalf of another account.
        assert!(
            !assumed(ssm(), OTHER_MEMBER, &execution(OTHER_MEMBER)),
            "{role}"
        );
        assert!(!assumed(
            ssm(),
            ACCOUNT,
            &format!("arn:aws:ssm:eu-west-1:{ACCOUNT}:document/x")
        ));
        assert!(!assumed(
            service("lambda.amazonaws.com"),
            ACCOUNT,
            &execution(ACCOUNT)
        ));
        assert!(!lets(
            trust,
            session(ACCOUNT, "Administrator"),
            "sts:AssumeRole",
            &arn,
            &[]
        ));
    }
    let stack = full("account");
    let (trust, arn) = trust(&stack, "rootguard-root-access");
    let leaves = |account: &str, role: &str| {
        lets(trust, session(account, role), "sts:AssumeRole", &arn, &[])
    };
    assert!(leaves(
        CENTRAL,
        "rootguard/rootguard-no-root-keys-remediate"
    ));
    assert!(!leaves(CENTRAL, "no-root-keys-remediate"));
    assert!(!leaves(CENTRAL, "Administrator"));
    assert!(!leaves(
        OTHER_MEMBER,
        "rootguard/rootguard-no-root-keys-remediate"
    ));
}

#[test]
fn artifacts_are_read_by_the_organization_and_written_by_one_role() {
    let stack = full("artifacts");
    let policy = stack.of_type("AWS::S3::BucketPolicy").next().unwrap();
    let policy = &policy.properties["PolicyDocument"];
    let bucket = stack.resource("Bucket").unwrap().attribute("Arn").unwrap();
    let object = format!("{bucket}/no-root-keys/x86_64/0.zip");
    let may = |who, action: &str, organization: &str, tls: &str| {
        let keys = [
            ("aws:PrincipalOrgID", organization),
            ("aws:SecureTransport", tls),
        ];
        lets(policy, who, action, &object, &keys)
    };
    let member = || session(OTHER_MEMBER, "stacksets-exec-1");
    assert!(may(member(), "s3:GetObjectVersion", ORGANIZATION, "true"));
    assert!(!may(member(), "s3:GetObjectVersion", ORGANIZATION, "false"));
    assert!(!may(member(), "s3:GetObject", "o-anotherone", "true"));
    let writer = || session(ACCOUNT, "rootguard/rootguard-write-artifacts");
    assert!(may(writer(), "s3:PutObject", ORGANIZATION, "true"));
    for who in [
        session(ACCOUNT, "Administrator"),
        session(OTHER_MEMBER, "rootguard/rootguard-write-artifacts"),
    ] {
        for action in ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"] {
            assert!(!may(who.clone(), action, ORGANIZATION, "true"), "{action}");
        }
    }
}

/// Changes to what guards an account, each of one kind.
const CHANGES: [(&str, &str); 14] = [
    (
        "iam:CreateRole",
        "arn:aws:iam::ACCOUNT:role/rootguard/rootguard-request-root-remediation",
    ),
    (
        "iam:UpdateAssumeRolePolicy",
        "arn:aws:iam::ACCOUNT:role/rootguard/rootguard-evidence",
    ),
    (
        "iam:PutRolePolicy",
        "arn:aws:iam::ACCOUNT:role/rootguard/rootguard-no-root-keys",
    ),
    (
        "iam:DeleteRole",
        "arn:aws:iam::ACCOUNT:role/rootguard/rootguard-no-root-keys",
    ),
    (
        "iam:PassRole",
        "arn:aws:iam::ACCOUNT:role/rootguard/rootguard-no-root-keys",
    ),
    (
        "lambda:UpdateFunctionCode",
        "arn:aws:lambda:eu-west-1:ACCOUNT:function:rootguard-no-root-keys",
    ),
    (
        "lambda:DeleteFunction",
        "arn:aws:lambda:eu-west-1:ACCOUNT:function:rootguard-security-hub",
    ),
    (
        "lambda:PutFunctionEventInvokeConfig",
        "arn:aws:lambda:eu-west-1:ACCOUNT:function:rootguard-trail-logging",
    ),
    (
        "events:DisableRule",
        "arn:aws:events:us-east-1:ACCOUNT:rule/rootguard-root-activity",
    ),
    (
        "events:PutRule",
        "arn:aws:events:us-east-1:ACCOUNT:rule/rootguard-activity/rootguard-arrivals",
    ),
    (
        "events:PutPermission",
        "arn:aws:events:us-east-1:ACCOUNT:event-bus/rootguard-activity",
    ),
    (
        "sqs:SetQueueAttributes",
        "arn:aws:sqs:eu-west-1:ACCOUNT:rootguard-failed-invocations",
    ),
    (
        "sns:SetTopicAttributes",
        "arn:aws:sns:eu-west-1:ACCOUNT:rootguard-root-usage",
    ),
    (
        "logs:DeleteLogGroup",
        "arn:aws:logs:eu-west-1:ACCOUNT:log-group:/rootguard/no-root-keys",
    ),
];

/// An administrator of a member may do everything but change what guards the account.
#[test]
fn guardrails_keep_members_from_changing_the_guard() {
    let stack = full("guardrails");
    let policy = stack.of_type("AWS::Organizations::Policy").next().unwrap();
    let everything = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "*",
    }});
    let documents = [everything, policy.properties["Content"].clone()];
    let documents = documents.map(|document| Document::try_from(document).unwrap());
    let may = |role: &str, action: &str, resource: &str, keys: &[(&str, &str)]| {
        let request = Request {
            principal: session(ACCOUNT, role),
            action: action.to_owned(),
            resource: resource.replace("ACCOUNT", ACCOUNT),
            context: Context::usual(keys.iter().copied()),
        };
        let applicable = Applicable {
            identity: &documents,
            ..Applicable::default()
        };
        is_allowed(&request, &applicable)
    };
    for (action, resource) in CHANGES {
        assert!(!may("Administrator", action, resource, &[]), "{action}");
        assert!(
            may("stacksets-exec-0123456789", action, resource, &[]),
            "{action}"
        );
        let elsewhere = resource
            .replace("role/rootguard/", "role/team/")
            .replace(":rootguard-", ":team-")
            .replace("/rootguard-", "/team-")
            .replace(":/rootguard/", ":/team/")
            .replace("function:", "function:team-");
        assert!(
            may("Administrator", action, &elsewhere, &[]),
            "{action} {elsewhere}"
        );
    }
    // What the guard's own work needs stays possible.
    let runbook = "arn:aws:iam::ACCOUNT:role/rootguard/rootguard-trail-logging-runbook";
    let to_ssm = [("iam:PassedToService", "ssm.amazonaws.com")];
    assert!(may("Administrator", "iam:PassRole", runbook, &to_ssm));
    let to_lambda = [("iam:PassedToService", "lambda.amazonaws.com")];
    assert!(!may("Administrator", "iam:PassRole", runbook, &to_lambda));
    let topic = "arn:aws:sns:eu-west-1:ACCOUNT:rootguard-root-usage";
    assert!(may(
        "rootguard/rootguard-root-usage-alarm-remediate",
        "sns:SetTopicAttributes",
        topic,
        &[]
    ));
    let bus = "arn:aws:events:us-east-1:ACCOUNT:event-bus/rootguard-activity";
    assert!(may(
        "rootguard/rootguard-forward-root-activity",
        "events:PutEvents",
        bus,
        &[]
    ));
}
