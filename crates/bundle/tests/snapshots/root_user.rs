//! What is saved of the root user.

use bundle::Rules;
use proptest::prelude::*;
use sandbox::{AccessKey, MfaDevice, MfaKind, Organization, RootUser, SigningCertificate};

use crate::{ACCOUNT, looked_at, without_detail};

/// The rules that look at the root user, with these parameters.
fn rules(forbid_certificates: bool, absent: &str) -> Rules {
    let text = format!(
        "rules.no-root-keys.parameters.forbidSigningCertificates = {forbid_certificates}\n\
         rules.hardware-root-mfa.parameters.whenRootCredentialsAbsent = {absent:?}\n\
         rules.trail-logging.enabled = false\n\
         rules.root-usage-alarm.enabled = false\n"
    );
    Rules::parse(&text).unwrap()
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let absent = prop::sample::select(vec!["COMPLIANT", "NOT_APPLICABLE"]);
    (any::<bool>(), absent).prop_map(|(forbid, absent)| rules(forbid, absent))
}

/// An account, and what of it cannot be read.
fn any_account() -> impl Strategy<Value = sandbox::Account> {
    let keys = prop::collection::vec("AKIA[A-Z0-9]{16}", 0..2);
    let certificates = prop::collection::vec("[A-Z0-9]{24}", 0..2);
    let kinds = prop::sample::select(vec![MfaKind::Virtual, MfaKind::Totp, MfaKind::Fido]);
    let devices = prop::collection::vec(kinds, 0..2);
    let omitted = prop::sample::subsequence(
        vec![
            "AccountMFAEnabled",
            "AccountPasswordPresent",
            "AccountAccessKeysPresent",
        ],
        0..2,
    );
    let denied = prop::sample::subsequence(
        vec![
            "iam:GetAccountSummary",
            "iam:ListVirtualMFADevices",
            "iam:GetCredentialReport",
        ],
        0..2,
    );
    let throttled = prop::sample::subsequence(vec!["iam:ListVirtualMFADevices"], 0..=1);
    let user = (any::<bool>(), keys, certificates, devices, any::<bool>());
    (user, omitted, denied, throttled).prop_map(|(user, omitted, denied, throttled)| {
        let (password, keys, certificates, devices, report) = user;
        let mut account = sandbox::Account::new(ACCOUNT, "account");
        account.root = RootUser {
            password,
            access_keys: keys.into_iter().map(AccessKey::new).collect(),
            signing_certificates: certificates
                .into_iter()
                .map(SigningCertificate::new)
                .collect(),
            mfa_devices: devices.into_iter().map(MfaDevice::with_kind).collect(),
            ..RootUser::without_credentials()
        };
        if report {
            account.root.credential_report = sandbox::CredentialReport::Fresh;
        }
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        account.omitted_summary_keys = owned(omitted);
        account.denied_actions = owned(denied);
        account.throttled_actions = owned(throttled);
        account
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_snapshot_gives_the_verdicts_that_the_account_gives(
        described in any_account(),
        then in any_rules(),
        now in any_rules(),
    ) {
        let seen = looked_at("root-user.json", Organization::with_accounts([described]), &then, &now);
        prop_assert_eq!(seen.saved_then, seen.live_then);
        // By other parameters too; only who used a key last may not have been asked.
        prop_assert_eq!(without_detail(seen.saved_now), without_detail(seen.live_now));
    }
}
