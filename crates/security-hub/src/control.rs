//! What Security Hub knows of our controls: its own control that asks the same, and the
//! requirements that depend on the answer.

use config_rule::Severity;

/// A control of ours in the terms of Security Hub.
#[derive(Clone, Copy, Debug)]
pub struct MappedControl {
    /// Its name: of the crate, of the Lambda function and of the Config rule.
    pub name: &'static str,
    /// Title: what holds where it is satisfied, in one sentence.
    pub title: &'static str,
    /// Security Hub's own control that asks the same question.
    pub security_hub_control: &'static str,
    /// Severity where it is not satisfied, unless `rules.toml` differs.
    pub severity: Severity,
    /// The requirements that it is about, in the words of Security Hub's own findings
    /// (`RelatedRequirements`); CIS benchmarks that Security Hub does not have in the
    /// same form. At most 32.
    ///
    /// From Security Hub's user guide (Related requirements of each control) and the
    /// CIS AWS Foundations Benchmarks.
    pub requirements: &'static [&'static str],
}

impl MappedControl {
    /// AWS's own steps for its control that asks the same question.
    pub fn steps_url(&self) -> String {
        format!(
            "https://docs.aws.amazon.com/console/securityhub/{}/remediation",
            self.security_hub_control
        )
    }

    /// The control with this name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        CONTROLS.iter().find(|control| control.name == name)
    }
}

/// Every control. The function knows the controls by their records only, so it has this
/// table instead of their crates; a test holds it to them.
pub const CONTROLS: &[MappedControl] = &[
    MappedControl {
        name: "no-root-keys",
        title: "The root user has no access keys",
        security_hub_control: "IAM.4",
        severity: Severity::Critical,
        requirements: &[
            "CIS AWS Foundations Benchmark v1.2.0/1.12",
            "CIS AWS Foundations Benchmark v1.4.0/1.4",
            "CIS AWS Foundations Benchmark v3.0.0/1.4",
            "CIS AWS Foundations Benchmark v5.0.0/1.3",
            "CIS AWS Foundations Benchmark v6.0.0/2.3",
            "CIS AWS Foundations Benchmark v7.0.0/2.4",
            "NIST.800-53.r5 AC-2(1)",
            "NIST.800-53.r5 AC-3(15)",
            "NIST.800-53.r5 AC-3(7)",
            "NIST.800-53.r5 AC-6",
            "NIST.800-53.r5 AC-6(10)",
            "NIST.800-53.r5 AC-6(2)",
            "PCI DSS v3.2.1/2.1",
            "PCI DSS v3.2.1/2.2",
            "PCI DSS v3.2.1/7.2.1",
        ],
    },
    MappedControl {
        name: "hardware-root-mfa",
        title: "The root user signs in with hardware MFA",
        security_hub_control: "IAM.6",
        severity: Severity::Critical,
        requirements: &[
            "CIS AWS Foundations Benchmark v1.2.0/1.14",
            "CIS AWS Foundations Benchmark v1.4.0/1.6",
            "CIS AWS Foundations Benchmark v3.0.0/1.6",
            "CIS AWS Foundations Benchmark v5.0.0/1.5",
            "CIS AWS Foundations Benchmark v6.0.0/2.5",
            "CIS AWS Foundations Benchmark v7.0.0/2.6",
            "NIST.800-53.r5 AC-2(1)",
            "NIST.800-53.r5 AC-3(15)",
            "NIST.800-53.r5 IA-2(1)",
            "NIST.800-53.r5 IA-2(2)",
            "NIST.800-53.r5 IA-2(6)",
            "NIST.800-53.r5 IA-2(8)",
            "PCI DSS v3.2.1/8.3.1",
            "PCI DSS v4.0.1/8.4.2",
        ],
    },
    MappedControl {
        name: "trail-logging",
        title: "A trail logs every management event in every Region",
        security_hub_control: "CloudTrail.1",
        severity: Severity::High,
        requirements: &[
            "CIS AWS Foundations Benchmark v1.2.0/2.1",
            "CIS AWS Foundations Benchmark v1.4.0/3.1",
            "CIS AWS Foundations Benchmark v3.0.0/3.1",
            "CIS AWS Foundations Benchmark v5.0.0/3.1",
            "CIS AWS Foundations Benchmark v6.0.0/4.1",
            "CIS AWS Foundations Benchmark v7.0.0/4.1",
            "NIST.800-53.r5 AC-2(4)",
            "NIST.800-53.r5 AC-4(26)",
            "NIST.800-53.r5 AC-6(9)",
            "NIST.800-53.r5 AU-10",
            "NIST.800-53.r5 AU-12",
            "NIST.800-53.r5 AU-14(1)",
            "NIST.800-53.r5 AU-2",
            "NIST.800-53.r5 AU-3",
            "NIST.800-53.r5 AU-6(3)",
            "NIST.800-53.r5 AU-6(4)",
            "NIST.800-53.r5 CA-7",
            "NIST.800-53.r5 SA-8(22)",
            "NIST.800-53.r5 SC-7(9)",
            "NIST.800-53.r5 SI-3(8)",
            "NIST.800-53.r5 SI-4(20)",
            "NIST.800-53.r5 SI-7(8)",
        ],
    },
    MappedControl {
        name: "root-usage-alarm",
        title: "Somebody is told when the root user is used",
        security_hub_control: "CloudWatch.1",
        severity: Severity::Medium,
        requirements: &[
            "CIS AWS Foundations Benchmark v1.2.0/1.1",
            "CIS AWS Foundations Benchmark v1.2.0/3.3",
            "CIS AWS Foundations Benchmark v1.4.0/1.7",
            "CIS AWS Foundations Benchmark v1.4.0/4.3",
            "CIS AWS Foundations Benchmark v3.0.0/4.3",
            "CIS AWS Foundations Benchmark v5.0.0/4.3",
            "CIS AWS Foundations Benchmark v6.0.0/5.3",
            "CIS AWS Foundations Benchmark v7.0.0/5.3",
            "NIST.800-171.r2 3.14.6",
            "NIST.800-171.r2 3.14.7",
            "PCI DSS v3.2.1/7.2.1",
        ],
    },
];
