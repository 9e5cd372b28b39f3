//! Laws of the policy evaluator, on generated policies and requests.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "test")]

use iam_policy::{
    Applicable, Context, Decision, Document, Principal, PrincipalKind, Request, authorize,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

const ACCOUNT: &str = "111111111111";
const OTHER: &str = "222222222222";

fn conditions() -> impl Strategy<Value = Value> {
    let none = Just(json!({}));
    let some = select(vec![
        json!({"StringEquals": {"aws:PrincipalOrgID": "o-example"}}),
        json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-example"}}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:role/rootguard/*"}}),
        json!({"Null": {"aws:PrincipalOrgID": "true"}}),
        json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}),
        json!({"ForAnyValue:StringLike": {"aws:TagKeys": "a*"}}),
        json!({"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}),
        json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        json!({"StringLike": {"aws:SourceAccount": "${aws:PrincipalAccount}"}}),
    ]);
    prop_oneof![none, some]
}

fn actions() -> impl Strategy<Value = Value> {
    let patterns = vec![
        "*",
        "s3:*",
        "s3:Get*",
        "S3:GetObject",
        "s3:?etObject",
        "sts:AssumeRole",
        "iam:*",
    ];
    let count = 1..=patterns.len();
    let some = subsequence(patterns, count).prop_map(|patterns| json!(patterns));
    prop_oneof![Just(json!("*")), some]
}

fn resources() -> impl Strategy<Value = Value> {
    let patterns = vec![
        "*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::bucket/a*",
        "arn:aws:iam::*:role/*",
    ];
    let count = 1..=patterns.len();
    let some = subsequence(patterns, count).prop_map(|patterns| json!(patterns));
    prop_oneof![Just(json!("*")), some]
}

fn principals() -> impl Strategy<Value = Value> {
    select(vec![
        json!("*"),
        json!({"AWS": ACCOUNT}),
        json!({"AWS": [format!("arn:aws:iam::{OTHER}:root")]}),
        json!({"AWS": [format!("arn:aws:iam::{ACCOUNT}:role/rootguard/check")]}),
        json!({"AWS": format!("arn:aws:sts::{ACCOUNT}:assumed-role/check/session")}),
        json!({"Service": "config.amazonaws.com"}),
    ])
}

/// A statement of an identity policy, or with a principal of a resource policy.
fn statement(effect: &'static str, of_resource: bool) -> impl Strategy<Value = Value> {
    let inverted = || prop::bool::weighted(0.2);
    let matched = (actions(), inverted(), resources(), inverted());
    let limited = (conditions(), principals(), inverted());
    (matched, limited).prop_map(move |(matched, limited)| {
        let (action, not_action, resource, not_resource) = matched;
        let (condition, who, not_who) = limited;
        let mut statement = json!({"Effect": effect, "Condition": condition});
        statement[if not_action { "NotAction" } else { "Action" }] = action;
        statement[if not_resource {
            "NotResource"
        } else {
            "Resource"
        }] = resource;
        if of_resource && not_who && effect == "Deny" {
            statement["NotPrincipal"] = who;
        } else if of_resource {
            statement["Principal"] = who;
        }
        statement
    })
}

fn statements(of_resource: bool) -> impl Strategy<Value = Vec<Value>> {
    let one = prop_oneof![
        statement("Allow", of_resource),
        statement("Deny", of_resource)
    ];
    prop::collection::vec(one, 0..5)
}

/// Statements that rarely deny, so that the laws are not true of nothing but denials.
fn mostly_allowing(of_resource: bool) -> impl Strategy<Value = Vec<Value>> {
    let one = prop_oneof![
        9 => statement("Allow", of_resource),
        1 => statement("Deny", of_resource),
    ];
    prop::collection::vec(one, 0..5)
}

/// The policies of a request, as lists of statements.
#[derive(Debug, Clone)]
struct Policies {
    identity: Vec<Value>,
    session: Option<Vec<Value>>,
    service_control: Option<Vec<Value>>,
    resource: Option<Vec<Value>>,
}

fn policies() -> impl Strategy<Value = Policies> {
    let list = |of_resource| prop_oneof![statements(of_resource), mostly_allowing(of_resource)];
    (
        list(false),
        prop::option::of(list(false)),
        prop::option::of(list(false)),
        prop::option::of(list(true)),
    )
        .prop_map(|(identity, session, service_control, resource)| Policies {
            identity,
            session,
            service_control,
            resource,
        })
}

