//! What roles may do is what was declared, on as few resources as AWS allows, and whom
//! they trust is what SPEC says.

use std::collections::BTreeSet;

use bundle::RULES;
use config_rule::ASSUME_ROLE;
use hardware_root_mfa::HardwareRootMfa;
use no_root_keys::NoRootKeys;
use remediation::{Remediation, remediation_actions};
use root_usage_alarm::RootUsageAlarm;
use sandbox::cloudformation::{Stack, StackResource};
use serde_json::{Value, json};
use trail_logging::TrailLogging;

use crate::infra::{ACCOUNT, full, stack, texts};

/// What SNS does on the role of a function that publishes to an encrypted topic.
const PUBLISHING_ENCRYPTED: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];

/// What Lambda itself does on the role of a function.
const LAMBDA_SERVICE_ACTIONS: &[&str] = &[
    // Writes what the function logs.
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    // Hands the record of an evaluation to the function security-hub.
    "lambda:InvokeFunction",
    // Puts a failed invocation into the queue of those.
    "sqs:SendMessage",
    // Polls the queue of a function that has one.
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
];

/// Actions that AWS lets nobody narrow to a resource, or not before it is known which.
const WITHOUT_RESOURCE: &[&str] = &[
    "cloudformation:ListStackSets",
    "cloudtrail:DescribeTrails",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:ListAlarmMuteRules",
    "config:PutEvaluations",
    "iam:GetAccountSummary",
    "iam:GetCredentialReport",
    "iam:ListVirtualMFADevices",
    "kms:CreateKey",
    "kms:ListKeys",
    "logs:TestMetricFilter",
    "organizations:DescribeAccount",
    "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    "sns:GetSubscriptionAttributes",
];

fn role<'a>(stack: &'a Stack, name: &str) -> &'a StackResource {
    let mut roles = stack.of_type("AWS::IAM::Role");
    let deployed = format!("rootguard-{name}");
    let is_named = |role: &&StackResource| [name, &deployed].contains(&role.reference());
    roles.find(is_named).unwrap()
}

fn texts_of(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap()).collect(),
        one => vec![one.as_str().unwrap()],
    }
}

/// The statements of a role's policies, of one or of all.
fn statements<'a>(role: &'a StackResource, policy: Option<&str>) -> Vec<&'a Value> {
    let policies = role.properties.get("Policies").and_then(Value::as_array);
    let chosen = policies
        .into_iter()
        .flatten()
        .filter(|written| policy.is_none_or(|policy| written["PolicyName"] == policy));
    let documents = chosen.map(|written| &written["PolicyDocument"]["Statement"]);
    documents
        .flat_map(|statements| statements.as_array().unwrap())
        .collect()
}

fn actions<'a>(statements: &[&'a Value]) -> BTreeSet<&'a str> {
    let actions = statements
        .iter()
        .flat_map(|statement| texts_of(&statement["Action"]));
    actions.collect()
}

/// The resources that an action is allowed on.
fn resources<'a>(role: &'a StackResource, action: &str) -> Vec<&'a str> {
    let statements = statements(role, None).into_iter();
    let about = statements.filter(|statement| texts_of(&statement["Action"]).contains(&action));
    about
        .flat_map(|statement| texts_of(&statement["Resource"]))
        .collect()
}

#[test]
fn evaluating_roles_may_do_what_their_controls_declare() {
    for rule in RULES {
        let metadata = rule.metadata();
        let stack = full(&format!("controls/{}", metadata.name));
        let role = role(&stack, metadata.name);
        let declared: BTreeSet<_> = metadata.evaluation_actions().collect();
        let allowed = actions(&statements(role, Some("evaluation")));
        assert_eq!(allowed, declared, "{}", metadata.name);
        let of_lambda = actions(&statements(role, Some("lambda")));
        assert!(of_lambda.is_subset(&LAMBDA_SERVICE_ACTIONS.iter().copied().collect()));
        let policies = role.properties["Policies"].as_array().unwrap();
        assert_eq!(policies.len(), 2, "{}", metadata.name);
        let function = stack.of_type("AWS::Lambda::Function");
        let name = metadata.deployed_name();
        let mut function = function.filter(|function| function.reference() == name);
        let runs_as = function.next().unwrap().text("Role");
        assert_eq!(runs_as, role.attribute("Arn"));
    }
}

