//! Laws that hold of every pattern: decisions agree with brute force over
//! records, rewrites that keep the meaning keep the decision, printing and
//! parsing are inverse, nothing panics.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use filter_pattern::{Account, Class, Decision, Pattern, Verdict, decide};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Selectors of every kind: tied by an invariant, nested, free, with a wildcard.
const SELECTORS: &[&str] = &[
    "$.userIdentity",
    "$.userIdentity.type",
    "$.userIdentity.type",
    "$.userIdentity.invokedBy",
    "$.userIdentity.invokedBy",
    "$.userIdentity.arn",
    "$.userIdentity.accountId",
    "$.userIdentity.sessionContext",
    "$.userIdentity.sessionContext.assumedRoot",
    "$.userIdentity.*",
    "$.eventType",
    "$.eventType",
    "$.eventName",
    "$.sourceIPAddress",
    "$.free",
    "$.free.a",
    "$.free[0]",
    "$.free[1].a",
    "$.free[*]",
    "$.*",
];

const TESTS: &[&str] = &[
    "= \"Root\"",
    "= Roo*",
    "= *oot",
    "!= \"Root\"",
    "= *",
    "!= \"AwsServiceEvent\"",
    "= AwsApiCall",
    "= \"Aws*\"",
    "= %^Aws.*Event$%",
    "= \"signin.amazonaws.com\"",
    "= *.amazonaws.com",
    "!= \"AWS Internal\"",
    "= \"arn:aws:iam::111122223333:root\"",
    "= \"*:root\"",
    "= \"*1*\"",
    "= 111122223333",
    "= true",
    "= \"true\"",
    "IS TRUE",
    "IS NULL",
    "NOT EXISTS",
    "NOT EXISTS",
    "> 4",
    "<= 5",
    "= 5",
    "!= \"5\"",
    "= \"5*\"",
];

/// A pattern as text, with parentheses around everything.
fn expression() -> impl Strategy<Value = String> {
    let condition = (select(SELECTORS), select(TESTS)).prop_map(|(s, t)| format!("{s} {t}"));
    condition.prop_recursive(3, 8, 4, |inner| {
        (prop::collection::vec(inner, 2..4), any::<bool>()).prop_map(|(operands, and)| {
            format!("({})", operands.join(if and { ") && (" } else { ") || (" }))
                .replace('(', "((")
                .replace(')', "))")
        })
    })
}

/// Patterns of conditions within the quotas, root clauses in front of some.
fn pattern() -> impl Strategy<Value = Pattern> {
    let prefix = select(
        &[
            "",
            "($.userIdentity.type = Root) && ",
            "($.userIdentity.type = Root && $.userIdentity.invokedBy NOT EXISTS) || ",
        ][..],
    );
    (prefix, expression()).prop_filter_map("quotas", |(prefix, expression)| {
        Pattern::parse(&format!("{{ {prefix}({expression}) }}")).ok()
    })
}

fn text() -> impl Strategy<Value = Value> {
    select(
        &[
            "Root",
            "root",
            "IAMUser",
            "Roo",
            "AwsApiCall",
            "AwsServiceEvent",
            "AwsConsoleSignIn",
            "signin.amazonaws.com",
            "ec2.amazonaws.com",
            "AWS Internal",
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::444455556666:root",
            "111122223333",
            "true",
            "5",
            "",
            "DeleteTrail",
        ][..],
    )
    .prop_map(Value::from)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => text(),
        1 => select(vec![json!(5), json!(5.0), json!(4), json!(51), json!(true), json!(false), json!(null)]),
    ];
    prop_oneof![
        4 => leaf.clone(),
        1 => prop::collection::vec(leaf.clone(), 0..3).prop_map(Value::from),
        1 => leaf.clone().prop_map(|v| json!({ "a": v })),
        1 => leaf.prop_map(|v| json!([{ "a": v }, { "a": 5 }])),
    ]
}

