//! How fast and how large the packaged Lambda functions are.
//!
//! Measures what `tests/package.sh` made, as processes behind a Runtime API, against
//! the sandbox: over plain HTTP, and over TLS, which alone shows what cryptography and
//! certificates cost. See `tests/README.md`.

#![allow(clippy::print_stdout, reason = "a benchmark reports to a person")]

mod statistics;
mod tls;

use std::env::{args, consts::ARCH, current_exe};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_sdk_config::types::{ConfigRule, EventSource, MessageType, Owner, Source, SourceDetail};
use sandbox::{FunctionProcess, Notification, Organization, ProcessSettings, Sandbox, Server};
use statistics::Row;
use tls::TlsFront;

const ACCOUNT: &str = "111111111111";
const REGION: &str = "eu-west-1";

/// Processes started per transport.
const PROCESSES: usize = 40;
/// Invocations of each process after its first.
const WARM_INVOCATIONS: usize = 25;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let folder = packages()?;
    // Cargo adds `--bench`.
    let chosen: Vec<String> = args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let aws = Aws::start().await?;
    println!(
        "{PROCESSES} processes per transport, {WARM_INVOCATIONS} warm invocations each; \
         {} CA certificates",
        aws.tls.trusted_certificates()
    );
    for function in functions(&folder, &chosen)? {
        aws.add_rule(&function).await?;
        println!("\n{function}\n{}", Row::HEADING);
        for row in measure(&aws, &folder, &function).await? {
            println!("{row}");
        }
    }
    Ok(())
}

/// Returns where `tests/package.sh` puts the packages for this machine.
fn packages() -> anyhow::Result<PathBuf> {
    let program = current_exe()?;
    // TARGET/release/deps/PROGRAM
    let target = program
        .ancestors()
        .nth(3)
        .context("not in a target folder")?;
    let architecture = if ARCH == "aarch64" { "arm64" } else { ARCH };
    Ok(target.join("lambda").join(architecture))
}

/// The functions of the rules, or the chosen ones.
fn functions(folder: &Path, chosen: &[String]) -> anyhow::Result<Vec<String>> {
    let known: Vec<_> = bundle::RULES
        .iter()
        .map(|rule| rule.metadata().name.to_owned())
        .collect();
    if let Some(unknown) = chosen.iter().find(|name| !known.contains(name)) {
        bail!("{unknown} is none of {}", known.join(", "));
    }
    let measured = if chosen.is_empty() {
        known
    } else {
        chosen.to_vec()
    };
    for function in &measured {
        let zip = folder.join(format!("{function}.zip"));
        if !zip.exists() {
            bail!("there is no {}: run tests/package.sh", zip.display());
        }
    }
    Ok(measured)
}

/// The AWS that the functions see.
struct Aws {
    sandbox: Sandbox,
    http: Server,
    tls: TlsFront,
}

impl Aws {
    async fn start() -> anyhow::Result<Self> {
        let organization: Organization = include_str!("organization.toml").parse()?;
        let sandbox = Sandbox::new(organization)?;
        let http = sandbox
            .serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await?;
        let tls = TlsFront::start(http.address()).await?;
        Ok(Self { sandbox, http, tls })
    }

    /// Sets up the AWS Config rule that invokes a function.
    async fn add_rule(&self, function: &str) -> anyhow::Result<()> {
        let arn = function_arn(function);
        // AWS Config validates that the function exists; it is invoked here, not there.
        self.sandbox
            .register_function(&arn, |_, _| async { Ok(serde_json::Value::Null) });
        let scheduled = SourceDetail::builder()
            .event_source(EventSource::AwsConfig)
            .message_type(MessageType::ScheduledNotification)
            .build();
        let source = Source::builder()
            .owner(Owner::CustomLambda)
            .source_identifier(arn)
            .source_details(scheduled)
            .build()?;
        let rule = ConfigRule::builder()
            .config_rule_name(function)
            .source(source)
            .build();
        aws_sdk_config::Client::new(&self.sandbox.sdk_config(ACCOUNT, REGION))
            .put_config_rule()
            .config_rule(rule)
            .send()
            .await?;
        self.sandbox.settled().await;
        Ok(())
    }

