//! `--score-gains`: what Security Hub's scores gain.

use sandbox::{Fault, Organization, Sandbox, Server};
use serde_json::json;

use crate::command::{Run, command, finished, folder};
use crate::organization::account;

const ADMINISTRATOR: &str = "111111111111";
const REGION: &str = "us-east-1";
const CIS: &str = "standards/cis-aws-foundations-benchmark/v/1.4.0";
const PCI: &str = "standards/pci-dss/v/4.0.1";

struct Served {
    sandbox: Sandbox,
    server: Server,
}

/// An account in which these standards are enabled.
async fn served(standards: &[&str]) -> Served {
    let arns: Vec<_> = standards
        .iter()
        .map(|standard| format!("arn:aws:securityhub:{REGION}::{standard}"))
        .collect();
    let said = format!(
        "security_hub = true\nsecurity_standards = {}\n",
        json!(arns)
    );
    let organization = account(ADMINISTRATOR, &said);
    let sandbox = Sandbox::new(organization.parse::<Organization>().unwrap()).unwrap();
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    Served { sandbox, server }
}

impl Served {
    /// A finding of a control of Security Hub about an account.
    fn finding(&self, control: &str, about: &str, status: &str, standards: &[&str]) {
        let standards: Vec<_> = standards
            .iter()
            .map(|id| json!({"StandardsId": id}))
            .collect();
        let finding = json!({
            "Id": format!("{control}/{about}"),
            "AwsAccountId": about,
            "ProductName": "Security Hub",
            "RecordState": "ACTIVE",
            "Workflow": {"Status": "NEW"},
            "Compliance": {
                "Status": status,
                "SecurityControlId": control,
                "AssociatedStandards": standards,
            },
        });
        self.sandbox.add_finding(ADMINISTRATOR, REGION, finding);
    }

    async fn run(&self, arguments: &[&str]) -> Run {
        let mut command = command(&arguments[..1]);
        command
            .args([
                "--region",
                REGION,
                "--endpoint-url",
                &self.server.endpoint_url(),
            ])
            .args(&arguments[1..])
            .current_dir(folder(&format!(
                "gains-{}",
                self.server.endpoint_url().rsplit(':').next().unwrap()
            )))
            .env("AWS_ACCESS_KEY_ID", ADMINISTRATOR)
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        let mut command = tokio::process::Command::from(command);
        finished(command.output().await.unwrap())
    }
}

#[tokio::test]
async fn each_standard_gains_by_what_it_has_and_did_not_pass() {
    let served = served(&[CIS, PCI]).await;
    let (one, other) = (ADMINISTRATOR, "222222222222");
    // Failed in one account of two is failed.
    served.finding("IAM.4", one, "PASSED", &[CIS]);
    served.finding("IAM.4", other, "FAILED", &[CIS]);
    served.finding("IAM.6", one, "PASSED", &[CIS, PCI]);
    served.finding("CloudWatch.1", one, "WARNING", &[CIS]);
    served.finding("S3.1", one, "PASSED", &[CIS, PCI]);
    served.finding("EC2.2", one, "FAILED", &[CIS, PCI]);
    // Of a standard that is not enabled.
    served.finding("IAM.4", other, "FAILED", &["standards/other/v/1.0.0"]);
    // Every page is read.
    served
        .sandbox
        .inject(Fault::pages_of(2).action("securityhub:GetFindings"));
    let table = served.run(&["check", "--score-gains"]).await;
    assert_eq!(table.code, 0, "{}", table.err);
    let cis = "\ncis-aws-foundations-benchmark 1.4.0: 2 of 5 controls passed (40 %); passed \
               everywhere, it is IAM.4 60 % (+20), CloudWatch.1 60 % (+20), all 80 % (+40).\n";
    assert!(table.out.contains(cis), "{}", table.out);
    let pci =
        "\npci-dss 4.0.1: 2 of 3 controls passed (67 %); nothing to gain from our controls.\n";
    assert!(table.out.contains(pci), "{}", table.out);

    let json = served
        .run(&["check", "--score-gains", "--format", "json"])
        .await;
    assert!(json.err.contains(cis.trim_start()), "{}", json.err);
    assert_eq!(
        json.row(ADMINISTRATOR, "no-root-keys")["compliance"],
        "COMPLIANT"
    );
    let page = served
        .run(&["check", "--score-gains", "--format", "html"])
        .await;
    assert!(page.out.contains("all 80 % (+40)"));
    // Nobody asks Security Hub who does not want to know.
    served.sandbox.take_calls();
    let quiet = served.run(&["check"]).await;
    assert!(!quiet.out.contains("pci-dss"));
    let calls = served.sandbox.take_calls();
    assert!(calls.iter().all(|call| call.service != "securityhub"));
}

#[tokio::test]
async fn what_does_not_count_in_a_score_is_left_out() {
    let served = served(&[CIS]).await;
    served.finding("IAM.4", ADMINISTRATOR, "PASSED", &[CIS]);
    for (member, path, value) in [
        ("/Workflow/Status", "suppressed", "SUPPRESSED"),
        ("/RecordState", "archived", "ARCHIVED"),
        ("/ProductName", "ours", "Default"),
    ] {
        let mut finding = json!({
            "Id": path,
            "AwsAccountId": ADMINISTRATOR,
            "ProductName": "Security Hub",
            "RecordState": "ACTIVE",
            "Workflow": {"Status": "NEW"},
            "Compliance": {
                "Status": "FAILED",
                "SecurityControlId": "IAM.4",
                "AssociatedStandards": [{"StandardsId": CIS}],
            },
        });
        *finding.pointer_mut(member).unwrap() = value.into();
        served.sandbox.add_finding(ADMINISTRATOR, REGION, finding);
    }
    let table = served.run(&["check", "--score-gains"]).await;
    let told = "1 of 1 controls passed (100 %); nothing to gain";
    assert!(table.out.contains(told), "{}", table.out);
}

#[tokio::test]
async fn what_cannot_be_told_is_said_and_changes_no_verdict() {
    let none = served(&[]).await;
    let table = none.run(&["check", "--score-gains"]).await;
    assert_eq!(table.code, 0);
    assert!(
        table.out.contains("No standard is enabled"),
        "{}",
        table.out
    );
    let served = served(&[CIS]).await;
    for action in ["GetEnabledStandards", "GetFindings"] {
        served.sandbox.clear_faults();
        let action = format!("securityhub:{action}");
        served
            .sandbox
            .inject(Fault::access_denied().action(&action));
        let table = served.run(&["check", "--score-gains"]).await;
        assert_eq!(table.code, 0, "{}", table.err);
        let told = format!(
            "What the scores of Security Hub's standards gain cannot be told: {action}: AccessDenied"
        );
        assert!(table.out.contains(&told), "{}", table.out);
    }
    let wrong = served
        .run(&["check", "--score-gains", "--snapshot", "absent.json"])
        .await;
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("cannot be used with"), "{}", wrong.err);
}