#[test]
fn evidence_roles_are_assumed_only_where_some_are_configured() {
    let configured = [
        "arn:aws:iam::444455556666:role/rootguard/rootguard-evidence",
        "arn:aws:iam::777788889999:role/rootguard/rootguard-evidence",
    ];
    for rule in RULES {
        let metadata = rule.metadata();
        let asks = metadata.reads.contains(&ASSUME_ROLE);
        let template = format!("controls/{}", metadata.name);
        let none: &[_] = if asks {
            &[("CentralEvidenceRoleArns", "")]
        } else {
            &[]
        };
        let (with, without) = (full(&template), stack(&template, none));
        let assumed = resources(role(&with, metadata.name), ASSUME_ROLE);
        assert_eq!(assumed, if asks { &configured[..] } else { &[] });
        let allowed = actions(&statements(role(&without, metadata.name), None));
        assert!(!allowed.contains(ASSUME_ROLE), "{}", metadata.name);
    }
}

#[test]
fn the_evidence_role_shows_what_is_asked_of_it() {
    let stack = full("evidence");
    let evidence = role(&stack, "evidence");
    let asked = trail_logging::EVIDENCE_READS.iter();
    let asked: BTreeSet<_> = asked
        .chain(root_usage_alarm::EVIDENCE_READS)
        .copied()
        .collect();
    assert_eq!(actions(&statements(evidence, None)), asked);
}

fn may_remediate<R: Remediation>() {
    let stack = full(&format!("remediations/{}", R::METADATA.name));
    let name = format!("{}-remediate", R::METADATA.name);
    let allowed = actions(&statements(role(&stack, &name), Some("remediation")));
    let declared: BTreeSet<_> = remediation_actions::<R>().collect();
    assert_eq!(allowed, declared, "{name}");
}

#[test]
fn remediating_roles_may_do_what_their_controls_declare() {
    may_remediate::<TrailLogging>();
    may_remediate::<RootUsageAlarm>();
}

/// Root users are looked after from another account: there with what the control declares
/// for that, and in the member account with what the evaluation reads.
fn may_look_after_members<R: Remediation>(member: &mut BTreeSet<&'static str>) {
    let stack = full(&format!("root-access/{}", R::METADATA.name));
    let name = format!("{}-remediate", R::METADATA.name);
    let allowed = actions(&statements(role(&stack, &name), Some("remediation")));
    let declared: BTreeSet<_> = R::PLAN_ACTIONS
        .iter()
        .chain(R::APPLY_ACTIONS)
        .copied()
        .collect();
    assert_eq!(allowed, declared, "{name}");
    member.extend(R::METADATA.reads);
}

#[test]
fn root_access_is_what_the_controls_declare() {
    let mut declared = BTreeSet::from([remediation::PUT_PARAMETER]);
    may_look_after_members::<NoRootKeys>(&mut declared);
    may_look_after_members::<HardwareRootMfa>(&mut declared);
    declared.extend(hardware_root_mfa::MEMBER_READS);
    let stack = full("account");
    let allowed = actions(&statements(role(&stack, "root-access"), None));
    assert_eq!(allowed, declared);
}

#[test]
fn the_hub_may_do_what_root_activity_declares() {
    let stack = full("activity-hub");
    let allowed = actions(&statements(role(&stack, "root-activity"), Some("activity")));
    let declared = root_activity::ACTIONS.iter().chain(&PUBLISHING_ENCRYPTED);
    assert_eq!(allowed, declared.copied().collect());
}

#[test]
fn the_reconciler_may_do_what_it_declares() {
    let stack = full("reconciler");
    let reconciler = role(&stack, "reconciler");
    let allowed = actions(&statements(reconciler, Some("reconciliation")));
    assert_eq!(allowed, reconciler::ACTIONS.iter().copied().collect());
    // Never on a stack set of somebody else's.
    let ours = "arn:aws:cloudformation:eu-west-1:444455556666:stackset/rootguard-*:*";
    for action in [
        "DescribeStackSet",
        "ListStackInstances",
        "CreateStackInstances",
        "UpdateStackInstances",
    ] {
        let on = resources(reconciler, &format!("cloudformation:{action}"));
        let sets: Vec<_> = on.iter().filter(|arn| arn.contains(":stackset/")).collect();
        assert_eq!(sets, [&ours], "{action}");
    }
}

