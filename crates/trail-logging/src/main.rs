//! The Lambda function `trail-logging`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), config_rule::lambda::Error> {
    config_rule::lambda::serve::<trail_logging::TrailLogging>().await
}
