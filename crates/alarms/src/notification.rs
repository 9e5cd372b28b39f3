//! Does one value of a metric reach somebody?

use std::collections::BTreeMap;
use std::time::Duration;

use config_rule::{Arn, Timestamp};

use crate::action::{Acceptance, Flaw, Obstacle, Reached, best, undecided};
use crate::alarms::Alarms;
use crate::composite_alarm::CompositeAlarm;
use crate::metric_alarm::{Metric, MetricAlarm};
use crate::metric_filter::{MetricFilter, log_group_name};
use crate::metric_math::MetricMathError;
use crate::observed::{AccountRegion, Observed, Question, fed_metric};
use crate::simulation::{Publication, Reaction, Settings};

/// Requirements on the alarms of a metric.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// The longest that an alarm may stay in `ALARM` after one data point.
    pub max_rearm: Duration,
    /// Time at which the alarms were looked at.
    pub observed_at: Timestamp,
}

/// An alarm that one value of a metric sets off, and whom that reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notified {
    /// The alarm on the metric.
    pub metric_alarm: Arn,
    /// The alarm whose action it is: the same, or a composite alarm.
    pub acting_alarm: Arn,
    /// Whom it reaches.
    pub reached: Reached,
    /// The rules that will mute the acting alarm, but do not now.
    pub scheduled_mute_rules: Vec<String>,
}

/// Members that metric alarms and composite alarms have in common.
#[derive(Clone, Copy)]
struct Acting<'a> {
    arn: &'a Arn,
    name: &'a str,
    actions_enabled: bool,
    actions: &'a [String],
    state: &'a str,
    since: Option<Timestamp>,
}

impl Observed {
    /// Returns whether one value published to `metric` by `filter` of the log group `group`
    /// sets off an alarm that reaches somebody.
    ///
    /// # Errors
    /// With what stands in the way of that, or of knowing it: of the alarm that
    /// got furthest.
    pub fn notified_of(
        &self,
        metric: &Metric,
        publication: &Publication,
        filter: &MetricFilter,
        group: &Arn,
        demand: Demand,
        acceptance: &impl Acceptance,
    ) -> Result<Notified, Obstacle> {
        let place = AccountRegion::from_arn(group);
        let alarms = Self::get(&self.alarms, &place, Question::Alarms)?;
        let ways =
            alarms
                .metric_alarms
                .iter()
                .filter_map(|alarm| match alarm.settings_for(metric) {
                    Ok(None) => None,
                    Ok(Some(settings)) => Some(
                        self.reaction(&settings, metric, publication, (filter, group))
                            .and_then(|reaction| {
                                self.alarm_notifies(alarm, reaction, alarms, demand, acceptance)
                            }),
                    ),
                    Err(why) => Some(Err(undecided(
                        format!("alarm {}", alarm.name()),
                        why.to_string(),
                    ))),
                });
        best(ways).unwrap_or_else(|| Err(no_alarm(metric, filter)))
    }

    /// Returns what an alarm with these settings does when `filter` publishes, with what filters of other
    /// log groups publish to the metric; these are asked for only if they could change it.
    fn reaction(
        &self,
        settings: &Settings,
        metric: &Metric,
        publication: &Publication,
        (filter, group): (&MetricFilter, &Arn),
    ) -> Result<Reaction, Obstacle> {
        let reaction = settings.reaction(publication);
        let fires = matches!(reaction, Reaction::Fires(_) | Reaction::FiresOnce);
        if !fires || !settings.depends_on_others(publication) {
            return Ok(reaction);
        }
        let place = AccountRegion::from_arn(group);
        let key = fed_metric(&place, metric);
        let ask = |_| Question::FeedingFilters(place.clone(), metric.clone());
        let feeding = Self::get(&self.feeding_filters, &key, ask)?;
        let elsewhere = feeding.iter();
        let elsewhere = elsewhere.filter(|fed| fed.log_group_name != log_group_name(group));
        let transformations = elsewhere.flat_map(|fed| &fed.filter.metric_transformations);
        let mut publication = publication.clone();
        for fed in transformations.filter(|fed| fed.metric() == *metric) {
            let Some(value) = fed.number() else {
                return Err(undecided(
                    format!("filter {}", filter.filter_name),
                    "a filter of another log group feeds its metric with the value of a field",
                ));
            };
            publication.beside.push(value);
            publication.beside.extend(fed.default_value);
            publication.when_quiet.extend(fed.default_value);
        }
        Ok(settings.reaction(&publication))
    }

