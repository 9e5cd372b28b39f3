//! The remediating Lambda function as a process: who it takes requests from, and what it
//! builds.

use std::time::Duration;

use control_testkit::{Deployment, invoke_remediator};
use root_usage_alarm::{CIS_FILTER, RootUsageAlarm};
use serde_json::{Value, json};

use crate::fixtures::{as_of_now, row};
use crate::world::sandbox;

const ACCOUNT: &str = "111122223333";

const FUNCTION: Deployment = Deployment {
    program: env!("CARGO_BIN_EXE_root-usage-alarm-remediate"),
    account: ACCOUNT,
    region: "us-east-1",
    timeout: Duration::from_mins(1),
};

/// Recipients of which one need not confirm.
fn told() -> Value {
    json!({"notificationEndpoints": ["arn:aws:sqs:us-east-1:111122223333:root-usage"]})
}

#[tokio::test]
async fn the_function_takes_what_the_runbook_sends_and_nothing_else() {
    let sandbox = sandbox(&as_of_now(row("no filter")));
    let invoke = async |remediation: Value, event: Value| {
        let configuration = [json!({}), remediation];
        invoke_remediator::<RootUsageAlarm>(&FUNCTION, &sandbox, configuration, event).await
    };
    for event in [
        json!({"resourceId": "444455556666"}),
        json!({"resourceId": ACCOUNT, "mode": "manual"}),
        json!({"Records": []}),
    ] {
        let refused = invoke(told(), event).await.unwrap_err();
        assert_eq!(refused.error_type, "InvalidRequest", "{refused}");
    }
    let own = json!({"resourceId": ACCOUNT});
    let wrong = json!({"notificationEndpoints": "nobody"});
    let refused = invoke(wrong, own.clone()).await.unwrap_err();
    assert_eq!(refused.error_type, "InvalidParameter", "{refused}");
    let filters = || sandbox.account(ACCOUNT).unwrap().metric_filters;
    assert_eq!(filters(), []);
    let mut off = told();
    off["mode"] = json!("off");
    let record = invoke(off, own.clone()).await.unwrap();
    assert_eq!(record["outcome"], "REFUSED", "{record}");
    assert_eq!(filters(), []);
    for written in [true, false] {
        let record = invoke(told(), own.clone()).await.unwrap();
        assert_eq!(record["outcome"], "DONE", "{record}");
        assert_eq!(record["control"], "root-usage-alarm");
        let steps = record["steps"].as_array().unwrap().len();
        assert_eq!(steps > 0, written, "{record}");
    }
    let names = filters();
    let mut names = names.iter().map(|filter| filter.text("filterName"));
    assert!(names.any(|name| name == Some(CIS_FILTER)));
}
