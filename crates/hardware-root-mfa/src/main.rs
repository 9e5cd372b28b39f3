//! The Lambda function `hardware-root-mfa`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), config_rule::lambda::Error> {
    config_rule::lambda::serve::<hardware_root_mfa::HardwareRootMfa>().await
}
