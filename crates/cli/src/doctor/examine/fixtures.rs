//! An organization in which everything is as it should be, to be changed.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use config_rule::{Fact, Frequency, Timestamp, Unread};

use super::forwarders::{FORWARDERS, hub};
use super::{EXAMINATIONS, examine};
use crate::doctor::facts::{
    AccountFacts, DesiredState, Facts, Forwarder, Function, Instance, Operation, OrganizationFacts,
    OrganizationTrail, Recorder, Results, ScanResult, StackSet, WantedRule,
};
use crate::doctor::finding::Finding;
use crate::doctor::policies::{ControlPolicies, ControlPolicy, Level};
use crate::doctor::service::Service;

pub(super) const MANAGEMENT: &str = "999988887777";
pub(super) const MEMBER: &str = "111122223333";
pub(super) const CENTRAL: &str = "444455556666";
pub(super) const RULE: &str = "no-root-keys";
pub(super) const NOW: i64 = 1_800_000_000_000;

const HOME: &str = "eu-west-1";

pub(super) fn denied<T>(action: &str) -> Fact<T> {
    Fact::Unread(Unread::Denied {
        action: action.to_owned(),
        code: "AccessDenied".to_owned(),
    })
}

fn texts(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

pub(super) fn healthy() -> Facts {
    let rule = |name, frequency, action| WantedRule {
        name,
        frequency,
        actions: vec![action],
    };
    let wanted = DesiredState {
        now: Timestamp::from_epoch_millis(NOW),
        partition: "aws".to_owned(),
        hub: Some((CENTRAL.to_owned(), HOME.to_owned())),
        home_region: HOME.to_owned(),
        activity_regions: vec!["us-east-1".to_owned(), HOME.to_owned()],
        artifact_account: Some(MEMBER.to_owned()),
        artifact_regions: vec![HOME.to_owned()],
        administrators: BTreeMap::from([
            (Service::Iam, CENTRAL.to_owned()),
            (Service::SecurityHub, CENTRAL.to_owned()),
        ]),
        root_sessions: true,
        organization_trail: true,
        central: Vec::new(),
        rules: vec![
            rule(RULE, Frequency::SixHours, "iam:GetAccountSummary"),
            rule(
                "trail-logging",
                Frequency::TwentyFourHours,
                "cloudtrail:DescribeTrails",
            ),
        ],
        groups: Vec::new(),
        exceptions: Vec::new(),
    };
    Facts {
        organization: organization(),
        accounts: vec![account(MANAGEMENT), account(MEMBER)],
        wanted,
    }
}

fn organization() -> OrganizationFacts {
    let central = || Fact::Known(texts(&[CENTRAL]));
    let full =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let level = |id: &str| Level {
        id: id.to_owned(),
        policies: texts(&["p-full"]),
    };
    let digest: String = "07".repeat(31) + "08";
    OrganizationFacts {
        management: MANAGEMENT.to_owned(),
        trusted: Fact::Known(
            Service::ALL
                .iter()
                .map(|one| one.principal().to_owned())
                .collect(),
        ),
        administrators: Service::ADMINISTERED
            .iter()
            .map(|one| (*one, central()))
            .collect(),
        root_features: Fact::Known(texts(&["RootCredentialsManagement", "RootSessions"])),
        policies: Fact::Known(ControlPolicies {
            organization: "o-sandbox0001".to_owned(),
            by_id: BTreeMap::from([("p-full".to_owned(), ControlPolicy::new("Full", full))]),
            above: BTreeMap::from([(MEMBER.to_owned(), vec![level("r-root"), level(MEMBER)])]),
        }),
        stack_sets: Fact::Known(vec![StackSet {
            name: "rootguard-all-functions".to_owned(),
            parameters: BTreeMap::from([(
                "NoRootKeysKey".to_owned(),
                format!("no-root-keys/x86_64/{digest}.zip"),
            )]),
            instances: Fact::Known(vec![Instance {
                account: MEMBER.to_owned(),
                region: HOME.to_owned(),
                status: "CURRENT".to_owned(),
                detailed: Some("SUCCEEDED".to_owned()),
                reason: None,
            }]),
            operations: Fact::Known(vec![Operation {
                id: "op-1".to_owned(),
                action: "CREATE".to_owned(),
                status: "SUCCEEDED".to_owned(),
                reason: None,
            }]),
        }]),
        units: Fact::Known(BTreeMap::from([
            (MANAGEMENT.to_owned(), vec!["r-root".to_owned()]),
            (MEMBER.to_owned(), vec!["r-root".to_owned()]),
        ])),
    }
}

fn account(id: &str) -> AccountFacts {
    let function = || {
        Fact::Known(Some(Function {
            state: Some("Active".to_owned()),
            code: Some(BASE64_STANDARD.encode([[7; 31].as_slice(), &[8]].concat())),
            errors: Fact::Known(0),
        }))
    };
    let results = || {
        Fact::Known(Some(Results {
            latest: Some(Timestamp::from_epoch_millis(NOW - 3_600_000)),
            invocations: Fact::Known(0),
        }))
    };
    let forwarder = |(name, sees_reads): (&str, bool)| Forwarder {
        name: name.to_owned(),
        state: if sees_reads {
            "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS".to_owned()
        } else {
            "ENABLED".to_owned()
        },
        targets: Fact::Known(vec![hub("aws", CENTRAL, HOME)]),
    };
    let forwarders = || Fact::Known(FORWARDERS.into_iter().map(forwarder).collect());
    AccountFacts {
        id: id.to_owned(),
        name: "payments".to_owned(),
        seen: Ok(ScanResult {
            recorders: Fact::Known(vec![Recorder {
                name: "default".to_owned(),
                service_linked: false,
                recording: Fact::Known(true),
            }]),
            functions: BTreeMap::from([(RULE, function())]),
            central: BTreeMap::new(),
            results: BTreeMap::from([(RULE, results()), ("trail-logging", results())]),
            forwarders: BTreeMap::from([
                ("us-east-1".to_owned(), forwarders()),
                (HOME.to_owned(), forwarders()),
            ]),
            organization_trails: Fact::Known(vec![OrganizationTrail {
                arn: format!("arn:aws:cloudtrail:{HOME}:{MANAGEMENT}:trail/org"),
                owner: MANAGEMENT.to_owned(),
            }]),
            buckets: BTreeMap::from([(HOME.to_owned(), Fact::Known(true))]),
        }),
    }
}

/// Returns what was seen in the member.
pub(super) fn seen(facts: &mut Facts) -> &mut ScanResult {
    facts.accounts[1].seen.as_mut().unwrap()
}

pub(super) fn stack_set(facts: &mut Facts) -> &mut StackSet {
    match &mut facts.organization.stack_sets {
        Fact::Known(sets) => &mut sets[0],
        Fact::Unread(_) => panic!(),
    }
}

/// As it is before the first deployment.
pub(super) fn undeployed(facts: &mut Facts) {
    facts.organization.stack_sets = Fact::Known(Vec::new());
    for account in &mut facts.accounts {
        let seen = account.seen.as_mut().unwrap();
        seen.functions.insert(RULE, Fact::Known(None));
        seen.results.insert(RULE, Fact::Known(None));
    }
}

/// Attaches a policy to the member that denies what `statement` says.
pub(super) fn deny(facts: &mut Facts, statement: &str) {
    let Fact::Known(policies) = &mut facts.organization.policies else {
        panic!()
    };
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Resource":"*",{statement}}}}}"#
    );
    let policy = ControlPolicy::new("Guard", &text);
    policies.by_id.insert("p-guard".to_owned(), policy);
    let levels = policies.above.get_mut(MEMBER).unwrap();
    levels[1].policies.insert("p-guard".to_owned());
}

