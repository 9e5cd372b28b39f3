//! What `rules.toml` may say, and what is said of its mistakes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

use bundle::{ConfiguredRule, RULES, Rules};
use config_rule::{Choice, Frequency, ParameterKind, ParameterSpec, Severity};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// The one at the top of the repository.
const RULES_TOML: &str = include_str!("../../../rules.toml");

fn rule<'a>(rules: &'a Rules, name: &str) -> &'a ConfiguredRule {
    let found = rules.enabled().find(|rule| rule.name() == name);
    found.unwrap_or_else(|| panic!("no {name}"))
}

/// The mistakes in a file, as people see them.
fn mistakes(text: &str) -> Vec<String> {
    let mistakes = Rules::parse(text).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

/// Nobody has to look further than the file to know what there is to choose, and
/// without the file the same holds.
#[test]
fn the_repositorys_file_says_every_default() {
    let file: toml::Table = RULES_TOML.parse().unwrap();
    let sections = file["rules"].as_table().unwrap();
    let written: Vec<_> = RULES_TOML
        .lines()
        .filter_map(|line| line.strip_prefix("[rules.")?.strip_suffix(']'))
        .filter(|name| !name.contains('.'))
        .collect();
    let names: Vec<_> = RULES.iter().map(|rule| rule.metadata().name).collect();
    assert_eq!(written, names);
    for rule in RULES {
        let metadata = rule.metadata();
        let section = &sections[metadata.name];
        assert!(section["enabled"].as_bool().unwrap());
        assert_eq!(
            section["frequency"].as_str(),
            Some(metadata.frequency.word())
        );
        assert_eq!(section["severity"].as_str(), Some(metadata.severity.word()));
        let written = serde_json::to_value(&section["parameters"]).unwrap();
        let defaults = rule.parameters().into_iter();
        let defaults: Map<_, _> = defaults
            .map(|spec| (spec.name.to_owned(), spec.default))
            .collect();
        assert_eq!(written, Value::Object(defaults), "{}", metadata.name);
        let written = serde_json::to_value(&section["remediation"]).unwrap();
        let written = written.as_object().unwrap();
        let specs = rule.remediation_parameters().into_iter();
        let names: Vec<_> = specs.map(|spec| spec.name).collect();
        let mut of_file: Vec<_> = written.keys().map(String::as_str).collect();
        of_file.sort_by_key(|name| names.iter().position(|known| known == name));
        assert_eq!(of_file, names, "{}", metadata.name);
        let read = |values| rule.read_remediation(values).unwrap();
        assert_eq!(read(written.clone()), read(Map::new()), "{}", metadata.name);
        assert!(RULES_TOML.contains(&format!("\n# {}. ", metadata.title)));
        assert!(RULES_TOML.contains(metadata.security_hub_control));
    }
    for (word, _) in Frequency::ALL {
        assert!(RULES_TOML.contains(word), "{word}");
    }
    for (word, _) in Severity::ALL {
        assert!(RULES_TOML.contains(word), "{word}");
    }
    same(&Rules::parse(RULES_TOML).unwrap(), &Rules::default());
}

/// Whether two files want the same.
fn same(one: &Rules, other: &Rules) {
    let wanted = |rules: &Rules| {
        let rules = rules.enabled();
        let wanted = rules.map(|rule| {
            let parameters = rule.rule.read_parameters(rule.parameters.clone()).unwrap();
            let remediation = rule
                .rule
                .read_remediation(rule.remediation.clone())
                .unwrap();
            (
                rule.name(),
                rule.frequency,
                rule.severity,
                parameters,
                remediation,
            )
        });
        wanted.collect::<Vec<_>>()
    };
    assert_eq!(wanted(one), wanted(other));
    assert!(one.disabled().eq(other.disabled()));
}

#[test]
fn what_is_not_said_has_its_default() {
    for text in [
        "",
        "# nothing\n",
        "[rules]",
        "[rules.trail-logging.parameters]",
    ] {
        same(&Rules::parse(text).unwrap(), &Rules::default());
    }
}

#[test]
fn a_file_says_what_is_wanted_in_the_words_of_aws_config() {
    let rules = Rules::parse(
        r#"
        [rules.no-root-keys]
        frequency = "One_Hour"
        severity = "HIGH"
        parameters.whenUnverifiable = "FAIL"
        [rules.hardware-root-mfa]
        enabled = false
        [rules.trail-logging.parameters]
        maxDeliveryAgeHours = 24
        allowedExcludedSources = [
            "kms.amazonaws.com",
            "rdsdata.amazonaws.com",
        ]
        requireKmsEncryption = "true"
        centralEvidenceRoleArns = []
        "#,
    )
    .unwrap();
    assert_eq!(rules.enabled().count(), RULES.len() - 1);
    assert_eq!(rules.disabled().collect::<Vec<_>>(), ["hardware-root-mfa"]);
    let keys = rule(&rules, "no-root-keys");
    assert_eq!(
        (keys.frequency, keys.severity),
        (Frequency::OneHour, Severity::High)
    );
    assert_eq!(
        Value::from(keys.input_parameters()),
        json!({"whenUnverifiable": "FAIL"})
    );
    let trails = rule(&rules, "trail-logging");
    assert_eq!(trails.frequency, Frequency::TwentyFourHours);
    assert_eq!(
        Value::from(trails.input_parameters()),
        json!({
            "maxDeliveryAgeHours": "24",
            "allowedExcludedSources": "kms.amazonaws.com,rdsdata.amazonaws.com",
            "requireKmsEncryption": "true",
        })
    );
}

#[test]
fn a_mistake_is_told_with_line_column_key_and_what_is_allowed() {
    for (text, told) in [
        (
            "[rules.no-root-key]",
            "1:8: rules.no-root-key: unknown; did you mean no-root-keys? allowed here: \
             no-root-keys, hardware-root-mfa, trail-logging, root-usage-alarm",
        ),
        (
            "\n[rule.no-root-keys]",
            "2:2: rule: unknown; did you mean rules? allowed here: rules, \
             exception, organization, accounts, regions, group",
        ),
        (
            "[rules.no-root-keys]\nowner = 'me'",
            "2:1: rules.no-root-keys.owner: unknown; allowed here: enabled, frequency, \
             severity, parameters, remediation",
        ),
        (
            "[rules.no-root-keys.parameters]\nforbidSigningCertificate = true",
            "2:1: rules.no-root-keys.parameters.forbidSigningCertificate: unknown; did you \
             mean forbidSigningCertificates? allowed here: forbidSigningCertificates, \
             whenUnverifiable",
        ),
        (
            "rules.no-root-keys.enabled = 'no'",
            r#"1:30: rules.no-root-keys.enabled: "no" is not allowed; it takes true or false"#,
        ),
        (
            "rules.no-root-keys.frequency = 'Daily'",
            r#"1:32: rules.no-root-keys.frequency: "Daily" is not allowed; it takes One_Hour or Three_Hours or Six_Hours or Twelve_Hours or TwentyFour_Hours"#,
        ),
        (
            "rules.no-root-keys.severity = 1",
            "1:31: rules.no-root-keys.severity: 1 is not allowed; it takes LOW or MEDIUM or \
             HIGH or CRITICAL",
        ),
        (
            "[rules.trail-logging.parameters]\nmaxDeliveryAgeHours = 0",
            "2:23: rules.trail-logging.parameters.maxDeliveryAgeHours: 0 is not allowed; it \
             takes a whole number from 1 to 8760",
        ),
        (
            "[rules.root-usage-alarm.parameters]\nconfirmWithAws = 'yes'",
            r#"2:18: rules.root-usage-alarm.parameters.confirmWithAws: "yes" is not allowed; it takes true or false"#,
        ),
        (
            "[rules.root-usage-alarm.parameters]\nacceptedTopicArns = [\n  'topic',\n]",
            r#"3:3: rules.root-usage-alarm.parameters.acceptedTopicArns: "topic" is not allowed; it takes a list, separated by commas, of topic ARNs like arn:aws:sns:us-east-1:111122223333:root-usage"#,
        ),
        (
            "[rules.root-usage-alarm.parameters]\nmaxRearmMinutes = 2026-01-01",
            r#"2:19: rules.root-usage-alarm.parameters.maxRearmMinutes: "2026-01-01" is not allowed; it takes a whole number from 1 to 1440"#,
        ),
        (
            "rules = 1",
            "1:9: rules: is not a table; write it as [rules]",
        ),
        (
            "[[rules.no-root-keys]]",
            "1:1: rules.no-root-keys: is not a table; write it as [rules.no-root-keys]",
        ),
        (
            "[rules.no-root-keys]\nseverity =",
            "2:11: string values must be quoted, expected literal string",
        ),
    ] {
        assert_eq!(mistakes(text), [told]);
    }
}

#[test]
fn every_mistake_is_told_in_the_order_of_the_file() {
    let role = |account: &str| format!("arn:aws:iam::{account}:role/rootguard/rootguard-evidence");
    let told = mistakes(&format!(
        "[rules.trail-logging.parameters]\n\
         maxDeliveryAgeHours = 9999\n\
         centralEvidenceRoleArns = [\n'{}', 'evidence',\n7]\n\
         [rules.no-root-keys]\n\
         frequency = 6\n\
         [rules.root-usage-alarm.parameters]\n\
         centralEvidenceRoleArns = ['{}', '{}']\n\
         [other]\n",
        role("111122223333"),
        role("111122223333"),
        role("111122223333"),
    ));
    let places: Vec<_> = told
        .iter()
        .map(|mistake| {
            mistake
                .splitn(3, ": ")
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(
        places,
        [
            "2:23 rules.trail-logging.parameters.maxDeliveryAgeHours",
            "4:64 rules.trail-logging.parameters.centralEvidenceRoleArns",
            "5:1 rules.trail-logging.parameters.centralEvidenceRoleArns",
            "7:13 rules.no-root-keys.frequency",
            "9:27 rules.root-usage-alarm.parameters.centralEvidenceRoleArns",
            "10:2 other",
        ]
    );
    let syntax = mistakes("a =\n[b\nc = 1\n= 2\n");
    assert!(syntax.len() > 1, "{syntax:?}");
}

/// AWS Config would refuse the rule.
#[test]
fn more_than_aws_config_keeps_is_a_mistake() {
    let file = |roles: u64| {
        let roles: Vec<_> = (0..roles)
            .map(|n| {
                format!(
                    "arn:aws:iam::{:012}:role/rootguard/rootguard-evidence",
                    n + 1
                )
            })
            .collect();
        format!("[rules.trail-logging]\nparameters.centralEvidenceRoleArns = {roles:?}")
    };
    assert!(Rules::parse(&file(10)).is_ok());
    let told = mistakes(&file(25));
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("2:1: rules.trail-logging.parameters: ") && told[0].contains("1024"),
        "{told:?}"
    );
}

/// A value of the parameter, as TOML and as AWS Config sends it.
fn value(spec: ParameterSpec) -> BoxedStrategy<(Value, String)> {
    let name = spec.name;
    match spec.kind {
        ParameterKind::Boolean => any::<bool>()
            .prop_map(|b| (json!(b), b.to_string()))
            .boxed(),
        ParameterKind::Integer { min, max } => (min - 2..=max + 2)
            .prop_map(|n| (json!(n), n.to_string()))
            .boxed(),
        ParameterKind::Choice(words) => {
            let mut words: Vec<_> = words.into_iter().map(str::to_owned).collect();
            words.push("OTHER".to_owned());
            let word = prop::sample::select(words);
            word.prop_map(|word| (json!(word), word)).boxed()
        }
        ParameterKind::Text(_) => {
            let text = prop::sample::select(vec!["o-exampleorgid", "o-", "organization", ""]);
            text.prop_map(|text| (json!(text), text.to_owned())).boxed()
        }
        ParameterKind::List(_) => {
            let item = prop::sample::select(match name {
                "allowedExcludedSources" => {
                    vec!["kms.amazonaws.com", "rdsdata.amazonaws.com", "kms"]
                }
                "acceptedActions" => vec!["arn:aws:ssm:*:111122223333:opsitem:1", "opsitem"],
                "acceptedTopicArns" => vec!["arn:aws:sns:us-east-1:111122223333:t", "t"],
                "centralEvidenceRoleArns" => vec![
                    "arn:aws:iam::111122223333:role/rootguard/rootguard-evidence",
                    "arn:aws:iam::444455556666:role/rootguard/rootguard-evidence",
                    "arn:aws:iam::444455556666:user/ann",
                ],
                other => panic!("no items for {other}"),
            });
            let items = prop::collection::vec(item, 0..3);
            items
                .prop_map(|items| (json!(items), items.join(",")))
                .boxed()
        }
    }
}

/// The name of a parameter and its value, as TOML and as AWS Config sends it.
type Given = (&'static str, (Value, String));

/// A rule and any of its parameters, perhaps with values that it refuses.
fn configured() -> impl Strategy<Value = (usize, Vec<Given>)> {
    (0..RULES.len()).prop_flat_map(|index| {
        let specs = RULES[index].parameters();
        let values: Vec<_> = specs
            .into_iter()
            .map(|spec| (Just(spec.name), value(spec)))
            .collect();
        (Just(index), values).prop_flat_map(|(index, values)| {
            let length = values.len();
            (Just(index), prop::sample::subsequence(values, 0..=length))
        })
    })
}

proptest! {
    /// What the file takes, the Lambda function takes with the same result, in TOML's
    /// types and as AWS Config sends it; what it does not take, neither does the file.
    #[test]
    fn the_file_takes_what_the_function_takes((index, values) in configured(), as_text: bool) {
        let rule_of = RULES[index];
        let name = rule_of.metadata().name;
        let typed = values.iter().map(|(name, (value, _))| ((*name).to_owned(), value.clone()));
        let typed: Map<String, Value> = typed.collect();
        let sent = values.iter().map(|(name, (_, text))| ((*name).to_owned(), json!(text)));
        let sent: Map<String, Value> = sent.collect();
        let written = if as_text { &sent } else { &typed };
        let text = toml::to_string(&json!({"rules": {name: {"parameters": written}}})).unwrap();
        let by_function = rule_of.read_parameters(sent);
        match Rules::parse(&text) {
            Ok(rules) => {
                let rule = rule(&rules, name);
                let read = |given| rule_of.read_parameters(given);
                prop_assert_eq!(&read(rule.parameters.clone()), &by_function);
                prop_assert_eq!(&read(rule.input_parameters()), &by_function);
                prop_assert!(by_function.is_ok());
            }
            Err(mistakes) => {
                let refused = by_function.unwrap_err();
                let key = format!("rules.{name}.parameters.{}", refused.name());
                prop_assert!(mistakes.iter().any(|mistake| mistake.key == key), "{mistakes:?}");
            }
        }
    }

    /// A file that somebody damaged is read or refused, and every mistake is in it.
    #[test]
    fn a_damaged_file_never_panics(
        from in 0..RULES_TOML.len(),
        length in 0..200_usize,
        put in "\\PC{0,4}|[\\[\\]{}=\"',.\n#]{1,4}",
    ) {
        let boundary = |at: usize| RULES_TOML.floor_char_boundary(at);
        let (from, to) = (boundary(from), boundary((from + length).min(RULES_TOML.len())));
        let text = [&RULES_TOML[..from], &put, &RULES_TOML[to..]].concat();
        if let Err(mistakes) = Rules::parse(&text) {
            prop_assert!(!mistakes.is_empty());
            for mistake in mistakes {
                let lines = text.split('\n').count();
                prop_assert!((1..=lines).contains(&mistake.line), "{mistake}");
                let line = text.split('\n').nth(mistake.line - 1).unwrap();
                prop_assert!((1..=line.chars().count() + 1).contains(&mistake.column), "{mistake}");
            }
        }
    }

    #[test]
    fn any_text_never_panics(text: String) {
        let _ = Rules::parse(&text);
    }
}
