//! Changes to what guards an account, whoever makes them.

use serde_json::Value;

use crate::controls::{CONTROLS, ROOT_USAGE_ALARM, TRAIL_LOGGING};
use crate::record::{Outcome, Record};

/// A change to what guards the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tampering {
    /// Changed resources: ARNs, or names where the record has no more.
    pub resources: Vec<String>,
    /// The rules that should look at the account at once. None if nothing was changed.
    pub controls: &'static [&'static str],
}

/// Resources that are worth a message when somebody changes them. Patterns, in which
/// `*` stands for anything.
///
/// Trails always are. Alarms, topics and filters are made and deleted all day by people
/// who have nothing to do with root, so an organization can say which matter; keys are
/// never watched unless somebody says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Of the ARNs of log groups, alarms, topics and keys.
    pub resources: Vec<String>,
    /// Of the names of rootguard's own functions, rules, roles, queues and so on.
    pub own_names: Vec<String>,
}

impl Default for Watched {
    fn default() -> Self {
        let resources = ["logs", "cloudwatch", "sns"];
        Self {
            resources: resources.map(|service| format!("arn:*:{service}:*")).into(),
            own_names: vec!["rootguard-*".to_owned()],
        }
    }
}

/// A row: the call, where the request names the resource, how its ARN goes on after
/// account and Region, and the rules concerned.
struct Row {
    calls: &'static [&'static str],
    named_in: &'static [&'static str],
    arn: (&'static str, &'static str),
    controls: &'static [&'static str],
}

const TRAIL: &[&str] = &[TRAIL_LOGGING, ROOT_USAGE_ALARM];
const ALARM: &[&str] = &[ROOT_USAGE_ALARM];

const ROWS: &[Row] = &[
    Row {
        calls: &[
            "cloudtrail:StopLogging",
            "cloudtrail:DeleteTrail",
            "cloudtrail:UpdateTrail",
            "cloudtrail:PutEventSelectors",
        ],
        named_in: &["name", "trailName"],
        arn: ("cloudtrail", "trail/"),
        controls: TRAIL,
    },
    Row {
        calls: &["logs:DeleteMetricFilter", "logs:PutMetricFilter"],
        named_in: &["logGroupName"],
        arn: ("logs", "log-group:"),
        controls: ALARM,
    },
    Row {
        calls: &[
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DisableAlarmActions",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:SetAlarmState",
            "cloudwatch:PutCompositeAlarm",
        ],
        named_in: &["alarmName", "alarmNames"],
        arn: ("cloudwatch", "alarm:"),
        controls: ALARM,
    },
    Row {
        calls: &["cloudwatch:PutAlarmMuteRule"],
        named_in: &["name"],
        arn: ("cloudwatch", "alarm-mute-rule:"),
        controls: ALARM,
    },
    Row {
        calls: &[
            "sns:Unsubscribe",
            "sns:SetSubscriptionAttributes",
            "sns:DeleteTopic",
            "sns:SetTopicAttributes",
        ],
        named_in: &["topicArn", "subscriptionArn"],
        arn: ("sns", ""),
        controls: ALARM,
    },
    Row {
        calls: &[
            "kms:PutKeyPolicy",
            "kms:DisableKey",
            "kms:ScheduleKeyDeletion",
        ],
        named_in: &["keyId"],
        arn: ("kms", "key/"),
        controls: TRAIL,
    },
];

/// End of the names of the services that keep alarms for target tracking.
const SCALING: &str = "autoscaling.amazonaws.com";

/// The services in which rootguard itself consists of something.
const OWN_SERVICES: &[&str] = &[
    "cloudformation",
    "config",
    "events",
    "iam",
    "lambda",
    "sns",
    "sqs",
    "ssm",
];

/// Starts of the names of calls that change something. `StartConfigRulesEvaluation` and
/// the like must not be among them, or this crate would report itself for ever.
const CHANGES: &[&str] = &[
    "Add", "Attach", "Create", "Delete", "Detach", "Disable", "Enable", "Modify", "Purge", "Put",
    "Remove", "Set", "Stop", "Tag", "Untag", "Update",
];

