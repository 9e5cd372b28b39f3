//! How far one trail gets.

use config_rule::{Fact, ReasonCode, Unread};
use trails::{Delivery, GET_EVENT_SELECTORS, GET_TRAIL_STATUS, ObservedTrail};

use crate::{
    AccountTrails, LOG_FILE_VALIDATION_OFF, MANAGEMENT_EVENTS_INCOMPLETE, NO_DELIVERY_YET,
    NO_MULTI_REGION_TRAIL, TRAIL_DELIVERY_FAILING, TRAIL_NOT_ENCRYPTED, TRAIL_NOT_LOGGING,
    TrailLoggingParameters,
};

/// Requirements on a trail, in the order in which a person would see to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Requirement {
    MultiRegion,
    Logging,
    Delivering,
    ManagementEvents,
    LogFileValidation,
    Encryption,
}

impl Requirement {
    const ALL: [Self; 6] = [
        Self::MultiRegion,
        Self::Logging,
        Self::Delivering,
        Self::ManagementEvents,
        Self::LogFileValidation,
        Self::Encryption,
    ];
}

/// Progress of a trail through the requirements.
#[derive(Debug)]
pub(crate) enum TrailAssessment {
    /// Everything that is required was seen to hold.
    Satisfies,
    /// Of an organization trail that another account owns, everything was seen
    /// to hold but what its selectors say, which could not be read.
    SelectorsUnread(Unread),
    /// Nothing is known that it lacks, and something could not be read.
    Unread(Unread),
    /// Something that it lacks was seen.
    Lacks(Lack),
    /// It is another account's and logs only that.
    Elsewhere,
}

/// The requirement that a trail lacks first of all that is known.
#[derive(Debug)]
pub(crate) struct Lack {
    pub(crate) requirement: Requirement,
    pub(crate) reason: ReasonCode,
    /// Completes "trail ARN …".
    pub(crate) detail: String,
    /// Number of requirements that were seen to hold before the first that was not.
    pub(crate) held: usize,
}

impl Lack {
    /// Smaller is closer. Of two trails that got equally far, a later
    /// requirement is the smaller matter.
    pub(crate) fn distance(&self) -> impl Ord + use<> {
        std::cmp::Reverse((self.held, self.requirement, self.reason == NO_DELIVERY_YET))
    }
}

impl AccountTrails {
    /// Returns whether another account owns the trail.
    pub(crate) fn is_foreign(&self, trail: &ObservedTrail) -> bool {
        trail.trail.owner() != self.account
    }

    pub(crate) fn assessment(
        &self,
        trail: &ObservedTrail,
        parameters: &TrailLoggingParameters,
    ) -> TrailAssessment {
        let foreign = self.is_foreign(trail);
        if foreign {
            match trail.trail.is_organization_trail() {
                Ok(true) => {}
                Ok(false) => return TrailAssessment::Elsewhere,
                Err(unread) => return TrailAssessment::Unread(unread),
            }
        }
        let mut held = 0;
        let mut unread = Vec::new();
        for requirement in Requirement::ALL {
            match self.check(trail, requirement, parameters) {
                Ok(None) if unread.is_empty() => held += 1,
                Ok(None) => {}
                Ok(Some((reason, detail))) => {
                    return TrailAssessment::Lacks(Lack {
                        requirement,
                        reason,
                        detail,
                        held,
                    });
                }
                Err(reason) => unread.push((requirement, reason)),
            }
        }
        match unread.first() {
            None => TrailAssessment::Satisfies,
            Some((Requirement::ManagementEvents, why)) if foreign && unread.len() == 1 => {
                TrailAssessment::SelectorsUnread(why.clone())
            }
            Some((_, why)) => TrailAssessment::Unread(why.clone()),
        }
    }

    /// Returns why the trail does not do what is required, if it does not.
    fn check(
        &self,
        trail: &ObservedTrail,
        requirement: Requirement,
        parameters: &TrailLoggingParameters,
    ) -> Result<Option<(ReasonCode, String)>, Unread> {
        let described = &trail.trail;
        let status = || asked(trail.status.as_ref(), GET_TRAIL_STATUS);
        let lacks = |holds: bool, reason: ReasonCode, detail: &str| {
            Ok((!holds).then(|| (reason, detail.to_owned())))
        };
        match requirement {
            Requirement::MultiRegion => lacks(
                described.is_multi_region()?,
                NO_MULTI_REGION_TRAIL,
                "logs one Region only. Make it a multi-Region trail.",
            ),
            Requirement::Logging => lacks(
                status()?.is_logging()?,
                TRAIL_NOT_LOGGING,
                "is switched off. Start logging, and ask who stopped it.",
            ),
            Requirement::Delivering => {
                let max_age = parameters.max_delivery_age();
                Ok(
                    match status()?.log_file_delivery(self.observed_at, max_age) {
                        Delivery::Arriving => None,
                        Delivery::NotYet => Some((
                            NO_DELIVERY_YET,
                            "is switched on and has not delivered a log file yet. A new trail \
                             does within the hour: wait."
                                .to_owned(),
                        )),
                        Delivery::Failing(error) => Some((
                            TRAIL_DELIVERY_FAILING,
                            format!(
                                "cannot deliver its log files ({error}). Look at the bucket, its \
                                 policy and the policy of its key."
                            ),
                        )),
                        Delivery::Stale(latest) => Some((
                            TRAIL_DELIVERY_FAILING,
                            format!(
                                "delivered its last log file at {latest}, more than {} hours ago. \
                                 Look at the bucket, its policy and the policy of its key.",
                                parameters.max_delivery_age_hours
                            ),
                        )),
                    },
                )
            }
            Requirement::ManagementEvents => {
                let selectors = asked(trail.selectors.as_ref(), GET_EVENT_SELECTORS)?;
                let hole = selectors.management_event_hole(&parameters.allowed_excluded_sources);
                Ok(hole.map(|hole| {
                    let detail = format!("has selectors that leave out {hole}. Log them too.");
                    (MANAGEMENT_EVENTS_INCOMPLETE, detail)
                }))
            }
            Requirement::LogFileValidation => lacks(
                !parameters.require_log_file_validation || described.validates_log_files()?,
                LOG_FILE_VALIDATION_OFF,
                "does not validate log files, which requireLogFileValidation asks for.",
            ),
            Requirement::Encryption => lacks(
                !parameters.require_kms_encryption || described.is_encrypted_with_kms(),
                TRAIL_NOT_ENCRYPTED,
                "is not encrypted with a KMS key, which requireKmsEncryption asks for.",
            ),
        }
    }
}

fn asked<'a, T>(fact: Option<&'a Fact<T>>, action: &str) -> Result<&'a T, Unread> {
    fact.ok_or_else(|| Unread::not_asked(action))?.known()
}
