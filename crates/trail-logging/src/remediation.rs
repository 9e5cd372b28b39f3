//! Reads what a remediation needs to know, and applies and reverts its steps.

use std::collections::BTreeMap;

use config_rule::{
    Account, Arn, CallError, Compliance, Control, Fact, Identity, ParameterError, ParameterReader,
    Parameters, Timestamp, Unread,
};
use remediation::{
    Mode, Plan, Remediation, RemediationParameters, Standing, Step, StepError, Target, remove,
    write,
};
use serde::Serialize;
use trails::{
    EventSelectors, GET_EVENT_SELECTORS, GET_TRAIL_STATUS, Trail, TrailFact, TrailStatus,
    cloudtrail,
};

use crate::plan::{CREATED_TRAIL, TrailChange, plan};
use crate::{AccountTrails, TrailLogging, TrailLoggingParameters};

const GET_TRAIL: &str = "cloudtrail:GetTrail";
const LIST_TAGS: &str = "cloudtrail:ListTags";
const CREATE_TRAIL: &str = "cloudtrail:CreateTrail";
const DELETE_TRAIL: &str = "cloudtrail:DeleteTrail";
const PUT_EVENT_SELECTORS: &str = "cloudtrail:PutEventSelectors";
const START_LOGGING: &str = "cloudtrail:StartLogging";
const STOP_LOGGING: &str = "cloudtrail:StopLogging";
const UPDATE_TRAIL: &str = "cloudtrail:UpdateTrail";

/// Settings of this control's remediation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemediationSettings {
    /// The bucket of the trail that is created where there is none. Without it,
    /// none is created.
    pub trail_bucket_name: Option<String>,
}

impl Parameters for RemediationSettings {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            trail_bucket_name: reader.text("trailBucketName", "the name of a bucket", bucket)?,
        })
    }
}

fn bucket(text: &str) -> Option<String> {
    let is_name = (3..=63).contains(&text.len())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
        });
    is_name.then(|| text.to_owned())
}

/// Facts that a repair needs beyond what the verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemediationDetails {
    /// The ARN of the trail that would be created.
    pub created: Arn,
    /// The account's own trail that came closest, if it is to be repaired.
    pub closest: Option<TrailDetails>,
}

/// Everything that a repair of one trail depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrailDetails {
    /// Answer of `DescribeTrails`.
    pub trail: Trail,
    /// Status of the trail.
    pub status: Fact<TrailStatus>,
    /// Events that it logs.
    pub selectors: Fact<EventSelectors>,
    /// `IncludeGlobalServiceEvents`
    pub global_service_events: Fact<bool>,
    /// Its tags.
    pub tags: Fact<BTreeMap<String, String>>,
}

impl TrailDetails {
    /// Asks about a trail of the account, in the trail's home Region.
    async fn observe(account: &Account, trail: &Trail) -> Result<Self, CallError> {
        let home = account.in_region(&trail.home_region);
        let arn = trail.arn.as_str();
        let get = cloudtrail(&home).get_trail().name(arn);
        let settings = found(GET_TRAIL, home.call(GET_TRAIL, get.send()).await?);
        let global = settings.map(|output| output.trail?.include_global_service_events);
        let list = cloudtrail(&home).list_tags().resource_id_list(arn);
        let tags = found(LIST_TAGS, home.call(LIST_TAGS, list.send()).await?);
        Ok(Self {
            status: TrailStatus::observe(&home, trail).await?,
            selectors: EventSelectors::observe(&home, trail).await?,
            global_service_events: said(global, GET_TRAIL, "IncludeGlobalServiceEvents"),
            tags: tags.map(|output| {
                let lists = output.resource_tag_list.unwrap_or_default().into_iter();
                let tags = lists.flat_map(|list| list.tags_list.unwrap_or_default());
                tags.map(|tag| (tag.key, tag.value.unwrap_or_default()))
                    .collect()
            }),
            trail: trail.clone(),
        })
    }
}

/// "Not found" about a trail that was just listed is no answer.
fn found<T>(action: &str, answer: Fact<Option<T>>) -> Fact<T> {
    said(answer, action, "the trail")
}

fn said<T>(fact: Fact<Option<T>>, action: &str, value: &str) -> Fact<T> {
    match fact {
        Fact::Known(Some(value)) => Fact::Known(value),
        Fact::Known(None) => Fact::Unread(Unread::ValueMissing {
            action: action.to_owned(),
            value: value.to_owned(),
        }),
        Fact::Unread(unread) => Fact::Unread(unread),
    }
}

impl Remediation for TrailLogging {
    type Settings = RemediationSettings;
    type Details = RemediationDetails;
    type Change = TrailChange;

