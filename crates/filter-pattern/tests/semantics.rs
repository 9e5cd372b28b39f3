//! Meaning of each construct, one line for each cell of the tables in the README.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use std::slice::from_ref;

use filter_pattern::{
    Account, CIS_PATTERN, Class, Explanation, Pattern, Verdict, decide, smallest_correction,
};
use serde_json::{Value, json};

fn holds(condition: &str, value: &str) -> bool {
    let pattern = Pattern::parse(&format!("{{ $.f {condition} }}")).unwrap();
    let record = if value == "missing" {
        "{}".to_owned()
    } else {
        format!("{{\"f\":{value}}}")
    };
    pattern.matches(&record)
}

#[test]
fn conditions_on_kinds_of_values() {
    let values = [
        r#""x""#, r#""y""#, "5", "6", "true", "false", "null", "{}", "[]", "missing",
    ];
    let table = [
        (r#"= "x""#, "1000000000"),
        (r#"!= "x""#, "0111110000"),
        ("= 5", "0010000000"),
        ("!= 5", "1101110000"),
        (r#"= "5""#, "0010000000"),
        ("= true", "0000100000"),
        ("= *", "1111110000"),
        ("!= *", "0000000000"),
        ("= %x|5%", "1010000000"),
        ("!= %x|5%", "0101110000"),
        ("< 6", "0010000000"),
        ("<= 6", "0011000000"),
        ("> 5", "0001000000"),
        (">= 5", "0011000000"),
        ("IS NULL", "0000001000"),
        ("IS TRUE", "0000100000"),
        ("IS FALSE", "0000010000"),
        ("NOT EXISTS", "0000000001"),
    ];
    for (condition, expected) in table {
        let row: String = values
            .iter()
            .map(|v| if holds(condition, v) { '1' } else { '0' })
            .collect();
        assert_eq!(row, expected, "{condition}");
    }
}

#[test]
fn text_and_numbers() {
    for (condition, value, expected) in [
        ("= 12", "12.0", true),
        (r#"= "12""#, "12.0", false),
        (r#"= "12.0""#, "12.0", true),
        ("= 1.2e1", "12", true),
        ("= 12", r#""12""#, true),
        ("= 12", r#""12.0""#, false),
        ("= 1*", "123", true),
        ("= a*c", r#""abc""#, false),
        ("= a*c", r#""a*c""#, true),
        ("= *11", r#""11""#, true),
        ("= *11", r#""0011""#, true),
        ("= *11", r#""1111""#, false),
        ("= *b*", r#""abc""#, true),
        ("= Root", r#""root""#, false),
        (r#"= "a\"b\\c""#, r#""a\"b\\c""#, true),
        (r#"= """#, r#""""#, true),
        ("= %^.$%", r#""é""#, true),
    ] {
        assert_eq!(holds(condition, value), expected, "{condition} on {value}");
    }
}

#[test]
fn selectors() {
    let record = r#"{"a":{"b":[{"c":1},{"c":2}],"d.e":3,"f-g":4},"n":[[5]]}"#;
    for (pattern, expected) in [
        ("{ $.a.b[1].c = 2 }", true),
        ("{ $.a.b[*].c = 2 }", true),
        ("{ $.a.b[*].c = 3 }", false),
        ("{ $.a.* = 4 }", true),
        ("{ $.a.['d.e'] = 3 }", true),
        ("{ $.a.f-g = 4 }", true),
        ("{ $.n[0][0] = 5 }", true),
        ("{ $.a[0] = 5 }", false),
        ("{ $.n.x = 5 }", false),
        ("{ $.a.b[2] NOT EXISTS }", true),
        ("{ $.a.b[*].c NOT EXISTS }", false),
        ("{ $.a.b[*].z NOT EXISTS }", true),
        ("{ $.A.b[1].c = 2 }", false),
    ] {
        assert_eq!(
            Pattern::parse(pattern).unwrap().matches(record),
            expected,
            "{pattern}"
        );
    }
    assert!(!Pattern::parse("{ $.a NOT EXISTS }").unwrap().matches("[1]"));
    assert!(
        !Pattern::parse("{ $.a NOT EXISTS }")
            .unwrap()
            .matches("no JSON")
    );
}

#[test]
fn precedence() {
    let matches = |p: &str| Pattern::parse(p).unwrap().matches(r#"{"a":1}"#);
    assert!(matches("{ $.a = 1 || $.a = 2 && $.a = 3 }"));
    assert!(!matches("{ ($.a = 1 || $.a = 2) && $.a = 3 }"));
    assert!(matches("{$.a\n=\n1}\n"));
}

#[test]
fn text_patterns() {
    for (pattern, message, expected) in [
        ("", "anything", true),
        (" ", "anything", true),
        ("ERROR", "ERRORCODE", true),
        ("ERROR", "error", false),
        ("a b", "b a", true),
        ("a b", "a", false),
        ("a -b", "a b", false),
        ("?a ?b", "b", true),
        ("?a ?b", "c", false),
        ("?a ?b c", "c", true),
        (r#""a b""#, "b a", false),
        (r#"-"a b""#, "a b", false),
        ("%^AUTH%", "AUTHORIZED", true),
        ("%^AUTH%", "UNAUTHORIZED", false),
        ("[w1=ERROR]", "ERROR x", false),
        ("[w1=ERROR, w2]", "ERROR x", true),
        ("[w1=ERROR, w2]", "ERROR x y", true),
        (
            "[..., status=4*, bytes>1000]",
            r#"ip [1 Jan] "GET /" 404 2000"#,
            true,
        ),
        (
            "[..., status=4*, bytes>1000]",
            r#"ip [1 Jan] "GET /" 404 200"#,
            false,
        ),
        (
            "[ip, date, request=*GET*, status, bytes]",
            r#"ip [1 Jan] "GET /" 404 200"#,
            true,
        ),
        ("[a, b, c=x]", "1 2 3 x", false),
        ("[a!=1 && a!=2]", "3", true),
        ("[a=1 || a=2]", "2", true),
        ("[a=1 || a=2 && a=3]", "1", true),
        ("[..., a, ...]", "", false),
        ("[...]", "", true),
    ] {
        assert_eq!(
            Pattern::parse(pattern).unwrap().matches(message),
            expected,
            "{pattern} on {message}"
        );
    }
}

fn verdicts(pattern: &str, account: Option<&Account>) -> (Verdict, Verdict) {
    let decision = decide(&[Pattern::parse(pattern).unwrap()], account);
    (
        decision.covers(Class::DirectRootUse).verdict,
        decision.matches(Class::OtherPrincipals).verdict,
    )
}

#[test]
fn the_account_judged_counts() {
    let account = Account::new("111122223333", "aws").unwrap();
    let of = |arn: &str| {
        format!(
            r#"{{ $.userIdentity.type = Root && ($.userIdentity.arn = "{arn}" || $.eventType = AwsConsoleSignIn) }}"#
        )
    };
    let own = of("arn:aws:iam::111122223333:root");
    assert_eq!(verdicts(&own, Some(&account)).0, Verdict::Yes);
    assert_eq!(verdicts(&own, None).0, Verdict::No);
    let other = of("arn:aws:iam::444455556666:root");
    assert_eq!(verdicts(&other, Some(&account)).0, Verdict::No);
    assert_eq!(verdicts(&of("*:root"), None).0, Verdict::Yes);
    assert_eq!(verdicts(&of("arn:aws:*"), None).0, Verdict::No);
    assert_eq!(verdicts(&of("arn:aws:*"), Some(&account)).0, Verdict::Yes);
    assert_eq!(
        verdicts(
            &of("arn:aws:*"),
            Account::new("111122223333", "aws-us-gov").as_ref()
        )
        .0,
        Verdict::No
    );
    assert_eq!(Account::new("1111", "aws"), None);
}

#[test]
fn a_root_arn_names_the_account_of_its_record() {
    let pattern =
        r#"{ $.userIdentity.arn = "*:999999999999:root" && $.userIdentity.invokedBy NOT EXISTS }"#;
    let decision = decide(&[Pattern::parse(pattern).unwrap()], None);
    let witness = decision
        .matches(Class::DirectRootUse)
        .witness
        .as_ref()
        .unwrap();
    assert_eq!(witness["userIdentity"]["accountId"], "999999999999");
}

/// Records exist (`…:100000000009:root`), but none is found: that is no proof.
#[test]
fn an_arn_and_its_account_are_chosen_together() {
    for pattern in [
        r#"{ $.userIdentity.arn = "*oot" && $.userIdentity.accountId = "5*" && $.userIdentity.type = Root }"#,
        r#"{ $.userIdentity.arn = "*9:root" && $.userIdentity.accountId != "1*" && $.userIdentity.type = Root }"#,
        r#"{ $.userIdentity.arn != "*9:root" && $.userIdentity.accountId = "1*" && $.userIdentity.type = Root }"#,
    ] {
        let decision = decide(&[Pattern::parse(pattern).unwrap()], None);
        for class in [Class::DirectRootUse, Class::AwsInternal] {
            assert_eq!(decision.matches(class).verdict, Verdict::Yes, "{pattern}");
        }
    }
}

#[test]
fn what_is_not_found_for_want_of_a_better_value_is_undecided() {
    let pattern = r#"{ $.userIdentity.arn = "*9:root" && $.userIdentity.accountId = "1*" && $.userIdentity.type = Root }"#;
    let decision = decide(&[Pattern::parse(pattern).unwrap()], None);
    assert_eq!(
        decision.matches(Class::AwsInternal).verdict,
        Verdict::Undecided
    );
}

#[test]
fn several_patterns_cover_together() {
    let pattern = |s: &str| Pattern::parse(s).unwrap();
    let api = pattern(
        "{ $.userIdentity.type = Root && $.userIdentity.invokedBy NOT EXISTS && $.eventType != AwsConsoleSignIn }",
    );
    let sign_in = pattern("{ $.userIdentity.type = Root && $.eventType = AwsConsoleSignIn }");
    let covers = |patterns: &[Pattern]| decide(patterns, None).covers(Class::DirectRootUse).verdict;
    assert_eq!(covers(from_ref(&api)), Verdict::No);
    assert_eq!(covers(from_ref(&sign_in)), Verdict::No);
    assert_eq!(covers(&[api.clone(), sign_in.clone()]), Verdict::Yes);
    assert_eq!(covers(&[]), Verdict::No);
    // A text pattern may match anything, so it refutes and proves nothing.
    let text = pattern("Root");
    let both = decide(&[api.clone(), sign_in, text.clone()], None);
    assert_eq!(both.covers(Class::DirectRootUse).verdict, Verdict::Yes);
    assert_eq!(
        both.matches(Class::OtherPrincipals).verdict,
        Verdict::Undecided
    );
    assert_eq!(covers(&[api, text]), Verdict::Undecided);
    assert_eq!(covers(&[pattern("")]), Verdict::Yes);
}

#[test]
fn wildcards_are_decided() {
    assert_eq!(
        verdicts("{ $.userIdentity.* = Root }", None),
        (Verdict::Yes, Verdict::Yes)
    );
    assert_eq!(
        verdicts(
            "{ $.userIdentity.* = Root && $.userIdentity.type = Root }",
            None
        ),
        (Verdict::Yes, Verdict::No)
    );
    let resources = "{ $.userIdentity.type = Root && ($.resources[*].type = a || $.resources[*].type NOT EXISTS) }";
    assert_eq!(verdicts(resources, None), (Verdict::No, Verdict::No));
    assert_eq!(
        verdicts(
            "{ $.a[*] = 1 && $.a[*] = 2 && $.userIdentity.type = IAMUser }",
            None
        )
        .1,
        Verdict::Yes
    );
    assert_eq!(
        verdicts("{ $.a[1] = 1 && $.a[1] = 2 }", None).1,
        Verdict::No
    );
}

#[test]
fn stars_and_expressions_are_decided_without_a_sample() {
    for (condition, possible) in [
        (r#"$.x = "a*" && $.x = "*b" && $.x != "ab""#, true),
        (r#"$.x = "a*" && $.x = "b*""#, false),
        (r#"$.x = "*aa" && $.x = "*a""#, false),
        (r#"$.x = "*ab" && $.x = "ab*" && $.x != ab"#, false),
        (r#"$.x = %^a+$% && $.x != "a*""#, false),
        (r#"$.x = %^a+$% && $.x != "a""#, true),
        (r#"$.x = "*é*" && $.x = %^..$%"#, true),
        (r#"$.x = "*é*" && $.x = %^[a-z]*$%"#, false),
        (r#"$.x = "1*" && $.x > 100 && $.x < 150"#, true),
        ("$.x > 5 && $.x < 5", false),
        ("$.x > 5 && $.x < 6", true),
        ("$.x = 5 && $.x != \"5\"", true),
        ("$.x = 5 && $.x != \"5\" && $.x != \"5.0\"", false),
        ("$.x.y = 1 && $.x = 2", false),
        ("$.x.y = 1 && $.x NOT EXISTS", false),
        ("$.x.y = 1 && $.x[0] = 1", false),
        ("$.x[0] = 1 && $.x[1] = 2", true),
        ("$.x[1] = 1 && $.x[0] NOT EXISTS", false),
        ("$.x[0] NOT EXISTS && $.x[1] = 1", false),
        ("$.x[0] = 1 && $.x[1] NOT EXISTS", true),
    ] {
        let expected = if possible { Verdict::Yes } else { Verdict::No };
        assert_eq!(
            verdicts(&format!("{{ {condition} }}"), None).1,
            expected,
            "{condition}"
        );
    }
}

#[test]
fn many_tests_of_one_place_are_told_apart() {
    let any: Vec<_> = (0..70).map(|n| format!("$.x=e{n}")).collect();
    let any = any.join("||");
    let pattern = |rest: &str| format!("{{ ({any}) && {rest} }}");
    assert_eq!(
        verdicts(&pattern("$.x = e0 && $.x = e64"), None).1,
        Verdict::No
    );
    assert_eq!(verdicts(&pattern("$.x = e69"), None).1, Verdict::Yes);
}

#[test]
fn an_explanation_has_these_keys() {
    let explanation = serde_json::to_value(Explanation::new(CIS_PATTERN, None)).unwrap();
    let witness = explanation["witnesses"]["consoleBrokered"].clone();
    assert_eq!(witness["userIdentity"]["invokedBy"], "signin.amazonaws.com");
    assert_eq!(
        explanation,
        json!({
            "valid": true, "error": null, "language": "json", "cisExact": true,
            "covers": { "directRootUse": "yes", "privilegedSession": "yes", "consoleBrokered": "no" },
            "matches": {
                "directRootUse": "yes", "privilegedSession": "yes", "consoleBrokered": "no",
                "awsInternal": "no", "serviceInvoked": "no", "serviceEvents": "no", "otherPrincipals": "no"
            },
            "witnesses": { "consoleBrokered": witness }
        })
    );
    let invalid: Value = serde_json::to_value(Explanation::new("{ $.a == b }", None)).unwrap();
    assert_eq!(invalid["valid"], false);
    assert_eq!(
        invalid["error"],
        json!({ "message": "`==` is no operator", "offset": 6, "hint": "write `=` for equal, `!=` for not equal" })
    );
    for (pattern, language) in [
        ("[a]", "space-delimited"),
        ("%a%", "regex"),
        ("a", "unstructured"),
    ] {
        let explanation = serde_json::to_value(Explanation::new(pattern, None)).unwrap();
        assert_eq!(explanation["language"], language);
        assert_eq!(explanation["covers"]["directRootUse"], "undecided");
    }
}

#[test]
fn cis_exact_means_byte_for_byte() {
    assert_eq!(smallest_correction(CIS_PATTERN, None), None);
    assert!(Pattern::parse(CIS_PATTERN).unwrap().is_cis_exact());
    assert!(
        !Pattern::parse(&CIS_PATTERN.replace(" !=", " != "))
            .unwrap()
            .is_cis_exact()
    );
}
