//! Whose facts an evaluation is about.

use std::fmt;

use crate::arn::Arn;

/// An account in a Region of a partition: where a function or a caller works.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    partition: String,
    region: String,
    account: String,
}

/// A text that is no ARN of the kind that says who we are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{arn:?} is not an ARN like {expected}")]
pub struct IdentityError {
    arn: String,
    expected: &'static str,
}

impl Identity {
    /// Reads it from the ARN under which a Lambda function was invoked. That
    /// says which account the function works in; nothing else is believed
    /// about it.
    ///
    /// # Errors
    /// If `arn` is no function ARN.
    pub fn of_function(arn: &str) -> Result<Self, IdentityError> {
        match owned(arn) {
            Some(arn)
                if arn.service() == "lambda"
                    && !arn.region().is_empty()
                    && arn.resource().starts_with("function:") =>
            {
                Ok(Self::new(arn.partition(), arn.region(), arn.account()))
            }
            _ => Err(IdentityError::new(
                arn,
                "arn:aws:lambda:us-east-1:111122223333:function:NAME",
            )),
        }
    }

    /// Reads it from the ARN that `sts:GetCallerIdentity` gives, which knows no
    /// Region.
    ///
    /// # Errors
    /// If `arn` is no ARN of an IAM or STS principal.
    pub fn of_caller(arn: &str, region: &str) -> Result<Self, IdentityError> {
        match owned(arn) {
            Some(arn) if matches!(arn.service(), "iam" | "sts") && arn.region().is_empty() => {
                Ok(Self::new(arn.partition(), region, arn.account()))
            }
            _ => Err(IdentityError::new(
                arn,
                "arn:aws:sts::111122223333:assumed-role/ROLE/SESSION",
            )),
        }
    }

    fn new(partition: &str, region: &str, account: &str) -> Self {
        Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
        }
    }

    /// Returns this account in another Region.
    pub(crate) fn in_region(&self, region: &str) -> Self {
        Self::new(&self.partition, region, &self.account)
    }

    /// Another account of the partition, in the same Region.
    pub(crate) fn in_account(&self, account: &str) -> Self {
        Self::new(&self.partition, &self.region, account)
    }

    /// The ARN of something that the account has here.
    pub fn arn(&self, service: &str, resource: &str) -> Arn {
        Arn::from_parts([
            &self.partition,
            service,
            &self.region,
            &self.account,
            resource,
        ])
    }

    /// The partition: `aws`, `aws-us-gov`, `aws-cn`, …
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The Region code.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The twelve-digit account id.
    pub fn account(&self) -> &str {
        &self.account
    }
}

impl IdentityError {
    fn new(arn: &str, expected: &'static str) -> Self {
        Self {
            arn: arn.chars().take(256).collect(),
            expected,
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.account, self.region)
    }
}

/// The ARN of something that an account owns.
fn owned(arn: &str) -> Option<Arn> {
    let arn: Arn = arn.parse().ok()?;
    (!arn.account().is_empty()).then_some(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_arn_says_account_region_and_partition() {
        let arn = "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:f:live";
        let identity = Identity::of_function(arn).unwrap();
        assert_eq!(identity.partition(), "aws-us-gov");
        assert_eq!(identity.region(), "us-gov-west-1");
        assert_eq!(identity.account(), "111122223333");
        let topic = identity.arn("sns", "root:usage");
        let text = "arn:aws-us-gov:sns:us-gov-west-1:111122223333:root:usage";
        assert_eq!(topic, text.parse().unwrap());
    }

    #[test]
    fn a_caller_arn_says_account_and_partition() {
        for arn in [
            "arn:aws-cn:iam::111122223333:root",
            "arn:aws-cn:iam::111122223333:user/ann",
            "arn:aws-cn:sts::111122223333:assumed-role/auditor/ann:1",
        ] {
            let identity = Identity::of_caller(arn, "cn-north-1").unwrap();
            assert_eq!(identity.partition(), "aws-cn");
            assert_eq!(identity.region(), "cn-north-1");
            assert_eq!(identity.account(), "111122223333");
        }
    }

    #[test]
    fn refuses_what_names_no_account() {
        for arn in [
            "",
            "function",
            "arn:aws:lambda:us-east-1:11112222333:function:f",
            "arn:aws:lambda:us-east-1:11112222333x:function:f",
            "arn:aws:lambda::111122223333:function:f",
            "arn:aws:lambda:us-east-1:111122223333:layer:f",
            "arn:aws:s3:us-east-1:111122223333:function:f",
            "arn:aws:sts::111122223333:",
        ] {
            assert!(Identity::of_function(arn).is_err(), "{arn}");
            assert!(Identity::of_caller(arn, "us-east-1").is_err(), "{arn}");
        }
    }
}