    const TARGET: Target<RemediationSettings> = Target::OwnAccount;
    const MODE: Mode = Mode::Manual;
    const PLAN_ACTIONS: &'static [&'static str] = &[GET_TRAIL, LIST_TAGS];
    const APPLY_ACTIONS: &'static [&'static str] = &[
        CREATE_TRAIL,
        PUT_EVENT_SELECTORS,
        START_LOGGING,
        UPDATE_TRAIL,
    ];
    const REVERT_ACTIONS: &'static [&'static str] = &[
        GET_TRAIL,
        GET_TRAIL_STATUS,
        GET_EVENT_SELECTORS,
        DELETE_TRAIL,
        PUT_EVENT_SELECTORS,
        STOP_LOGGING,
        UPDATE_TRAIL,
    ];

    /// Four calls about the trail that came closest, and none where nothing may be
    /// changed.
    async fn observe_for_plan(
        account: &Account,
        facts: &AccountTrails,
        parameters: &TrailLoggingParameters,
        _: &RemediationParameters<Self>,
    ) -> Result<RemediationDetails, CallError> {
        let mut details = RemediationDetails {
            created: account
                .identity()
                .arn("cloudtrail", &format!("trail/{CREATED_TRAIL}")),
            closest: None,
        };
        let verdict = Self::evaluate(facts, parameters);
        let is_ours = facts.owner_of_organization_trail().is_none();
        if verdict.compliance == Compliance::NonCompliant
            && is_ours
            && let Some(closest) = facts.closest(parameters)
        {
            details.closest = Some(TrailDetails::observe(account, &closest.trail).await?);
        }
        Ok(details)
    }

    fn plan(
        facts: &AccountTrails,
        details: &RemediationDetails,
        parameters: &TrailLoggingParameters,
        settings: &RemediationSettings,
    ) -> Plan<TrailChange> {
        plan(facts, details, parameters, settings)
    }

    async fn apply(account: &Account, change: &TrailChange) -> Result<(), StepError> {
        let home = Home::new(account, change);
        match change {
            TrailChange::Create { bucket, .. } => home.create(bucket).await,
            TrailChange::StartLogging { .. } => {
                let call = home.cloudtrail().start_logging().name(home.arn());
                write(&home.account, START_LOGGING, call.send()).await?;
                Ok(())
            }
            TrailChange::MakeMultiRegion { .. } => home.set_regions(true, None).await,
            TrailChange::CompleteSelectors { before, after, .. } => {
                home.replace_selectors(before, after).await
            }
        }
    }

    fn could_make(identity: &Identity, step: &Step<TrailChange>) -> bool {
        step.change.could_be(identity, step)
    }

    async fn standing(
        account: &Account,
        change: &TrailChange,
        _: Timestamp,
        _: &[TrailChange],
    ) -> Result<Standing, StepError> {
        let home = Home::new(account, change);
        let Some(trail) = home.trail().await? else {
            return Ok(Standing::Absent);
        };
        if trail.is_organization_trail == Some(true) {
            let why = "it has become an organization trail since";
            return Ok(Standing::Used(why.to_owned()));
        }
        Ok(match change {
            TrailChange::Create { bucket, .. } => as_created(&trail, bucket),
            TrailChange::StartLogging { .. } => {
                if home.is_logging().await? {
                    Standing::AsApplied
                } else {
                    Standing::Absent
                }
            }
            TrailChange::MakeMultiRegion { .. } => match trail.is_multi_region_trail {
                Some(true) => Standing::AsApplied,
                _ => Standing::Absent,
            },
            TrailChange::CompleteSelectors { before, after, .. } => {
                let now = home.selectors().await?;
                if now == *before {
                    Standing::Absent
                } else if now == *after {
                    Standing::AsApplied
                } else {
                    Standing::Used("somebody has changed its selectors since".to_owned())
                }
            }
        })
    }

    async fn revert(account: &Account, change: &TrailChange) -> Result<(), StepError> {
        let home = Home::new(account, change);
        match change {
            TrailChange::Create { .. } => {
                let call = home.cloudtrail().delete_trail().name(home.arn());
                remove(&home.account, DELETE_TRAIL, call.send()).await
            }
            TrailChange::StartLogging { .. } => {
                let call = home.cloudtrail().stop_logging().name(home.arn());
                remove(&home.account, STOP_LOGGING, call.send()).await
            }
            TrailChange::MakeMultiRegion {
                global_service_events_before,
                ..
            } => {
                let global = Some(*global_service_events_before);
                home.set_regions(false, global).await
            }
            TrailChange::CompleteSelectors { before, after, .. } => {
                home.replace_selectors(after, before).await
            }
        }
    }
}

