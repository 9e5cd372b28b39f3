//! Do the metric filters of a log group tell somebody of root use?

use std::collections::BTreeMap;

use alarms::{AccountRegion, Demand, Metric, MetricFilter, MetricTransformation, Notified};
use config_rule::{Arn, Fact, Unread};
use filter_pattern::{Account, CIS_PATTERN, Class, Decision, Pattern, Verdict};
use serde_json::{Value, json};

use crate::RootUsageAlarmParameters;
use crate::canonical::canonical_records;
use crate::facts::{Question, RootUsage};
use crate::filters::{
    Decisions, Kind, covers, describe, missed, publication, publishes, sort, witnesses,
};
use crate::obstacle::{Depth, Obstacle, best};
use crate::reasons::{FILTER_MISSES_ROOT_USE, FILTER_UNDECIDED, NO_FILTER, NO_LOG_GROUP};

/// Input of a judgement.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) facts: &'a RootUsage,
    pub(crate) parameters: &'a RootUsageAlarmParameters,
    pub(crate) decisions: &'a Decisions,
    /// The root user that it is about.
    pub(crate) root_of: Option<&'a Account>,
}

/// Filters that together catch root use, and whom each tells.
#[derive(Clone, Debug)]
pub(crate) struct Caught<'a> {
    pub(crate) filters: Vec<(&'a MetricFilter, Notified)>,
    pub(crate) patterns: Vec<Pattern>,
    /// These, and those of the other filters that set off the same alarms.
    pub(crate) alarmed: Vec<Pattern>,
    /// Question to CloudWatch Logs about them.
    pub(crate) question: Option<Question>,
}

impl Caught<'_> {
    /// Returns whether an event that `filter` matches sets off the alarm of one of these: it feeds
    /// whatever that one feeds.
    fn alarms_with(&self, filter: &MetricFilter) -> bool {
        let metrics = |filter: &MetricFilter| -> Vec<Metric> {
            let publishing = filter.metric_transformations.iter();
            let publishing = publishing.filter(|transformation| publishes(transformation));
            publishing.map(MetricTransformation::metric).collect()
        };
        let fed = metrics(filter);
        let mut caught = self.filters.iter();
        caught.any(|(caught, _)| metrics(caught).iter().all(|metric| fed.contains(metric)))
    }
}

/// A filter that serves, and its pattern.
type Usable<'a> = (&'a MetricFilter, Pattern);

