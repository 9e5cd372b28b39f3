//! Events that AWS Config sends to a function.

use serde_json::{Value, json};

use crate::Timestamp;

pub(super) const CHANGED: &str = "ConfigurationItemChangeNotification";
pub(super) const OVERSIZED: &str = "OversizedConfigurationItemChangeNotification";
pub(super) const SCHEDULED: &str = "ScheduledNotification";
pub(super) const SNAPSHOT: &str = "ConfigurationSnapshotDeliveryCompleted";

/// Causes for which AWS Config invokes a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Notification {
    /// It is time.
    Scheduled,
    /// A resource changed.
    ConfigurationItemChange(ConfigurationItem),
    /// A resource changed, and its description is too large to send.
    OversizedConfigurationItemChange(ConfigurationItem),
    /// A configuration snapshot was delivered.
    SnapshotDelivered,
}

/// A resource as AWS Config recorded it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigurationItem {
    /// Its type (`AWS::CloudTrail::Trail`).
    pub resource_type: String,
    /// Its id.
    pub resource_id: String,
    /// Its ARN.
    pub arn: String,
    /// Time at which it was recorded.
    pub captured: Timestamp,
    /// `OK`, `ResourceDiscovered`, `ResourceDeleted`, `ResourceDeletedNotRecorded` or
    /// `ResourceNotRecorded`.
    pub status: String,
    /// True if the resource left the scope of the rule.
    pub left_scope: bool,
    /// Configuration of the resource, as its service describes it.
    pub configuration: Value,
}

impl Notification {
    pub(super) fn message_type(&self) -> &'static str {
        match self {
            Self::Scheduled => SCHEDULED,
            Self::ConfigurationItemChange(_) => CHANGED,
            Self::OversizedConfigurationItemChange(_) => OVERSIZED,
            Self::SnapshotDelivered => SNAPSHOT,
        }
    }

    pub(super) fn left_scope(&self) -> bool {
        match self {
            Self::ConfigurationItemChange(item) | Self::OversizedConfigurationItemChange(item) => {
                item.left_scope
            }
            Self::Scheduled | Self::SnapshotDelivered => false,
        }
    }

    /// The invoking event, before it is put into a string.
    pub(super) fn invoking_event(&self, account: &str, region: &str, now: Timestamp) -> Value {
        let created = now.with_millis();
        let message_type = self.message_type();
        match self {
            Self::Scheduled => json!({
                "awsAccountId": account,
                "notificationCreationTime": created,
                "messageType": message_type,
                "recordVersion": "1.0",
            }),
            Self::ConfigurationItemChange(item) => json!({
                "configurationItemDiff": null,
                "configurationItem": {
                    "configurationItemVersion": "1.3",
                    "configurationItemCaptureTime": item.captured.with_millis(),
                    "configurationItemStatus": item.status,
                    "configurationStateId": item.captured.millis(),
                    "configurationStateMd5Hash": "",
                    "awsAccountId": account,
                    "awsRegion": region,
                    "availabilityZone": "Not Applicable",
                    "resourceType": item.resource_type,
                    "resourceId": item.resource_id,
                    "resourceName": item.resource_id,
                    "ARN": item.arn,
                    "relatedEvents": [],
                    "relationships": [],
                    "configuration": item.configuration,
                    "supplementaryConfiguration": {},
                    "tags": {},
                },
                "notificationCreationTime": created,
                "messageType": message_type,
                "recordVersion": "1.3",
            }),
            Self::OversizedConfigurationItemChange(item) => json!({
                "configurationItemSummary": {
                    "changeType": "UPDATE",
                    "configurationItemVersion": "1.3",
                    "configurationItemCaptureTime": item.captured.with_millis(),
                    "configurationStateId": item.captured.millis(),
                    "awsAccountId": account,
                    "configurationItemStatus": item.status,
                    "resourceType": item.resource_type,
                    "resourceId": item.resource_id,
                    "resourceName": item.resource_id,
                    "ARN": item.arn,
                    "awsRegion": region,
                    "availabilityZone": "Not Applicable",
                    "configurationStateMd5Hash": "",
                    "resourceCreationTime": null,
                },
                "notificationCreationTime": created,
                "messageType": message_type,
                "recordVersion": "1.0",
            }),
            Self::SnapshotDelivered => json!({
                "configSnapshotId": "00000000-0000-0000-0000-000000000000",
                "s3ObjectKey": format!("AWSLogs/{account}/Config/{region}/snapshot.json.gz"),
                "s3Bucket": "config-snapshots",
                "awsAccountId": account,
                "notificationCreationTime": created,
                "messageType": message_type,
                "recordVersion": "1.1",
            }),
        }
    }
}
