//! The CloudFormation templates, as they lie in `infra/`.

use std::borrow::Cow;

/// A template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template {
    name: Cow<'static, str>,
    text: Cow<'static, str>,
}

/// Declares the templates that people write, each by its file in `infra/`.
macro_rules! hand_written {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        impl Template {
            $($(#[$doc])* pub const $constant: Self = Self {
                name: Cow::Borrowed($name),
                text: Cow::Borrowed(include_str!(concat!("../../../infra/", $name, ".yaml"))),
            };)*

            /// Every template that people write.
            pub const HAND_WRITTEN: &[Self] = &[$(Self::$constant),*];
        }
    };
}

hand_written! {
    /// Parts that the controls of an account share.
    ACCOUNT = "account";
    /// Tells the reconciler of accounts that join.
    ACCOUNT_JOINED = "account-joined";
    /// Forwards root activity from a Region of an account.
    ACTIVITY = "activity";
    /// Hub in which root activity of all accounts comes together.
    ACTIVITY_HUB = "activity-hub";
    /// The bucket with packages and templates.
    ARTIFACTS = "artifacts";
    /// The aggregator of AWS Config.
    CONFIG_ADMIN = "config-admin";
    /// The role of drills.
    DRILL = "drill";
    /// The role that shows what other accounts' functions ask for.
    EVIDENCE = "evidence";
    /// The service control policy.
    GUARDRAILS = "guardrails";
    /// The alarm chain of the organization trail.
    MANAGEMENT = "management";
    /// Deploys again where an account was not ready.
    RECONCILER = "reconciler";
    /// The bus of requests for the remediation of root users.
    ROOT_ACCESS = "root-access";
    /// Suppresses what AWS Config forwards to Security Hub.
    SECURITY_HUB_ADMIN = "security-hub-admin";
}

impl Template {
    /// A template that is made from what a control says.
    pub(crate) fn generated(name: String, text: String) -> Self {
        Self {
            name: Cow::Owned(name),
            text: Cow::Owned(text),
        }
    }

    /// The name of its file below `infra/`, without `.yaml`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns what it brings, in its own words (`Description`).
    pub fn description(&self) -> &str {
        let mut lines = self.text.lines();
        let said = lines.find_map(|line| line.strip_prefix("Description: rootguard - "));
        said.unwrap_or_default()
    }
}
