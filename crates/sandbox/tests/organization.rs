//! Organization files: defaults, everything set, and what is wrong said where.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use sandbox::{
    Account, AccountState, CredentialReport, MfaKind, Organization, Partition, RootUser, Sandbox,
    Timestamp,
};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/organizations/example.toml");

#[test]
fn a_clean_account_is_two_lines() {
    let organization: Organization = "[[account]]\nid = \"111111111111\"\nname = \"clean\""
        .parse()
        .unwrap();
    assert_eq!(
        organization.accounts,
        [Account::new("111111111111", "clean")]
    );
    assert_eq!(organization.management_account(), Some("111111111111"));
    assert_eq!(organization.partition, Partition::Aws);
    assert!(organization.has_region("eu-west-1") && !organization.has_region("ap-east-1"));
    let root = &organization.accounts[0].root;
    assert!(root.password && root.access_keys.is_empty());
    assert_eq!(root.mfa_devices[0].kind, MfaKind::Fido);
}

#[test]
fn the_example_describes_accounts_in_telling_states() {
    let organization = Organization::read(EXAMPLE).unwrap();
    assert_eq!(organization.accounts.len(), 7);
    let account = |name: &str| {
        organization
            .accounts
            .iter()
            .find(|account| account.name == name)
    };
    let keys = &account("root-key").unwrap().root.access_keys;
    assert_eq!(keys[0].last_used.as_ref().unwrap().service, "s3");
    let both = &account("root-key-and-certificate").unwrap().root;
    assert!(!both.access_keys[0].active && both.signing_certificates[0].active);
    let removed = account("root-credentials-removed").unwrap();
    assert_eq!(removed.root, RootUser::without_credentials());
    assert_eq!(
        account("access-denied").unwrap().denied_actions,
        ["iam:GetAccountSummary"]
    );
    assert_eq!(
        account("throttled").unwrap().throttled_actions,
        ["iam:GetAccountSummary"]
    );
    Sandbox::new(organization).unwrap();
}

#[test]
fn credential_reports_are_words_or_times() {
    let report = |written: &str| {
        let file = format!(
            "[[account]]\nid = \"111111111111\"\nname = \"a\"\nroot.credential_report = {written}"
        );
        file.parse::<Organization>()
            .map(|read| read.accounts[0].root.credential_report)
    };
    assert_eq!(report("\"absent\"").unwrap(), CredentialReport::Absent);
    assert_eq!(report("\"fresh\"").unwrap(), CredentialReport::Fresh);
    let at = Timestamp::from_millis(1_795_168_800_500);
    let written = report("2026-11-20T12:00:00.5+02:00").unwrap();
    assert_eq!(written, CredentialReport::GeneratedAt(at));
    let error = report("\"stale\"").unwrap_err().to_string();
    assert!(
        error.contains("\"absent\", \"fresh\" or the time"),
        "{error}"
    );
}

#[test]
fn states_are_in_the_words_of_the_api() {
    let file = "[[account]]\nid = \"111111111111\"\nname = \"a\"\nstate = \"PENDING_CLOSURE\"";
    let organization: Organization = file.parse().unwrap();
    assert_eq!(organization.accounts[0].state, AccountState::PendingClosure);
}

#[test]
fn errors_name_line_and_key() {
    let cases = [
        ("colour = \"red\"", "unknown field `colour`"),
        ("partition = \"aws-iso\"", "unknown variant `aws-iso`"),
        ("[[account]]\nid = \"111111111111\"", "missing field `name`"),
        (
            "[[account]]\nid = \"1\"\nname = \"a\"",
            "account[0].id: '1' is not twelve digits",
        ),
        (
            "[[account]]\nid = \"111111111111\"\nname = \"a\"\n\
             [[account]]\nid = \"111111111111\"\nname = \"b\"",
            "account[1].id: 111111111111 is listed twice",
        ),
        ("", "account: an organization has at least one account"),
        (
            "management_account = \"222222222222\"\n\
             [[account]]\nid = \"111111111111\"\nname = \"a\"",
            "management_account: 222222222222 is not an account of this organization",
        ),
        (
            "regions = [\"cn-north-1\"]\n[[account]]\nid = \"111111111111\"\nname = \"a\"",
            "regions: cn-north-1 is not a Region of the partition aws",
        ),
        (
            "[[account]]\nid = \"111111111111\"\nname = \"a\"\n\
             root.access_keys = [{ id = \"AKIA\", created = 2026-01-01 }]",
            "line 4",
        ),
        (
            "[[account]]\nid = \"111111111111\"\nname = \"a\"\n\
             [[account.role]]\nname = \"r\"\ntrust = '{\"Statement\": []'",
            "line 6",
        ),
    ];
    for (file, expected) in cases {
        let error = file.parse::<Organization>().unwrap_err().to_string();
        assert!(error.contains(expected), "{file}\n\n{error}");
    }
    let error = Organization::read("no/such/file.toml")
        .unwrap_err()
        .to_string();
    assert!(error.contains("no/such/file.toml"), "{error}");
}
