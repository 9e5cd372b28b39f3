//! Which metric an alarm watches, and through what.

use serde_json::{Value, json};

use super::*;

fn alarm(members: &Value) -> MetricAlarm {
    let mut alarm = json!({
        "alarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:root",
        "actionsEnabled": true, "alarmActions": [], "stateValue": "OK", "stateTransitioned": null,
        "evaluationPeriods": 1, "threshold": 1.0,
        "comparisonOperator": "GreaterThanOrEqualToThreshold",
    });
    let members = members.as_object().unwrap().clone();
    alarm.as_object_mut().unwrap().extend(members);
    serde_json::from_value(alarm).unwrap()
}

fn metric() -> Metric {
    serde_json::from_value(json!({"namespace": "Cis", "metricName": "RootUse"})).unwrap()
}

fn stat(name: &str) -> Value {
    json!({"namespace": "Cis", "metricName": name, "stat": "Sum", "period": 60})
}

#[test]
fn returned_series() {
    let line =
        |id: &str, name: &str| json!({"id": id, "metricStat": stat(name), "returnData": false});
    let math = |expression: &str| {
        json!({"metrics": [
            line("m1", "RootUse"), line("m2", "Other"),
            {"id": "e1", "expression": expression, "returnData": true},
        ]})
    };
    for (expression, fill) in [
        ("m1", Some(None)),
        (" m1 ", Some(None)),
        ("SUM(m1)", Some(None)),
        ("SUM([m1])", Some(None)),
        ("FILL(m1, 0)", Some(Some(0.0))),
        ("FILL(m1,0.5)", Some(Some(0.5))),
        ("FILL(SUM(m1), 0)", Some(Some(0.0))),
        ("sum(fill(m1, 0))", Some(Some(0.0))),
        ("FILL(FILL(m1, 0), 1)", Some(Some(0.0))),
        ("FILL(m1, REPEAT)", None),
        ("FILL(m1, LINEAR)", None),
        ("FILL(m1, m2)", None),
        ("SUM([m1, m2])", None),
        ("SUM(METRICS())", None),
        ("m1 + m2", None),
        ("m1 * 1", None),
        ("IF(m1 > 0, 1, 0)", None),
        ("ANOMALY_DETECTION_BAND(m1, 2)", None),
        ("e1", None),
        ("é", None),
    ] {
        let found = alarm(&math(expression)).settings_for(&metric());
        match fill {
            Some(fill) => assert_eq!(found.unwrap().unwrap().fill, fill, "{expression}"),
            None => assert_eq!(found, Err(MetricMathError::Expression), "{expression}"),
        }
    }
    assert_eq!(alarm(&math("m2")).settings_for(&metric()), Ok(None));
    let only = json!({"metrics": [
        line("m1", "RootUse"), {"id": "e1", "expression": "SUM(METRICS())", "returnData": true},
    ]});
    assert!(alarm(&only).settings_for(&metric()).unwrap().is_some());
    let itself =
        json!({"metrics": [{"id": "m1", "metricStat": stat("RootUse"), "returnData": true}]});
    assert!(alarm(&itself).settings_for(&metric()).unwrap().is_some());
    let foreign = json!({"metrics": [
        {"id": "m1", "metricStat": stat("RootUse"), "returnData": true, "accountId": "999922223333"},
    ]});
    assert_eq!(alarm(&foreign).settings_for(&metric()), Ok(None));
    let both = json!({"metrics": [
        {"id": "m1", "metricStat": stat("RootUse"), "returnData": true},
        {"id": "m2", "metricStat": stat("Other"), "returnData": true},
    ]});
    assert_eq!(
        alarm(&both).settings_for(&metric()),
        Err(MetricMathError::Expression)
    );
}

#[test]
fn a_metric_is_its_namespace_name_and_dimensions() {
    for (watched, watches) in [
        (stat("RootUse"), true),
        (stat("rootuse"), false),
        (
            json!({"namespace": "cis", "metricName": "RootUse", "stat": "Sum", "period": 60}),
            false,
        ),
        (
            json!({"namespace": "Cis", "metricName": "RootUse", "stat": "Sum", "period": 60,
                   "dimensions": {"Account": "111122223333"}}),
            false,
        ),
    ] {
        let found = alarm(&json!({"metric": watched}))
            .settings_for(&metric())
            .unwrap();
        assert_eq!(found.is_some(), watches, "{watched}");
    }
}

