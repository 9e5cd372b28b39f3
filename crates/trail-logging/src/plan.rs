//! What would be done about an account without a trail that satisfies.

use config_rule::{Arn, Compliance, Identity, Unread, Verdict};
use remediation::{ManualItem, Plan, Step};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trails::{Delivery, EventSelectors};

use crate::evaluate::judge;
use crate::remediation::{RemediationDetails, RemediationSettings, TrailDetails};
use crate::{AccountTrails, TrailLoggingParameters};

/// A change of a trail. Each is made in the Region of the trail's ARN: its
/// home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum TrailChange {
    /// `CreateTrail`: multi-Region, with log file validation, not yet logging.
    Create {
        /// The trail.
        trail: Arn,
        /// `S3BucketName`
        bucket: String,
    },
    /// `StartLogging`
    StartLogging {
        /// The trail.
        trail: Arn,
    },
    /// `UpdateTrail` with `IsMultiRegionTrail` and nothing else.
    MakeMultiRegion {
        /// The trail.
        trail: Arn,
        /// `IncludeGlobalServiceEvents` before, which becomes true with it.
        global_service_events_before: bool,
    },
    /// `PutEventSelectors`
    CompleteSelectors {
        /// The trail.
        trail: Arn,
        /// All of them as they are.
        before: EventSelectors,
        /// All of them as they will be.
        after: EventSelectors,
    },
}

impl TrailChange {
    pub(crate) fn trail(&self) -> &Arn {
        match self {
            Self::Create { trail, .. }
            | Self::StartLogging { trail }
            | Self::MakeMultiRegion { trail, .. }
            | Self::CompleteSelectors { trail, .. } => trail,
        }
    }

    /// Returns what the change is about, before and after it.
    fn states(&self) -> [Value; 2] {
        match self {
            Self::Create { bucket, .. } => {
                let created = json!({
                    "S3BucketName": bucket,
                    "IsMultiRegionTrail": true,
                    "LogFileValidationEnabled": true,
                    "IsLogging": false,
                });
                [Value::Null, created]
            }
            Self::StartLogging { .. } => [json!({"IsLogging": false}), json!({"IsLogging": true})],
            Self::MakeMultiRegion {
                global_service_events_before: global,
                ..
            } => [
                json!({"IsMultiRegionTrail": false, "IncludeGlobalServiceEvents": global}),
                json!({"IsMultiRegionTrail": true, "IncludeGlobalServiceEvents": true}),
            ],
            Self::CompleteSelectors { before, after, .. } => [json!(before), json!(after)],
        }
    }

    /// `CloudTrail` takes no empty list of selectors back.
    fn is_reversible(&self) -> bool {
        !matches!(self, Self::CompleteSelectors { before, .. } if *before == EventSelectors::default())
    }

    /// Returns whether a step with this change is one that a plan for the account can have.
    pub(crate) fn could_be(&self, identity: &Identity, step: &Step<Self>) -> bool {
        let trail = self.trail();
        let name = trail.resource().strip_prefix("trail/");
        let is_named = match self {
            Self::Create { .. } => name == Some(CREATED_TRAIL),
            _ => name.is_some(),
        };
        let [before, after] = self.states();
        is_named
            && trail.service() == "cloudtrail"
            && trail.account() == identity.account()
            && trail.partition() == identity.partition()
            && step.resource == trail.as_str()
            && (&step.before, &step.after) == (&before, &after)
            && step.reversible == self.is_reversible()
    }
}

/// The name of the trail that is created where there is none.
pub const CREATED_TRAIL: &str = "rootguard";

const SECOND_COPY: &str = "another trail logs management events, and AWS charges for a second copy";

impl TrailDetails {
    /// Whose the trail is, if it is made by something that would make it again as
    /// it was.
    fn managed_by(&self) -> Result<Option<String>, Unread> {
        let name = self.trail.arn.resource().trim_start_matches("trail/");
        if name.starts_with("aws-controltower") {
            return Ok(Some("AWS Control Tower".to_owned()));
        }
        let mut tags = self.tags.known()?.keys();
        let tag = tags.find(|key| key.starts_with("aws:cloudformation:"));
        Ok(tag.map(|tag| format!("CloudFormation (it has the tag {tag})")))
    }
}