/// Records of the root user as CloudTrail writes them.
fn root_record() -> impl Strategy<Value = Value> {
    let invoked_by = select(
        &[
            None,
            None,
            Some("signin.amazonaws.com"),
            Some("AWS Internal"),
            Some("ec2.amazonaws.com"),
            Some("Root"),
        ][..],
    );
    let event_type = select(
        &[
            "AwsApiCall",
            "AwsConsoleSignIn",
            "AwsConsoleAction",
            "AwsVpceEvent",
            "AwsServiceEvent",
        ][..],
    );
    let session = select(vec![
        json!(null),
        json!({}),
        json!({ "assumedRoot": "true" }),
        json!({ "assumedRoot": "Root" }),
    ]);
    let source = prop::option::of(text());
    let account = select(&["111122223333", "444455556666"][..]);
    (
        invoked_by,
        event_type,
        session,
        source,
        prop::option::of(value()),
        account,
        any::<bool>(),
    )
        .prop_map(
            |(invoked_by, event_type, session, source, free, account, bare)| {
                let mut identity = json!({ "type": "Root" });
                if !bare
                    || matches!(
                        event_type,
                        "AwsApiCall" | "AwsConsoleAction" | "AwsVpceEvent"
                    )
                {
                    identity["accountId"] = json!(account);
                    identity["arn"] = json!(format!("arn:aws:iam::{account}:root"));
                }
                if let Some(by) = invoked_by {
                    identity["invokedBy"] = json!(by);
                }
                if !session.is_null() {
                    identity["sessionContext"] = session;
                }
                let mut record = json!({
                    "userIdentity": identity, "eventType": event_type, "eventName": "DeleteTrail",
                    "eventSource": "cloudtrail.amazonaws.com", "awsRegion": "us-east-1"
                });
                for (name, value) in [("sourceIPAddress", source), ("free", free)] {
                    if let Some(value) = value {
                        record[name] = value;
                    }
                }
                record
            },
        )
}

/// Records of others: anything at all, but for the documented types.
fn other_record() -> impl Strategy<Value = Value> {
    let kind = select(&[None, Some("IAMUser"), Some("AssumedRole"), Some("Role")][..]);
    let names = select(&["eventType", "eventName", "sourceIPAddress", "free", "more"][..]);
    let members = prop::collection::btree_map(names, value(), 0..4);
    let of_identity = select(&["invokedBy", "arn", "accountId", "sessionContext"][..]);
    (
        kind,
        members,
        prop::collection::btree_map(of_identity, value(), 0..3),
    )
        .prop_map(|(kind, members, identity)| {
            let mut identity: Map<String, Value> = identity
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect();
            if let Some(kind) = kind {
                identity.insert("type".to_owned(), json!(kind));
            }
            let mut record: Map<String, Value> = members
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect();
            record.insert("userIdentity".to_owned(), Value::Object(identity));
            Value::Object(record)
        })
}

fn assert_consistent(
    decision: &Decision,
    patterns: &[Pattern],
    record: &Value,
) -> Result<(), TestCaseError> {
    let matched = patterns.iter().any(|p| p.matches_record(record));
    let Some(class) = Class::of_record(record) else {
        return Ok(());
    };
    if matched {
        prop_assert_ne!(
            decision.matches(class).verdict,
            Verdict::No,
            "{} {:?}",
            record,
            class
        );
    } else {
        prop_assert_ne!(
            decision.covers(class).verdict,
            Verdict::Yes,
            "{} {:?}",
            record,
            class
        );
    }
    Ok(())
}

fn assert_witnesses(decision: &Decision, patterns: &[Pattern]) -> Result<(), TestCaseError> {
    for class in Class::ALL {
        for (answer, settled, expected) in [
            (decision.covers(class), Verdict::No, false),
            (decision.matches(class), Verdict::Yes, true),
        ] {
            let is_told = expected || class.is_human();
            prop_assert_eq!(
                answer.witness.is_some(),
                answer.verdict == settled && is_told
            );
            if let Some(witness) = &answer.witness {
                prop_assert_eq!(Class::of_record(witness), Some(class));
                prop_assert_eq!(patterns.iter().any(|p| p.matches_record(witness)), expected);
                // Through text and back, as the service sees it.
                prop_assert_eq!(
                    patterns.iter().any(|p| p.matches(&witness.to_string())),
                    expected
                );
            }
        }
    }
    Ok(())
}

