//! The checks fail where they should, and roles may do what they should.

use config_rule::{
    ASSUME_ROLE, Account, CallError, Compliance, Control, EvidenceRoles, Frequency, Metadata,
    ParameterError, ParameterReader, Parameters, ReasonCode, Severity, Verdict,
};
use sandbox::{Organization, Sandbox};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::roles::{function_role, give_evidence_role};
use crate::{
    Row, every_row_has_its_verdict, facts_survive_being_saved, rows,
    the_readme_names_every_reason_code, the_rows_show_every_reason_code_and_no_other, with,
};

/// A control that concludes what it is told.
#[derive(Debug)]
struct Echo;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    reason: ReasonCode,
    /// Is not what it was after being saved.
    #[serde(skip_serializing, default)]
    secret: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EchoParameters {
    central_evidence_role_arns: EvidenceRoles,
}

impl Parameters for EchoParameters {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        let central_evidence_role_arns = EvidenceRoles::read(reader)?;
        Ok(Self {
            central_evidence_role_arns,
        })
    }
}

impl Control for Echo {
    type Facts = Told;
    type Parameters = EchoParameters;

    const METADATA: Metadata = Metadata {
        name: "echo",
        title: "Everything is as told",
        security_hub_control: "none",
        severity: Severity::Low,
        frequency: Frequency::TwentyFourHours,
        reads: &[ASSUME_ROLE],
        reasons: &[ReasonCode::new("FINE")],
    };

    async fn observe(_: &Account, _: &EchoParameters) -> Result<Told, CallError> {
        unreachable!("it is told")
    }

    fn evaluate(told: &Told, _: &EchoParameters) -> Verdict {
        Verdict::new(Compliance::Compliant, told.reason.clone(), "as told.")
    }
}

fn row(reason: &str, secret: u8, annotation: &str) -> Value {
    json!({
        "name": "row",
        "parameters": {},
        "facts": {"reason": reason, "secret": secret},
        "compliance": "COMPLIANT",
        "annotation": annotation,
    })
}

/// A row for each reason code.
fn all_rows() -> Vec<Value> {
    Echo::METADATA
        .all_reasons()
        .map(|reason| row(reason.as_str(), 0, &format!("{reason}: as told.")))
        .collect()
}

fn table(values: Vec<Value>) -> Vec<Row<Echo>> {
    rows(&Value::from(values).to_string())
}

#[test]
fn a_good_table_passes() {
    every_row_has_its_verdict(&table(all_rows()));
    the_rows_show_every_reason_code_and_no_other(&table(all_rows()));
    facts_survive_being_saved(&table(all_rows()));
    the_readme_names_every_reason_code::<Echo>(
        "`FINE` `UNVERIFIABLE_ACCESS_DENIED` `UNVERIFIABLE_UNAVAILABLE` `UNVERIFIABLE_VALUE_MISSING`",
    );
}

#[test]
#[should_panic(expected = "as told!")]
fn another_annotation_fails() {
    every_row_has_its_verdict(&table(vec![row("FINE", 0, "FINE: as told!")]));
}

#[test]
#[should_panic(expected = "NonCompliant")]
fn another_compliance_fails() {
    let mut other = row("FINE", 0, "FINE: as told.");
    other["compliance"] = json!("NON_COMPLIANT");
    every_row_has_its_verdict(&table(vec![other]));
}

#[test]
#[should_panic(expected = "left == right")]
fn a_reason_code_without_a_row_fails() {
    let rows = table(all_rows().split_off(1));
    the_rows_show_every_reason_code_and_no_other(&rows);
}

#[test]
#[should_panic(expected = "SURPRISE")]
fn a_reason_code_that_is_not_declared_fails() {
    let mut rows = all_rows();
    rows.push(row("SURPRISE", 0, "SURPRISE: as told."));
    the_rows_show_every_reason_code_and_no_other(&table(rows));
}

#[test]
#[should_panic(expected = "FINE")]
fn a_reason_code_that_the_readme_lacks_fails() {
    the_readme_names_every_reason_code::<Echo>("`FIN` FINE");
}

#[test]
#[should_panic(expected = "secret: 7")]
fn facts_that_are_not_saved_fail() {
    facts_survive_being_saved(&table(vec![row("FINE", 7, "FINE: as told.")]));
}

const MEMBER: &str = "111122223333";
const OWNER: &str = "444455556666";

/// The function's role may assume the evidence roles that its parameters name, and the
/// evidence roles let no other role in.
#[tokio::test]
async fn roles_let_a_function_ask_where_its_parameters_say() {
    let accounts = [MEMBER, OWNER].map(|id| sandbox::Account::new(id, id));
    let sandbox = Sandbox::new(Organization::with_accounts(accounts)).unwrap();
    let [named, unnamed] = ["named", "unnamed"]
        .map(|name| give_evidence_role(&sandbox, OWNER, name, &["cloudtrail:GetTrailStatus"]));
    let role = function_role::<Echo>(&with([("centralEvidenceRoleArns", &named)]));
    let elsewhere = sandbox::Role {
        name: "elsewhere".to_owned(),
        path: "/".to_owned(),
        ..role.clone()
    };
    sandbox
        .change_account(MEMBER, |account| account.roles.extend([role, elsewhere]))
        .unwrap();
    for (caller, asked, allowed) in [
        ("echo", &named, true),
        ("echo", &unnamed, false),
        ("elsewhere", &named, false),
    ] {
        let credentials = sandbox.role_credentials(MEMBER, caller).unwrap();
        let sts = aws_sdk_sts::Client::new(&sandbox.sdk_config_as(credentials, "eu-west-1"));
        let assumed = sts.assume_role().role_arn(asked).role_session_name("test");
        let assumed = assumed.send().await.is_ok();
        assert_eq!(assumed, allowed, "{caller} {asked}");
    }
}