pub(crate) fn plan(
    facts: &AccountTrails,
    details: &RemediationDetails,
    parameters: &TrailLoggingParameters,
    settings: &RemediationSettings,
) -> Plan<TrailChange> {
    let verdict = judge(facts, parameters).unwrap_or_else(Verdict::from);
    if matches!(
        verdict.compliance,
        Compliance::Compliant | Compliance::NotApplicable
    ) {
        return Plan::default();
    }
    if let Some(owner) = facts.owner_of_organization_trail() {
        return Plan::manual(for_owner(&owner, &verdict));
    }
    if verdict.compliance == Compliance::Unverifiable {
        return Plan::manual(ManualItem::unverifiable(&verdict));
    }
    let Some(closest) = &details.closest else {
        return without_a_trail(details, settings);
    };
    match closest.managed_by() {
        Err(unread) => return Plan::manual(ManualItem::unread(&unread)),
        Ok(Some(owner)) => return Plan::manual(managed_elsewhere(closest, &owner, &verdict)),
        Ok(None) => {}
    }
    let planner = Planner {
        facts,
        closest,
        parameters,
    };
    let mut plan = Plan::default();
    for part in [
        planner.logging(),
        planner.regions(),
        planner.selectors(),
        planner.delivery(),
        planner.validation(),
        Ok(planner.encryption()),
    ] {
        match part {
            Ok(Some(Part::Step(step))) => plan.steps.push(*step),
            Ok(Some(Part::Manual(item))) => plan.manual.push(item),
            Ok(None) => {}
            Err(unread) => {
                let item = ManualItem::unread(&unread);
                if !plan.manual.contains(&item) {
                    plan.manual.push(item);
                }
            }
        }
    }
    plan
}

fn without_a_trail(
    details: &RemediationDetails,
    settings: &RemediationSettings,
) -> Plan<TrailChange> {
    let Some(bucket) = &settings.trail_bucket_name else {
        return Plan::manual(ManualItem::new(
            "CREATE_TRAIL",
            "no trail logs the events of this account, and trailBucketName names no bucket for \
             one.",
            "Name in trailBucketName a bucket whose policy lets CloudTrail write to it \
             (s3:GetBucketAcl on the bucket and s3:PutObject on AWSLogs/ACCOUNT/*, both with the \
             trail's ARN as aws:SourceArn), or create a multi-Region trail by hand.",
        ));
    };
    let trail = &details.created;
    let create = TrailChange::Create {
        trail: trail.clone(),
        bucket: bucket.clone(),
    };
    Plan {
        steps: vec![
            step("create a multi-Region trail", None, create),
            start_logging(trail, None),
        ],
        ..Plan::default()
    }
}

fn step(what: &str, cost: Option<&str>, change: TrailChange) -> Step<TrailChange> {
    let [before, after] = change.states();
    Step {
        what: what.to_owned(),
        resource: change.trail().to_string(),
        before,
        after,
        reversible: change.is_reversible(),
        cost: cost.map(str::to_owned),
        change,
    }
}

fn start_logging(trail: &Arn, cost: Option<&str>) -> Step<TrailChange> {
    let trail = trail.clone();
    step("start logging", cost, TrailChange::StartLogging { trail })
}

fn for_owner(owner: &str, verdict: &Verdict) -> ManualItem {
    ManualItem::new(
        "ORGANIZATION_TRAIL_OF_OWNER",
        format!(
            "an organization trail of account {owner} logs this account, so nothing is changed \
             here. {}",
            verdict.detail
        ),
        format!(
            "Repair the organization trail in account {owner}: run the remediation of \
             trail-logging there. It then logs every account."
        ),
    )
}

fn managed_elsewhere(closest: &TrailDetails, owner: &str, verdict: &Verdict) -> ManualItem {
    ManualItem::new(
        "MANAGED_ELSEWHERE",
        format!(
            "trail {} belongs to {owner}, which would take a change back. {}",
            closest.trail.arn, verdict.detail
        ),
        format!("Change it where {owner} has its description, and roll that out."),
    )
}

enum Part {
    Step(Box<Step<TrailChange>>),
    Manual(ManualItem),
}

/// Planner of what one trail lacks, part by part. A part that could not be read is left alone.
struct Planner<'a> {
    facts: &'a AccountTrails,
    closest: &'a TrailDetails,
    parameters: &'a TrailLoggingParameters,
}

type Parts = Result<Option<Part>, Unread>;

