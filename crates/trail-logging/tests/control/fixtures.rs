//! The rows of `verdicts.json`, and a sandboxed organization in the state of a row.

use std::collections::BTreeMap;

use config_rule::{ASSUME_ROLE, Fact, Timestamp, Unread};
use control_testkit::{Row, describe_trail, give_evidence_role, let_fail, let_trail_fail};
use sandbox::{Account, Fault, Organization, Resource, Sandbox};
use serde_json::{Value, json};
use trail_logging::{EVIDENCE_READS, TrailLogging};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const MANAGEMENT: &str = "999999999999";
pub(crate) const DELEGATED: &str = "888888888888";
/// Where trails for one Region are, in the rows.
pub(crate) const REGION: &str = "us-east-1";

/// Rows that no observation gives.
pub(crate) const SAVED_ONLY: &[&str] = &[
    // Facts that were saved when another control or other parameters asked.
    "saved facts lack what other parameters need",
    // AWS lists no trail of another account but those of the organization. The rows are
    // there for the day on which it does.
    "another account's trail that is none of the organization's",
    "a trail of the same name in another account",
];

/// All rows.
pub(crate) fn rows() -> Vec<Row<TrailLogging>> {
    control_testkit::rows(include_str!("../verdicts.json"))
}

pub(crate) fn row(name: &str) -> Row<TrailLogging> {
    rows().into_iter().find(|row| row.name == name).unwrap()
}

/// The accounts that the row's parameters name evidence roles of, with the roles' names.
pub(crate) fn evidence_roles(row: &Row<TrailLogging>) -> Vec<(String, String)> {
    let roles = row.parameters.get("centralEvidenceRoleArns");
    let roles = roles.and_then(Value::as_array).into_iter().flatten();
    roles
        .map(|arn| {
            let arn: config_rule::Arn = arn.as_str().unwrap().parse().unwrap();
            let (_, name) = arn.resource().rsplit_once('/').unwrap();
            (arn.account().to_owned(), name.to_owned())
        })
        .collect()
}

/// A sandbox in which the facts of a row hold. Other accounts than the owner of a trail
/// are told of it only where it has no evidence role.
pub(crate) fn sandbox(row: &Row<TrailLogging>, moved: impl Fn(Timestamp) -> Timestamp) -> Sandbox {
    let mut accounts: BTreeMap<&str, Account> = [MANAGEMENT, DELEGATED, ACCOUNT]
        .map(|id| (id, Account::new(id, id)))
        .into();
    let known = row.facts.trails.known().map_or(&[][..], Vec::as_slice);
    let roles = evidence_roles(row);
    for observed in known {
        let owner = observed.trail.owner();
        let mut trail = describe_trail(observed, &moved);
        if roles.iter().any(|(account, _)| account == owner) {
            trail.members.insert("MembersMayRead".to_owned(), json!([]));
        }
        accounts.get_mut(owner).unwrap().trails.push(trail);
    }
    if let Fact::Unread(Unread::ValueMissing { value, .. }) = &row.facts.trails {
        let nameless = json!({"Name": "nameless", "Omitted": [value]});
        let trails = &mut accounts.get_mut(ACCOUNT).unwrap().trails;
        trails.push(Resource::new(REGION, nameless));
    }

    let mut organization = Organization::with_accounts(accounts.into_values());
    organization.management_account = Some(MANAGEMENT.to_owned());
    organization.regions = ["us-east-1", "eu-west-1", "eu-central-1", "ap-east-1"]
        .map(str::to_owned)
        .into();
    let sandbox = Sandbox::new(organization).unwrap();
    for (account, name) in roles {
        give_evidence_role(&sandbox, &account, &name, EVIDENCE_READS);
    }
    if json!(row.facts).to_string().contains(ASSUME_ROLE) {
        sandbox.inject(Fault::access_denied().action(ASSUME_ROLE));
    }
    for observed in known {
        let_trail_fail(&sandbox, observed);
    }
    if !matches!(&row.facts.trails, Fact::Unread(Unread::ValueMissing { .. })) {
        let_fail(
            &sandbox,
            ACCOUNT,
            trails::DESCRIBE_TRAILS,
            &row.facts.trails,
        );
    }
    sandbox
}
