//! The Lambda function `hardware-root-mfa-remediate`, in the account that holds IAM's
//! delegated administration.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), remediation::lambda::Error> {
    remediation::lambda::serve::<hardware_root_mfa::HardwareRootMfa>().await
}
