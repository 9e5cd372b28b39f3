//! Asking about one trail, wherever it is at home and whoever owns it.

use config_rule::{Account, CallError, EvidenceRoles, Fact, Unread};
use serde::{Deserialize, Serialize};

use crate::selectors::EventSelectors;
use crate::status::TrailStatus;
use crate::trail::Trail;

/// A trail with what was asked about it. What was not asked decides nothing:
/// another trail satisfied before, or this one could not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObservedTrail {
    /// Answer of `DescribeTrails`.
    #[serde(flatten)]
    pub trail: Trail,
    /// Status of the trail.
    pub status: Option<Fact<TrailStatus>>,
    /// Events that it logs.
    pub selectors: Option<Fact<EventSelectors>>,
}

impl From<Trail> for ObservedTrail {
    fn from(trail: Trail) -> Self {
        Self {
            trail,
            status: None,
            selectors: None,
        }
    }
}

/// Something that CloudTrail tells about one trail at a time.
pub trait TrailFact: Clone + Send + Sync + 'static {
    /// Asks `account`, in the trail's home Region.
    ///
    /// # Errors
    /// See [`Account::call`].
    fn observe(
        account: &Account,
        trail: &Trail,
    ) -> impl Future<Output = Result<Fact<Self>, CallError>> + Send;
}

/// Asks about trails on behalf of a control.
#[derive(Clone, Copy, Debug)]
pub struct TrailReader<'a> {
    /// The account that is judged.
    pub account: &'a Account,
    /// The roles that show what other accounts own.
    pub roles: &'a EvidenceRoles,
    /// The control's name.
    pub control: &'static str,
}

impl TrailReader<'_> {
    /// Asks the trail's home Region, by the trail's ARN. The trail of another
    /// account is asked through the evidence role of its owner, if there is
    /// one; what the owner does not tell, this account may.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn ask<F: TrailFact>(&self, trail: &Trail) -> Result<Fact<F>, CallError> {
        let here = self.account.in_region(&trail.home_region);
        let Some(role) = self.role_for(trail) else {
            return asked(&here, trail).await;
        };
        let told = match self.account.through(role, self.control).await? {
            Fact::Known(owner) => asked(&owner.in_region(&trail.home_region), trail).await?,
            Fact::Unread(unread) => Fact::Unread(unread),
        };
        if let Fact::Known(_) = told {
            return Ok(told);
        }
        match asked(&here, trail).await? {
            Fact::Known(fact) => Ok(Fact::Known(fact)),
            // The role was given so that the owner answers: that it does not is
            // what has to be repaired.
            Fact::Unread(_) => Ok(told),
        }
    }

    fn role_for(&self, trail: &Trail) -> Option<&config_rule::EvidenceRole> {
        let foreign = trail.owner() != self.account.identity().account();
        foreign
            .then(|| self.roles.for_account(trail.owner()))
            .flatten()
    }
}

/// Returns what an account is told about a trail; asked once for all controls.
async fn asked<F: TrailFact>(account: &Account, trail: &Trail) -> Result<Fact<F>, CallError> {
    let asking = F::observe(account, trail);
    account.cached(trail.arn.as_str(), asking).await
}

/// Returns what CloudTrail says about a trail that it has just listed. "Not found" is
/// not taken for an answer: to other accounts CloudTrail may say so of a trail
/// that exists, and a trail deleted meanwhile is gone from the next list.
pub(crate) fn shown<T>(action: &'static str, answer: Fact<Option<T>>) -> Fact<T> {
    match answer {
        Fact::Known(Some(output)) => Fact::Known(output),
        Fact::Known(None) => Fact::Unread(Unread::Unavailable {
            action: action.to_owned(),
            code: "TrailNotFoundException".to_owned(),
        }),
        Fact::Unread(unread) => Fact::Unread(unread),
    }
}
