//! What Security Hub's own controls will say: the situations in which that is not what we
//! say, and why.

use sandbox::{Organization, Sandbox};
use serde_json::Value;

use crate::command::{command, finished, folder};
use crate::organization::account;

const ACCOUNT: &str = "111111111111";
const OWNER: &str = "222222222222";

/// Returns what `check` says of an account: for a control our verdict, the prediction, and why.
async fn said(name: &str, organization: &str, caller: &str, control: &str) -> [String; 3] {
    let sandbox = Sandbox::new(organization.parse::<Organization>().unwrap()).unwrap();
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let region = match sandbox.organization().partition {
        sandbox::Partition::AwsUsGov => "us-gov-west-1",
        _ => "us-east-1",
    };
    let mut command = command(&["check", "--format", "json", "--region", region]);
    command
        .args(["--endpoint-url", &server.endpoint_url()])
        .current_dir(folder(&format!("native-{}", name.replace(' ', "-"))))
        .env("AWS_ACCESS_KEY_ID", caller)
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    let output = tokio::process::Command::from(command).output().await;
    let run = finished(output.unwrap());
    let row = run.row(caller, control);
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    [
        text(&row["compliance"]),
        text(&row["native"]["status"]),
        text(&row["native"]["because"]),
    ]
}

struct Situation {
    name: &'static str,
    control: &'static str,
    organization: String,
    caller: &'static str,
    ours: &'static str,
    native: &'static str,
    because: &'static str,
}

