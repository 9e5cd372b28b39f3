use super::*;
use proptest::prelude::*;
use serde_json::json;

#[derive(Debug, PartialEq, Serialize)]
struct Sample {
    strict: bool,
    hours: i64,
    when: WhenUnverifiable,
    services: Vec<String>,
}

impl Parameters for Sample {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            strict: reader.boolean("strict", true)?,
            hours: reader.integer("hours", 49, 1..=8760)?,
            when: reader.choice("when", WhenUnverifiable::NonCompliant)?,
            services: reader.list("services", "services like kms", |text| {
                (text == "kms" || text == "iam").then(|| text.to_owned())
            })?,
        })
    }
}

fn parse(values: &Value) -> Result<Sample, ParameterError> {
    parse_parameters(values.as_object().unwrap().clone())
}

#[test]
fn strings_and_json_types_mean_the_same() {
    let expected = Sample {
        strict: false,
        hours: 24,
        when: WhenUnverifiable::Fail,
        services: vec!["kms".into(), "iam".into()],
    };
    let typed = json!({
        "strict": false, "hours": 24, "when": "FAIL", "services": ["kms", "iam"]
    });
    let strings = json!({
        "strict": "false", "hours": "24", "when": "FAIL", "services": "kms, iam"
    });
    assert_eq!(parse(&typed).unwrap(), expected);
    assert_eq!(parse(&strings).unwrap(), expected);
}

#[test]
fn what_is_not_given_has_its_default() {
    let expected = Sample {
        strict: true,
        hours: 49,
        when: WhenUnverifiable::NonCompliant,
        services: vec![],
    };
    for values in [
        json!({}),
        json!({"services": ""}),
        json!({"services": " "}),
        json!({"services": []}),
    ] {
        assert_eq!(parse(&values).unwrap(), expected);
    }
}

#[test]
fn refuses_what_is_not_allowed_and_names_it() {
    for (values, message) in [
        (
            json!({"strict": "yes"}),
            r#"parameter strict: "yes" is not allowed; it takes true or false"#,
        ),
        (
            json!({"strict": 1}),
            "parameter strict: 1 is not allowed; it takes true or false",
        ),
        (
            json!({"hours": 0}),
            "parameter hours: 0 is not allowed; it takes a whole number from 1 to 8760",
        ),
        (
            json!({"hours": "8761"}),
            r#"parameter hours: "8761" is not allowed; it takes a whole number from 1 to 8760"#,
        ),
        (
            json!({"hours": 1.5}),
            "parameter hours: 1.5 is not allowed; it takes a whole number from 1 to 8760",
        ),
        (
            json!({"when": "fail"}),
            r#"parameter when: "fail" is not allowed; it takes NON_COMPLIANT or FAIL"#,
        ),
        (
            json!({"when": null}),
            "parameter when: null is not allowed; it takes NON_COMPLIANT or FAIL",
        ),
        (
            json!({"services": "kms,ec2"}),
            r#"parameter services: "ec2" is not allowed; it takes a list, separated by commas, of services like kms"#,
        ),
        (
            json!({"services": ["kms", 1]}),
            "parameter services: 1 is not allowed; it takes a list, separated by commas, of services like kms",
        ),
        (
            json!({"services": "kms,"}),
            r#"parameter services: "" is not allowed; it takes a list, separated by commas, of services like kms"#,
        ),
        (
            json!({"services": null}),
            "parameter services: null is not allowed; it takes a list, separated by commas, of services like kms",
        ),
        (
            json!({"strikt": true}),
            "parameter strikt is unknown; this rule takes strict, hours, when, services",
        ),
    ] {
        assert_eq!(parse(&values).unwrap_err().to_string(), message);
    }
}

#[test]
fn lists_what_could_be_given() {
    let specs = specify_parameters::<RuleParameters<Sample>>();
    let names: Vec<_> = specs.iter().map(|spec| spec.name).collect();
    assert_eq!(
        names,
        ["strict", "hours", "when", "services", "whenUnverifiable"]
    );
    assert_eq!(specs[1].default, json!(49));
    assert_eq!(specs[4].default, json!("NON_COMPLIANT"));
}

proptest! {
    #[test]
    fn defaults_are_allowed_values(hours in 1_i64..=8760) {
        let given = json!({"hours": hours.to_string()});
        prop_assert_eq!(parse(&given).unwrap().hours, hours);
        for spec in specify_parameters::<Sample>() {
            let values = Map::from_iter([(spec.name.to_owned(), spec.default)]);
            prop_assert!(parse_parameters::<Sample>(values).is_ok());
        }
    }

    #[test]
    fn never_panics(name: String, value: String) {
        let _ = parse(&json!({ name: value.clone(), "services": value.clone(), "hours": value }));
    }
}
