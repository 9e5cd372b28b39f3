//! Runs a Lambda function's program once, with an event from a file, against a sandbox that is
//! served elsewhere (`rootguard sandbox`), and prints the function's answer and its log.
//!
//! ```console
//! $ cargo run -p sandbox --example invoke -- PROGRAM EVENT.json http://127.0.0.1:4599 111122223333 us-east-1
//! ```
//!
//! The function acts as the administrator of the account. Environment variables that start with
//! `ROOTGUARD_` are passed on to it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example that people run in a terminal"
)]

use std::error::Error;
use std::path::Path;

use aws_credential_types::Credentials;
use sandbox::{FunctionProcess, ProcessSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, event, endpoint, account, region] = arguments.as_slice() else {
        return Err("arguments: PROGRAM EVENT.json ENDPOINT_URL ACCOUNT REGION".into());
    };
    let event = serde_json::from_str(&std::fs::read_to_string(event)?)?;
    let name = Path::new(program).file_name().unwrap_or_default();
    let arn = format!(
        "arn:aws:lambda:{region}:{account}:function:{}",
        name.to_string_lossy()
    );
    let credentials = Credentials::new(account, "secret", None, None, "example");
    let mut settings = ProcessSettings::new(program, arn)
        .credentials(&credentials)
        .endpoint_url(endpoint);
    for (name, value) in std::env::vars().filter(|(name, _)| name.starts_with("ROOTGUARD_")) {
        settings = settings.environment(name, value);
    }
    let function = FunctionProcess::start(settings).await?;
    let answer = function.send(event).await;
    eprint!("{}", function.output());
    println!("{}", serde_json::to_string_pretty(&answer?)?);
    Ok(())
}
