//! Packages and templates in the artifact buckets, under the names that their content
//! gives them: what has the same name is the same.

use std::fmt::Write;

use bundle::{Architecture, Organization, RULES};
use config_rule::Choice;
use sha2::{Digest, Sha256};

use crate::template::Template;

/// The functions that are not a control's.
const CENTRAL_FUNCTIONS: [&str; 3] = ["reconciler", "root-activity", "security-hub"];

/// Every Lambda function, by the name of its package (`tests/package.sh`), sorted.
pub fn functions() -> Vec<String> {
    let of_rules = RULES.iter().flat_map(|rule| {
        let name = rule.metadata().name;
        [name.to_owned(), format!("{name}-remediate")]
    });
    let mut all: Vec<_> = of_rules
        .chain(CENTRAL_FUNCTIONS.map(str::to_owned))
        .collect();
    all.sort();
    all
}

/// The package of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The function.
    pub function: String,
    /// Architecture that it was built for.
    pub architecture: Architecture,
    /// The SHA-256 of the zip file, in hexadecimal digits.
    pub sha256: String,
}

impl Package {
    /// Its key in an artifact bucket.
    pub fn key(&self) -> String {
        let Self {
            function, sha256, ..
        } = self;
        format!("{function}/{}/{sha256}.zip", self.architecture.word())
    }
}

/// The bucket of a Region that has functions.
pub fn artifact_bucket(organization: &Organization, region: &str) -> String {
    format!(
        "rootguard-artifacts-{}-{region}",
        organization.accounts.artifacts
    )
}

/// The key of a template in the bucket of the home Region.
pub fn template_key(template: &Template) -> String {
    format!("templates/{}.yaml", sha256(template.text().as_bytes()))
}

/// Returns where StackSets finds a template.
pub fn template_url(organization: &Organization, template: &Template) -> String {
    let home = &organization.regions.home;
    let bucket = artifact_bucket(organization, home);
    format!(
        "https://{bucket}.s3.{home}.amazonaws.com/{}",
        template_key(template)
    )
}

/// The SHA-256 of a content, in hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(content) {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
