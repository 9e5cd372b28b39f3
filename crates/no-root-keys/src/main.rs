//! The Lambda function `no-root-keys`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), config_rule::lambda::Error> {
    config_rule::lambda::serve::<no_root_keys::NoRootKeys>().await
}