/// Only the management account's rule says when to look, and only about the organization.
#[test]
fn the_reconciler_is_told_of_accounts_by_the_management_account() {
    let (reconciler, joined) = (full("reconciler"), full("account-joined"));
    let policy = &reconciler.resource("BusPolicy").unwrap().properties["Statement"];
    let forwarder = "arn:aws:iam::444455556666:role/rootguard/rootguard-forward-account-joined";
    assert_eq!(
        policy["Condition"],
        json!({"ArnEquals": {"aws:PrincipalArn": forwarder}})
    );
    let forward = role(&joined, "forward-account-joined");
    let bus = "arn:aws:events:eu-west-1:444455556666:event-bus/rootguard-accounts";
    assert_eq!(resources(forward, "events:PutEvents"), [bus]);
    let rule = &joined.resource("AccountJoined").unwrap().properties;
    assert_eq!(rule["EventPattern"]["source"], json!(["aws.organizations"]));
    assert_eq!(rule["Targets"][0]["Arn"], bus);
    assert_eq!(
        rule["Targets"][0]["RoleArn"],
        *forward.attribute("Arn").unwrap()
    );
}

/// A resource that is not named, only for what has none.
#[test]
fn what_can_be_scoped_is() {
    for name in texts().keys() {
        let stack = full(name);
        for role in stack.of_type("AWS::IAM::Role") {
            for statement in statements(role, None) {
                if texts_of(&statement["Resource"]).contains(&"*") {
                    for action in texts_of(&statement["Action"]) {
                        let excused = WITHOUT_RESOURCE.contains(&action);
                        assert!(excused, "{name}: {} {action}", role.reference());
                    }
                }
            }
        }
    }
}

/// An action that has no resource is not allowed on one, which would allow nothing.
#[test]
fn what_cannot_be_scoped_is_not() {
    for name in texts().keys() {
        let stack = full(name);
        for role in stack.of_type("AWS::IAM::Role") {
            for action in WITHOUT_RESOURCE {
                let resources = resources(role, action);
                assert!(resources.iter().all(|on| *on == "*"), "{name}: {action}");
            }
        }
    }
}

fn trust(role: &StackResource) -> &Value {
    let trust = &role.properties["AssumeRolePolicyDocument"]["Statement"];
    assert_eq!(trust.as_array().unwrap().len(), 1);
    &trust[0]
}

#[test]
fn functions_are_assumed_by_lambda_alone() {
    let lambda = json!({
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    });
    for name in texts().keys() {
        let stack = full(name);
        for function in stack.of_type("AWS::Lambda::Function") {
            let of_function = role(&stack, function.reference());
            assert_eq!(function.text("Role"), of_function.attribute("Arn"));
            assert_eq!(trust(of_function), &lambda);
        }
    }
}

#[test]
fn evidence_is_for_functions_of_the_organization() {
    assert_eq!(
        trust(role(&full("evidence"), "evidence")),
        &json!({
            "Effect": "Allow",
            "Principal": "*",
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:PrincipalOrgID": "o-sandbox0001"},
                "ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:role/rootguard/*"},
            },
        })
    );
}

/// A runbook's role is Systems Manager's, for executions of this account, and can invoke
/// one function.
#[test]
fn a_runbook_invokes_one_function() {
    for control in ["trail-logging", "root-usage-alarm"] {
        let stack = full(&format!("remediations/{control}"));
        let runbook = role(&stack, &format!("{control}-runbook"));
        assert_eq!(
            trust(runbook),
            &json!({
                "Effect": "Allow",
                "Principal": {"Service": "ssm.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": ACCOUNT},
                    "ArnLike": {
                        "aws:SourceArn": format!("arn:aws:ssm:*:{ACCOUNT}:automation-execution/*"),
                    },
                },
            })
        );
        let function =
            format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:rootguard-{control}-remediate");
        let allowed = statements(runbook, None);
        assert_eq!(actions(&allowed), BTreeSet::from(["lambda:InvokeFunction"]));
        assert_eq!(resources(runbook, "lambda:InvokeFunction"), [function]);
        // The runbook names the function, not whoever starts it.
        let mut documents = stack.of_type("AWS::SSM::Document");
        let document = documents
            .find(|document| document.reference() == format!("rootguard-{control}"))
            .unwrap();
        let content = &document.properties["Content"];
        let named = &content["mainSteps"][0]["inputs"]["FunctionName"];
        assert_eq!(named, &json!(format!("rootguard-{control}-remediate")));
        let parameters: Vec<_> = content["parameters"].as_object().unwrap().keys().collect();
        assert_eq!(parameters, ["AccountId", "AutomationAssumeRole"]);
    }
}