#[test]
fn what_is_not_understood_is_never_taken_for_something_else() {
    let with =
        |member: &str, value: Value| alarm(&json!({"metric": stat("RootUse"), member: value}));
    let statistic = |name: &str| {
        let mut stat = stat("RootUse");
        stat["stat"] = json!(name);
        alarm(&json!({"metric": stat}))
    };
    for (alarm, why) in [
        (with("isPromQl", json!(true)), MetricMathError::PromQl),
        (
            with("thresholdMetricId", json!("ad1")),
            MetricMathError::AnomalyDetection,
        ),
        (
            with("comparisonOperator", json!("GreaterThanUpperThreshold")),
            MetricMathError::AnomalyDetection,
        ),
        (
            with("comparisonOperator", json!("Near")),
            MetricMathError::Setting("ComparisonOperator"),
        ),
        (
            with("isWallClockWindow", json!(true)),
            MetricMathError::WallClockWindow,
        ),
        (
            with("treatMissingData", json!("maybe")),
            MetricMathError::Setting("TreatMissingData"),
        ),
        (
            with("threshold", json!(null)),
            MetricMathError::Setting("Threshold"),
        ),
        (
            with("evaluationPeriods", json!(0)),
            MetricMathError::Setting("EvaluationPeriods"),
        ),
        (
            with("datapointsToAlarm", json!(-1)),
            MetricMathError::Setting("DatapointsToAlarm"),
        ),
        (statistic("IQM"), MetricMathError::Statistic("IQM".into())),
        (statistic("tm90"), MetricMathError::Statistic("tm90".into())),
        (statistic("p101"), MetricMathError::Statistic("p101".into())),
        (statistic(""), MetricMathError::Statistic(String::new())),
    ] {
        assert_eq!(alarm.settings_for(&metric()), Err(why));
    }
    let percentile = statistic("p99.9").settings_for(&metric()).unwrap().unwrap();
    assert_eq!(percentile.statistic, Statistic::Percentile);
}

/// A query is taken for one of the metric unless it says that it is not.
#[test]
fn queries_that_may_read_the_metric() {
    for (expression, may_read) in [
        ("SELECT SUM(RootUse) FROM \"Cis\"", true),
        ("select max(\"RootUse\") from Cis", true),
        ("SELECT SUM(RootUse) FROM SCHEMA(\"Cis\", Region)", true),
        (
            "SELECT SUM(RootUse) FROM SCHEMA(Cis) WHERE AWS.AccountId = CURRENT_ACCOUNT_ID()",
            true,
        ),
        (
            "  SELECT\n SUM( RootUse )\nFROM \"Cis\" GROUP BY Region",
            true,
        ),
        ("SELECT SUM(RootUse", true),
        ("SELECT SUM(RootUse) GROUP BY x", true),
        ("SEARCH('{Cis} RootUse', 'Sum')", true),
        ("SUM(SEARCH('RootUse', 'Sum'))", true),
        ("SELECT SUM(RootUse) FROM \"Other\"", false),
        ("SELECT SUM(Errors) FROM \"Cis\"", false),
        (
            "SELECT AVG(CPUUtilization) FROM SCHEMA(\"AWS/EC2\", InstanceId)",
            false,
        ),
        ("SELECTED(m1)", false),
        ("TIME_SERIES(1)", false),
        ("é", false),
    ] {
        let query =
            json!({"metrics": [{"id": "q1", "expression": expression, "returnData": true}]});
        let expected = if may_read {
            Err(MetricMathError::Query)
        } else {
            Ok(None)
        };
        assert_eq!(
            alarm(&query).settings_for(&metric()),
            expected,
            "{expression}"
        );
    }
    let prom_ql = alarm(&json!({"isPromQl": true}));
    assert_eq!(
        prom_ql.settings_for(&metric()),
        Err(MetricMathError::PromQl)
    );
}