    /// Starts a function's process that reaches AWS over this transport.
    async fn launch(
        &self,
        program: &Path,
        function: &str,
        transport: Transport,
    ) -> anyhow::Result<FunctionProcess> {
        let settings = ProcessSettings::new(program, function_arn(function))
            .credentials(&Sandbox::administrator(ACCOUNT));
        let settings = match transport {
            Transport::Http => settings.endpoint_url(self.http.endpoint_url()),
            Transport::Tls => settings
                .endpoint_url(self.tls.endpoint_url())
                .environment("SSL_CERT_FILE", tls::CERTIFICATES),
        };
        Ok(FunctionProcess::start(settings).await?)
    }

    /// AWS Config asks the function to evaluate its rule, and everything holds: no call
    /// is saved.
    async fn invoke(&self, process: &FunctionProcess, function: &str) -> anyhow::Result<()> {
        let event = self
            .sandbox
            .event(ACCOUNT, REGION, function, &Notification::Scheduled)?;
        let record = process
            .send(event)
            .await
            .with_context(|| process.output())?;
        if record.get("compliance") != Some(&"COMPLIANT".into()) {
            bail!("{function} found something: {record}");
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Transport {
    Http,
    Tls,
}

/// Time and memory of the processes of one transport.
#[derive(Default)]
struct Needed {
    init: Vec<Duration>,
    first: Vec<Duration>,
    warm: Vec<Duration>,
    peak_memory: Vec<u64>,
}

async fn measure(aws: &Aws, folder: &Path, function: &str) -> anyhow::Result<Vec<Row>> {
    let program = folder.join(function).join("bootstrap");
    let zip = fs::metadata(folder.join(format!("{function}.zip")))?.len();
    // The first start reads the file from disk.
    drop(aws.launch(&program, function, Transport::Http).await?);

    let (mut http, mut tls) = (Needed::default(), Needed::default());
    for _ in 0..PROCESSES {
        for (transport, needed) in [(Transport::Http, &mut http), (Transport::Tls, &mut tls)] {
            let process = aws.launch(&program, function, transport).await?;
            for _ in 0..=WARM_INVOCATIONS {
                aws.invoke(&process, function).await?;
            }
            let timings = process.timings();
            let (first, warm) = timings
                .invocations
                .split_first()
                .context("no invocation was timed")?;
            needed.init.push(timings.init);
            needed.first.push(*first);
            needed.warm.extend(warm);
            let id = process.id().await.context("the process has ended")?;
            needed.peak_memory.push(peak_memory(id)?);
        }
    }
    let init = http.init.into_iter().chain(tls.init);
    // One call and the report; the others have more to ask.
    let is_least = function == "no-root-keys";
    let most_memory = if is_least { 12.0 } else { 16.0 };
    Ok(vec![
        Row::of_times("exec to first /next", init, Some(10.0)),
        Row::of_times("first invocation, HTTP", http.first, None),
        Row::of_times("first invocation, TLS", tls.first, None),
        Row::of_times("warm invocation, HTTP", http.warm, is_least.then_some(2.0)),
        Row::of_times("warm invocation, TLS", tls.warm, None),
        Row::of_sizes("peak memory, HTTP", http.peak_memory, Some(most_memory)),
        Row::of_sizes("peak memory, TLS", tls.peak_memory, None),
        Row::of_sizes("zip", [zip], Some(3.0)),
    ])
}

/// The most memory that a process has had resident, in bytes.
fn peak_memory(process: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kibibytes: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"))
        .context("the kernel does not say VmHWM")?
        .trim()
        .parse()?;
    Ok(kibibytes * 1024)
}

fn function_arn(function: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}")
}
