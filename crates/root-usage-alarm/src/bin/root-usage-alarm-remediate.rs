//! The Lambda function `root-usage-alarm-remediate`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), remediation::lambda::Error> {
    remediation::lambda::serve::<root_usage_alarm::RootUsageAlarm>().await
}
