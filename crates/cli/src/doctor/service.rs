//! The AWS services that work for the whole organization.

/// A service that needs trusted access, and may have a delegated administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    StackSets,
    Config,
    SecurityHub,
    Iam,
    CloudTrail,
}

impl Service {
    pub(super) const ALL: [Self; 5] = [
        Self::StackSets,
        Self::Config,
        Self::SecurityHub,
        Self::Iam,
        Self::CloudTrail,
    ];

    /// Those whose administrators `rules.toml` names.
    pub(super) const ADMINISTERED: [Self; 4] =
        [Self::StackSets, Self::Config, Self::SecurityHub, Self::Iam];

    /// Returns what people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::StackSets => "CloudFormation StackSets",
            Self::Config => "AWS Config",
            Self::SecurityHub => "Security Hub",
            Self::Iam => "IAM",
            Self::CloudTrail => "CloudTrail",
        }
    }

    /// Returns what Organizations calls it.
    pub(super) fn principal(self) -> &'static str {
        match self {
            Self::StackSets => "member.org.stacksets.cloudformation.amazonaws.com",
            Self::Config => "config.amazonaws.com",
            Self::SecurityHub => "securityhub.amazonaws.com",
            Self::Iam => "iam.amazonaws.com",
            Self::CloudTrail => "cloudtrail.amazonaws.com",
        }
    }

    /// Returns what does not work without trusted access.
    pub(super) fn purpose(self) -> &'static str {
        match self {
            Self::StackSets => "nothing is deployed to member accounts",
            Self::Config => "the aggregator sees no account",
            Self::SecurityHub => "its administrator sees no account's findings",
            Self::Iam => "root credentials of members cannot be managed centrally",
            Self::CloudTrail => "an organization trail logs the account that owns it only",
        }
    }

    /// Returns how the management account gives it trusted access.
    pub(super) fn command_to_trust(self) -> String {
        match self {
            // Organizations' own call would leave out roles that CloudFormation makes.
            Self::StackSets => "aws cloudformation activate-organizations-access".to_owned(),
            _ => format!(
                "aws organizations enable-aws-service-access --service-principal {}",
                self.principal()
            ),
        }
    }

    /// Returns how the management account makes an account its administrator.
    pub(super) fn command_to_delegate(self, account: &str) -> String {
        match self {
            // Security Hub keeps its own list too.
            Self::SecurityHub => {
                format!(
                    "aws securityhub enable-organization-admin-account --admin-account-id {account}"
                )
            }
            _ => format!(
                "aws organizations register-delegated-administrator --account-id {account} \
                 --service-principal {}",
                self.principal()
            ),
        }
    }
}
