//! What the metric filters of a log group catch.

use std::cell::RefCell;
use std::collections::HashMap;

use alarms::{MetricFilter, MetricTransformation, Publication};
use filter_pattern::{Account, Class, Decision, Pattern, Verdict, decide};
use serde_json::Value;

use crate::RootUsageAlarmParameters;
use crate::obstacle::{Depth, Obstacle};
use crate::reasons::{
    FILTER_MATCHES_OTHERS, FILTER_MISSES_ROOT_USE, FILTER_NOISY, FILTER_VALUE_ZERO,
};

/// Classes that must be caught.
const REQUIRED: [Class; 2] = [Class::DirectRootUse, Class::PrivilegedSession];

/// Classes of which nobody has to be told.
const NOISE: [Class; 3] = [
    Class::ServiceInvoked,
    Class::ServiceEvents,
    Class::AwsInternal,
];

/// Decisions already made: the same ones come up in every round of asking.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    made: RefCell<HashMap<(String, Vec<String>), Decision>>,
}

/// A filter, and what is to be said about it before anybody looks at alarms.
pub(crate) struct Filter<'a> {
    pub(crate) filter: &'a MetricFilter,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    /// It catches root use, all or some, and nobody else's.
    Usable(Pattern),
    /// It is about root use, and does not serve; the witness, if it is one.
    Flawed(Obstacle, Option<(Pattern, Value)>),
    /// Undecided: what it catches.
    Undecided,
    /// It is about something else.
    Unrelated,
}

impl Decisions {
    /// Returns what the patterns match together, of the root user of `account`.
    pub(crate) fn decide(&self, patterns: &[Pattern], account: Option<&Account>) -> Decision {
        let id = account.map(Account::root_arn).unwrap_or_default();
        let sources = patterns.iter().map(|p| p.source().to_owned()).collect();
        let mut made = self.made.borrow_mut();
        made.entry((id, sources))
            .or_insert_with(|| decide(patterns, account))
            .clone()
    }
}

/// Returns whether all root use that must be caught is matched.
pub(crate) fn covers(decision: &Decision) -> Verdict {
    let verdicts = REQUIRED.map(|class| decision.covers(class).verdict);
    if verdicts.contains(&Verdict::No) {
        Verdict::No
    } else if verdicts.contains(&Verdict::Undecided) {
        Verdict::Undecided
    } else {
        Verdict::Yes
    }
}

/// Root use that is not matched, as a record, if there is any.
pub(crate) fn missed(decision: &Decision) -> Option<(Class, &Value)> {
    REQUIRED.into_iter().find_map(|class| {
        let answer = decision.covers(class);
        let witness = answer.witness.as_ref()?;
        (answer.verdict == Verdict::No).then_some((class, witness))
    })
}

/// Returns whether something is matched, or may be, that nobody has to be told.
pub(crate) fn is_noisy(decision: &Decision) -> bool {
    NOISE
        .into_iter()
        .any(|class| decision.matches(class).verdict != Verdict::No)
}

/// Every record that a decision rests on.
pub(crate) fn witnesses(decision: &Decision) -> impl Iterator<Item = &Value> {
    Class::ALL.into_iter().flat_map(|class| {
        let answers = [decision.covers(class), decision.matches(class)];
        answers
            .into_iter()
            .filter_map(|answer| answer.witness.as_ref())
    })
}

/// Returns what is missed, with an example: "API calls, e.g. `DeleteTrail`".
pub(crate) fn describe(class: Class, witness: &Value) -> String {
    let text = |name| witness.get(name).and_then(Value::as_str);
    let name = text("eventName").unwrap_or("an event without a name");
    let kind = match (class, text("eventType")) {
        (Class::PrivilegedSession, _) => "calls in privileged root sessions",
        (_, Some("AwsConsoleSignIn")) => "console sign-in events",
        (_, Some("AwsConsoleAction")) => "console actions",
        (_, Some("AwsApiCall")) => "API calls",
        _ => "events",
    };
    format!("{kind}, e.g. {name}")
}

/// Sorts the filters of a log group by what they catch.
pub(crate) fn sort<'a>(
    filters: &'a [MetricFilter],
    decisions: &Decisions,
    account: Option<&Account>,
    parameters: &'a RootUsageAlarmParameters,
) -> Vec<Filter<'a>> {
    let matched = filters.iter().map(|filter| {
        let pattern = Pattern::parse(&filter.filter_pattern).ok()?;
        let decision = decisions.decide(std::slice::from_ref(&pattern), account);
        Some((pattern, decision))
    });
    let sorting = Sorting {
        parameters,
        matched: filters.iter().zip(matched).collect(),
    };
    sorting
        .matched
        .iter()
        .map(|(filter, matched)| Filter {
            filter,
            kind: sorting.kind_of(filter, matched.as_ref()),
        })
        .collect()
}

