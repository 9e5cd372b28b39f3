//! A Lambda as its own process: this test binary, started again as a function.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "test"
)]

use std::collections::BTreeMap;
use std::env;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use aws_credential_types::Credentials;
use sandbox::{FunctionProcess, ProcessError, ProcessSettings};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:lambda:eu-west-1:111111111111:function:tiny";

fn settings() -> ProcessSettings {
    ProcessSettings::new(env::current_exe().unwrap(), ARN)
        .argument("--exact")
        .argument("the_function_itself")
        .argument("--ignored")
        .argument("--nocapture")
}

async fn start() -> FunctionProcess {
    FunctionProcess::start(settings()).await.unwrap()
}

#[tokio::test]
async fn a_warm_process_answers_one_event_after_the_other() {
    let process = start().await;
    let id = process.id().await;
    for number in 0..3 {
        let answer = process
            .send(json!({ "do": "echo", "größe": number }))
            .await
            .unwrap();
        assert_eq!(answer["event"], json!({ "do": "echo", "größe": number }));
    }
    assert_eq!(process.id().await, id);
    let timings = process.timings();
    assert!(timings.init > Duration::ZERO);
    assert_eq!(timings.invocations.len(), 3);
}

#[tokio::test]
async fn a_process_has_the_environment_of_a_function_and_nothing_else() {
    let credentials =
        Credentials::new("111111111111", "secret", Some("token".into()), None, "test");
    let settings = settings()
        .credentials(&credentials)
        .endpoint_url("http://127.0.0.1:1")
        .environment("WHEN_UNVERIFIABLE", "FAIL")
        .memory_mb(256)
        .timeout(Duration::from_secs(20));
    let process = FunctionProcess::start(settings).await.unwrap();
    let answer = process.send(json!({ "do": "echo" })).await.unwrap();
    let environment = &answer["environment"];
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_NAME", "tiny"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "111111111111"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("WHEN_UNVERIFIABLE", "FAIL"),
    ] {
        assert_eq!(environment[name], value, "{name}");
    }
    assert!(environment.get("CARGO_MANIFEST_DIR").is_none());
    let headers = &answer["headers"];
    assert_eq!(headers["lambda-runtime-invoked-function-arn"], ARN);
    assert!(headers["lambda-runtime-aws-request-id"].is_string());
    let deadline: u64 = headers["lambda-runtime-deadline-ms"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let now = u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    assert!(deadline > now && deadline <= now + 20_000);
}

#[tokio::test]
async fn an_error_is_what_the_function_says_it_is() {
    let process = start().await;
    let error = process.send(json!({ "do": "fail" })).await.unwrap_err();
    assert_eq!(error.to_string(), "Größe: ✓ went wrong");
    assert!(process.send(json!({ "do": "echo" })).await.is_ok());
    assert!(process.output().contains("failing on purpose"));
    let error = process.send(json!({ "do": "babble" })).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.MarshalError");
}

#[tokio::test]
async fn a_process_that_dies_is_reported_and_started_again() {
    let process = start().await;
    let id = process.id().await;
    let error = process.send(json!({ "do": "exit" })).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert!(error.message.contains("exit status: 7"), "{error}");
    assert!(process.send(json!({ "do": "echo" })).await.is_ok());
    assert_ne!(process.id().await, id);
}

#[tokio::test]
async fn a_process_that_overruns_its_deadline_is_killed() {
    let settings = settings().timeout(Duration::from_millis(300));
    let process = FunctionProcess::start(settings).await.unwrap();
    let error = process.send(json!({ "do": "sleep" })).await.unwrap_err();
    assert_eq!(error.error_type, "Sandbox.Timedout");
    assert!(
        error.message.ends_with("Task timed out after 0.30 seconds"),
        "{error}"
    );
    assert_eq!(process.id().await, None);
}

#[tokio::test]
async fn a_process_that_cannot_start_says_so() {
    let missing = FunctionProcess::start(ProcessSettings::new("no/such/program", ARN)).await;
    assert!(
        matches!(missing, Err(ProcessError::NotStarted { .. })),
        "{missing:?}"
    );
    let dying = FunctionProcess::start(ProcessSettings::new("/bin/false", ARN)).await;
    let Err(ProcessError::NotInitialised(error)) = dying else {
        panic!("{dying:?}")
    };
    assert_eq!(error.error_type, "Runtime.ExitError");
    let settings = settings().environment("FAIL_INIT", "1");
    let failing = FunctionProcess::start(settings).await;
    let Err(ProcessError::NotInitialised(error)) = failing else {
        panic!("{failing:?}")
    };
    assert_eq!(error.to_string(), "Init: cannot");
}

#[tokio::test]
async fn a_dropped_process_is_killed() {
    let process = start().await;
    let id = process.id().await.unwrap();
    let running = || std::path::Path::new(&format!("/proc/{id}/cmdline")).exists();
    assert!(running());
    drop(process);
    // Half a minute: the machine may be busy.
    for _ in 0..1500 {
        if !running() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("process {id} still runs");
}

/// The function: it does what the event says, with nothing but sockets.
#[test]
#[ignore = "it is the function that the other tests start"]
fn the_function_itself() {
    let Ok(api) = env::var("AWS_LAMBDA_RUNTIME_API") else {
        return;
    };
    if env::var("FAIL_INIT").is_ok() {
        let error = json!({ "errorType": "Init", "errorMessage": "cannot" });
        request(&api, "POST", "init/error", &error.to_string());
        return;
    }
    loop {
        let (headers, event) = request(&api, "GET", "invocation/next", "");
        let event: Value = serde_json::from_str(&event).unwrap();
        let id = headers
            .get("lambda-runtime-aws-request-id")
            .unwrap()
            .clone();
        let answer = |kind: &str, body: &str| {
            request(&api, "POST", &format!("invocation/{id}/{kind}"), body);
        };
        match event.get("do").and_then(Value::as_str) {
            Some("echo") => {
                let environment: BTreeMap<String, String> = env::vars().collect();
                let echo =
                    json!({ "event": event, "headers": headers, "environment": environment });
                answer("response", &echo.to_string());
            }
            Some("fail") => {
                eprintln!("failing on purpose");
                let error = json!({ "errorType": "Größe", "errorMessage": "✓ went wrong" });
                answer("error", &error.to_string());
            }
            Some("babble") => answer("response", "no JSON"),
            Some("exit") => std::process::exit(7),
            _ => std::thread::sleep(Duration::from_mins(1)),
        }
    }
}

/// One HTTP request to the Runtime API: headers and body of the answer.
fn request(api: &str, method: &str, path: &str, body: &str) -> (BTreeMap<String, String>, String) {
    let mut stream = TcpStream::connect(api).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let headers = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "));
    let headers = headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    (headers, body.to_owned())
}
