//! Accidents that people have: where the error points, what it says, and that
//! the fix it offers takes it away.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

use filter_pattern::{Fault, MAX_CHARACTERS, MAX_DEPTH, ParseError, Pattern, smallest_correction};

fn error(source: &str) -> ParseError {
    Pattern::parse(source)
        .err()
        .unwrap_or_else(|| panic!("{source} is valid"))
}

#[test]
fn every_accident_is_named_where_it_stands() {
    // The offending text stands between two `¦`.
    let cases: &[(&str, Fault)] = &[
        ("{ $.a = ¦“¦b” }", Fault::TypographicQuote('“')),
        ("{ $.a = ¦'¦b' }", Fault::WrongQuote('\'')),
        ("{ $.a = ¦`¦b` }", Fault::WrongQuote('`')),
        (r#"{ $.a = ¦\"¦b\" }"#, Fault::EscapedQuote),
        ("{ $.a ¦==¦ b }", Fault::DoubleEquals("==")),
        ("{ $.a ¦!==¦ b }", Fault::DoubleEquals("!==")),
        (
            "{ $.a = b ¦AND¦ $.c = d }",
            Fault::WordOperator("AND".to_owned()),
        ),
        (
            "{ $.a = b ¦or¦ $.c = d }",
            Fault::WordOperator("or".to_owned()),
        ),
        ("{ $.a ¦EXISTS¦ }", Fault::Exists),
        (
            "{ $.a ¦NOTEXISTS¦ }",
            Fault::Keyword("NOTEXISTS".to_owned()),
        ),
        (
            "{ $.a ¦not exists¦ }",
            Fault::Keyword("not exists".to_owned()),
        ),
        ("{ $.a ¦IS NOT¦ NULL }", Fault::Keyword("IS NOT".to_owned())),
        ("{ ¦!¦($.a EXISTS) }", Fault::Negation),
        ("{ $.a = b ¦&¦ $.c = d }", Fault::SingleOperator('&')),
        ("{ $.a = b ¦|¦ $.c = d }", Fault::SingleOperator('|')),
        (
            "{ $.a = b ¦&amp;&amp;¦ $.c = d }",
            Fault::HtmlEscape("&amp;&amp;"),
        ),
        ("{ $.a = ¦&quot;¦b&quot; }", Fault::HtmlEscape("&quot;")),
        ("{ $.a = b¦,¦ $.c = d }", Fault::Comma),
        ("{ $.a = b¦¦", Fault::MissingBrace),
        ("¦$.a = b¦", Fault::MissingBraces),
        ("{ ($.a = b ¦¦}", Fault::MissingParenthesis),
        ("{ $.a = b¦)¦ }", Fault::ExtraParenthesis),
        ("{ $.a = Failed ¦authentication¦ }", Fault::BlankInValue),
        ("{ $.event ¦Name¦ = x }", Fault::BlankInSelector),
        ("{ $¦¦a = b }", Fault::MissingDot),
        (r#"{ $.¦"¦a-b" = c }"#, Fault::QuotedName),
        (r#"{ $.a = ¦"b }¦"#, Fault::MissingQuote),
        (r#"{ $.a = b¦"¦ }"#, Fault::MissingQuote),
        (r#"{ $.a < ¦"5"¦ }"#, Fault::NotANumber("<")),
        ("{ $.a >= ¦b¦ }", Fault::NotANumber(">=")),
        ("{ $.a = ¦1e999¦ }", Fault::NumberTooLarge),
        ("¦ ¦{ $.a = b }", Fault::LeadingBlank),
        ("{ $.a = b } ¦|| { $.c = d }¦", Fault::Trailing('}')),
        ("[a] ¦|| [b]¦", Fault::Trailing(']')),
        ("[a = 1 && ¦b¦ = 2]", Fault::OtherField),
        ("[a, b¦¦", Fault::MissingBracket),
        ("[a, ¦,¦ b]", Fault::Comma),
        ("{ ¦¦}", Fault::MissingSelector),
        ("{ $.a ¦¦}", Fault::MissingOperator),
        ("{ $.a = ¦¦}", Fault::MissingValue),
        ("{ $.a.*¦[*]¦ = b }", Fault::TwoWildcards),
        (
            "{ $.a.* = 1 && $.b.* = 1 && $.c.* = 1 && ¦$.d.*¦ = 1 }",
            Fault::TooManyWildcards,
        ),
        (
            "{ $.a = %a% && $.a = %b% && $.a = ¦%c%¦ }",
            Fault::TooManyRegexes,
        ),
        (
            "{ $.a = %¦(¦Root)% }",
            Fault::Regex("`(` is not allowed".to_owned()),
        ),
        ("ab c¦!¦", Fault::TermCharacter('!')),
    ];
    let mut wrong = Vec::new();
    for (marked, fault) in cases {
        let source = marked.replace('¦', "");
        let offset = marked.find('¦').unwrap();
        let error = error(&source);
        if (&error.fault, error.offset()) != (fault, offset) {
            wrong.push((source, error));
            continue;
        }
        assert!(!error.hint().is_empty() && !error.to_string().is_empty());
    }
    assert_eq!(wrong, Vec::new());
}

#[test]
fn fixes_take_the_accident_away() {
    let right = r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#;
    let accidents = [
        right.replace('"', "'"),
        right.replace('"', "\\\""),
        right.replace(" = \"Root\"", " = “Root”"),
        right.replace(" = ", " == "),
        right.replace("&&", "AND"),
        right.replace("&&", "&"),
        right.replace("&&", "&amp;&amp;"),
        right.replace('"', "&quot;"),
        right.replace("NOT EXISTS", "NOTEXISTS"),
        right.replace("NOT EXISTS", "not exists"),
        right.replace(" }", ""),
        right.replace("{ ", ""),
        right.replace(['{', '}'], ""),
        right.replace(" \"Root\"", " \"Root\")"),
        format!(" {right}"),
    ];
    for accident in accidents {
        let corrected = Pattern::parse(&smallest_correction(&accident, None).unwrap()).unwrap();
        assert_eq!(corrected.to_string(), right, "{accident}");
    }
}

#[test]
fn length_is_limited_in_characters() {
    let pattern = |n: usize| format!("{{ $.a = \"{}\" }}", "é".repeat(n));
    let around = pattern(0).len();
    assert!(Pattern::parse(&pattern(MAX_CHARACTERS - around)).is_ok());
    let error = error(&pattern(MAX_CHARACTERS - around + 1));
    assert_eq!(error.fault, Fault::TooLong(MAX_CHARACTERS + 1));
}

#[test]
fn depth_is_limited() {
    let nested = |n: usize| format!("{{{}$.a = b{}}}", "(".repeat(n), ")".repeat(n));
    assert!(Pattern::parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(error(&nested(MAX_DEPTH + 1)).fault, Fault::TooDeep);
    assert_eq!(error(&"{(".repeat(500)).fault, Fault::MissingSelector);
    assert_eq!(
        error(&format!("{{{}", "(".repeat(1000))).fault,
        Fault::TooDeep
    );
}

#[test]
fn regular_expressions_are_bounded() {
    for source in [
        "%a{1000}{1000}%",
        "%[[a]]%",
        "%[a--b]%",
        r"%\x%",
        r"%\xff%",
        "%%",
        "%a",
        "%a{,3}[%",
    ] {
        assert!(matches!(error(source).fault, Fault::Regex(_)), "{source}");
    }
    assert!(Pattern::parse("%^a{,3}b$%").unwrap().matches("aab"));
    assert!(!Pattern::parse("%^a{,3}b$%").unwrap().matches("aaaab"));
}
