//! What is seen in an account.

use config_rule::{Account, CallError, Control, Fact, Timestamp};
use serde::{Deserialize, Serialize};
use trails::{ObservedTrail, TrailReader, Trails};

use crate::assessment::{Requirement, TrailAssessment};
use crate::{TrailLogging, TrailLoggingParameters};

/// The trails that log the account's events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountTrails {
    /// Time at which the account was looked at.
    pub observed_at: Timestamp,
    /// The twelve-digit account id: tells the account's trails from others'.
    pub account: String,
    /// Every trail, and of each what could decide.
    pub trails: Fact<Vec<ObservedTrail>>,
}

impl AccountTrails {
    /// One call, and two for each trail, until one satisfies. A trail is not
    /// asked further once it is known what it lacks first.
    pub(crate) async fn observe(
        account: &Account,
        parameters: &TrailLoggingParameters,
    ) -> Result<Self, CallError> {
        let mut facts = Self {
            observed_at: account.observed_at(),
            account: account.identity().account().to_owned(),
            trails: Fact::Known(Vec::new()),
        };
        let listed = match account.section::<Trails>().await? {
            Fact::Known(Trails(listed)) => listed,
            Fact::Unread(unread) => {
                facts.trails = Fact::Unread(unread);
                return Ok(facts);
            }
        };
        let reader = TrailReader {
            account,
            roles: &parameters.central_evidence_role_arns,
            control: TrailLogging::METADATA.name,
        };
        let mut trails: Vec<_> = listed.into_iter().map(ObservedTrail::from).collect();
        for trail in &mut trails {
            if facts.may_hold(trail, Requirement::Logging, parameters) {
                trail.status = Some(reader.ask(&trail.trail).await?);
            }
            if facts.may_hold(trail, Requirement::ManagementEvents, parameters) {
                trail.selectors = Some(reader.ask(&trail.trail).await?);
            }
            if matches!(
                facts.assessment(trail, parameters),
                TrailAssessment::Satisfies
            ) {
                break;
            }
        }
        facts.trails = Fact::Known(trails);
        Ok(facts)
    }

    /// Returns whether nothing is known yet that the trail lacks before `requirement`.
    fn may_hold(
        &self,
        trail: &ObservedTrail,
        requirement: Requirement,
        parameters: &TrailLoggingParameters,
    ) -> bool {
        match self.assessment(trail, parameters) {
            TrailAssessment::Elsewhere => false,
            TrailAssessment::Lacks(lack) => lack.requirement >= requirement,
            TrailAssessment::Satisfies
            | TrailAssessment::SelectorsUnread(_)
            | TrailAssessment::Unread(_) => true,
        }
    }
}
