//! Which events a trail logs.

use aws_sdk_cloudtrail::operation::get_event_selectors::GetEventSelectorsOutput;
use aws_sdk_cloudtrail::types;
use config_rule::{Account, CallError, Fact, Unread};
use serde::{Deserialize, Serialize};

use crate::cloudtrail;
use crate::condition::FieldSelector;
use crate::coverage::{Coverage, Hole};
use crate::reading::{TrailFact, shown};
use crate::trail::Trail;

/// The IAM action of [`EventSelectors`].
pub const GET_EVENT_SELECTORS: &str = "cloudtrail:GetEventSelectors";

/// Answer of `GetEventSelectors`. A trail has selectors of one kind; an event
/// is logged if any of them selects it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventSelectors {
    /// `EventSelectors`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basic: Vec<EventSelector>,
    /// `AdvancedEventSelectors`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advanced: Vec<AdvancedEventSelector>,
}

/// A basic event selector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventSelector {
    /// `ReadWriteType`
    pub read_write_type: ReadWriteType,
    /// `IncludeManagementEvents`
    pub include_management_events: bool,
    /// `ExcludeManagementEventSources`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_management_event_sources: Vec<String>,
    /// `DataResources`: which data events it selects. They decide nothing here, and
    /// whoever changes the selector must send them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_resources: Vec<DataResource>,
}

/// Resources whose data events a basic selector selects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataResource {
    /// `Type`, such as `AWS::S3::Object`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `Values`: ARNs, or beginnings of ARNs.
    #[serde(default)]
    pub values: Vec<String>,
}

/// Reading events, writing events, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadWriteType {
    /// Events that only read.
    ReadOnly,
    /// Events that change something.
    WriteOnly,
    /// Both.
    All,
    /// A kind that AWS has added since; not known to select anything.
    Unknown,
}

/// An advanced event selector: an event is selected if every condition holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvancedEventSelector {
    /// Its name, which means nothing: anybody may call anything
    /// "Management events selector".
    pub name: Option<String>,
    /// The conditions.
    pub field_selectors: Vec<FieldSelector>,
}

impl EventSelectors {
    /// Returns whether the trail logs every management event, or only events of
    /// `allowed_excluded_sources` are missing. `eventSource`s are whole names,
    /// such as `kms.amazonaws.com`.
    pub fn logs_every_management_event(&self, allowed_excluded_sources: &[String]) -> bool {
        self.management_event_hole(allowed_excluded_sources)
            .is_none()
    }

    /// The management events that the trail does not log, if there are any
    /// besides those of `allowed_excluded_sources`; the largest kind of them.
    pub fn management_event_hole(&self, allowed_excluded_sources: &[String]) -> Option<Hole> {
        Coverage::new(self).hole(allowed_excluded_sources)
    }
}

impl TrailFact for EventSelectors {
    async fn observe(account: &Account, trail: &Trail) -> Result<Fact<Self>, CallError> {
        let request = cloudtrail(account)
            .get_event_selectors()
            .trail_name(trail.arn.as_str());
        let answer = account.call(GET_EVENT_SELECTORS, request.send()).await?;
        Ok(match shown(GET_EVENT_SELECTORS, answer) {
            // A trail that was never given selectors is listed with those that
            // hold by default, so without any AWS did not say.
            Fact::Known(output) => match Self::from_sdk(output) {
                Some(selectors) => Fact::Known(selectors),
                None => Fact::Unread(Unread::ValueMissing {
                    action: GET_EVENT_SELECTORS.to_owned(),
                    value: "EventSelectors".to_owned(),
                }),
            },
            Fact::Unread(unread) => Fact::Unread(unread),
        })
    }
}

impl EventSelectors {
    /// Returns what CloudTrail says. `None`: it did not.
    pub fn from_sdk(output: GetEventSelectorsOutput) -> Option<Self> {
        if output.event_selectors.is_none() && output.advanced_event_selectors.is_none() {
            return None;
        }
        let basic = output.event_selectors.unwrap_or_default().into_iter();
        let advanced = output.advanced_event_selectors.unwrap_or_default();
        Some(Self {
            basic: basic.map(EventSelector::from).collect(),
            advanced: advanced
                .into_iter()
                .map(AdvancedEventSelector::from)
                .collect(),
        })
    }
}

impl From<types::EventSelector> for EventSelector {
    /// With AWS's defaults for what it left out.
    fn from(selector: types::EventSelector) -> Self {
        Self {
            read_write_type: match selector.read_write_type {
                None | Some(types::ReadWriteType::All) => ReadWriteType::All,
                Some(types::ReadWriteType::ReadOnly) => ReadWriteType::ReadOnly,
                Some(types::ReadWriteType::WriteOnly) => ReadWriteType::WriteOnly,
                Some(_) => ReadWriteType::Unknown,
            },
            include_management_events: selector.include_management_events.unwrap_or(true),
            exclude_management_event_sources: selector
                .exclude_management_event_sources
                .unwrap_or_default(),
            data_resources: selector
                .data_resources
                .unwrap_or_default()
                .into_iter()
                .map(|resource| DataResource {
                    kind: resource.r#type.unwrap_or_default(),
                    values: resource.values.unwrap_or_default(),
                })
                .collect(),
        }
    }
}

impl From<types::AdvancedEventSelector> for AdvancedEventSelector {
    fn from(selector: types::AdvancedEventSelector) -> Self {
        Self {
            name: selector.name,
            field_selectors: selector
                .field_selectors
                .into_iter()
                .map(FieldSelector::from)
                .collect(),
        }
    }
}

impl EventSelector {
    /// As `PutEventSelectors` takes it. `None` for a kind that is not known here.
    pub fn to_sdk(&self) -> Option<types::EventSelector> {
        let kind = match self.read_write_type {
            ReadWriteType::All => types::ReadWriteType::All,
            ReadWriteType::ReadOnly => types::ReadWriteType::ReadOnly,
            ReadWriteType::WriteOnly => types::ReadWriteType::WriteOnly,
            ReadWriteType::Unknown => return None,
        };
        let resources = self.data_resources.iter().map(|resource| {
            types::DataResource::builder()
                .r#type(&resource.kind)
                .set_values(Some(resource.values.clone()))
                .build()
        });
        let sources = self.exclude_management_event_sources.clone();
        let selector = types::EventSelector::builder()
            .read_write_type(kind)
            .include_management_events(self.include_management_events)
            .set_exclude_management_event_sources(Some(sources))
            .set_data_resources(Some(resources.collect()));
        Some(selector.build())
    }
}

impl AdvancedEventSelector {
    /// As `PutEventSelectors` takes it. `None` with a condition whose operator is not
    /// known here.
    pub fn to_sdk(&self) -> Option<types::AdvancedEventSelector> {
        let conditions = self.field_selectors.iter().map(FieldSelector::to_sdk);
        types::AdvancedEventSelector::builder()
            .set_name(self.name.clone())
            .set_field_selectors(Some(conditions.collect::<Option<_>>()?))
            .build()
            .ok()
    }
}
