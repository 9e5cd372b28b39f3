//! The Lambda function `root-activity`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), config_rule::lambda::Error> {
    root_activity::lambda::serve().await
}
