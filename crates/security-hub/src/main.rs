//! The Lambda function `security-hub`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), config_rule::lambda::Error> {
    security_hub::serve().await
}