/// Returns whether a trail is as it was created, and which of its settings is not.
fn as_created(trail: &aws_sdk_cloudtrail::types::Trail, bucket: &str) -> Standing {
    let is = |setting: Option<bool>| setting == Some(true);
    let differs = [
        ("bucket", trail.s3_bucket_name.as_deref() != Some(bucket)),
        ("prefix", trail.s3_key_prefix.is_some()),
        ("topic", trail.sns_topic_arn.is_some()),
        ("log group", trail.cloud_watch_logs_log_group_arn.is_some()),
        ("key", trail.kms_key_id.is_some()),
        ("Regions", !is(trail.is_multi_region_trail)),
        ("validation", !is(trail.log_file_validation_enabled)),
        ("event selectors", is(trail.has_custom_event_selectors)),
        ("insight selectors", is(trail.has_insight_selectors)),
    ];
    let differs = differs.iter().find(|(_, differs)| *differs);
    differs.map_or(Standing::AsApplied, |(setting, _)| {
        Standing::Used(format!("somebody has changed its {setting} since"))
    })
}

/// A trail in its home Region, where alone it can be changed.
struct Home<'a> {
    account: Account,
    trail: &'a Arn,
}

impl<'a> Home<'a> {
    fn new(account: &Account, change: &'a TrailChange) -> Self {
        let trail = change.trail();
        Self {
            account: account.in_region(trail.region()),
            trail,
        }
    }

    fn cloudtrail(&self) -> aws_sdk_cloudtrail::Client {
        cloudtrail(&self.account)
    }

    fn arn(&self) -> &str {
        self.trail.as_str()
    }

    async fn trail(&self) -> Result<Option<aws_sdk_cloudtrail::types::Trail>, StepError> {
        let get = self.cloudtrail().get_trail().name(self.arn());
        let seen = self.account.call(GET_TRAIL, get.send()).await?;
        let seen = seen.known()?.as_ref();
        Ok(seen.and_then(|output| output.trail.clone()))
    }

    async fn is_logging(&self) -> Result<bool, StepError> {
        let call = self.cloudtrail().get_trail_status().name(self.arn());
        let output = write(&self.account, GET_TRAIL_STATUS, call.send()).await?;
        Ok(output.is_logging == Some(true))
    }

    /// A crash after the call, or an answer that was lost, leaves the trail there.
    async fn create(&self, bucket: &str) -> Result<(), StepError> {
        if self.trail().await?.is_some() {
            return Ok(());
        }
        let call = self
            .cloudtrail()
            .create_trail()
            .name(CREATED_TRAIL)
            .s3_bucket_name(bucket)
            .is_multi_region_trail(true)
            .include_global_service_events(true)
            .enable_log_file_validation(true);
        write(&self.account, CREATE_TRAIL, call.send()).await?;
        Ok(())
    }

    /// Sends nothing of the trail but what it is about: the rest stays as it is.
    async fn set_regions(&self, all: bool, global: Option<bool>) -> Result<(), StepError> {
        let call = self
            .cloudtrail()
            .update_trail()
            .name(self.arn())
            .is_multi_region_trail(all)
            .set_include_global_service_events(global);
        write(&self.account, UPDATE_TRAIL, call.send()).await?;
        Ok(())
    }

    /// All selectors are sent again, so they are read before: what somebody has
    /// changed since the plan must not be lost.
    async fn replace_selectors(
        &self,
        from: &EventSelectors,
        to: &EventSelectors,
    ) -> Result<(), StepError> {
        let changed = || StepError::Changed(format!("the selectors of {}", self.trail));
        let now = self.selectors().await?;
        if now == *to {
            return Ok(());
        }
        if now != *from {
            return Err(changed());
        }
        let basic = to.basic.iter().map(trails::EventSelector::to_sdk);
        let advanced = to
            .advanced
            .iter()
            .map(trails::AdvancedEventSelector::to_sdk);
        let call = self
            .cloudtrail()
            .put_event_selectors()
            .trail_name(self.arn());
        let call = if to.advanced.is_empty() {
            call.set_event_selectors(basic.collect())
        } else {
            call.set_advanced_event_selectors(advanced.collect())
        };
        write(&self.account, PUT_EVENT_SELECTORS, call.send()).await?;
        if self.selectors().await? == *to {
            Ok(())
        } else {
            Err(changed())
        }
    }

    async fn selectors(&self) -> Result<EventSelectors, StepError> {
        let call = self
            .cloudtrail()
            .get_event_selectors()
            .trail_name(self.arn());
        let output = write(&self.account, GET_EVENT_SELECTORS, call.send()).await?;
        EventSelectors::from_sdk(output).ok_or_else(|| StepError::Gone {
            action: GET_EVENT_SELECTORS.to_owned(),
        })
    }
}
