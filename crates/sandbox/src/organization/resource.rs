//! Regional resources of an account, in the words of AWS's own API: the organization file writes in
//! TOML what `aws cloudwatch describe-alarms` prints.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Account, Organization, OrganizationError, Partition, invalid};
use crate::wire::{Protocol, Shape};
use crate::{cloudtrail, cloudwatch, events, kms, lambda, logs, s3, sns, sqs};

/// Something in a Region of an account: a trail, a log group, an alarm, a topic.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Resource {
    /// The Region it is in.
    pub region: String,
    /// Its members, named as in AWS's API. Times are seconds since 1970; in an
    /// organization file also texts such as `2026-11-20T10:00:00Z`.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

impl Resource {
    /// A resource with these members, which must be an object.
    pub fn new(region: impl Into<String>, members: Value) -> Self {
        Self {
            region: region.into(),
            members: match members {
                Value::Object(members) => members,
                _ => Map::new(),
            },
        }
    }

    /// The text of a member.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.members.get(member).and_then(Value::as_str)
    }
}

/// Account and Region of a resource.
pub(crate) struct AccountRegion<'a> {
    pub(crate) partition: Partition,
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
}

impl AccountRegion<'_> {
    /// The ARN of a resource of a service here.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            partition,
            account,
            region,
        } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

/// A kind of resource.
pub(crate) struct Kind {
    /// Key in the organization file.
    pub(crate) key: &'static str,
    /// Its members.
    pub(crate) shape: &'static Shape,
    /// Those of an account.
    pub(crate) of: fn(&mut Account) -> &mut Vec<Resource>,
    /// Adds the members that follow from the others, ARNs and defaults.
    pub(crate) complete: fn(&AccountRegion<'_>, &mut Map<String, Value>),
}

impl Kind {
    /// The members of a resource here, from what is written of it.
    pub(crate) fn members(
        &self,
        place: &AccountRegion<'_>,
        written: Value,
    ) -> Result<Map<String, Value>, String> {
        let given = self.shape.of_file(written)?;
        let normal = self.shape.check(Protocol::AwsJson("1.1"), &given);
        let mut members = match normal.map_err(|failure| failure.message)? {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        (self.complete)(place, &mut members);
        Ok(members)
    }
}

/// Every kind of resource that an organization file can have.
const KINDS: &[Kind] = &[
    cloudtrail::KIND,
    sns::TOPIC,
    sns::SUBSCRIPTION,
    sqs::QUEUE,
    events::EVENT_BUS,
    events::EVENT_RULE,
    s3::BUCKET,
    kms::KEY,
    kms::KEY_ALIAS,
    lambda::FUNCTION,
    logs::LOG_GROUPS,
    logs::LOG_STREAMS,
    logs::METRIC_FILTERS,
    cloudwatch::METRIC_ALARMS,
    cloudwatch::COMPOSITE_ALARMS,
    cloudwatch::ALARM_MUTE_RULES,
];

/// Checks and completes the resources of every account.
pub(super) fn complete(organization: &mut Organization) -> Result<(), OrganizationError> {
    let partition = organization.partition;
    let mut accounts = std::mem::take(&mut organization.accounts);
    for account in &mut accounts {
        let id = account.id.clone();
        for kind in KINDS {
            for (index, resource) in (kind.of)(account).iter_mut().enumerate() {
                let key = format!("account {id}: {}[{index}]", kind.key);
                if !organization.has_region(&resource.region) {
                    let problem = format!("{} is not enabled", resource.region);
                    return Err(invalid(format!("{key}.region"), problem));
                }
                let place = AccountRegion {
                    partition,
                    account: &id,
                    region: &resource.region,
                };
                let written = Value::Object(std::mem::take(&mut resource.members));
                let members = kind.members(&place, written);
                resource.members = members.map_err(|problem| invalid(&key, problem))?;
            }
        }
    }
    organization.accounts = accounts;
    Ok(())
}