/// A request, and the account of its resource where the ARN does not say so.
#[derive(Debug, Clone)]
struct Asked {
    principal: Principal,
    action: &'static str,
    resource: String,
    pairs: Vec<(&'static str, Vec<&'static str>)>,
    owner: &'static str,
}

/// The keys of the conditions, each with the values that it has where it has any.
const KEYS: &[(&str, &[&str])] = &[
    ("aws:PrincipalOrgID", &["o-example"]),
    ("aws:TagKeys", &["a", "c"]),
    ("aws:SourceIp", &["203.0.113.7"]),
    ("aws:MultiFactorAuthPresent", &["true"]),
    ("aws:SourceAccount", &[ACCOUNT]),
];

impl Asked {
    /// The request, of which the values of some keys are not known.
    fn with_unknown(&self, unknown: &[&str]) -> Request {
        let mut context = Context::partial::<&str, &str>([]);
        for (key, _) in KEYS.iter().filter(|(key, _)| !unknown.contains(key)) {
            let values = self.pairs.iter().find(|(own, _)| own == key);
            context.set(
                key,
                values.into_iter().flat_map(|(_, values)| values.clone()),
            );
        }
        Request {
            principal: self.principal.clone(),
            action: self.action.to_owned(),
            resource: self.resource.clone(),
            context,
        }
    }
}

fn requests() -> impl Strategy<Value = Asked> {
    let role = Principal {
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/check/session"),
        account: ACCOUNT.to_owned(),
        kind: PrincipalKind::AssumedRole {
            role_arn: format!("arn:aws:iam::{ACCOUNT}:role/rootguard/check"),
        },
    };
    let user = Principal {
        arn: format!("arn:aws:iam::{ACCOUNT}:user/alice"),
        account: ACCOUNT.to_owned(),
        kind: PrincipalKind::User,
    };
    let asked = vec![
        ("s3:GetObject", "arn:aws:s3:::bucket/a".to_owned()),
        ("s3:PutObject", "arn:aws:s3:::bucket/b".to_owned()),
        (
            "sts:AssumeRole",
            format!("arn:aws:iam::{ACCOUNT}:role/other"),
        ),
        ("sts:AssumeRole", format!("arn:aws:iam::{OTHER}:role/other")),
        ("iam:GetAccountSummary", "*".to_owned()),
    ];
    let pairs: Vec<_> = KEYS
        .iter()
        .map(|(key, values)| (*key, values.to_vec()))
        .collect();
    let count = 0..=pairs.len();
    (
        select(vec![role, user]),
        select(asked),
        subsequence(pairs, count),
        select(vec![ACCOUNT, OTHER]),
    )
        .prop_map(|(principal, (action, resource), pairs, owner)| Asked {
            principal,
            action,
            resource,
            pairs,
            owner,
        })
}

fn document(statements: &[Value]) -> Vec<Document> {
    // An empty list of statements is no policy at all.
    if statements.is_empty() {
        return Vec::new();
    }
    let value = json!({"Version": "2012-10-17", "Statement": statements});
    vec![Document::try_from(value).expect("a policy")]
}

fn decide(asked: &Asked, policies: &Policies) -> Decision {
    let decision = decide_with_unknown(asked, &[], policies);
    assert!(!matches!(decision, Decision::Undecided(_)), "{decision:?}");
    decision
}

fn decide_with_unknown(asked: &Asked, unknown: &[&str], policies: &Policies) -> Decision {
    let identity = document(&policies.identity);
    let session = policies.session.as_deref().map(document);
    let service_control: Vec<_> = policies
        .service_control
        .as_deref()
        .map(document)
        .into_iter()
        .collect();
    let resource = policies
        .resource
        .as_deref()
        .map(document)
        .unwrap_or_default();
    let applicable = Applicable {
        identity: &identity,
        session: session.as_deref(),
        service_control: &service_control,
        resource: resource.first(),
        owner: asked
            .resource
            .starts_with("arn:aws:s3")
            .then_some(asked.owner),
    };
    authorize(&asked.with_unknown(unknown), &applicable)
}

/// Puts a statement at a place of one of the policies.
fn with(policies: &Policies, place: usize, statement: &Value, of_resource: &Value) -> Policies {
    let mut more = policies.clone();
    let (list, added) = match place % 4 {
        0 => (&mut more.identity, statement),
        1 => (more.session.get_or_insert_default(), statement),
        2 => (more.service_control.get_or_insert_default(), statement),
        _ => (more.resource.get_or_insert_default(), of_resource),
    };
    let at = place % (list.len() + 1);
    list.insert(at, added.clone());
    more
}

