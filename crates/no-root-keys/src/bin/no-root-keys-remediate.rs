//! The Lambda function `no-root-keys-remediate`, in the account that holds IAM's delegated
//! administration.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), remediation::lambda::Error> {
    remediation::lambda::serve::<no_root_keys::NoRootKeys>().await
}
