//! Packages and templates into the artifact buckets.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use config_rule::explain;
use deployment::{artifact_bucket, template_key};
use indicatif::ProgressBar;

use super::accounts::Accounts;
use super::plan::region_of;
use super::wanted::Deployment;
use crate::progress;

/// Number of tries, a few seconds apart: IAM needs some until a role that was just
/// made can be assumed everywhere.
const ATTEMPTS: u32 = 8;

/// Number of objects, and the versions of those that functions name.
pub(super) struct Uploads {
    objects: usize,
    versions: BTreeMap<(String, String), String>,
    done: bool,
}

impl Uploads {
    pub(super) fn new(deployment: &Deployment<'_>) -> Self {
        Self {
            objects: deployment.versions().len() + deployment.stack_set_templates().len(),
            versions: BTreeMap::new(),
            done: false,
        }
    }

    pub(super) fn are_done(&self) -> bool {
        self.done
    }

    /// The version of an object.
    pub(super) fn version(&self, bucket: &str, key: &str) -> Option<&str> {
        let found = self.versions.get(&(bucket.to_owned(), key.to_owned()));
        found.map(String::as_str)
    }

    /// Uploads what is not there.
    pub(super) async fn put(
        &mut self,
        accounts: &Accounts<'_>,
        deployment: &Deployment<'_>,
    ) -> anyhow::Result<()> {
        let owner = &deployment.organization.accounts.artifacts;
        let bar = progress::counted(self.objects, "objects");
        for (bucket, key) in deployment.versions() {
            let file = deployment
                .packages
                .files
                .get(key)
                .context("a package is missing")?;
            let content = std::fs::read(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let client = client(accounts, owner, region_of(deployment, bucket)).await;
            let version = put(&client, bucket, key, content, &bar).await?;
            self.versions
                .insert((bucket.to_owned(), key.to_owned()), version);
        }
        let home = &deployment.organization.regions.home;
        let bucket = artifact_bucket(deployment.organization, home);
        let client = client(accounts, owner, home).await;
        for template in deployment.stack_set_templates() {
            let content = template.text().as_bytes().to_vec();
            put(&client, &bucket, &template_key(template), content, &bar).await?;
        }
        bar.finish_and_clear();
        self.done = true;
        Ok(())
    }
}

async fn client(accounts: &Accounts<'_>, owner: &str, region: &str) -> Client {
    let sdk = accounts.writer(owner, region).await;
    let config = aws_sdk_s3::config::Builder::from(&sdk);
    // Nothing but AWS has a host name per bucket.
    Client::from_conf(config.force_path_style(accounts.has_endpoint()).build())
}

/// The version of an object, which is uploaded if it is not there. What is there under this
/// name has this content: one role writes, and names are made of contents.
async fn put(
    client: &Client,
    bucket: &str,
    key: &str,
    content: Vec<u8>,
    bar: &ProgressBar,
) -> anyhow::Result<String> {
    bar.set_message(key.split('/').next().unwrap_or_default().to_owned());
    let found = client.head_object().bucket(bucket).key(key).send().await;
    // Who may not list a bucket is told that access is denied to what is not there.
    let mut version = found.ok().and_then(|found| found.version_id);
    let mut attempt = 1;
    while version.is_none() {
        let request = client.put_object().bucket(bucket).key(key);
        match request.body(ByteStream::from(content.clone())).send().await {
            Ok(put) => {
                let unversioned =
                    || format!("{bucket} does not keep versions: artifacts.yaml switches that on");
                version = Some(put.version_id.with_context(unversioned)?);
            }
            Err(error) => {
                let refused = error.as_service_error().is_none_or(|error| {
                    matches!(error.code(), Some("AccessDenied" | "NoSuchBucket"))
                });
                if !refused || attempt == ATTEMPTS {
                    return Err(anyhow!(
                        "cannot upload {key} to {bucket} (s3:PutObject): {}\nOnly \
                         role/rootguard/rootguard-write-artifacts may, and only the role \
                         organization.deployerRoleArn may assume it: deploy as that one",
                        explain(&error)
                    ));
                }
                attempt += 1;
                tokio::time::sleep(Duration::from_secs(u64::from(attempt))).await;
            }
        }
    }
    bar.inc(1);
    version.context("no version")
}
