//! From facts to verdict.

use config_rule::{Compliance, Fact, Unread, Verdict};
use serde_json::{Value, json};
use trails::ObservedTrail;

use crate::standing::{Lack, Standing};
use crate::{
    AccountTrails, NO_TRAIL, OrganizationTrail, TRAIL_LOGGING, TRAIL_LOGGING_SELECTORS_UNREAD,
    TrailLoggingParameters,
};

/// One trail that satisfies is enough. Without one, a trail that could satisfy
/// for all that is known makes the account unverifiable; only then does what
/// the others lack count.
pub(crate) fn judge(
    facts: &AccountTrails,
    parameters: &TrailLoggingParameters,
) -> Result<Verdict, Unread> {
    let standings = facts.standings(parameters)?;
    let verdict = satisfied(facts, parameters, &standings)
        .or_else(|| accepted(parameters, &standings))
        .or_else(|| unverifiable(facts, parameters, &standings))
        .or_else(|| lacking(facts, &standings))
        .unwrap_or_else(|| {
            Verdict::new(
                Compliance::NonCompliant,
                NO_TRAIL,
                "no trail logs the events of this account. Create a multi-Region trail for all \
                 management events.",
            )
        });
    Ok(verdict.with_evidence("trails", evidence(&standings)))
}

type Standings<'a> = [(&'a ObservedTrail, Standing)];

fn satisfied(
    facts: &AccountTrails,
    parameters: &TrailLoggingParameters,
    standings: &Standings,
) -> Option<Verdict> {
    let proven = |(_, standing): &&(_, Standing)| matches!(standing, Standing::Satisfies);
    let (trail, _) = standings.iter().find(proven)?;
    let left_out = sources_left_out(trail, &parameters.allowed_excluded_sources);
    let allowed = if left_out.is_empty() {
        String::new()
    } else {
        let sources = left_out.join(", ");
        format!(" except of {sources}, which allowedExcludedSources allows")
    };
    Some(Verdict::new(
        Compliance::Compliant,
        TRAIL_LOGGING,
        format!(
            "{} logs the management events of every Region{allowed}, and its log files arrive.",
            facts.name_of(trail)
        ),
    ))
}

/// The allowed sources that the trail really leaves out.
fn sources_left_out<'a>(trail: &ObservedTrail, allowed: &'a [String]) -> Vec<&'a str> {
    let Some(Fact::Known(selectors)) = &trail.selectors else {
        return Vec::new();
    };
    let is_left_out = |source: &&String| {
        let others = allowed.iter().filter(|other| other != source);
        let others: Vec<String> = others.cloned().collect();
        !selectors.logs_every_management_event(&others)
    };
    let left_out = allowed.iter().filter(is_left_out);
    left_out.map(String::as_str).collect()
}

/// The one exception to the rule that nothing unread is compliant; the
/// organization must have switched it on.
fn accepted(parameters: &TrailLoggingParameters, standings: &Standings) -> Option<Verdict> {
    if parameters.organization_trail != OrganizationTrail::Accept {
        return None;
    }
    let all_but_selectors =
        |(_, standing): &&(_, Standing)| matches!(standing, Standing::SelectorsUnread(_));
    let (trail, _) = standings.iter().find(all_but_selectors)?;
    Some(Verdict::new(
        Compliance::Compliant,
        TRAIL_LOGGING_SELECTORS_UNREAD,
        format!(
            "the selectors are judged in account {}. Organization trail {} logs every Region, \
             and its log files arrive.",
            trail.trail.owner(),
            trail.trail.arn
        ),
    ))
}