/// Ranks decisions from least to most: an allow may only raise it, a deny only lower it.
fn rank(decision: &Decision) -> u8 {
    match decision {
        Decision::ExplicitlyDenied => 0,
        Decision::ImplicitlyDenied => 1,
        Decision::Allowed => 2,
        Decision::Undecided(reason) => unreachable!("everything is known: {reason}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn another_deny_never_allows_more(
        request in requests(), policies in policies(), place in 0_usize..60,
        own in statement("Deny", false), of_resource in statement("Deny", true),
    ) {
        // A session policy is a limit: to pass one where there was none also takes away.
        let before = decide(&request, &policies);
        let after = decide(&request, &with(&policies, place, &own, &of_resource));
        prop_assert!(rank(&after) <= rank(&before), "{before:?} became {after:?}");
    }

    #[test]
    fn another_allow_never_denies_more(
        request in requests(), policies in policies(), place in 0_usize..60,
        own in statement("Allow", false), of_resource in statement("Allow", true),
    ) {
        // The first session or service control policy takes away what it does not allow.
        prop_assume!(place % 4 != 1 || policies.session.is_some());
        prop_assume!(place % 4 != 2 || policies.service_control.is_some());
        let before = decide(&request, &policies);
        let after = decide(&request, &with(&policies, place, &own, &of_resource));
        prop_assert!(rank(&after) >= rank(&before), "{before:?} became {after:?}");
    }

    #[test]
    fn the_order_of_statements_does_not_matter(
        request in requests(), policies in policies(), turn in 0_usize..5,
    ) {
        let mut turned = policies.clone();
        let lists = std::iter::once(&mut turned.identity)
            .chain(turned.session.as_mut())
            .chain(turned.service_control.as_mut())
            .chain(turned.resource.as_mut());
        for list in lists {
            let by = turn.min(list.len());
            list.rotate_left(by);
            if turn % 2 == 0 {
                list.reverse();
            }
        }
        prop_assert_eq!(decide(&request, &policies), decide(&request, &turned));
    }

    #[test]
    fn a_deny_of_everything_denies(
        request in requests(), policies in policies(), place in 0_usize..60,
    ) {
        let own = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
        let of_resource = json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"});
        let denied = with(&policies, place, &own, &of_resource);
        prop_assert_eq!(decide(&request, &denied), Decision::ExplicitlyDenied);
    }

    #[test]
    fn without_an_allow_nothing_is_allowed(
        request in requests(), policies in policies(),
    ) {
        let denies = |list: &Vec<Value>| -> Vec<Value> {
            list.iter().filter(|statement| statement["Effect"] == "Deny").cloned().collect()
        };
        let only_denies = Policies {
            identity: denies(&policies.identity),
            session: policies.session.as_ref().map(denies),
            service_control: policies.service_control.as_ref().map(denies),
            resource: policies.resource.as_ref().map(denies),
        };
        prop_assert_ne!(decide(&request, &only_denies), Decision::Allowed);
    }

    /// To learn the value of a key never changes a decision, apart from the kind of a denial.
    #[test]
    fn what_is_decided_stays_decided(
        request in requests(), policies in policies(),
        unknown in subsequence(KEYS.iter().map(|(key, _)| *key).collect::<Vec<_>>(), 1..=KEYS.len()),
    ) {
        let known = decide(&request, &policies);
        match decide_with_unknown(&request, &unknown, &policies) {
            Decision::Undecided(reason) => {
                prop_assert!(unknown.iter().any(|key| reason.contains(key)), "{reason}");
            }
            Decision::ImplicitlyDenied => prop_assert_ne!(known, Decision::Allowed),
            decided => prop_assert_eq!(decided, known),
        }
    }

    #[test]
    fn reading_never_panics(text in r#"[{}\[\]",:*?$aA0 ]{0,60}|\PC{0,60}"#) {
        let _ = Document::parse(&text);
        let statement = json!({"Effect": "Allow", "Action": &text, "Resource": &text,
            "Principal": {"AWS": &text}, "Condition": {"StringLike": {"aws:username": &text}}});
        let _ = Document::try_from(json!({"Version": "2012-10-17", "Statement": statement}));
    }
}
