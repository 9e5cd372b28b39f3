//! The Lambda function `root-usage-alarm`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), config_rule::lambda::Error> {
    config_rule::lambda::serve::<root_usage_alarm::RootUsageAlarm>().await
}
