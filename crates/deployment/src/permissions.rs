//! The statements of a role's policy, from the actions that a control declares.

use std::collections::BTreeMap;
use std::fmt::Write;

use config_rule::ASSUME_ROLE;

/// Actions and the resources that they are allowed on, each as an ARN after the partition. An
/// action that is not listed has no resource in IAM, or acts on what is not known before.
const RESOURCES: &[(&str, &[&str])] = &[
    // Trails of any home Region; an organization trail has the ARN of its owner.
    ("cloudtrail:GetEventSelectors", &["cloudtrail:*:*:trail/*"]),
    ("cloudtrail:GetTrail", &["cloudtrail:*:*:trail/*"]),
    ("cloudtrail:GetTrailStatus", &["cloudtrail:*:*:trail/*"]),
    ("cloudtrail:ListTags", &["cloudtrail:*:*:trail/*"]),
    ("cloudtrail:CreateTrail", &[OWN_TRAILS]),
    ("cloudtrail:PutEventSelectors", &[OWN_TRAILS]),
    ("cloudtrail:StartLogging", &[OWN_TRAILS]),
    ("cloudtrail:UpdateTrail", &[OWN_TRAILS]),
    ("cloudwatch:EnableAlarmActions", &[OWN_ALARMS]),
    ("cloudwatch:ListTagsForResource", &[OWN_ALARMS]),
    ("cloudwatch:PutMetricAlarm", &[OWN_ALARMS]),
    ("events:ListTargetsByRule", &[OWN_EVENT_RULES]),
    ("kms:CreateAlias", &[OWN_KEYS, OWN_ALIASES]),
    ("kms:DescribeKey", &[OWN_KEYS]),
    ("kms:GetKeyPolicy", &[OWN_KEYS]),
    (
        "lambda:GetPolicy",
        &["lambda:*:${AWS::AccountId}:function:*"],
    ),
    ("logs:DescribeMetricFilters", &[OWN_LOG_GROUPS]),
    ("logs:PutMetricFilter", &[OWN_LOG_GROUPS]),
    ("sns:CreateTopic", &[OWN_TOPICS]),
    ("sns:GetTopicAttributes", &[OWN_TOPICS]),
    ("sns:ListSubscriptionsByTopic", &[OWN_TOPICS]),
    ("sns:ListTagsForResource", &[OWN_TOPICS]),
    ("sns:SetTopicAttributes", &[OWN_TOPICS]),
    ("sns:Subscribe", &[OWN_TOPICS]),
    ("sqs:GetQueueAttributes", &["sqs:*:${AWS::AccountId}:*"]),
];

/// Whatever the account's own chain consists of: its names are not known before it was looked
/// at, and its Region may be any.
const OWN_TRAILS: &str = "cloudtrail:*:${AWS::AccountId}:trail/*";
const OWN_ALARMS: &str = "cloudwatch:*:${AWS::AccountId}:alarm:*";
const OWN_EVENT_RULES: &str = "events:*:${AWS::AccountId}:rule/*";
const OWN_KEYS: &str = "kms:*:${AWS::AccountId}:key/*";
const OWN_ALIASES: &str = "kms:*:${AWS::AccountId}:alias/rootguard-*";
const OWN_LOG_GROUPS: &str = "logs:*:${AWS::AccountId}:log-group:*";
const OWN_TOPICS: &str = "sns:*:${AWS::AccountId}:*";

/// Opens a root session in a member account.
const ASSUME_ROOT: &str = "sts:AssumeRoot";

/// Returns whether a role with these actions assumes the roles that show what other accounts own.
pub(crate) fn asks_for_evidence(actions: &[&str]) -> bool {
    actions.contains(&ASSUME_ROLE)
}

/// The statements that allow a function's role what it needs in its own account.
pub(crate) fn own_account(actions: &[&str]) -> String {
    let mut text = scoped(actions);
    if asks_for_evidence(actions) {
        text.push_str(
            "              - !If
                - HasEvidenceRoles
                - Effect: Allow
                  Action: sts:AssumeRole
                  Resource: !Ref CentralEvidenceRoleArns
                - !Ref AWS::NoValue\n",
        );
    }
    text
}

/// The statements that allow the function which remediates root users what it needs.
pub(crate) fn root_access(actions: &[&str]) -> String {
    let mut text = String::new();
    if actions.contains(&ASSUME_ROOT) {
        text.push_str(
            "              # Whichever member asks; the function refuses what is excluded, not active or
              # the management account.
              - Effect: Allow
                Action: sts:AssumeRoot
                Resource: !Sub arn:${AWS::Partition}:iam::*:root
                Condition:
                  ArnEquals:
                    sts:TaskPolicyArn:
                      - !Sub arn:${AWS::Partition}:iam::aws:policy/root-task/IAMAuditRootUserCredentials
                      - !Sub arn:${AWS::Partition}:iam::aws:policy/root-task/IAMDeleteRootUserCredentials\n",
        );
    }
    if actions.contains(&ASSUME_ROLE) {
        text.push_str(
            "              - Effect: Allow
                Action: sts:AssumeRole
                Resource: !Sub arn:${AWS::Partition}:iam::*:role/rootguard/rootguard-root-access\n",
        );
    }
    text.push_str(&scoped(actions));
    text
}

/// One statement for each set of resources; first what cannot be scoped.
fn scoped(actions: &[&str]) -> String {
    let mut by_resources: BTreeMap<&[&str], Vec<&str>> = BTreeMap::new();
    let plain = actions
        .iter()
        .filter(|action| ![ASSUME_ROLE, ASSUME_ROOT].contains(action));
    for action in plain {
        let known = RESOURCES.iter().find(|(known, _)| known == action);
        let resources = known.map_or(&[][..], |(_, resources)| *resources);
        let allowed = by_resources.entry(resources).or_default();
        if !allowed.contains(action) {
            allowed.push(action);
        }
    }
    let mut text = String::new();
    for (resources, mut actions) in by_resources {
        actions.sort_unstable();
        if resources.is_empty() {
            text.push_str("              # None of these can be scoped to a resource.\n");
        }
        text.push_str("              - Effect: Allow\n                Action:\n");
        for action in actions {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "                  - {action}");
        }
        match resources {
            [] => text.push_str("                Resource: '*'\n"),
            [one] => {
                let _ = writeln!(text, "                Resource: {}", arn(one));
            }
            several => {
                text.push_str("                Resource:\n");
                for one in several {
                    let _ = writeln!(text, "                  - {}", arn(one));
                }
            }
        }
    }
    text
}

fn arn(rest: &str) -> String {
    format!("!Sub arn:${{AWS::Partition}}:{rest}")
}