/// Returns what an examination finds where one thing was changed.
pub(super) fn told(
    examine: fn(&Facts) -> Vec<Finding>,
    change: impl FnOnce(&mut Facts),
) -> Vec<Finding> {
    let mut facts = healthy();
    change(&mut facts);
    examine(&facts)
}

/// A row of a table: its name, what is changed, and of each finding what its two sentences
/// say, in any order.
pub(super) type Row<'a> = (&'a str, fn(&mut Facts), &'a [(&'a str, &'a str)]);

pub(super) fn rows(examine: fn(&Facts) -> Vec<Finding>, rows: &[Row<'_>]) {
    for (name, change, expected) in rows {
        let told = told(examine, change);
        assert_eq!(told.len(), expected.len(), "{name}: {told:#?}");
        for (what, fix) in *expected {
            let said = |one: &Finding| one.what.contains(what) && one.fix.contains(fix);
            assert!(told.iter().any(said), "{name}: {what} / {fix}: {told:#?}");
        }
    }
}

#[test]
fn nothing_is_found_where_everything_is_as_it_should_be() {
    assert_eq!(examine(&healthy()), []);
}

#[test]
fn examinations_are_told_apart_by_their_names() {
    let names: BTreeSet<_> = EXAMINATIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), EXAMINATIONS.len());
}
