//! A snapshot is as good as the account.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

mod documents;
mod root_user;
mod trails_and_alarms;

use std::path::{Path, PathBuf};

use bundle::{ConfiguredRule, Rules, Snapshot};
use config_rule::{
    Account, Compliance, Control, Identity, ReasonCode, RuleParameters, Verdict, parse_parameters,
};
use hardware_root_mfa::HardwareRootMfa;
use no_root_keys::NoRootKeys;
use root_usage_alarm::RootUsageAlarm;
use sandbox::{Organization, Sandbox};
use trail_logging::TrailLogging;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

/// The verdict of a rule, or why there is none.
type Judged = Result<Verdict, String>;

/// What is said of an account by the rules of then, when a snapshot was taken, and by those
/// of now: from the snapshot, read again from its file, and from the account itself.
struct LookedAt {
    saved_then: Vec<Judged>,
    saved_now: Vec<Judged>,
    live_then: Vec<Judged>,
    live_now: Vec<Judged>,
}

fn looked_at(file: &str, organization: Organization, then: &Rules, now: &Rules) -> LookedAt {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let sandbox = Sandbox::new(organization).unwrap();
        let caller = format!("arn:aws:iam::{ACCOUNT}:root");
        let identity = Identity::of_caller(&caller, REGION).unwrap();
        let asked = || Account::new(sandbox.sdk_config(ACCOUNT, REGION), identity.clone());
        let account = asked();
        let mut snapshot = Snapshot::new(&account);
        for rule in then.enabled() {
            snapshot.observe(&account, rule).await;
        }
        let file = new_file(file);
        snapshot.write(&file).unwrap();
        let saved = Snapshot::read(&file).unwrap();
        assert_eq!(saved, snapshot);
        LookedAt {
            saved_then: judged(&saved, then),
            saved_now: judged(&saved, now),
            live_then: live(&asked(), then).await,
            live_now: live(&asked(), now).await,
        }
    })
}

/// Returns what the Lambda functions conclude.
async fn live(account: &Account, rules: &Rules) -> Vec<Judged> {
    let mut judged = Vec::new();
    for rule in rules.enabled() {
        judged.push(match rule.name() {
            "no-root-keys" => live_of::<NoRootKeys>(account, rule).await,
            "hardware-root-mfa" => live_of::<HardwareRootMfa>(account, rule).await,
            "trail-logging" => live_of::<TrailLogging>(account, rule).await,
            "root-usage-alarm" => live_of::<RootUsageAlarm>(account, rule).await,
            other => panic!("nobody says what the function of {other} concludes"),
        });
    }
    judged
}

async fn live_of<C: Control>(account: &Account, rule: &ConfiguredRule) -> Judged {
    let parameters: RuleParameters<C::Parameters> =
        parse_parameters(rule.parameters.clone()).unwrap();
    match C::observe(account, &parameters.control).await {
        Ok(facts) => Ok(C::evaluate(&facts, &parameters.control)),
        Err(error) => Err(error.to_string()),
    }
}

fn judged(snapshot: &Snapshot, rules: &Rules) -> Vec<Judged> {
    let judged = |rule| snapshot.judge(rule).map_err(|error| error.to_string());
    rules.enabled().map(judged).collect()
}

/// Of verdicts, what is not detail.
fn without_detail(judged: Vec<Judged>) -> Vec<Result<(Compliance, ReasonCode), String>> {
    let judged = judged.into_iter();
    judged
        .map(|judged| judged.map(|verdict| (verdict.compliance, verdict.reason)))
        .collect()
}

/// A file that is not there yet.
fn new_file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("snapshots");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    let _ = std::fs::remove_file(&file);
    file
}