/// Returns whether a record is of a change to what guards the account, and to what. An attempt
/// that failed is one, but nothing needs to be evaluated then.
pub(crate) fn tampering(record: &Record, watched: &Watched) -> Option<Tampering> {
    let call = record.call();
    let row = ROWS.iter().find(|row| row.calls.contains(&call.as_str()));
    let mut found = row
        .and_then(|row| row.change(record, watched))
        .or_else(|| change_of_ours(record, &call, watched))?;
    if record.outcome() != Outcome::Succeeded {
        found.controls = &[];
    }
    Some(found)
}

impl Row {
    /// The change, if it is of something that matters. A request that names nothing may
    /// be about anything; of keys there are too many for that.
    fn change(&self, record: &Record, watched: &Watched) -> Option<Tampering> {
        let (service, prefix) = self.arn;
        if service == "cloudwatch" && is_scaling(record, self.named_in) {
            return None;
        }
        let mut resources: Vec<String> = names(record, self.named_in)
            .map(|name| {
                if name.starts_with("arn:") {
                    name.to_owned()
                } else {
                    arn(record, service, &format!("{prefix}{name}"))
                }
            })
            .collect();
        // KMS takes ids and aliases too, and says here whose key it was.
        let known_as = record.value("resources").and_then(Value::as_array);
        let known_as = known_as.into_iter().flatten();
        resources.extend(known_as.filter_map(|known| Some(known.get("ARN")?.as_str()?.to_owned())));
        resources.dedup();
        let matters = match service {
            "cloudtrail" => true,
            "kms" => fit_some(&watched.resources, &resources),
            _ => resources.is_empty() || fit_some(&watched.resources, &resources),
        };
        matters.then_some(Tampering {
            resources,
            controls: self.controls,
        })
    }
}

/// Returns whether Auto Scaling changes alarms that it keeps for its own policies, as it does all
/// day. Assumed, for want of a record: how AWS names these alarms, and `invokedBy`. A record
/// that says otherwise is told.
fn is_scaling(record: &Record, named_in: &[&str]) -> bool {
    let by_scaling = record
        .invoked_by()
        .is_some_and(|service| service.ends_with(SCALING));
    let mut alarms = names(record, named_in).peekable();
    by_scaling && alarms.peek().is_some() && alarms.all(|name| name.starts_with("TargetTracking-"))
}

/// The change of something that rootguard consists of, known by its name or path.
fn change_of_ours(record: &Record, call: &str, watched: &Watched) -> Option<Tampering> {
    let (service, event) = call.split_once(':')?;
    let changes = CHANGES.iter().any(|change| event.starts_with(change));
    if !changes || event == "PutEvaluations" || !OWN_SERVICES.contains(&service) {
        return None;
    }
    let mut said = Vec::new();
    texts(record.value("requestParameters")?, &mut said);
    let ours = said.into_iter().filter(|name| {
        let last = name.rsplit([':', '/']).next().unwrap_or(name);
        name.contains("/rootguard/") || fits_any(&watched.own_names, last)
    });
    let resources: Vec<String> = ours.map(str::to_owned).collect();
    (!resources.is_empty()).then_some(Tampering {
        resources,
        controls: CONTROLS,
    })
}

/// Every text in a value: `PutConfigRule` names the rule within the rule.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

/// Returns what a request names in some of its parameters, one or several in each.
fn names<'a>(record: &'a Record, members: &[&str]) -> impl Iterator<Item = &'a str> {
    let parameters = record.value("requestParameters");
    let values = members
        .iter()
        .filter_map(move |member| parameters?.get(member));
    let values: Vec<&Value> = values.collect();
    let one = |value: &'a Value| match value {
        Value::Array(many) => many.as_slice(),
        one => std::slice::from_ref(one),
    };
    let texts = values.into_iter().flat_map(one).filter_map(Value::as_str);
    texts.filter(|text| !text.is_empty())
}

fn arn(record: &Record, service: &str, resource: &str) -> String {
    let (partition, region, account) = (record.partition(), record.region(), record.account());
    format!("arn:{partition}:{service}:{region}:{account}:{resource}")
}

fn fit_some(patterns: &[String], texts: &[String]) -> bool {
    texts.iter().any(|text| fits_any(patterns, text))
}

fn fits_any(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, text))
}

/// Returns whether a text fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match text.split_once(part) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "ac", true),
            ("a*bc", "abc", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("arn:*:sns:*", "arn:aws:sns:eu-west-1:1:t", true),
            ("arn:*:sns:*", "arn:aws:sqs:eu-west-1:1:t", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