/// The filters of a log group, with what each matches by itself.
struct Sorting<'a> {
    parameters: &'a RootUsageAlarmParameters,
    matched: Vec<(&'a MetricFilter, Option<(Pattern, Decision)>)>,
}

impl Sorting<'_> {
    fn kind_of(&self, filter: &MetricFilter, matched: Option<&(Pattern, Decision)>) -> Kind {
        let Some((pattern, decision)) = matched else {
            return Kind::Undecided;
        };
        let others = decision.matches(Class::OtherPrincipals);
        match (covers(decision), others.verdict) {
            (Verdict::Yes, Verdict::Yes) => {
                let witness = others.witness.clone();
                let obstacle = Obstacle::broken(
                    Depth::MatchesOthers,
                    FILTER_MATCHES_OTHERS,
                    format!(
                        "filter {} also matches other principals, e.g. {}. Match \
                         $.userIdentity.type = \"Root\".",
                        filter.filter_name,
                        witness.as_ref().map_or_else(String::new, who_did_what)
                    ),
                );
                let witness = witness.map(|witness| (pattern.clone(), witness));
                Kind::Flawed(obstacle, witness)
            }
            (_, Verdict::Yes) => Kind::Unrelated,
            (Verdict::Undecided, _) | (_, Verdict::Undecided) => Kind::Undecided,
            (Verdict::Yes | Verdict::No, Verdict::No) => match self.flaw_of(filter, decision) {
                Some(obstacle) => Kind::Flawed(obstacle, None),
                None => Kind::Usable(pattern.clone()),
            },
        }
    }

    /// Returns why a filter that matches root use only does not serve.
    fn flaw_of(&self, filter: &MetricFilter, decision: &Decision) -> Option<Obstacle> {
        let name = &filter.filter_name;
        if filter.is_narrowed() {
            return Some(Obstacle::broken(
                Depth::Misses,
                FILTER_MISSES_ROOT_USE,
                format!(
                    "filter {name} sees only part of the events (fieldSelectionCriteria or \
                     applyOnTransformedLogs). Let it see all."
                ),
            ));
        }
        if self.parameters.require_quiet_filter && is_noisy(decision) {
            return Some(Obstacle::broken(
                Depth::Noisy,
                FILTER_NOISY,
                format!(
                    "filter {name} also fires on what AWS services do as root, which \
                     requireQuietFilter forbids. Add $.userIdentity.invokedBy NOT EXISTS."
                ),
            ));
        }
        let poison = self.matched.iter().find(|(other, matched)| {
            let only_root = matched.as_ref().is_some_and(|(_, decision)| {
                decision.matches(Class::OtherPrincipals).verdict == Verdict::No
            });
            !only_root && feed_one_metric(filter, other)
        });
        if let Some((poison, _)) = poison {
            return Some(Obstacle::broken(
                Depth::MatchesOthers,
                FILTER_MATCHES_OTHERS,
                format!(
                    "filter {} feeds the metric of filter {name} too, and is not only about \
                     root. Give each a metric of its own.",
                    poison.filter_name
                ),
            ));
        }
        (!filter.metric_transformations.iter().any(publishes)).then(|| {
            Obstacle::broken(
                Depth::ValueZero,
                FILTER_VALUE_ZERO,
                format!("filter {name} publishes no number above zero. Publish 1."),
            )
        })
    }
}

/// Returns whether a transformation publishes something for every event.
pub(crate) fn publishes(transformation: &MetricTransformation) -> bool {
    transformation.number().is_some_and(|number| number > 0.0)
}

/// Returns what arrives in the transformation's metric, of all filters in the group.
pub(crate) fn publication(
    transformation: &MetricTransformation,
    value: f64,
    filters: &[MetricFilter],
) -> Publication {
    let metric = transformation.metric();
    let feeding: Vec<_> = filters
        .iter()
        .flat_map(|filter| &filter.metric_transformations)
        .filter(|other| other.metric() == metric)
        .collect();
    let others = feeding.iter().filter(|other| **other != transformation);
    Publication {
        value,
        beside: others
            .flat_map(|other| other.number().into_iter().chain(other.default_value))
            .collect(),
        when_quiet: feeding.iter().filter_map(|fed| fed.default_value).collect(),
        unit: transformation.unit.clone(),
    }
}

fn feed_one_metric(one: &MetricFilter, other: &MetricFilter) -> bool {
    let mut fed = other.metric_transformations.iter();
    fed.any(|fed| {
        let mut transformations = one.metric_transformations.iter();
        transformations.any(|transformation| transformation.metric() == fed.metric())
    })
}

fn who_did_what(witness: &Value) -> String {
    let text = |pointer| witness.pointer(pointer).and_then(Value::as_str);
    let event = text("/eventName").unwrap_or("an event");
    let who = text("/userIdentity/type").unwrap_or("somebody");
    format!("{event} by {who}")
}
