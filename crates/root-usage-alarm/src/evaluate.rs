//! From facts to verdict: the chain that satisfies, or the one that got
//! furthest.

use config_rule::{Arn, Compliance, Verdict};
use filter_pattern::{Account, Class, Pattern};
use serde_json::json;
use trails::ObservedTrail;

use crate::RootUsageAlarmParameters;
use crate::facts::{Question, RootUsage};
use crate::filters::{Decisions, covers, is_noisy};
use crate::group::{Caught, Context};
use crate::obstacle::{BrokenLink, Depth, Obstacle, best};
use crate::reasons::{NO_QUALIFYING_TRAIL, ROOT_USAGE_ALARMED};
use crate::trail::log_group_fed_by;

/// A verdict on what is known, and what should be asked to know more.
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) question: Option<Question>,
    /// The broken link that the verdict speaks of, if it is one.
    pub(crate) broken: BrokenLink,
}

/// Judges every trail's chain.
pub(crate) fn judge(
    facts: &RootUsage,
    parameters: &RootUsageAlarmParameters,
    decisions: &Decisions,
) -> Judged {
    let root_of = Account::new(&facts.account, &facts.partition);
    let context = Context {
        facts,
        parameters,
        decisions,
        root_of: root_of.as_ref(),
    };
    let trails = match facts.trails.known() {
        Ok(trails) => trails,
        Err(unread) => return Judged::from(Obstacle::from(unread)),
    };
    let chains = trails.iter().map(|trail| context.chain_of(trail));
    let judged = best(chains).unwrap_or_else(|| {
        Err(Obstacle::broken(
            Depth::NoTrail,
            NO_QUALIFYING_TRAIL,
            "no trail logs the events of this account. Create one of all Regions.",
        ))
    });
    judged.unwrap_or_else(Judged::from)
}

impl Context<'_> {
    fn chain_of(&self, trail: &ObservedTrail) -> Result<Judged, Obstacle> {
        let group = log_group_fed_by(trail, self.facts, self.parameters)?;
        let judged = match self.caught_in(&group) {
            Ok(caught) => Ok(Judged {
                verdict: self.verdict_on(&caught),
                question: caught.question,
                broken: BrokenLink::default(),
            }),
            Err(obstacle) => Err(obstacle),
        };
        let told = |verdict: &mut Verdict| {
            let owner = group.account();
            if owner != self.facts.account {
                verdict.detail = format!("in account {owner}, {}", verdict.detail);
            }
            let evidence = &mut verdict.evidence;
            evidence.insert("trail".to_owned(), json!(trail.trail.arn));
            evidence.insert("logGroup".to_owned(), json!(group));
        };
        judged
            .map(|mut judged| {
                told(&mut judged.verdict);
                judged
            })
            .map_err(|mut obstacle| {
                told(&mut obstacle.verdict);
                obstacle.place.log_group = Some(group.clone());
                obstacle
            })
    }

    /// Returns what to say about filters that catch root use and tell somebody.
    fn verdict_on(&self, caught: &Caught<'_>) -> Verdict {
        let decision = self.decisions.decide(&caught.patterns, self.root_of);
        let cis_exact = caught.patterns.iter().any(Pattern::is_cis_exact);
        let told: Vec<_> = caught
            .filters
            .iter()
            .map(|(_, notified)| notified)
            .collect();
        let mut notes = Vec::new();
        if told.iter().any(|notified| notified.reached.only_accepted) {
            notes.push("whom it reaches was not seen, only accepted".to_owned());
        }
        for rule in told
            .iter()
            .flat_map(|notified| &notified.scheduled_mute_rules)
        {
            notes.push(format!("mute rule {rule} will mute it at times"));
        }
        let alarmed = self.decisions.decide(&caught.alarmed, self.root_of);
        if is_noisy(&alarmed) {
            notes.push("it also fires on what AWS services do as root".to_owned());
        }
        if !cis_exact {
            notes.push(
                "CloudWatch.1 will still fail: it wants the text of the CIS benchmark".to_owned(),
            );
        }
        let brokered = alarmed.covers(Class::ConsoleBrokered);
        if brokered.verdict != filter_pattern::Verdict::Yes {
            notes.push("console work invoked by signin.amazonaws.com is not caught".to_owned());
        }
        let summary = match caught.filters.as_slice() {
            [(filter, notified)] => format!(
                "filter {} and alarm {} tell {}",
                filter.filter_name,
                short(&notified.acting_alarm),
                target(&notified.reached.action)
            ),
            filters => format!("{} filters tell somebody together", filters.len()),
        };
        let told = std::iter::once(summary).chain(notes.iter().cloned());
        let detail = format!("{}.", told.collect::<Vec<_>>().join("; "));
        let chains: Vec<_> = caught
            .filters
            .iter()
            .map(|(filter, notified)| {
                json!({
                    "filter": filter.filter_name,
                    "pattern": filter.filter_pattern,
                    "metricAlarm": notified.metric_alarm,
                    "actingAlarm": notified.acting_alarm,
                    "action": notified.reached.action,
                })
            })
            .collect();
        Verdict::new(Compliance::Compliant, ROOT_USAGE_ALARMED, detail)
            .with_evidence("covers", json!(covers(&decision)))
            .with_evidence("cisExact", cis_exact)
            .with_evidence("chains", chains)
            .with_evidence("notes", notes)
    }
}

impl From<Obstacle> for Judged {
    fn from(obstacle: Obstacle) -> Self {
        Self {
            verdict: *obstacle.verdict,
            question: obstacle.question.map(|question| *question),
            broken: *obstacle.place,
        }
    }
}

/// The name of an alarm, without where it is.
fn short(alarm: &Arn) -> &str {
    let resource = alarm.resource();
    resource.strip_prefix("alarm:").unwrap_or(resource)
}

/// A topic, a function or something else that counts, without what a reader knows.
fn target(action: &str) -> String {
    let Ok(arn) = action.parse::<Arn>() else {
        return action.to_owned();
    };
    let what = match arn.service() {
        "sns" => format!("topic {}", arn.resource()),
        "lambda" => arn.resource().replacen(':', " ", 1),
        service => format!("{service} {}", arn.resource()),
    };
    format!("{what} of account {}", arn.account())
}
