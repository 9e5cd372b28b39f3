//! From facts to verdict.

use config_rule::{Compliance, Fact, Unread, Verdict};
use serde_json::{Value, json};
use trails::ObservedTrail;

use crate::assessment::{Lack, TrailAssessment};
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
    let assessments = facts.assessments(parameters)?;
    let verdict = satisfied(facts, parameters, &assessments)
        .or_else(|| accepted(parameters, &assessments))
        .or_else(|| unverifiable(facts, parameters, &assessments))
        .or_else(|| lacking(facts, &assessments))
        .unwrap_or_else(|| {
            Verdict::new(
                Compliance::NonCompliant,
                NO_TRAIL,
                "no trail logs the events of this account. Create a multi-Region trail for all \
                 management events.",
            )
        });
    Ok(verdict.with_evidence("trails", evidence(&assessments)))
}

type TrailAssessments<'a> = [(&'a ObservedTrail, TrailAssessment)];

fn satisfied(
    facts: &AccountTrails,
    parameters: &TrailLoggingParameters,
    assessments: &TrailAssessments,
) -> Option<Verdict> {
    let proven =
        |(_, assessment): &&(_, TrailAssessment)| matches!(assessment, TrailAssessment::Satisfies);
    let (trail, _) = assessments.iter().find(proven)?;
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
fn accepted(
    parameters: &TrailLoggingParameters,
    assessments: &TrailAssessments,
) -> Option<Verdict> {
    if parameters.organization_trail != OrganizationTrail::Accept {
        return None;
    }
    let all_but_selectors = |(_, assessment): &&(_, TrailAssessment)| {
        matches!(assessment, TrailAssessment::SelectorsUnread(_))
    };
    let (trail, _) = assessments.iter().find(all_but_selectors)?;
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
    assessments: &TrailAssessments,
) -> Option<Verdict> {
    // A trail of which only the selectors are unread got furthest.
    let all_but_selectors = assessments
        .iter()
        .find_map(|(trail, assessment)| match assessment {
            TrailAssessment::SelectorsUnread(unread) => Some((*trail, unread)),
            _ => None,
        });
    let (trail, unread) = all_but_selectors.or_else(|| {
        assessments
            .iter()
            .find_map(|(trail, assessment)| match assessment {
                TrailAssessment::Unread(unread) => Some((*trail, unread)),
                _ => None,
            })
    })?;
    let mut verdict = Verdict::from(unread.clone());
    if facts.is_foreign(trail) {
        let owner = trail.trail.owner();
        let what_to_do = match parameters.central_evidence_role_arns.for_account(owner) {
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
fn closest<'a>(assessments: &'a TrailAssessments<'a>) -> Option<(&'a ObservedTrail, &'a Lack)> {
    let mut closest: Option<(&ObservedTrail, &Lack)> = None;
    for (trail, assessment) in assessments {
        if let TrailAssessment::Lacks(lack) = assessment
            && closest.is_none_or(|(_, closest)| lack.distance() < closest.distance())
        {
            closest = Some((trail, lack));
        }
    }
    closest
}

fn lacking(facts: &AccountTrails, assessments: &TrailAssessments) -> Option<Verdict> {
    let (trail, lack) = closest(assessments)?;
    Some(Verdict::new(
        Compliance::NonCompliant,
        lack.reason.clone(),
        format!("{} {}", facts.name_of(trail), lack.detail),
    ))
}

impl AccountTrails {
    /// Returns how far every trail gets.
    fn assessments(
        &self,
        parameters: &TrailLoggingParameters,
    ) -> Result<Vec<(&ObservedTrail, TrailAssessment)>, Unread> {
        let trails = self.trails.known()?.iter();
        Ok(trails
            .map(|trail| (trail, self.assessment(trail, parameters)))
            .collect())
    }

    /// The trail of which the verdict says what it lacks.
    pub(crate) fn closest(&self, parameters: &TrailLoggingParameters) -> Option<&ObservedTrail> {
        let assessments = self.assessments(parameters).ok()?;
        let (found, _) = closest(&assessments)?;
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

fn evidence(assessments: &TrailAssessments) -> Value {
    let trails = assessments.iter().map(|(trail, assessment)| {
        let assessment = match assessment {
            TrailAssessment::Satisfies => json!({"assessment": "SATISFIES"}),
            TrailAssessment::Elsewhere => json!({"assessment": "ELSEWHERE"}),
            TrailAssessment::Lacks(lack) => {
                json!({"assessment": "LACKS", "reasonCode": lack.reason})
            }
            TrailAssessment::SelectorsUnread(unread) | TrailAssessment::Unread(unread) => {
                json!({"assessment": "UNREAD", "unread": unread})
            }
        };
        json!({"trail": trail.trail.arn, "seen": assessment})
    });
    trails.collect()
}
