//! The Lambda function `trail-logging-remediate`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), remediation::lambda::Error> {
    remediation::lambda::serve::<trail_logging::TrailLogging>().await
}
