//! What a drill follows: from the metric filters of a log group to the topic of an alarm.

use std::time::Duration;

use alarms::{
    Alarms, CompositeAlarm, Metric, MetricAlarm, MetricFilter, MetricTransformation, Publication,
    Reaction,
};
use anyhow::Context;
use config_rule::{Account, Arn};
use filter_pattern::Pattern;

use super::{Exercise, known};

/// The chain that a drill follows.
pub(super) struct Chain {
    /// The name of the filter.
    pub(super) filter: String,
    pub(super) metric: Metric,
    pub(super) alarm: MetricAlarm,
    /// The alarm whose action it is: the same, or a composite alarm.
    pub(super) acting: Acting,
    /// Time that the alarm stays in `ALARM` after one event, where that is known.
    pub(super) rearm: Option<Duration>,
}

/// An alarm as far as its actions are concerned.
pub(super) struct Acting {
    pub(super) arn: Arn,
    pub(super) name: String,
    pub(super) enabled: bool,
    pub(super) actions: Vec<String>,
    pub(super) is_composite: bool,
}

/// Result of looking for a chain in the account.
pub(super) enum Found {
    Chain(Box<Chain>),
    /// There is nothing to follow beyond this link.
    Broken {
        link: &'static str,
        why: String,
    },
}

impl Chain {
    /// Finds what one record in the group would go through: of several ways the one whose
    /// filter matches root use, and whose alarm does something.
    pub(super) async fn find(
        account: &Account,
        group: &str,
        alarm: Option<&str>,
    ) -> anyhow::Result<Found> {
        let broken = |link, why| Ok(Found::Broken { link, why });
        let arn = account
            .identity()
            .arn("logs", &format!("log-group:{group}"));
        let Some(filters) = known(MetricFilter::observe(account, &arn).await?)? else {
            return broken("record", format!("there is no log group {group} here"));
        };
        if filters.is_empty() {
            return broken("metric", format!("{group} has no metric filter"));
        }
        let alarms = known(Alarms::observe(account).await?)?;
        let mut ways: Vec<(bool, Self)> = Vec::new();
        for filter in &filters {
            let matches = catches_root(filter);
            for transformation in &filter.metric_transformations {
                let metric = transformation.metric();
                let watching = alarms.metric_alarms.iter().filter(|watching| {
                    watching.metrics_named().any(|named| *named == metric)
                        && alarm.is_none_or(|name| name == watching.name())
                });
                ways.extend(watching.map(|watching| {
                    let way = Self::new(filter, transformation, watching, &alarms);
                    (matches, way)
                }));
            }
        }
        let best = ways.into_iter().max_by_key(|(matches, way)| {
            let acts = way.acting.enabled && !way.acting.actions.is_empty();
            (*matches, acts)
        });
        if let Some((_, way)) = best {
            return Ok(Found::Chain(Box::new(way)));
        }
        let which = alarm.map_or_else(|| "alarm".to_owned(), |name| format!("alarm {name}"));
        let names = filters.iter().map(|filter| filter.filter_name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        broken("alarm", format!("no {which} watches what {names} publish"))
    }

    fn new(
        filter: &MetricFilter,
        transformation: &MetricTransformation,
        alarm: &MetricAlarm,
        alarms: &Alarms,
    ) -> Self {
        let metric = transformation.metric();
        let publication = Publication {
            value: transformation.number().unwrap_or_default(),
            beside: Vec::new(),
            when_quiet: transformation.default_value.into_iter().collect(),
            unit: transformation.unit.clone(),
        };
        let settings = alarm.settings_for(&metric).ok().flatten();
        let rearm = match settings.map(|settings| settings.reaction(&publication)) {
            Some(Reaction::Fires(rearm)) => Some(rearm),
            _ => None,
        };
        Self {
            filter: filter.filter_name.clone(),
            acting: Acting::new(alarm, alarms),
            alarm: alarm.clone(),
            metric,
            rearm,
        }
    }

    /// The longest that a drill of it takes.
    pub(super) fn longest(&self, timeout: Duration) -> Duration {
        timeout * 6 + self.rearm.unwrap_or_default()
    }

    /// The topic that is told.
    pub(super) fn topic(&self) -> Option<Arn> {
        let mut actions = self.acting.actions.iter();
        let topic = actions.find(|action| action.split(':').nth(2) == Some("sns"));
        topic.and_then(|topic| topic.parse().ok())
    }

    /// Returns what would be done.
    pub(super) fn plan(&self, exercise: &Exercise, group: &str, bus: Option<&str>) -> String {
        let Self {
            filter,
            metric,
            acting,
            ..
        } = self;
        let (namespace, name) = (&metric.namespace, &metric.metric_name);
        let announced = match bus {
            Some(bus) => format!("announces itself on {bus}"),
            None => "is not announced to root-activity (no --activity-bus)".to_owned(),
        };
        let through = if acting.is_composite {
            format!("{} and {}", self.alarm.name(), acting.name)
        } else {
            acting.name.clone()
        };
        format!(
            "{id} {announced}, makes the stream {id} in {group}, and puts a marked record of root \
             use into it. That goes through the filter {filter}, the metric {namespace}/{name} and \
             the alarm {through} to {actions}: they are told of root use that was none.",
            id = exercise.id,
            actions = acting.actions.join(", "),
        )
    }
}

impl Acting {
    /// The alarm itself, unless only a composite alarm that it sets off does something.
    fn new(alarm: &MetricAlarm, alarms: &Alarms) -> Self {
        let own = Self {
            arn: alarm.alarm_arn.clone(),
            name: alarm.name().to_owned(),
            enabled: alarm.actions_enabled,
            actions: alarm.alarm_actions.clone(),
            is_composite: false,
        };
        if !own.actions.is_empty() {
            return own;
        }
        let set_off = CompositeAlarm::set_off(&alarm.alarm_arn, &alarms.composite_alarms);
        let mut composites = set_off.surely.into_iter();
        let acting = composites.find(|composite| !composite.alarm_actions.is_empty());
        acting.map_or(own, |composite| Self {
            arn: composite.alarm_arn.clone(),
            name: composite.name().to_owned(),
            enabled: composite.actions_enabled,
            actions: composite.alarm_actions.clone(),
            is_composite: true,
        })
    }
}

/// Returns whether a filter catches what root does itself, as far as it can be told.
fn catches_root(filter: &MetricFilter) -> bool {
    let pattern = Pattern::parse(&filter.filter_pattern);
    let record = r#"{"userIdentity":{"type":"Root"},"eventType":"AwsApiCall"}"#;
    pattern.is_ok_and(|pattern| pattern.matches(record))
}

/// The alarm as it is now.
pub(super) async fn state_of(account: &Account, name: &str) -> anyhow::Result<String> {
    let answer = alarms::cloudwatch(account)
        .describe_alarms()
        .alarm_names(name)
        .send()
        .await
        .map_err(|error| {
            anyhow::anyhow!(
                "cloudwatch:DescribeAlarms: {}",
                config_rule::explain(&error)
            )
        })?;
    let alarm = answer.metric_alarms().first();
    let alarm = alarm.with_context(|| format!("the alarm {name} is gone"))?;
    let state = alarm.state_value().map(|state| state.as_str().to_owned());
    Ok(state.unwrap_or_default())
}