    /// The metrics with these dimensions, of whatever values, that alarms here name: each
    /// gets the events that have its values.
    ///
    /// # Errors
    /// If the alarms are not known.
    pub fn watched_with(
        &self,
        metric: &Metric,
        dimensions: &BTreeMap<String, String>,
        place: &AccountRegion,
    ) -> Result<Vec<Metric>, Obstacle> {
        let alarms = Self::get(&self.alarms, place, Question::Alarms)?;
        let named = alarms
            .metric_alarms
            .iter()
            .flat_map(MetricAlarm::metrics_named);
        let mut watched: Vec<Metric> = Vec::new();
        for named in named.filter(|named| named.has_name_of(metric)) {
            if named.dimensions.keys().eq(dimensions.keys()) && !watched.contains(named) {
                watched.push(named.clone());
            }
        }
        Ok(watched)
    }

    /// Returns why nobody is told of a filter that publishes with dimensions, none of which
    /// an alarm names with its values: such a filter never feeds the metric without.
    ///
    /// # Errors
    /// Always: no alarm watches it, or one may in a way that is not judged.
    pub fn unwatched(
        &self,
        metric: &Metric,
        filter: &MetricFilter,
        place: &AccountRegion,
    ) -> Result<Notified, Obstacle> {
        let alarms = Self::get(&self.alarms, place, Question::Alarms)?;
        for alarm in &alarms.metric_alarms {
            if let Err(why @ (MetricMathError::Query | MetricMathError::PromQl)) =
                alarm.settings_for(metric)
            {
                return Err(undecided(
                    format!("alarm {}", alarm.name()),
                    why.to_string(),
                ));
            }
        }
        let mut named = alarms
            .metric_alarms
            .iter()
            .flat_map(MetricAlarm::metrics_named);
        let emits_fields = !filter.emit_system_field_dimensions.is_empty();
        Err(
            if emits_fields
                && named.any(|named| named.has_name_of(metric) && !named.dimensions.is_empty())
            {
                undecided(
                    format!("filter {}", filter.filter_name),
                    "it publishes with system fields as dimensions, and which events its alarms see \
                     is not judged",
                )
            } else {
                no_alarm(metric, filter)
            },
        )
    }

