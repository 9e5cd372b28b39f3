//! How long `rootguard check --organization` takes, how many calls it makes and how much
//! memory it needs, for organizations of several sizes: `cargo test -p rootguard --bench
//! organization -- [ACCOUNTS…]` (`cargo bench` optimizes, and compiles everything once more).
//! Every answer of the sandbox takes 50 ms; one call in each account is throttled, which are
//! 7 % of all, and 1 % of the accounts deny.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "it measures; what is not as expected ends it"
)]

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sandbox::{Fault, Organization, Sandbox};
use serde_json::Value;

const LATENCY: Duration = Duration::from_millis(50);
const MANAGEMENT: &str = "100000000000";

fn organization(accounts: usize) -> String {
    let member = |number: usize| {
        let id = 100_000_000_000 + number;
        let denied = if number % 100 == 50 {
            "denied_actions = ['iam:GetAccountSummary']\n"
        } else {
            ""
        };
        let account = include_str!("account.toml").replace("ACCOUNT", &id.to_string());
        account.replace("# DENIED\n", denied)
    };
    (0..accounts).map(member).collect()
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let sizes: Vec<usize> = std::env::args()
        .filter_map(|size| size.parse().ok())
        .collect();
    let sizes = if sizes.is_empty() {
        vec![100, 1_000, 3_000]
    } else {
        sizes
    };
    println!("accounts  seconds   calls  throttled  peak MiB  results  denied");
    for accounts in sizes {
        let sandbox = Sandbox::new(organization(accounts).parse::<Organization>().unwrap());
        let sandbox = sandbox.unwrap();
        sandbox.inject(Fault::latency(LATENCY));
        // One call in twenty: each account is throttled when it first asks this, and once
        // more when its role is first assumed.
        for number in 1..accounts {
            let id = (100_000_000_000 + number).to_string();
            let fault = Fault::throttling()
                .account(id)
                .action("logs:TestMetricFilter");
            sandbox.inject(fault.times(1));
        }
        let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let out = std::env::temp_dir().join(format!("rootguard-{}", std::process::id()));
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_rootguard"))
            .args([
                "check",
                "--organization",
                "--format",
                "jsonl",
                "--region",
                "us-east-1",
            ])
            .args(["--endpoint-url", &server.endpoint_url()])
            .env_clear()
            .env("AWS_ACCESS_KEY_ID", MANAGEMENT)
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(&out).unwrap())
            .spawn()
            .unwrap();
        let mut peak = 0;
        while child.try_wait().unwrap().is_none() {
            peak = peak.max(peak_kib(child.id()).unwrap_or(0));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let seconds = started.elapsed().as_secs_f64();
        let text = std::fs::read_to_string(&out).unwrap();
        std::fs::remove_file(&out).unwrap();
        let rows: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let places: BTreeSet<_> = rows
            .iter()
            .map(|row| (row["account"].to_string(), row["control"].to_string()))
            .collect();
        assert_eq!(places.len(), accounts * 4, "a result is missing");
        assert!(
            rows.iter().all(|row| row.get("error").is_none()),
            "an evaluation failed"
        );
        let denied = rows
            .iter()
            .filter(|row| row["compliance"] == "UNVERIFIABLE");
        let calls = sandbox.take_calls();
        let throttled = calls.iter().filter(|call| {
            call.error
                .as_deref()
                .is_some_and(|code| code.contains("Throttl"))
        });
        println!(
            "{accounts:8}  {seconds:7.1}  {:6}  {:9}  {:8.1}  {:7}  {:6}",
            calls.len(),
            throttled.count(),
            f64::from(peak) / 1024.0,
            rows.len(),
            denied.count(),
        );
        server.shut_down().await;
    }
}

/// The most memory that a process has used so far.
fn peak_kib(process: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
