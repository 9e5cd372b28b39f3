//! The names of AWS resources.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An Amazon Resource Name, `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
///
/// Resources are matched by all of it: their bare names repeat from account to
/// account and from Region to Region.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arn {
    text: String,
    /// Byte positions of the five colons.
    colons: [usize; 5],
}

/// A text that is no ARN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ARN like arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE")]
pub struct ArnError(String);

impl Arn {
    /// The ARN of these parts, of which only the last may contain colons.
    pub(crate) fn from_parts(parts: [&str; 5]) -> Self {
        let mut colons = [3; 5];
        let mut end = 3;
        for (colon, part) in colons.iter_mut().zip(parts) {
            *colon = end;
            end += 1 + part.len();
        }
        Self {
            text: format!("arn:{}", parts.join(":")),
            colons,
        }
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the ARN of a service's resource in the same account and Region.
    #[must_use]
    pub fn sibling(&self, service: &str, resource: &str) -> Self {
        Self::from_parts([
            self.partition(),
            service,
            self.region(),
            self.account(),
            resource,
        ])
    }

    /// The partition: `aws`, `aws-us-gov`, `aws-cn`, …
    pub fn partition(&self) -> &str {
        self.part(0)
    }

    /// The service, such as `cloudtrail`.
    pub fn service(&self) -> &str {
        self.part(1)
    }

    /// The Region code; empty for a resource of a global service.
    pub fn region(&self) -> &str {
        self.part(2)
    }

    /// The twelve-digit id of the account that owns the resource; empty where
    /// the name does not say, as with S3 buckets.
    pub fn account(&self) -> &str {
        self.part(3)
    }

    /// The rest, such as `trail/NAME`. May contain colons.
    pub fn resource(&self) -> &str {
        self.part(4)
    }

    fn part(&self, index: usize) -> &str {
        let start = self.colons.get(index).map_or(0, |colon| colon + 1);
        let end = self.colons.get(index + 1).copied();
        let end = end.unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or_default()
    }
}

impl TryFrom<String> for Arn {
    type Error = ArnError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut colons = [0; 5];
        let mut found = text.match_indices(':').map(|(at, _)| at);
        let complete = colons.iter_mut().all(|colon| {
            found.next().is_some_and(|at| {
                *colon = at;
                true
            })
        });
        let arn = Self { text, colons };
        let account = arn.account();
        let valid = complete
            && arn.text.starts_with("arn:")
            && !arn.partition().is_empty()
            && !arn.service().is_empty()
            && !arn.resource().is_empty()
            && matches!(account.len(), 0 | 12)
            && account.bytes().all(|byte| byte.is_ascii_digit());
        if valid {
            Ok(arn)
        } else {
            Err(ArnError(arn.text.chars().take(256).collect()))
        }
    }
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<Arn> for String {
    fn from(arn: Arn) -> Self {
        arn.text
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn has_five_parts_and_the_last_may_contain_colons() {
        let text = "arn:aws:logs:eu-west-1:111122223333:log-group:trails:*";
        let arn: Arn = text.parse().unwrap();
        assert_eq!(arn.partition(), "aws");
        assert_eq!(arn.service(), "logs");
        assert_eq!(arn.region(), "eu-west-1");
        assert_eq!(arn.account(), "111122223333");
        assert_eq!(arn.resource(), "log-group:trails:*");
        assert_eq!(arn.to_string(), text);
        let bucket: Arn = "arn:aws:s3:::bucket".parse().unwrap();
        assert_eq!((bucket.region(), bucket.account()), ("", ""));
    }

    #[test]
    fn refuses_what_is_no_arn() {
        for text in [
            "",
            "trail",
            "arn:aws:sns:us-east-1:111122223333",
            "arn:aws:sns:us-east-1:111122223333:",
            "arn::sns:us-east-1:111122223333:topic",
            "arn:aws::us-east-1:111122223333:topic",
            "arn:aws:sns:us-east-1:11112222333:topic",
            "arn:aws:sns:us-east-1:11112222333x:topic",
            "urn:aws:sns:us-east-1:111122223333:topic",
        ] {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_parts_make_up_the_whole(text in "arn:[a-z:\\-é]{0,12}:([0-9]{12})?:[a-z:*é]{0,6}") {
            if let Ok(arn) = text.parse::<Arn>() {
                let parts = [arn.partition(), arn.service(), arn.region(), arn.account()];
                prop_assert_eq!(format!("arn:{}:{}", parts.join(":"), arn.resource()), text);
            }
        }
    }
}
