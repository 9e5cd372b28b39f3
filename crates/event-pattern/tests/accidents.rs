//! Common mistakes, and the positions that errors give for them.
#![allow(clippy::unwrap_used, reason = "test")]

use event_pattern::Pattern;

#[test]
fn errors_have_a_place_and_a_hint() {
    for (source, place, message) in [
        ("", 0, "ends too early"),
        ("x", 0, "unexpected `x`"),
        ("[]", 0, "not an object"),
        ("{}", 0, "empty objects"),
        (
            r#"{"source": "aws.iam"}"#,
            11,
            "must be an object or an array",
        ),
        (r#"{"source": []}"#, 11, "empty arrays"),
        (r#"{"source": ["a"}"#, 15, "unexpected `}`"),
        (r#"{"source": ["a"]"#, 16, "ends too early"),
        (r#"{'source': ["a"]}"#, 1, "no quotation mark"),
        ("{\u{201c}source\u{201d}: [\"a\"]}", 1, "no quotation mark"),
        (r#"{"a": [01]}"#, 8, "zero before"),
        (r#"{"a": ["\x"]}"#, 8, "escape sequence"),
        ("{\"a\": [\"\n\"]}", 8, "control character"),
        (r#"{"a": [["b"]]}"#, 7, "array stands in an array"),
        (r#"{"a": [{"b": ["c"]}]}"#, 8, "not an operator"),
        (r#"{"a": [{}]}"#, 7, "operator is missing"),
        (
            r#"{"a": [{"prefix": "b", "suffix": "c"}]}"#,
            23,
            "more than one operator",
        ),
        (r#"{"a": [{"prefix": 1}]}"#, 18, "must be a string"),
        (
            r#"{"a": [{"prefix": {"suffix": "b"}}]}"#,
            19,
            "not an operator",
        ),
        (r#"{"a": [{"exists": "true"}]}"#, 18, "true or false"),
        (r#"{"a": [{"wildcard": "b**"}]}"#, 20, "follow each other"),
        (r#"{"a": [{"wildcard": "b\\c"}]}"#, 20, "backslash"),
        (r#"{"a": [{"cidr": "10.0.0.0"}]}"#, 16, "CIDR"),
        (r#"{"a": [{"cidr": "10.0.0/8"}]}"#, 16, "IP address"),
        (r#"{"a": [{"cidr": "10.0.0.0/32"}]}"#, 16, "mask"),
        (r#"{"a": [{"numeric": []}]}"#, 19, "lacks an operator"),
        (r#"{"a": [{"numeric": 1}]}"#, 19, "must be an array"),
        (r#"{"a": [{"numeric": [">"]}]}"#, 20, "number must follow"),
        (r#"{"a": [{"numeric": ["!=", 1]}]}"#, 20, "not a comparison"),
        (r#"{"a": [{"numeric": ["=", 1, "<", 2]}]}"#, 28, "too many"),
        (
            r#"{"a": [{"numeric": [">", 2, ">", 1]}]}"#,
            28,
            "not a comparison",
        ),
        (
            r#"{"a": [{"numeric": [">", 2, "<", 2]}]}"#,
            19,
            "range is empty",
        ),
        (
            r#"{"a": [{"numeric": [">", 5000000000]}]}"#,
            19,
            "range is empty",
        ),
        (
            r#"{"a": [{"numeric": ["<", 0.1234567]}]}"#,
            25,
            "six decimals",
        ),
        (r#"{"a": [{"anything-but": []}]}"#, 24, "at least one"),
        (r#"{"a": [{"anything-but": ["b", 1]}]}"#, 30, "not both"),
        (
            r#"{"a": [{"anything-but": [null]}]}"#,
            25,
            "strings or numbers",
        ),
        (r#"{"a": [{"anything-but": {"prefix": ""}}]}"#, 35, "empty"),
        (
            r#"{"a": [{"anything-but": {"cidr": "::/8"}}]}"#,
            25,
            "does not take",
        ),
        (r#"{"$or": {"a": ["b"]}}"#, 8, "at least two"),
        (r#"{"$or": [{"a": ["b"]}]}"#, 8, "at least two"),
        (r#"{"$or": [{"a": ["b"]}, 1]}"#, 23, "at least two"),
        (
            r#"{"$or": [{"prefix": ["b"]}, {"a": ["b"]}]}"#,
            10,
            "cannot be a field's name",
        ),
    ] {
        let error = Pattern::parse(source).unwrap_err();
        assert!(error.to_string().contains(message), "{source}: {error}");
        assert_eq!(error.offset(), place, "{source}: {error}");
        assert!(!error.hint().is_empty());
    }
}

#[test]
fn alternatives_multiply_to_a_limit() {
    let or = |n: usize| format!(r#""$or": [{{"a{n}": [1]}}, {{"b{n}": [1]}}]"#);
    let pattern = |n: usize| format!("{{{}}}", (0..n).map(or).collect::<Vec<_>>().join(","));
    assert_eq!(Pattern::parse(&pattern(9)).unwrap().rules().len(), 512);
    let error = Pattern::parse(&pattern(10)).unwrap_err();
    assert!(error.to_string().contains("1000 combinations"), "{error}");
}

#[test]
fn nesting_has_a_limit() {
    let deep = |n: usize| format!("{}[1]{}", r#"{"a":"#.repeat(n), "}".repeat(n));
    assert!(Pattern::parse(&deep(255)).is_ok());
    let error = Pattern::parse(&deep(300)).unwrap_err();
    assert!(error.to_string().contains("nested"), "{error}");
    assert!(Pattern::parse(&"[".repeat(100_000)).is_err());
}

/// An event that is no JSON object is no event.
#[test]
fn an_event_is_an_object() {
    let pattern = Pattern::parse(r#"{"a": [{"exists": false}]}"#).unwrap();
    assert_eq!(pattern.matches("{}"), Ok(true));
    assert!(pattern.matches("[]").is_err());
    assert!(pattern.matches("{").is_err());
    assert!(!pattern.matches_event(&serde_json::json!(["a"])));
}