#[test]
fn root_sessions_are_for_two_tasks() {
    for name in ["no-root-keys", "hardware-root-mfa"] {
        let stack = full(&format!("root-access/{name}"));
        let role = role(&stack, &format!("{name}-remediate"));
        assert_eq!(resources(role, "sts:AssumeRoot"), ["arn:aws:iam::*:root"]);
        let sessions = statements(role, None);
        let mut sessions = sessions
            .iter()
            .filter(|statement| texts_of(&statement["Action"]).contains(&"sts:AssumeRoot"));
        let task = |name: &str| format!("arn:aws:iam::aws:policy/root-task/{name}");
        assert_eq!(
            sessions.next().unwrap()["Condition"],
            json!({"ArnEquals": {"sts:TaskPolicyArn": [
                task("IAMAuditRootUserCredentials"),
                task("IAMDeleteRootUserCredentials"),
            ]}})
        );
        assert_eq!(sessions.next(), None);
    }
}

/// A request says nothing but that it is one: who sends it decides whom it is about.
#[test]
fn root_remediation_is_asked_for_by_one_role_over_one_bus() {
    let (member, central) = (full("account"), full("root-access"));
    let request = role(&member, "request-root-remediation");
    let bus = "arn:aws:events:us-east-1:444455556666:event-bus/rootguard-remediation";
    assert_eq!(resources(request, "events:PutEvents"), [bus]);
    let policy = central
        .of_type("AWS::Events::EventBusPolicy")
        .next()
        .unwrap();
    assert_eq!(
        policy.properties["Statement"]["Condition"],
        json!({
            "StringEquals": {
                "aws:PrincipalOrgID": "o-sandbox0001",
                "events:source": "rootguard.remediation",
            },
            "ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:role/rootguard/rootguard-request-root-remediation"},
        })
    );
    for name in ["no-root-keys", "hardware-root-mfa"] {
        let central = full(&format!("root-access/{name}"));
        let queue = central.of_type("AWS::SQS::QueuePolicy").next().unwrap();
        let statements = queue.properties["PolicyDocument"]["Statement"]
            .as_array()
            .unwrap();
        let [allowed, denied] = &statements[..] else {
            panic!("{statements:?}")
        };
        let rule = &allowed["Condition"]["ArnEquals"]["aws:SourceArn"];
        let mut rules = central.of_type("AWS::Events::Rule");
        assert!(
            rules.any(|known| known.attribute("Arn") == rule.as_str()),
            "{rule}"
        );
        assert_eq!(
            allowed["Principal"],
            json!({"Service": "events.amazonaws.com"})
        );
        assert_eq!(denied["Effect"], "Deny");
        assert_eq!(denied["Principal"], "*");
        assert_eq!(
            denied["Condition"],
            json!({"ArnNotEquals": {"aws:SourceArn": rule}})
        );
    }
    for name in ["no-root-keys", "hardware-root-mfa"] {
        let member = full(&format!("remediations/{name}"));
        let runbook = member.of_type("AWS::SSM::Document").next().unwrap();
        let content = &runbook.properties["Content"];
        let entry = content.pointer("/mainSteps/0/inputs/Entries/0").unwrap();
        let nothing_else = r#"{"requestId": "{{ automation:EXECUTION_ID }}"}"#;
        assert_eq!(entry["Detail"], nothing_else);
        assert_eq!(entry["EventBusName"], bus);
        // Waiting ends as queued, and not as a failure.
        let script = content.pointer("/mainSteps/1/inputs/Script").unwrap();
        assert!(
            script
                .as_str()
                .unwrap()
                .contains(r#"return {"outcome": "QUEUED"}"#)
        );
    }
}