fn of_one(
    name: &'static str,
    control: &'static str,
    organization: String,
    [ours, native, because]: [&'static str; 3],
) -> Situation {
    Situation {
        name,
        control,
        organization,
        caller: ACCOUNT,
        ours,
        native,
        because,
    }
}

const PATTERN: &str = r#"{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}"#;
/// The same, in another order.
const EQUIVALENT: &str = r#"{$.userIdentity.invokedBy NOT EXISTS && $.userIdentity.type="Root" && $.eventType !="AwsServiceEvent"}"#;

fn with(said: &str) -> String {
    account(ACCOUNT, said)
}

/// The account whose trail is not that of another account, changed.
fn changed(from: &str, to: &str) -> String {
    let text = with("");
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// A member without a trail of its own, and the management account with one for all.
fn central() -> String {
    let owner = account(OWNER, "").replacen(
        "IsMultiRegionTrail = true",
        "IsMultiRegionTrail = true\nIsOrganizationTrail = true",
        1,
    );
    format!(
        "management_account = '{OWNER}'\n{owner}[[account]]\nid = '{ACCOUNT}'\nname = 'member'\n"
    )
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn situations() -> Vec<Situation> {
    let removed = "[account.root]\npassword = false\nmfa_devices = []\n";
    let certificate =
        "[account.root]\nsigning_certificates = [{ id = 'TA7SMP42TDN5Z26OBPJE7EXAMPLE' }]\n";
    let key_only = "[account.root]\npassword = false\nmfa_devices = []\naccess_keys = [{ id = 'AKIAIOSFODNN7EXAMPLE' }]\n";
    let virtual_device = "[account.root]\nmfa_devices = [{ kind = 'virtual' }]\n";
    vec![
        of_one(
            "clean",
            "no-root-keys",
            with(""),
            ["COMPLIANT", "PASSED", "no access key"],
        ),
        of_one(
            "key",
            "no-root-keys",
            with(key_only),
            ["NON_COMPLIANT", "FAILED", "has an access key"],
        ),
        of_one(
            "certificate",
            "no-root-keys",
            with(certificate),
            [
                "NON_COMPLIANT",
                "PASSED",
                "does not look at signing certificates",
            ],
        ),
        of_one(
            "denied",
            "no-root-keys",
            with("denied_actions = ['iam:GetAccountSummary']\n"),
            ["UNVERIFIABLE", "UNKNOWN", "could not be read"],
        ),
        of_one(
            "token",
            "hardware-root-mfa",
            with(""),
            ["COMPLIANT", "PASSED", "hardware MFA"],
        ),
        of_one(
            "virtual",
            "hardware-root-mfa",
            with(virtual_device),
            ["NON_COMPLIANT", "FAILED", "virtual"],
        ),
        of_one(
            "removed root",
            "hardware-root-mfa",
            with(removed),
            ["COMPLIANT", "PASSED", "no password"],
        ),
        // It goes by the login profile, we by whether anybody can be root.
        of_one(
            "only a key",
            "hardware-root-mfa",
            with(key_only),
            ["NON_COMPLIANT", "PASSED", "no password"],
        ),
        of_one(
            "logging",
            "trail-logging",
            with(""),
            ["COMPLIANT", "PASSED", "every management event"],
        ),
        of_one(
            "no trail",
            "trail-logging",
            format!("[[account]]\nid = '{ACCOUNT}'\nname = 'bare'\n"),
            ["NON_COMPLIANT", "FAILED", "no multi-Region trail"],
        ),
        of_one(
            "one Region",
            "trail-logging",
            changed("IsMultiRegionTrail = true", "IsMultiRegionTrail = false"),
            ["NON_COMPLIANT", "FAILED", "no multi-Region trail"],
        ),
        // Two halves are a whole for us; the Config rule wants one selector with ALL.
        of_one(
            "two halves",
            "trail-logging",
            changed(
                "IsMultiRegionTrail = true",
                "IsMultiRegionTrail = true\nEventSelectors = [{ ReadWriteType = 'ReadOnly', IncludeManagementEvents = true }, { ReadWriteType = 'WriteOnly', IncludeManagementEvents = true }]",
            ),
            ["COMPLIANT", "FAILED", "all read and write"],
        ),
        // It does not deliver; whether it does, CloudTrail.1 does not ask. What it is set
        // up for, we then did not.
        of_one(
            "stopped",
            "trail-logging",
            changed(
                "IsMultiRegionTrail = true",
                "IsMultiRegionTrail = true\nIsLogging = false",
            ),
            ["NON_COMPLIANT", "UNKNOWN", "was not read here"],
        ),
        of_one(
            "central trail",
            "trail-logging",
            central(),
            ["UNVERIFIABLE", "UNKNOWN", "AWS does not say"],
        ),
        of_one(
            "exact pattern",
            "root-usage-alarm",
            with(""),
            ["COMPLIANT", "PASSED", "exact text"],
        ),
        of_one(
            "equivalent pattern",
            "root-usage-alarm",
            changed(PATTERN, EQUIVALENT),
            ["COMPLIANT", "FAILED", "exact text"],
        ),
        of_one(
            "no alarm",
            "root-usage-alarm",
            changed(
                "MetricName = \"Root\"\nStatistic",
                "MetricName = \"Other\"\nStatistic",
            ),
            ["NON_COMPLIANT", "FAILED", "not there"],
        ),
        of_one(
            "muted actions",
            "root-usage-alarm",
            changed("AlarmActions", "ActionsEnabled = false\nAlarmActions"),
            ["NON_COMPLIANT", "UNKNOWN", "ALARM_ACTIONS_DISABLED"],
        ),
        of_one(
            "central alarm",
            "root-usage-alarm",
            central(),
            ["NOT_APPLICABLE", "NO_DATA", "owns the trail"],
        ),
        Situation {
            name: "owner of the central alarm",
            control: "root-usage-alarm",
            organization: central(),
            caller: OWNER,
            ours: "COMPLIANT",
            native: "PASSED",
            because: "exact text",
        },
        of_one(
            "GovCloud",
            "hardware-root-mfa",
            format!("partition = 'aws-us-gov'\n[[account]]\nid = '{ACCOUNT}'\nname = 'gov'\n"),
            ["NOT_APPLICABLE", "NO_DATA", "aws-us-gov"],
        ),
    ]
}

#[tokio::test]
async fn every_situation_has_its_prediction() {
    let mut wrong = Vec::new();
    for situation in situations() {
        let Situation {
            name,
            control,
            organization,
            caller,
            ours,
            native,
            because,
        } = situation;
        let [a, b, c] = said(name, &organization, caller, control).await;
        if a != ours || b != native || !c.contains(because) {
            wrong.push(format!(
                "{name}: {a} {b} {c}; should be {ours} {native} {because}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_table_says_where_security_hub_will_differ() {
    let text = changed(PATTERN, EQUIVALENT);
    let sandbox = Sandbox::new(text.parse::<Organization>().unwrap()).unwrap();
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    for (arguments, score) in [(&[][..], false), (&["--organization"], true)] {
        let mut command = command(&["check", "--region", "us-east-1", "--endpoint-url"]);
        command
            .arg(server.endpoint_url())
            .args(arguments)
            .current_dir(folder("native-table"))
            .env("AWS_ACCESS_KEY_ID", ACCOUNT)
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        let output = tokio::process::Command::from(command).output().await;
        let run = finished(output.unwrap());
        let told = "root-usage-alarm is COMPLIANT in 111111111111; Security Hub's CloudWatch.1 will be FAILED: no metric filter has the exact text of the CIS benchmark.";
        assert!(run.out.contains(told), "{}{}", run.out, run.err);
        assert!(!run.out.contains("IAM.4 will be"), "{}", run.out);
        let ours = run
            .out
            .contains("As Security Hub scores: 4 of 4 controls passed (100 %).");
        let native = run.out.contains("the same: 3 of 4 controls passed (75 %).");
        assert_eq!((ours, native), (score, score), "{}", run.out);
    }
}
