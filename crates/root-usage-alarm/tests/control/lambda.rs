//! The Lambda function as its own process, invoked by AWS Config in a sandbox.

use std::collections::BTreeSet;
use std::time::Duration;

use config_rule::Control;
use control_tests::{Deployment, Row, Stage};
use root_usage_alarm::RootUsageAlarm;
use sandbox::Sandbox;

use crate::given::{self, rows};
use crate::world;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// Rows of facts that no sandbox gives.
const SAVED_ONLY: &[&str] = &[
    // Saved when another control or other parameters asked.
    "selectors were not asked for",
    // The trail went away after this account was told of it.
    "owner has no such trail",
];

async fn deploy(sandbox: Sandbox, row: &Row<RootUsageAlarm>) -> Stage {
    let function = Deployment {
        program: env!("CARGO_BIN_EXE_root-usage-alarm"),
        account: ACCOUNT,
        region: REGION,
        timeout: Duration::from_mins(1),
    };
    Stage::new::<RootUsageAlarm>(&function, sandbox, &row.parameters).await
}

/// Every row of the table, and over all of them that the role needs what the control
/// declares, no less and no more.
#[tokio::test]
async fn every_row_of_the_table_ends_in_config_as_it_says() {
    let mut made = BTreeSet::new();
    let mut wrong = Vec::new();
    for row in rows() {
        if SAVED_ONLY.contains(&row.name.as_str()) {
            continue;
        }
        let row = given::as_of_now(row);
        let stage = deploy(world::sandbox(&row), &row).await;
        stage.evaluated().await.unwrap_or_else(|error| {
            panic!("{}: {error}\n{}", row.name, stage.process.output());
        });
        let shown = stage.shown().await;
        if shown != [row.shown()] {
            wrong.push(format!("{}:\n  {shown:?}\n  {:?}", row.name, row.shown()));
        }
        made.extend(stage.calls());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let declared = RootUsageAlarm::METADATA.evaluation_actions();
    assert_eq!(made, declared.map(str::to_owned).collect());
}