fn verdicts(decision: &Decision) -> Vec<(Verdict, Verdict)> {
    Class::ALL
        .iter()
        .map(|c| (decision.covers(*c).verdict, decision.matches(*c).verdict))
        .collect()
}

fn records() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(prop_oneof![3 => root_record(), 1 => other_record()], 40)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decisions_agree_with_brute_force(patterns in prop::collection::vec(pattern(), 1..3), records in records()) {
        let decision = decide(&patterns, None);
        assert_witnesses(&decision, &patterns)?;
        for record in &records {
            assert_consistent(&decision, &patterns, record)?;
        }
    }

    #[test]
    fn decisions_for_an_account_agree_with_brute_force(pattern in pattern(), records in records()) {
        let account = Account::new("111122223333", "aws").unwrap();
        let patterns = [pattern];
        let decision = decide(&patterns, Some(&account));
        assert_witnesses(&decision, &patterns)?;
        for record in records.iter().filter(|r| !r.to_string().contains("444455556666")) {
            assert_consistent(&decision, &patterns, record)?;
        }
    }

    /// Asserts that a statement about all accounts holds for each of them.
    #[test]
    fn an_account_refutes_nothing_that_is_proven_of_all(pattern in pattern()) {
        let account = Account::new("999988887777", "aws-us-gov").unwrap();
        let patterns = [pattern];
        let (all, one) = (decide(&patterns, None), decide(&patterns, Some(&account)));
        for class in Class::ALL {
            prop_assert!(all.covers(class).verdict != Verdict::Yes || one.covers(class).verdict == Verdict::Yes);
            prop_assert!(all.matches(class).verdict != Verdict::No || one.matches(class).verdict == Verdict::No);
        }
    }

    #[test]
    fn patterns_of_this_size_are_decided(pattern in pattern()) {
        // With wildcards the rest of a sample may be in the way; numbers that are
        // compared both as numbers and as text with stars are not decided; and an
        // ARN is chosen without regard to what the pattern asks of its account.
        let source = pattern.source();
        let compares = ["> 4", "<= 5", "= 5", "= 111122223333"].iter().any(|t| source.contains(t));
        let asks_twice = source.contains(".arn") && source.contains(".accountId");
        let is_hard = source.contains("[*]") || source.contains(".*") || compares || asks_twice;
        let undecided = verdicts(&decide(std::slice::from_ref(&pattern), None)).iter().any(|(c, m)| {
            *c == Verdict::Undecided || *m == Verdict::Undecided
        });
        prop_assert!(!undecided || is_hard, "{}", pattern);
    }

    #[test]
    fn rewrites_keep_the_decision(a in expression(), b in expression(), c in expression()) {
        let decided = |source: &str| Pattern::parse(source).ok().map(|p| verdicts(&decide(&[p], None)));
        let original = decided(&format!("{{ ({a}) && ({b}) || ({c}) }}"));
        prop_assume!(original.as_ref().is_some_and(|v| !v.iter().any(|(c, m)| [*c, *m].contains(&Verdict::Undecided))));
        for rewrite in [
            format!("{{($.never = x && $.never = y)||({b})&&({a})||({c})}}"),
            format!("{{ ({c}) || (({b}) && ({a})) }}\n"),
            format!("{{ (({c}) || ({b})) && (({c}) || ({a})) }}"),
            format!("{{\n({a})\n&&\n({b})\n||\n({c})\n}}"),
        ] {
            let is_decided = |v: &Vec<(Verdict, Verdict)>| {
                !v.iter().any(|(c, m)| [*c, *m].contains(&Verdict::Undecided))
            };
            if let Some(rewritten) = decided(&rewrite).filter(is_decided) {
                prop_assert_eq!(&rewritten, original.as_ref().unwrap(), "{}", rewrite);
            }
        }
    }

    #[test]
    fn narrowing_and_widening_move_the_decision_one_way(a in expression(), b in expression()) {
        let patterns = [format!("{{ ({a}) && ({b}) }}"), format!("{{ {a} }}"), format!("{{ ({a}) || ({b}) }}")];
        let decisions: Option<Vec<_>> = patterns.iter().map(|p| Some(decide(&[Pattern::parse(p).ok()?], None))).collect();
        prop_assume!(decisions.is_some());
        for pair in decisions.unwrap().windows(2) {
            for class in Class::ALL {
                let (narrow, wide) = (&pair[0], &pair[1]);
                prop_assert!(narrow.covers(class).verdict != Verdict::Yes || wide.covers(class).verdict != Verdict::No);
                prop_assert!(wide.matches(class).verdict != Verdict::No || narrow.matches(class).verdict != Verdict::Yes);
            }
        }
    }

    #[test]
    fn printing_and_parsing_are_inverse(pattern in pattern()) {
        let printed = Pattern::parse(&pattern.to_string()).unwrap();
        prop_assert_eq!(printed.tree(), pattern.tree());
        prop_assert_eq!(printed.to_string(), pattern.to_string());
    }

    #[test]
    fn text_survives_quoting(text in "\\PC{0,20}") {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        let pattern = Pattern::parse(&format!("{{ $.a = \"{escaped}\" }}")).unwrap();
        let printed = Pattern::parse(&pattern.to_string()).unwrap();
        prop_assert_eq!(printed.tree(), pattern.tree());
        if !text.contains('*') {
            let record = json!({ "a": text });
            prop_assert!(pattern.matches_record(&record));
        }
    }

    #[test]
    fn no_input_panics(
        source in r#"[{\[% ]?([ (){}\[\]$.,*&|!=<>"'\\%?+-]|\$\.a|= 1|NOT EXISTS|IS|\PC){0,60}"#,
        message in "\\PC{0,60}",
    ) {
        match Pattern::parse(&source) {
            Ok(pattern) => {
                pattern.matches(&message);
                let printed = Pattern::parse(&pattern.to_string()).unwrap();
                prop_assert_eq!(printed.tree(), pattern.tree());
            }
            Err(error) => prop_assert!(source.is_char_boundary(error.offset())),
        }
    }
}

