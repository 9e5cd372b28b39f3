//! `rootguard sandbox`: a local organization.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::account::check;
use crate::command::{command, folder, run};

/// `rootguard sandbox` as a process; killed when dropped.
pub(crate) struct Served {
    child: Option<Child>,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn start(name: &str, organization: &str) -> Self {
        let folder = folder(name);
        let file = folder.join("organization.toml");
        let ready = folder.join("ready");
        std::fs::write(&file, organization).unwrap();
        let mut child = command(&["sandbox", "--listen", "127.0.0.1:0", "--organization"])
            .arg(&file)
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Nobody reads what it says.
        drop(child.stdout.take());
        let url = read_when_there(&ready, &mut child);
        Self {
            child: Some(child),
            url,
        }
    }

    /// Asks the process to end, and gives its exit code.
    fn terminate(mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let killed = std::process::Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
        child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// An account for an organization file: clean but for what is said of it.
pub(crate) fn account(id: &str, said: &str) -> String {
    let account = format!("[[account]]\nid = '{id}'\nname = 'account'\n{said}\n");
    account + &TRAIL_AND_ALARM.replace("ACCOUNT", id)
}

/// What satisfies trail-logging and root-usage-alarm.
const TRAIL_AND_ALARM: &str = r#"
[[account.trail]]
region = "us-east-1"
Name = "audit"
IsMultiRegionTrail = true
CloudWatchLogsLogGroupArn = "arn:aws:logs:us-east-1:ACCOUNT:log-group:audit:*"

[[account.log_group]]
region = "us-east-1"
logGroupName = "audit"

[[account.metric_filter]]
region = "us-east-1"
logGroupName = "audit"
filterName = "root"
filterPattern = '{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}'
metricTransformations = [{ metricNamespace = "Audit", metricName = "Root", metricValue = "1" }]

[[account.metric_alarm]]
region = "us-east-1"
AlarmName = "root"
Namespace = "Audit"
MetricName = "Root"
Statistic = "Sum"
Period = 60
EvaluationPeriods = 1
Threshold = 1
ComparisonOperator = "GreaterThanOrEqualToThreshold"
TreatMissingData = "notBreaching"
AlarmActions = ["arn:aws:sns:us-east-1:ACCOUNT:on-call"]

[[account.topic]]
region = "us-east-1"
Name = "on-call"

[[account.subscription]]
region = "us-east-1"
TopicArn = "arn:aws:sns:us-east-1:ACCOUNT:on-call"
Protocol = "email"
Endpoint = "somebody@example.com"
"#;

fn read_when_there(path: &Path, child: &mut Child) -> String {
    let end = Instant::now() + Duration::from_secs(30);
    while Instant::now() < end {
        assert_eq!(child.try_wait().unwrap(), None, "it ended");
        match std::fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    panic!("{} was not written", path.display());
}

#[test]
fn the_sandbox_ends_when_it_is_asked_to() {
    let served = Served::start(
        "terminated",
        "[[account]]\nid = \"111122223333\"\nname = \"a\"\n",
    );
    assert!(served.url.starts_with("http://127.0.0.1:"));
    // It said so by now, to nobody, and that did not end it.
    assert_eq!(check("111122223333", &served.url).code, 1);
    assert_eq!(served.terminate(), Some(0));
}

#[test]
fn the_sandbox_refuses_what_it_cannot_serve() {
    let folder = folder("refused");
    let file = folder.join("organization.toml");
    let path = file.to_str().unwrap();
    let served = |listen: &str| run(&["sandbox", "--listen", listen, "--organization", path]);

    let missing = served("127.0.0.1:0");
    assert_eq!(missing.code, 2);
    let told = format!("error: reading {path}: No such file");
    assert!(missing.err.starts_with(&told), "{}", missing.err);

    std::fs::write(&file, "[[account]]\nid = \"1111\"\nname = \"a\"\n").unwrap();
    let invalid = served("127.0.0.1:0");
    assert_eq!(invalid.code, 2);
    assert!(invalid.err.contains("twelve digits"), "{}", invalid.err);

    std::fs::write(&file, "[[account]]\nid = \"111122223333\"\nname = \"a\"\n").unwrap();
    let public = served("0.0.0.0:0");
    assert_eq!(public.code, 2);
    assert!(public.err.contains("loopback"), "{}", public.err);

    let nowhere = served("4599");
    assert_eq!(nowhere.code, 2);
    assert!(
        nowhere.err.contains("such as 127.0.0.1:4599"),
        "{}",
        nowhere.err
    );
}
