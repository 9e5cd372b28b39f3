//! The CloudFormation templates, as they lie in `infra/`.

/// A template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(
    missing_docs,
    reason = "each is a file of infra/ by its name, which says what it is"
)]
pub enum Template {
    AccountJoined,
    Activity,
    ActivityHub,
    Artifacts,
    ConfigAdmin,
    Drill,
    Evidence,
    Functions,
    Guardrails,
    Management,
    Organization,
    Reconciler,
    Remediation,
    RemediationConfigurations,
    RootAccess,
    Rules,
    SecurityHubAdmin,
}

impl Template {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::AccountJoined,
        Self::Activity,
        Self::ActivityHub,
        Self::Artifacts,
        Self::ConfigAdmin,
        Self::Drill,
        Self::Evidence,
        Self::Functions,
        Self::Guardrails,
        Self::Management,
        Self::Organization,
        Self::Reconciler,
        Self::Remediation,
        Self::RemediationConfigurations,
        Self::RootAccess,
        Self::Rules,
        Self::SecurityHubAdmin,
    ];

    /// Those that the stack sets of `organization.yaml` deploy, and the parameter that
    /// says where each is.
    pub const OF_STACK_SETS: [(Self, &'static str); 5] = [
        (Self::Functions, "FunctionsTemplateUrl"),
        (Self::Rules, "RulesTemplateUrl"),
        (Self::Remediation, "RemediationTemplateUrl"),
        (
            Self::RemediationConfigurations,
            "RemediationConfigurationsTemplateUrl",
        ),
        (Self::Activity, "ActivityTemplateUrl"),
    ];

    /// Its file without `.yaml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountJoined => "account-joined",
            Self::Activity => "activity",
            Self::ActivityHub => "activity-hub",
            Self::Artifacts => "artifacts",
            Self::ConfigAdmin => "config-admin",
            Self::Drill => "drill",
            Self::Evidence => "evidence",
            Self::Functions => "functions",
            Self::Guardrails => "guardrails",
            Self::Management => "management",
            Self::Organization => "organization",
            Self::Reconciler => "reconciler",
            Self::Remediation => "remediation",
            Self::RemediationConfigurations => "remediation-configurations",
            Self::RootAccess => "root-access",
            Self::Rules => "rules",
            Self::SecurityHubAdmin => "security-hub-admin",
        }
    }

    /// Its text.
    pub fn text(self) -> &'static str {
        match self {
            Self::AccountJoined => include_str!("../../../../infra/account-joined.yaml"),
            Self::Activity => include_str!("../../../../infra/activity.yaml"),
            Self::ActivityHub => include_str!("../../../../infra/activity-hub.yaml"),
            Self::Artifacts => include_str!("../../../../infra/artifacts.yaml"),
            Self::ConfigAdmin => include_str!("../../../../infra/config-admin.yaml"),
            Self::Drill => include_str!("../../../../infra/drill.yaml"),
            Self::Evidence => include_str!("../../../../infra/evidence.yaml"),
            Self::Functions => include_str!("../../../../infra/functions.yaml"),
            Self::Guardrails => include_str!("../../../../infra/guardrails.yaml"),
            Self::Management => include_str!("../../../../infra/management.yaml"),
            Self::Organization => include_str!("../../../../infra/organization.yaml"),
            Self::Reconciler => include_str!("../../../../infra/reconciler.yaml"),
            Self::Remediation => include_str!("../../../../infra/remediation.yaml"),
            Self::RemediationConfigurations => {
                include_str!("../../../../infra/remediation-configurations.yaml")
            }
            Self::RootAccess => include_str!("../../../../infra/root-access.yaml"),
            Self::Rules => include_str!("../../../../infra/rules.yaml"),
            Self::SecurityHubAdmin => include_str!("../../../../infra/security-hub-admin.yaml"),
        }
    }
}
