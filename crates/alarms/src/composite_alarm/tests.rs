//! Which composite alarms one alarm sets off.

use proptest::prelude::*;

use super::*;

const PREFIX: &str = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:";

fn arn(name: &str) -> Arn {
    format!("{PREFIX}{name}").parse().unwrap()
}

fn composite(name: &str, rule: &str) -> CompositeAlarm {
    CompositeAlarm {
        alarm_arn: arn(name),
        actions_enabled: true,
        alarm_actions: Vec::new(),
        state_value: "OK".into(),
        state_transitioned: None,
        alarm_rule: rule.into(),
        actions_suppressor: None,
    }
}

#[test]
fn a_rule_must_be_quiet_before_and_true_when_the_alarm_alone_is_in_alarm() {
    const SURELY: Option<bool> = Some(true);
    const NOT: Option<bool> = Some(false);
    const PERHAPS: Option<bool> = None;
    for (rule, expected) in [
        ("ALARM(root)", SURELY),
        (r#"ALARM("root")"#, SURELY),
        (" ALARM ( \"root\" ) ", SURELY),
        (
            r#"ALARM("arn:aws:cloudwatch:us-east-1:111122223333:alarm:root")"#,
            SURELY,
        ),
        (
            "ALARM(arn:aws:cloudwatch:us-east-1:111122223333:alarm:root)",
            SURELY,
        ),
        (
            "ALARM(arn:aws:cloudwatch:us-east-1:999922223333:alarm:root)",
            NOT,
        ),
        (
            "ALARM(arn:aws:cloudwatch:eu-west-1:111122223333:alarm:root)",
            NOT,
        ),
        ("ALARM(root-2)", NOT),
        ("ALARM(root) OR ALARM(other)", SURELY),
        ("ALARM(root) AND ALARM(other)", NOT),
        ("ALARM(root) AND NOT ALARM(maintenance)", SURELY),
        ("ALARM(root) AND OK(other)", NOT),
        ("ALARM(root) AND NOT OK(other)", NOT),
        (
            "ALARM(root) AND (OK(other) OR INSUFFICIENT_DATA(other))",
            PERHAPS,
        ),
        ("NOT OK(root)", NOT),
        ("NOT OK(root) AND NOT INSUFFICIENT_DATA(root)", PERHAPS),
        ("OK(root)", NOT),
        ("TRUE", NOT),
        ("FALSE", NOT),
        ("ALARM(root) OR TRUE", NOT),
        ("ALARM(root) OR INSUFFICIENT_DATA(other)", NOT),
        ("NOT (NOT ALARM(root))", SURELY),
        ("ALARM(other) OR ALARM(root) AND NOT ALARM(other)", SURELY),
        ("AT_LEAST(1, ALARM, (root, other))", SURELY),
        ("AT_LEAST(2, ALARM, (root, other))", NOT),
        ("AT_LEAST(50%, ALARM, (root, other))", SURELY),
        ("AT_LEAST(51%, ALARM, (root, other))", NOT),
        ("AT_LEAST(1, NOT ALARM, (root, other))", NOT),
        ("ALARM(root", PERHAPS),
        ("ALARM(root) XOR ALARM(other)", PERHAPS),
        ("nonsense about others", NOT),
    ] {
        let composites = [composite("composite", rule)];
        let set_off = CompositeAlarm::set_off(&arn("root"), &composites);
        let found = match (set_off.surely.len(), set_off.perhaps.len()) {
            (1, 0) => SURELY,
            (0, 0) => NOT,
            _ => PERHAPS,
        };
        assert_eq!(found, expected, "{rule}");
    }
}

#[test]
fn composite_alarms_set_off_others() {
    let composites = [
        composite("third", "ALARM(second)"),
        composite("second", "ALARM(first) AND ALARM(root)"),
        composite("first", "ALARM(root)"),
        composite("loop", "ALARM(loop)"),
        composite("unrelated", "ALARM(unknown)"),
    ];
    let set_off = CompositeAlarm::set_off(&arn("root"), &composites);
    let names: Vec<_> = set_off
        .surely
        .iter()
        .map(|composite| composite.name())
        .collect();
    assert_eq!(names, ["first", "second", "third"]);
    assert!(set_off.perhaps.is_empty());
}

fn rules() -> impl Strategy<Value = AlarmRule> {
    let state = prop_oneof![
        Just(State::Alarm),
        Just(State::Ok),
        Just(State::InsufficientData)
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(AlarmRule::Constant),
        (state, "root|a|b").prop_map(|(state, name)| AlarmRule::Is(state, name)),
    ];
    leaf.prop_recursive(4, 16, 3, |rule| {
        let rules = prop::collection::vec(rule.clone(), 2..4);
        prop_oneof![
            rule.prop_map(|rule| AlarmRule::Not(Box::new(rule))),
            rules.clone().prop_map(AlarmRule::And),
            rules.clone().prop_map(AlarmRule::Or),
            (1_usize..3, rules).prop_map(|(count, rules)| AlarmRule::AtLeast(count, rules)),
        ]
    })
}

/// The truth of a rule in one state of everything.
fn truth(rule: &AlarmRule, states: [State; 3]) -> bool {
    let of = |name: &str| match name {
        "root" => states[0],
        "a" => states[1],
        _ => states[2],
    };
    match rule {
        AlarmRule::Constant(value) => *value,
        AlarmRule::Is(state, name) => of(name) == *state,
        AlarmRule::Not(rule) => !truth(rule, states),
        AlarmRule::And(rules) => rules.iter().all(|rule| truth(rule, states)),
        AlarmRule::Or(rules) => rules.iter().any(|rule| truth(rule, states)),
        AlarmRule::AtLeast(count, rules) => {
            rules.iter().filter(|rule| truth(rule, states)).count() >= *count
        }
    }
}

proptest! {
    #[test]
    fn what_is_settled_agrees_with_every_combination_of_states(rule in rules()) {
        let mut right = true;
        for a in QUIET {
            for b in QUIET {
                right &= truth(&rule, [State::Alarm, *a, *b]);
                for root in QUIET {
                    right &= !truth(&rule, [*root, *a, *b]);
                }
            }
        }
        if let Some(settled) = fires(&rule, &[&arn("root")]) {
            prop_assert_eq!(settled, right);
        }
    }

    #[test]
    fn parsing_never_panics(text in "[A-Z_(),%\"é0-9 ]{0,60}|\\PC{0,40}") {
        let _ = AlarmRule::parse(&text);
    }

    #[test]
    fn nesting_has_an_end(depth in 90_usize..20_000) {
        let nested = format!("{}ALARM(root){}", "(".repeat(depth), ")".repeat(depth));
        prop_assert_eq!(AlarmRule::parse(&nested).is_ok(), depth <= 100);
        let negated = "NOT ".repeat(depth);
        let _ = AlarmRule::parse(&negated);
    }
}