    fn alarm_notifies(
        &self,
        alarm: &MetricAlarm,
        reaction: Reaction,
        alarms: &Alarms,
        demand: Demand,
        acceptance: &impl Acceptance,
    ) -> Result<Notified, Obstacle> {
        let cannot_fire = |why: String| {
            Err(Obstacle::Broken(Flaw::CannotFire {
                alarm: alarm.name().to_owned(),
                why,
            }))
        };
        let does_not_rearm = |stays: String| {
            Err(Obstacle::Broken(Flaw::DoesNotRearm {
                alarm: alarm.name().to_owned(),
                stays,
            }))
        };
        match reaction {
            Reaction::CannotFire(why) => return cannot_fire(why.to_string()),
            Reaction::Undecided(why) => {
                return Err(undecided(
                    format!("alarm {}", alarm.name()),
                    why.to_string(),
                ));
            }
            Reaction::FiresOnce => return does_not_rearm("until further data arrives".to_owned()),
            Reaction::Fires(time) if time > demand.max_rearm => {
                return does_not_rearm(format!("for {} minutes", time.as_secs() / 60));
            }
            Reaction::Fires(_) => {}
        }
        if let Some(end) = alarm.warm_up_ends.filter(|end| *end > demand.observed_at) {
            return cannot_fire(format!("it is warming up until {end}"));
        }
        let own = Acting {
            arn: &alarm.alarm_arn,
            name: alarm.name(),
            actions_enabled: alarm.actions_enabled,
            actions: &alarm.alarm_actions,
            state: &alarm.state_value,
            since: alarm.state_transitioned,
        };
        is_not_stuck(own, demand)?;
        let set_off = CompositeAlarm::set_off(&alarm.alarm_arn, &alarms.composite_alarms);
        let composites = set_off.surely.iter().enumerate().map(|(place, composite)| {
            let before = set_off.surely.get(..place).unwrap_or_default();
            if composite.is_held_back(alarm, before, &set_off, alarms) {
                return Err(Obstacle::Broken(Flaw::HeldBack(
                    composite.name().to_owned(),
                )));
            }
            if let Some(suppressor) = &composite.actions_suppressor {
                return Err(Obstacle::Broken(Flaw::Suppressed {
                    alarm: composite.name().to_owned(),
                    suppressor: suppressor.clone(),
                }));
            }
            let acting = Acting {
                arn: &composite.alarm_arn,
                name: composite.name(),
                actions_enabled: composite.actions_enabled,
                actions: &composite.alarm_actions,
                state: &composite.state_value,
                since: composite.state_transitioned,
            };
            is_not_stuck(acting, demand)?;
            self.acts(acting, &alarm.alarm_arn, acceptance)
        });
        let perhaps = set_off.perhaps.iter().map(|composite| {
            Err(undecided(
                format!("alarm {}", composite.name()),
                "whether its rule becomes true could not be settled",
            ))
        });
        let ways = std::iter::once(self.acts(own, &alarm.alarm_arn, acceptance))
            .chain(composites)
            .chain(perhaps);
        best(ways).unwrap_or_else(|| Err(Obstacle::Broken(Flaw::NoAction(alarm.name().to_owned()))))
    }

    /// Returns whether an alarm that changes to `ALARM` reaches somebody.
    fn acts(
        &self,
        acting: Acting<'_>,
        metric_alarm: &Arn,
        acceptance: &impl Acceptance,
    ) -> Result<Notified, Obstacle> {
        let name = || acting.name.to_owned();
        if acting.actions.is_empty() {
            return Err(Obstacle::Broken(Flaw::NoAction(name())));
        }
        if !acting.actions_enabled {
            return Err(Obstacle::Broken(Flaw::ActionsDisabled(name())));
        }
        let ways = acting
            .actions
            .iter()
            .map(|action| self.reached_by(action, acting.arn, acceptance));
        let reached =
            best(ways).unwrap_or_else(|| Err(Obstacle::Broken(Flaw::NoAction(name()))))?;
        let rules = Self::get(&self.mute_rules, acting.arn, Question::MuteRules)?;
        if let Some(rule) = rules.iter().find(|rule| !rule.is_scheduled()) {
            return Err(Obstacle::Broken(Flaw::Muted {
                alarm: name(),
                rule: rule.name().to_owned(),
            }));
        }
        Ok(Notified {
            metric_alarm: metric_alarm.clone(),
            acting_alarm: acting.arn.clone(),
            reached,
            scheduled_mute_rules: rules.iter().map(|rule| rule.name().to_owned()).collect(),
        })
    }
}

fn no_alarm(metric: &Metric, filter: &MetricFilter) -> Obstacle {
    Obstacle::Broken(Flaw::NoAlarm {
        namespace: metric.namespace.clone(),
        metric_name: metric.metric_name.clone(),
        filter: filter.filter_name.clone(),
    })
}

/// An alarm that has long been in `ALARM` does not change to it.
fn is_not_stuck(acting: Acting<'_>, demand: Demand) -> Result<(), Obstacle> {
    if acting.state != "ALARM" {
        return Ok(());
    }
    let stuck = |since: String| {
        Err(Obstacle::Broken(Flaw::Stuck {
            alarm: acting.name.to_owned(),
            since,
        }))
    };
    match acting.since {
        // AWS always says; without it nothing shows that it will leave ALARM.
        None => stuck("an unknown time".to_owned()),
        Some(since) if demand.observed_at.since(since) > demand.max_rearm => {
            stuck(since.to_string())
        }
        Some(_) => Ok(()),
    }
}