/// Asserts the decision for each mutation of the CIS pattern.
#[test]
fn mutants_of_the_cis_pattern_are_told_apart() {
    let cis = r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#;
    let decided = |source: &str| {
        let decision = decide(&[Pattern::parse(source).unwrap()], None);
        (
            decision.covers(Class::DirectRootUse).verdict,
            decision.matches(Class::ServiceEvents).verdict,
            decision.matches(Class::OtherPrincipals).verdict,
        )
    };
    let (yes, no) = (Verdict::Yes, Verdict::No);
    for (mutant, expected) in [
        (cis.to_owned(), (yes, no, no)),
        (
            cis.replace(" }", " && $.eventName = ConsoleLogin }"),
            (no, no, no),
        ),
        (
            cis.replace(" }", " && $.errorCode NOT EXISTS }"),
            (no, no, no),
        ),
        (
            cis.replace(" }", " && $.awsRegion = us-east-1 }"),
            (no, no, no),
        ),
        (
            cis.replace(" }", " && $.eventName != CheckMfa }"),
            (no, no, no),
        ),
        (cis.replace(" }", " && $.eventName = * }"), (yes, no, no)),
        (
            cis.replace(" }", " || $.eventName = ConsoleLogin }"),
            (yes, yes, yes),
        ),
        (cis.replace("Root", "root"), (no, no, no)),
        (
            cis.replace("$.userIdentity.type", "$.useridentity.type"),
            (no, no, no),
        ),
        (cis.replace("&&", "||"), (yes, yes, yes)),
        (cis.replace("NOT EXISTS", "IS NULL"), (no, no, no)),
        (cis.replace("!= \"Aws", "= \"Aws"), (no, yes, no)),
        (cis.replace("type = ", "type != "), (no, no, yes)),
        (
            cis.replace("AwsServiceEvent", "AwsServiceEvents"),
            (yes, yes, no),
        ),
        (
            cis.replace(" }", " && $.userIdentity.type = IAMUser }"),
            (no, no, no),
        ),
        (
            cis.replace(" }", " || $.userIdentity.type = root }"),
            (yes, no, no),
        ),
    ] {
        assert_eq!(decided(&mutant), expected, "{mutant}");
    }
}