fn unverifiable(
    facts: &AccountTrails,
    parameters: &TrailLoggingParameters,
    standings: &Standings,
) -> Option<Verdict> {
    // A trail of which only the selectors are unread got furthest.
    let all_but_selectors = standings
        .iter()
        .find_map(|(trail, standing)| match standing {
            Standing::SelectorsUnread(unread) => Some((*trail, unread)),
            _ => None,
        });
    let (trail, unread) = all_but_selectors.or_else(|| {
        standings
            .iter()
            .find_map(|(trail, standing)| match standing {
                Standing::Unread(unread) => Some((*trail, unread)),
                _ => None,
            })
    })?;
    let mut verdict = Verdict::from(unread.clone());
    if facts.is_foreign(trail) {
        let owner = trail.trail.owner();
        let what_to_do = match parameters.central_evidence_role_arns.of(owner) {
            Some(_) => "Look at its role in centralEvidenceRoleArns.",
            None => "Name a role of it in centralEvidenceRoleArns.",
        };
        verdict.detail = format!(
            "{} for a trail of account {owner}. {what_to_do} Trail: {}.",
            said(unread),
            trail.trail.arn
        );
    } else {
        verdict.detail = format!("{} Trail: {}.", verdict.detail, trail.trail.arn);
    }
    Some(verdict)
}

fn said(unread: &Unread) -> String {
    match unread {
        Unread::Denied { action, code } => format!("{action} was refused ({code})"),
        Unread::Unavailable { action, code } => format!("{action} was not answered ({code})"),
        Unread::ValueMissing { action, value } => format!("the answer of {action} lacks {value}"),
    }
}

/// The trail that got furthest; the first of several that got equally far.
fn closest<'a>(standings: &'a Standings<'a>) -> Option<(&'a ObservedTrail, &'a Lack)> {
    let mut closest: Option<(&ObservedTrail, &Lack)> = None;
    for (trail, standing) in standings {
        if let Standing::Lacks(lack) = standing
            && closest.is_none_or(|(_, closest)| lack.distance() < closest.distance())
        {
            closest = Some((trail, lack));
        }
    }
    closest
}

fn lacking(facts: &AccountTrails, standings: &Standings) -> Option<Verdict> {
    let (trail, lack) = closest(standings)?;
    Some(Verdict::new(
        Compliance::NonCompliant,
        lack.reason.clone(),
        format!("{} {}", facts.name_of(trail), lack.detail),
    ))
}

impl AccountTrails {
    /// How far every trail gets.
    fn standings(
        &self,
        parameters: &TrailLoggingParameters,
    ) -> Result<Vec<(&ObservedTrail, Standing)>, Unread> {
        let trails = self.trails.known()?.iter();
        Ok(trails
            .map(|trail| (trail, self.standing(trail, parameters)))
            .collect())
    }

    /// The trail of which the verdict says what it lacks.
    pub(crate) fn closest(&self, parameters: &TrailLoggingParameters) -> Option<&ObservedTrail> {
        let standings = self.standings(parameters).ok()?;
        let (found, _) = closest(&standings)?;
        let trails = self.trails.known().ok()?;
        trails
            .iter()
            .find(|trail| trail.trail.arn == found.trail.arn)
    }

    /// The account that owns an organization trail which shows here, in whatever
    /// state. What AWS lists of others is of the organization unless it says not.
    pub(crate) fn owner_of_organization_trail(&self) -> Option<String> {
        let trails = self.trails.known().ok()?;
        let of_organization = |trail: &&ObservedTrail| {
            self.is_foreign(trail) && trail.trail.organization != Some(false)
        };
        let trail = trails.iter().find(of_organization)?;
        Some(trail.trail.owner().to_owned())
    }

    /// The trail in a sentence, with its owner where that is another account.
    fn name_of(&self, trail: &ObservedTrail) -> String {
        let described = &trail.trail;
        if self.is_foreign(trail) {
            let owner = described.owner();
            format!("organization trail {} in account {owner}", described.arn)
        } else {
            format!("trail {}", described.arn)
        }
    }
}

fn evidence(standings: &Standings) -> Value {
    let trails = standings.iter().map(|(trail, standing)| {
        let standing = match standing {
            Standing::Satisfies => json!({"standing": "SATISFIES"}),
            Standing::Elsewhere => json!({"standing": "ELSEWHERE"}),
            Standing::Lacks(lack) => json!({"standing": "LACKS", "reasonCode": lack.reason}),
            Standing::SelectorsUnread(unread) | Standing::Unread(unread) => {
                json!({"standing": "UNREAD", "unread": unread})
            }
        };
        json!({"trail": trail.trail.arn, "seen": standing})
    });
    trails.collect()
}
