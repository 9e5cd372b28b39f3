//! Observing is the inverse of describing: what the sandbox is told of an
//! account is what the control sees.

use config_rule::{Account, Control, Fact, Identity, Timestamp, Unread};
use no_root_keys::{NoRootKeys, NoRootKeysParameters, RootKeys};
use proptest::prelude::*;
use root_credentials::{AccessKeyUse, AccountSummary, CredentialReport};

use crate::fixtures::{self, ACCOUNT, REGION};

fn value() -> impl Strategy<Value = Option<i32>> {
    prop::option::of(0..3_i32)
}

fn summary() -> impl Strategy<Value = Fact<AccountSummary>> {
    let known = (value(), value(), value(), value()).prop_map(
        |(access_keys_present, signing_certificates_present, password_present, mfa_enabled)| {
            Fact::Known(AccountSummary {
                access_keys_present,
                signing_certificates_present,
                password_present,
                mfa_enabled,
            })
        },
    );
    prop_oneof![8 => known, 1 => unread("iam:GetAccountSummary")]
}

fn unread<T: Clone + std::fmt::Debug>(action: &'static str) -> impl Strategy<Value = Fact<T>> {
    let denied = Unread::Denied {
        action: action.to_owned(),
        code: "AccessDenied".to_owned(),
    };
    let unavailable = Unread::Unavailable {
        action: action.to_owned(),
        code: "OptInRequired".to_owned(),
    };
    prop_oneof![Just(Fact::Unread(denied)), Just(Fact::Unread(unavailable))]
}

/// The report has whole seconds.
fn time() -> impl Strategy<Value = Timestamp> {
    (1_300_000_000_i64..1_790_000_000)
        .prop_map(|second| Timestamp::from_epoch_millis(second * 1000))
}

fn key() -> impl Strategy<Value = AccessKeyUse> {
    let used = (time(), "[a-z]{2}-[a-z]{4}-[1-9]", "[a-z0-9-]{1,12}");
    (any::<bool>(), time(), prop::option::of(used)).prop_map(|(active, made, used)| {
        let (time, place) = match used {
            Some((time, region, service)) => (Some(time), Some((region, service))),
            None => (None, None),
        };
        let (region, service) = place.unzip();
        AccessKeyUse {
            active,
            last_rotated: Some(made),
            last_used: time,
            last_used_region: region,
            last_used_service: service,
        }
    })
}

fn report() -> impl Strategy<Value = Fact<Option<CredentialReport>>> {
    let known = prop::collection::vec(key(), 0..=2).prop_map(|keys| {
        let mut keys = keys.into_iter();
        let mut slot = || keys.next().unwrap_or_default();
        Fact::Known(Some(CredentialReport {
            generated_at: Some(OBSERVED_AT),
            password_last_used: None,
            access_keys: [slot(), slot()],
        }))
    });
    prop_oneof![
        4 => known,
        1 => Just(Fact::Known(None)),
        1 => unread("iam:GetCredentialReport"),
    ]
}

const OBSERVED_AT: Timestamp = Timestamp::UNIX_EPOCH;

fn facts() -> impl Strategy<Value = (RootKeys, NoRootKeysParameters)> {
    (summary(), report(), any::<bool>()).prop_map(|(summary, report, forbid)| {
        let parameters = NoRootKeysParameters {
            forbid_signing_certificates: forbid,
        };
        let facts = RootKeys {
            observed_at: OBSERVED_AT,
            summary,
            report: None,
        };
        // There is a report exactly where there is something to explain.
        let verdict = NoRootKeys::evaluate(&facts, &parameters);
        let explained = verdict.compliance == config_rule::Compliance::NonCompliant;
        let report = explained.then_some(report);
        (RootKeys { report, ..facts }, parameters)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn sees_what_the_sandbox_was_told((facts, parameters) in facts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let seen = runtime.block_on(async {
            let sandbox = fixtures::sandbox(&facts);
            let caller = format!("arn:aws:iam::{ACCOUNT}:root");
            let identity = Identity::of_caller(&caller, REGION).unwrap();
            let account = Account::new(sandbox.sdk_config(ACCOUNT, REGION), identity);
            NoRootKeys::observe(&account, &parameters).await.unwrap()
        });
        prop_assert_eq!(fixtures::without_times(seen), fixtures::without_times(facts));
    }
}