impl<'a> Context<'a> {
    /// The filters of the log group that catch root use, each of which tells
    /// somebody; or what stands in the way.
    pub(crate) fn caught_in(&self, group: &Arn) -> Result<Caught<'a>, Obstacle> {
        let Some(filters) = self.facts.observed.metric_filters(group)? else {
            return Err(Obstacle::broken(
                Depth::NoLogGroup,
                NO_LOG_GROUP,
                format!("log group {group} does not exist. Create it, or name another."),
            ));
        };
        self.caught_by(filters, group).map_err(|obstacle| {
            let usable: Vec<_> = sort(filters, self.decisions, self.root_of, self.parameters)
                .into_iter()
                .filter_map(|sorted| match sorted.kind {
                    Kind::Usable(pattern) => Some(pattern),
                    _ => None,
                })
                .collect();
            let covers = match usable.as_slice() {
                [] => Verdict::No,
                usable => covers(&self.decision(usable)),
            };
            let mut patterns = filters.iter().map(|filter| filter.filter_pattern.as_str());
            let cis_exact = patterns.any(|pattern| pattern == CIS_PATTERN);
            obstacle
                .with_evidence("covers", json!(covers))
                .with_evidence("cisExact", json!(cis_exact))
        })
    }

    fn caught_by(&self, filters: &'a [MetricFilter], group: &Arn) -> Result<Caught<'a>, Obstacle> {
        let mut usable: Vec<Usable<'_>> = Vec::new();
        let mut undecided = Vec::new();
        let mut obstacles = Vec::new();
        for sorted in sort(filters, self.decisions, self.root_of, self.parameters) {
            match sorted.kind {
                Kind::Usable(pattern) => usable.push((sorted.filter, pattern)),
                Kind::Flawed(obstacle, witness) => {
                    obstacles.push(Err(self.settled(obstacle, witness)));
                }
                Kind::Undecided => undecided.push(sorted.filter),
                Kind::Unrelated => {}
            }
        }
        let tells = |filter: &MetricFilter| self.tells(filter, filters, group);
        let mut ways = vec![self.alone(&usable, &tells)];
        // Undecided filters count only if something would come of them.
        let undecided = undecided.into_iter().filter_map(|filter| match tells(filter) {
            Err(obstacle) if obstacle.is_broken() => None,
            Err(obstacle) if obstacle.is_open() => Some(Err(obstacle)),
            _ => Some(Err(Obstacle::undecided(
                FILTER_UNDECIDED,
                format!(
                    "what filter {} matches could not be decided. Use a JSON pattern, best that \
                     of the CIS benchmark.",
                    filter.filter_name
                ),
            ))),
        });
        if !matches!(ways.first(), Some(Some(Ok(_)))) {
            ways.push(self.together(&usable, &tells));
        }
        let ways = ways.into_iter().flatten().chain(obstacles).chain(undecided);
        let mut caught = best(ways).unwrap_or_else(|| {
            Err(Obstacle::broken(
                Depth::NoFilter,
                NO_FILTER,
                format!("no metric filter of log group {group} is about root use. Create one."),
            ))
        })?;
        let alarmed = usable.into_iter();
        let alarmed = alarmed.filter(|(filter, _)| caught.alarms_with(filter));
        caught.alarmed = alarmed.map(|(_, pattern)| pattern).collect();
        Ok(caught)
    }

    /// The first filter that catches all root use by itself and tells somebody.
    fn alone(
        &self,
        usable: &[Usable<'a>],
        tells: &impl Fn(&MetricFilter) -> Result<Notified, Obstacle>,
    ) -> Option<Result<Caught<'a>, Obstacle>> {
        let ways = usable.iter().filter_map(|(filter, pattern)| {
            let decision = self.decision(std::slice::from_ref(pattern));
            (covers(&decision) == Verdict::Yes).then(|| {
                let notified = tells(filter)?;
                self.confirmed(vec![(*filter, notified)], vec![pattern.clone()])
            })
        });
        best(ways)
    }

    /// The filters that tell somebody, if they catch all root use together.
    fn together(
        &self,
        usable: &[Usable<'a>],
        tells: &impl Fn(&MetricFilter) -> Result<Notified, Obstacle>,
    ) -> Option<Result<Caught<'a>, Obstacle>> {
        if usable.is_empty() {
            return None;
        }
        let patterns = |usable: &[&Usable<'_>]| -> Vec<Pattern> {
            usable.iter().map(|(_, pattern)| pattern.clone()).collect()
        };
        let all = patterns(&usable.iter().collect::<Vec<_>>());
        let decision = self.decision(&all);
        match covers(&decision) {
            Verdict::Yes => {}
            Verdict::No => return Some(Err(self.misses(usable, &all, &decision))),
            Verdict::Undecided => {
                return Some(Err(Obstacle::undecided(
                    FILTER_UNDECIDED,
                    "whether the filters catch all root use together could not be decided.",
                )));
            }
        }
        let (mut telling, mut notified, mut possible, mut obstacles) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for each in usable {
            match tells(each.0) {
                Ok(told) => {
                    telling.push(each);
                    notified.push((each.0, told));
                }
                Err(obstacle) if obstacle.is_open() => return Some(Err(obstacle)),
                Err(obstacle) => {
                    if !obstacle.is_broken() {
                        possible.push(each);
                    }
                    obstacles.push(obstacle);
                }
            }
        }
        let proven = patterns(&telling);
        if !proven.is_empty() && covers(&self.decision(&proven)) == Verdict::Yes {
            return Some(self.confirmed(notified, proven));
        }
        possible.extend(telling);
        let could = patterns(&possible);
        let could_satisfy = !could.is_empty() && covers(&self.decision(&could)) != Verdict::No;
        // What cannot be read matters only if it could make up for the rest.
        let told = obstacles
            .into_iter()
            .filter(|obstacle| could_satisfy || obstacle.is_broken());
        best(told.map(Err))
    }

    /// Returns whether one event that the filter matches tells somebody.
    fn tells(
        &self,
        filter: &MetricFilter,
        filters: &[MetricFilter],
        group: &Arn,
    ) -> Result<Notified, Obstacle> {
        let acceptance = self.parameters.acceptance(&self.facts.account);
        let demand = Demand {
            max_rearm: self.parameters.max_rearm(),
            observed_at: self.facts.observed_at,
        };
        let place = AccountRegion::from_arn(group);
        let publishing = filter
            .metric_transformations
            .iter()
            .filter(|t| publishes(t));
        let ways = publishing.map(|transformation| {
            let metric = transformation.metric();
            let value = transformation.number().unwrap_or_default();
            let publication = publication(transformation, value, filters);
            let observed = &self.facts.observed;
            let unwatched = || {
                let told = observed.unwatched(&metric, filter, &place);
                told.map_err(Obstacle::from)
            };
            if !filter.emit_system_field_dimensions.is_empty() {
                return unwatched();
            }
            let notified = |metric: &Metric| {
                let told =
                    observed.notified_of(metric, &publication, filter, group, demand, &acceptance);
                told.map_err(Obstacle::from)
            };
            if transformation.dimensions.is_empty() {
                return notified(&metric);
            }
            let watched = observed.watched_with(&metric, &transformation.dimensions, &place)?;
            let ways = watched.iter().map(|metric| {
                self.sees_all(filter, transformation, metric)?;
                notified(metric)
            });
            best(ways).unwrap_or_else(unwatched)
        });
        best(ways).unwrap_or_else(|| {
            Err(Obstacle::undecided(
                FILTER_UNDECIDED,
                format!("filter {} publishes no number.", filter.filter_name),
            ))
        })
    }

    /// Returns whether the events that a filter publishes with these values of its dimensions are
    /// all root use: those that its pattern matches and whose fields have the values.
    fn sees_all(
        &self,
        filter: &MetricFilter,
        transformation: &MetricTransformation,
        metric: &Metric,
    ) -> Result<(), Obstacle> {
        let (name, values) = (&filter.filter_name, &metric.dimensions);
        let undecided = || {
            let why = "which events have the values of its dimensions could not be decided.";
            Obstacle::undecided(FILTER_UNDECIDED, format!("filter {name}: {why}"))
        };
        let narrowed = narrowed(&filter.filter_pattern, &transformation.dimensions, values);
        let decision = self.decision(&[narrowed.ok_or_else(undecided)?]);
        match covers(&decision) {
            Verdict::Yes => Ok(()),
            Verdict::Undecided => Err(undecided()),
            Verdict::No => {
                let (class, witness) = missed(&decision).ok_or_else(undecided)?;
                let values = values
                    .iter()
                    .map(|(name, value)| format!("{name} = {value}"));
                let values = values.collect::<Vec<_>>().join(", ");
                Err(Obstacle::broken(
                    Depth::Misses,
                    FILTER_MISSES_ROOT_USE,
                    format!(
                        "the alarm on filter {name} with {values} misses {}. Publish without \
                         dimensions.",
                        describe(class, witness)
                    ),
                ))
            }
        }
    }

    fn misses(&self, usable: &[Usable<'a>], all: &[Pattern], decision: &Decision) -> Obstacle {
        let names: Vec<_> = usable.iter().map(|(f, _)| f.filter_name.as_str()).collect();
        let what = match names.as_slice() {
            [name] => format!("filter {name} misses"),
            names => format!("filters {} miss", names.join(", ")),
        };
        let Some((class, witness)) = missed(decision) else {
            return Obstacle::undecided(FILTER_UNDECIDED, format!("{what} something."));
        };
        let message = witness.to_string();
        if self.matched_by_aws(all, &message) == Some(true) {
            return Obstacle::undecided(
                FILTER_UNDECIDED,
                format!(
                    "CloudWatch Logs matches what {what} by our reading ({}). Please report it.",
                    describe(class, witness)
                ),
            );
        }
        let obstacle = Obstacle::broken(
            Depth::Misses,
            FILTER_MISSES_ROOT_USE,
            format!(
                "{what} {}{}. Use the pattern of the CIS benchmark.",
                describe(class, witness),
                literal_star(all)
            ),
        );
        let obstacle = obstacle.with_evidence("witness", witness.clone());
        obstacle.asking(self.unasked(all, &[message]))
    }

    /// A filter that matches other principals, unless CloudWatch Logs says that
    /// it does not match the record that shows it.
    fn settled(&self, obstacle: Obstacle, witness: Option<(Pattern, Value)>) -> Obstacle {
        let Some((pattern, witness)) = witness else {
            return obstacle;
        };
        let message = witness.to_string();
        let patterns = [pattern];
        if self.matched_by_aws(&patterns, &message) == Some(false) {
            return Obstacle::undecided(
                FILTER_UNDECIDED,
                "CloudWatch Logs does not match what a filter matches by our reading. Please \
                 report it.",
            );
        }
        let question = self.unasked(&patterns, &[message]);
        obstacle.asking(question)
    }

    /// Filters that catch root use, unless CloudWatch Logs itself says that
    /// they do not match a canonical record of it.
    fn confirmed(
        &self,
        filters: Vec<(&'a MetricFilter, Notified)>,
        patterns: Vec<Pattern>,
    ) -> Result<Caught<'a>, Obstacle> {
        let canonical = self.root_of.map(canonical_records).unwrap_or_default();
        for record in &canonical {
            if self.matched_by_aws(&patterns, &record.to_string()) == Some(false) {
                let class = Class::of_record(record).unwrap_or(Class::DirectRootUse);
                return Err(Obstacle::broken(
                    Depth::Misses,
                    FILTER_MISSES_ROOT_USE,
                    format!(
                        "CloudWatch Logs itself says that the filter misses {}. Use the pattern \
                         of the CIS benchmark.",
                        describe(class, record)
                    ),
                ));
            }
        }
        let unserved = patterns.iter().find_map(|pattern| {
            match self.facts.observed.filter_tests.get(pattern.source())? {
                Fact::Unread(unread @ Unread::Unavailable { .. }) => Some(unread.clone()),
                _ => None,
            }
        });
        if let Some(unread) = unserved.filter(|_| self.parameters.confirm_with_aws) {
            return Err(Obstacle::from(unread));
        }
        let decision = self.decision(&patterns);
        let records = canonical.iter().chain(witnesses(&decision));
        let messages: Vec<_> = records.map(Value::to_string).collect();
        Ok(Caught {
            question: self.unasked(&patterns, &messages),
            filters,
            alarmed: patterns.clone(),
            patterns,
        })
    }

    fn decision(&self, patterns: &[Pattern]) -> Decision {
        self.decisions.decide(patterns, self.root_of)
    }

    /// Returns whether CloudWatch Logs takes any of the patterns to match a message, as
    /// far as it was asked.
    fn matched_by_aws(&self, patterns: &[Pattern], message: &str) -> Option<bool> {
        if !self.parameters.confirm_with_aws {
            return None;
        }
        let answers: Vec<_> = patterns
            .iter()
            .map(
                |pattern| match self.facts.observed.filter_tests.get(pattern.source()) {
                    Some(Fact::Known(test)) => test.matched(message),
                    _ => None,
                },
            )
            .collect();
        if answers.contains(&Some(true)) {
            Some(true)
        } else if answers.contains(&None) {
            None
        } else {
            Some(false)
        }
    }

    /// Returns what CloudWatch Logs was not asked yet about the patterns.
    fn unasked(&self, patterns: &[Pattern], messages: &[String]) -> Option<Question> {
        if !self.parameters.confirm_with_aws {
            return None;
        }
        let tests = &self.facts.observed.filter_tests;
        let pattern = patterns
            .iter()
            .find(|pattern| match tests.get(pattern.source()) {
                None => true,
                Some(Fact::Known(test)) => messages.iter().any(|m| test.matched(m).is_none()),
                Some(Fact::Unread(_)) => false,
            })?;
        Some(Question::Chain(alarms::Question::FilterTest {
            pattern: pattern.source().to_owned(),
            messages: messages.to_vec(),
        }))
    }
}

/// A pattern that matches what another matches where the fields of its dimensions have
/// these values. `None` where a value may be written in another way in the record.
fn narrowed(
    source: &str,
    fields: &BTreeMap<String, String>,
    values: &BTreeMap<String, String>,
) -> Option<Pattern> {
    let pattern = Pattern::parse(source).ok()?.to_string();
    let inner = pattern.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut conditions = vec![format!("({inner})")];
    for (name, value) in values {
        let is_plain = !value.contains(['"', '\\', '*', '%']) && value.parse::<f64>().is_err();
        let field = fields
            .get(name)
            .filter(|field| is_plain && field.starts_with("$."))?;
        conditions.push(format!("{field} = \"{value}\""));
    }
    Pattern::parse(&format!("{{ {} }}", conditions.join(" && "))).ok()
}

/// Returns why a pattern with a star in the middle of a text matches nothing.
fn literal_star(patterns: &[Pattern]) -> String {
    let text = patterns.iter().find_map(Pattern::inner_star);
    text.map_or_else(String::new, |text| {
        format!("; the * in {text:?} is taken literally, as it is not at an end")
    })
}