impl Planner<'_> {
    fn arn(&self) -> &Arn {
        &self.closest.trail.arn
    }

    /// The first copy of management events is free. Of other trails not everything
    /// is known, so any other is taken for one that logs them.
    fn cost(&self) -> Option<&'static str> {
        let trails = self.facts.trails.known().map_or(0, Vec::len);
        (trails > 1).then_some(SECOND_COPY)
    }

    fn logging(&self) -> Parts {
        let logging = self.closest.status.known()?.is_logging()?;
        Ok((!logging).then(|| Part::Step(Box::new(start_logging(self.arn(), self.cost())))))
    }

    fn regions(&self) -> Parts {
        if self.closest.trail.is_multi_region()? {
            return Ok(None);
        }
        let global = *self.closest.global_service_events.known()?;
        let change = TrailChange::MakeMultiRegion {
            trail: self.arn().clone(),
            global_service_events_before: global,
        };
        let what = "make it a multi-Region trail";
        let step = step(what, self.cost(), change);
        Ok(Some(Part::Step(Box::new(step))))
    }

    fn selectors(&self) -> Parts {
        let before = self.closest.selectors.known()?;
        let allowed = &self.parameters.allowed_excluded_sources;
        let Some(hole) = before.management_event_hole(allowed) else {
            return Ok(None);
        };
        let completion = match before.completed(allowed) {
            Ok(completion) => completion,
            Err(why) => {
                return Ok(Some(Part::Manual(ManualItem::new(
                    "COMPLETE_SELECTORS",
                    format!("trail {} leaves out {hole}, and {why}.", self.arn()),
                    "Change its selectors by hand, so that they select every management event.",
                ))));
            }
        };
        let cost = if completion.lifts_exclusion {
            Some("events are logged that somebody chose to leave out")
        } else {
            self.cost()
        };
        let after = completion.selectors;
        let change = TrailChange::CompleteSelectors {
            trail: self.arn().clone(),
            before: before.clone(),
            after,
        };
        let what = format!("select the management events that it leaves out: {hole}");
        let step = step(&what, cost, change);
        Ok(Some(Part::Step(Box::new(step))))
    }

    /// Nothing here repairs a bucket, and time what only takes time.
    fn delivery(&self) -> Parts {
        let status = self.closest.status.known()?;
        let arn = self.arn();
        let max_age = self.parameters.max_delivery_age();
        let failing = |error: &str| {
            ManualItem::new(
                "REPAIR_DELIVERY",
                format!("trail {arn} cannot deliver its log files ({error})."),
                "Look at the bucket, its policy (CloudTrail needs s3:GetBucketAcl and \
                 s3:PutObject), and the policy of the key.",
            )
        };
        Ok(
            match status.log_file_delivery(self.facts.observed_at, max_age) {
                Delivery::Failing(error) => Some(Part::Manual(failing(error))),
                // What is switched on in this run is looked at again after it.
                _ if !status.is_logging()? => None,
                Delivery::Arriving => None,
                Delivery::NotYet | Delivery::Stale(_) => Some(Part::Manual(ManualItem::new(
                    "WAIT_FOR_DELIVERY",
                    format!("trail {arn} is switched on, and no recent log file has arrived."),
                    "Wait for an hour and evaluate the rule again. If nothing has arrived then, look \
                 at the bucket, its policy and the policy of the key.",
                ))),
            },
        )
    }

    /// Never rewritten: somebody chose it.
    fn validation(&self) -> Parts {
        let arn = self.arn();
        let required = self.parameters.require_log_file_validation;
        if !required || self.closest.trail.validates_log_files()? {
            return Ok(None);
        }
        Ok(Some(Part::Manual(ManualItem::new(
            "ENABLE_LOG_FILE_VALIDATION",
            format!("trail {arn} does not validate log files."),
            format!("aws cloudtrail update-trail --name {arn} --enable-log-file-validation"),
        ))))
    }

    /// Never rewritten: somebody chose it.
    fn encryption(&self) -> Option<Part> {
        let arn = self.arn();
        let required = self.parameters.require_kms_encryption;
        if !required || self.closest.trail.is_encrypted_with_kms() {
            return None;
        }
        Some(Part::Manual(ManualItem::new(
            "ENCRYPT_TRAIL",
            format!("trail {arn} is not encrypted with a KMS key."),
            format!(
                "Choose a key whose policy lets CloudTrail use it, and aws cloudtrail \
                 update-trail --name {arn} --kms-key-id KEY"
            ),
        )))
    }
}