/// What is on the activity bus came from a forwarding rule of the organization, and what
/// is in the queue from the bus, or from the function itself.
#[test]
fn root_activity_comes_from_forwarders_over_one_bus() {
    let (member, hub) = (full("account"), full("activity-hub"));
    let forward = role(&member, "forward-root-activity");
    let bus = "arn:aws:events:us-east-1:444455556666:event-bus/rootguard-activity";
    assert_eq!(resources(forward, "events:PutEvents"), [bus]);
    assert_eq!(actions(&statements(forward, None)).len(), 1);
    assert_eq!(
        trust(forward)["Principal"],
        json!({"Service": "events.amazonaws.com"})
    );
    for rule in full("activity").of_type("AWS::Events::Rule") {
        let target = &rule.properties["Targets"][0];
        assert_eq!(target["Arn"], bus);
        assert_eq!(target["RoleArn"], forward.attribute("Arn").unwrap());
        // What AWS did not send is not forwarded.
        let pattern = &rule.properties["EventPattern"];
        assert!(
            pattern["detail-type"]
                .to_string()
                .contains("via CloudTrail"),
            "{pattern}"
        );
    }
    let policies: Vec<_> = hub.of_type("AWS::Events::EventBusPolicy").collect();
    assert_eq!(policies.len(), 2);
    let policy = hub.resource("BusPolicy").unwrap();
    assert_eq!(
        policy.properties["Statement"]["Condition"],
        json!({
            "StringEquals": {"aws:PrincipalOrgID": "o-sandbox0001"},
            "ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:role/rootguard/rootguard-forward-root-activity"},
        })
    );
    let drills = hub.resource("DrillPolicy").unwrap();
    assert_eq!(
        drills.properties["Statement"]["Condition"],
        json!({
            "StringEquals": {
                "aws:PrincipalOrgID": "o-sandbox0001",
                "events:source": root_activity::DRILL_SOURCE,
            },
            "ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:role/rootguard/rootguard-drill"},
        })
    );
    let queue = hub.of_type("AWS::SQS::QueuePolicy").next().unwrap();
    let denied = &queue.properties["PolicyDocument"]["Statement"][1];
    assert_eq!(denied["Effect"], "Deny");
    assert_eq!(
        denied["Condition"],
        json!({"ArnNotEquals": {
            "aws:SourceArn": hub.resource("Arrivals").unwrap().attribute("Arn"),
            "aws:PrincipalArn": role(&hub, "root-activity").attribute("Arn"),
        }})
    );
}

/// The hub may have an account judged again, and do nothing else there.
#[test]
fn only_the_hubs_function_starts_evaluations() {
    let stack = full("account");
    let start = role(&stack, "start-evaluation");
    assert_eq!(
        actions(&statements(start, None)),
        root_activity::EVALUATION_ACTIONS.iter().copied().collect()
    );
    assert_eq!(
        trust(start),
        &json!({
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"ArnEquals": {
                "aws:PrincipalArn": "arn:aws:iam::444455556666:role/rootguard/rootguard-root-activity",
            }},
        })
    );
    let hub = full("activity-hub");
    let named = &hub.resource("RootActivity").unwrap().properties["Environment"]["Variables"];
    let assumed = format!(
        "arn:aws:iam::*:role/{}",
        named["ROOTGUARD_EVALUATION_ROLE"].as_str().unwrap()
    );
    assert_eq!(
        resources(role(&hub, "root-activity"), ASSUME_ROLE),
        [assumed]
    );
}

/// A drill writes into streams of its own and takes nothing out: not an event, not a stream.
#[test]
fn drills_write_streams_that_are_named_for_them() {
    let stack = full("drill");
    let drill = role(&stack, "drill");
    let group = "arn:aws:logs:eu-west-1:111122223333:log-group:aws-controltower/CloudTrailLogs";
    for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        let streams = format!("{group}:log-stream:rootguard-drill-*");
        assert_eq!(resources(drill, action), [streams], "{action}");
    }
    let alarm = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:rootguard-root-usage";
    assert_eq!(resources(drill, "cloudwatch:SetAlarmState"), [alarm]);
    let writing = actions(&statements(drill, None));
    let writing = writing.iter().filter(|action| {
        let verb = action.split(':').nth(1).unwrap();
        !["Describe", "List", "Get"]
            .iter()
            .any(|reads| verb.starts_with(reads))
    });
    let writing: Vec<_> = writing.copied().collect();
    assert_eq!(
        writing,
        [
            "cloudwatch:SetAlarmState",
            "events:PutEvents",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "sqs:DeleteMessage",
            "sqs:ReceiveMessage",
        ]
    );
    assert_eq!(
        trust(drill)["Principal"],
        json!({"AWS": "arn:aws:iam::444455556666:role/deploy"})
    );
}
