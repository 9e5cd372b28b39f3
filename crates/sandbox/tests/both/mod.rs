//! Runs one test in this process and over HTTP.

use aws_credential_types::Credentials;
use aws_types::SdkConfig;
use sandbox::{Organization, Sandbox, Server, sdk_config_over_http};

/// A way to reach a sandbox.
pub(crate) struct Transport {
    pub(crate) sandbox: Sandbox,
    server: Option<Server>,
}

impl Transport {
    /// A configuration of the SDK for the administrator of an account.
    pub(crate) fn config(&self, account: &str, region: &str) -> SdkConfig {
        self.config_as(Sandbox::administrator(account), region)
    }

    /// A configuration of the SDK with these credentials.
    pub(crate) fn config_as(&self, credentials: Credentials, region: &str) -> SdkConfig {
        match &self.server {
            None => self.sandbox.sdk_config_as(credentials, region),
            Some(server) => sdk_config_over_http(&server.endpoint_url(), credentials, region),
        }
    }
}

/// Two sandboxes of the same organization: one in this process, one over HTTP.
pub(crate) async fn both(organization: &str) -> [Transport; 2] {
    let sandbox = || {
        let organization: Organization = organization.parse().unwrap();
        Sandbox::new(organization).unwrap()
    };
    let (in_process, over_http) = (sandbox(), sandbox());
    let server = over_http
        .serve("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    [
        Transport {
            sandbox: in_process,
            server: None,
        },
        Transport {
            sandbox: over_http,
            server: Some(server),
        },
    ]
}
