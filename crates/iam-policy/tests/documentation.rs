//! The evaluator against AWS's documentation: `data/documentation.json`, one case per rule,
//! each with the page of the IAM User Guide that states it.
#![allow(clippy::expect_used, clippy::panic, reason = "test")]

use std::collections::{BTreeMap, BTreeSet};

use iam_policy::{
    Applicable, Context, Decision, Document, PolicyError, Principal, PrincipalKind, Request,
    authorize,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    pages: String,
    principals: BTreeMap<String, RawPrincipal>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrincipal {
    kind: String,
    arn: String,
    account: String,
    role: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    source: String,
    principal: String,
    action: String,
    resource: String,
    owner: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, Values>,
    #[serde(default)]
    identity: Vec<Value>,
    session: Option<Vec<Value>>,
    /// The levels from the root to the account, each with its policies.
    #[serde(default)]
    service_control: Vec<Vec<Value>>,
    policy: Option<Value>,
    /// Short for an identity policy that allows everything under this condition.
    condition: Option<Value>,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Decision(String),
    /// AWS would not store a policy: a part of the error.
    Refused {
        refused: String,
    },
    /// A part of the reason.
    Undecided {
        undecided: String,
    },
}

fn table() -> Table {
    serde_json::from_str(include_str!("data/documentation.json")).expect("the table is readable")
}

fn principal(raw: &RawPrincipal) -> Principal {
    let kind = match raw.kind.as_str() {
        "Root" => PrincipalKind::Root,
        "RootSession" => PrincipalKind::RootSession,
        "Administrator" => PrincipalKind::Administrator,
        "User" => PrincipalKind::User,
        "AssumedRole" => PrincipalKind::AssumedRole {
            role_arn: raw.role.clone().expect("a session has a role"),
        },
        "Service" => PrincipalKind::Service,
        other => panic!("no such kind of principal: {other}"),
    };
    Principal {
        arn: raw.arn.clone(),
        account: raw.account.clone(),
        kind,
    }
}

fn read(documents: &[Value]) -> Result<Vec<Document>, PolicyError> {
    documents.iter().cloned().map(Document::try_from).collect()
}

fn decide(table: &Table, case: &Case) -> Result<Decision, PolicyError> {
    let mut identity = case.identity.clone();
    if let Some(condition) = &case.condition {
        let statement =
            json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
        identity.push(json!({"Version": "2012-10-17", "Statement": statement}));
    }
    let identity = read(&identity)?;
    let session = case.session.as_deref().map(read).transpose()?;
    let resource = case.policy.clone().map(Document::try_from).transpose()?;
    let service_control: Vec<Vec<Document>> = case
        .service_control
        .iter()
        .map(|level| read(level))
        .collect::<Result<_, _>>()?;
    let mut context = Context::usual::<&str, &str>([]);
    for (key, values) in &case.context {
        match values {
            Values::One(value) => context.set(key, [value]),
            Values::Many(values) => context.set(key, values),
        }
    }
    let request = Request {
        principal: principal(
            table
                .principals
                .get(&case.principal)
                .expect("a known principal"),
        ),
        action: case.action.clone(),
        resource: case.resource.clone(),
        context,
    };
    let applicable = Applicable {
        identity: &identity,
        session: session.as_deref(),
        service_control: &service_control,
        resource: resource.as_ref(),
        owner: case.owner.as_deref(),
    };
    Ok(authorize(&request, &applicable))
}

#[test]
fn every_documented_case_is_decided_as_documented() {
    let table = table();
    assert!(table.cases.len() >= 40, "{} cases", table.cases.len());
    let mut wrong = Vec::new();
    for case in &table.cases {
        let decided = decide(&table, case);
        let right = match (&case.expected, &decided) {
            (Expected::Decision(expected), Ok(decision)) => *expected == format!("{decision:?}"),
            (Expected::Refused { refused }, Err(error)) => error.to_string().contains(refused),
            (Expected::Undecided { undecided }, Ok(Decision::Undecided(reason))) => {
                reason.contains(undecided)
            }
            _ => false,
        };
        if !right {
            let page = table.pages.replace("SOURCE", &case.source);
            wrong.push(format!("{}: {decided:?}, see {page}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_names_of_the_cases_are_unique() {
    let table = table();
    let names: BTreeSet<&str> = table.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), table.cases.len());
}

/// The operators of the page "Condition operators".
const OPERATORS: &[&str] = &[
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
];

#[test]
fn every_documented_operator_has_a_case() {
    let table = table();
    let tested: BTreeSet<&str> = table
        .cases
        .iter()
        .filter(|case| matches!(case.expected, Expected::Decision(_)))
        .filter_map(|case| case.condition.as_ref()?.as_object())
        .flat_map(|condition| condition.keys().map(String::as_str))
        .collect();
    let untested: Vec<&&str> = OPERATORS
        .iter()
        .filter(|name| !tested.contains(*name))
        .collect();
    assert!(untested.is_empty(), "{untested:?}");
    for qualifier in [
        "ForAllValues:StringLike",
        "ForAnyValue:StringLike",
        "ForAnyValue:StringEqualsIfExists",
        "IpAddressIfExists",
    ] {
        assert!(tested.contains(qualifier), "{qualifier}");
    }
}

#[test]
fn a_condition_that_stands_twice_is_refused() {
    let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*",
        "Resource": "*", "Condition": {"StringEquals": {"aws:username": "a"},
        "StringEquals": {"aws:username": "b"}}}}"#;
    let refused = Document::parse(text).expect_err("one of the two would be lost");
    assert!(refused.to_string().contains("StringEquals"), "{refused}");
    let text =
        r#"{"Statement": {"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}}"#;
    assert!(Document::parse(text).is_err());
}

#[test]
fn a_document_reads_the_same_from_text_json_and_toml() {
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"},
        "Action": ["sts:AssumeRole"], "Condition": {"Bool": {"aws:SecureTransport": true},
        "NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}}]}"#;
    let toml = r#"
        Version = "2012-10-17"
        [[Statement]]
        Effect = "Allow"
        Principal = { AWS = "*" }
        Action = "sts:AssumeRole"
        Condition = { Bool = { "aws:SecureTransport" = "true" }, NumericLessThan = { "aws:MultiFactorAuthAge" = 3600 } }
    "#;
    let document = Document::parse(text).expect("a policy");
    let value: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(Document::try_from(value), Ok(document.clone()));
    assert_eq!(toml::from_str::<Document>(toml).expect("TOML"), document);
    for text in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"Statement": []}"#,
        r#"{"Statement": [[]]}"#,
    ] {
        assert!(Document::parse(text).is_err(), "{text}");
    }
}
