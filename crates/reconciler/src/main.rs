//! The Lambda function `reconciler`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), config_rule::lambda::Error> {
    reconciler::serve().await
}
