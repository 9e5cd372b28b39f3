//! A snapshot is as good as the account.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use std::path::{Path, PathBuf};

use bundle::{ConfiguredRule, Rules, Snapshot};
use config_rule::{
    Account, Compliance, Control, Identity, RuleParameters, Verdict, parse_parameters,
};
use hardware_root_mfa::HardwareRootMfa;
use no_root_keys::NoRootKeys;
use proptest::prelude::*;
use sandbox::{AccessKey, MfaDevice, MfaKind, Organization, RootUser, Sandbox, SigningCertificate};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

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
            mfa_devices: devices.into_iter().map(MfaDevice::of).collect(),
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

/// The verdict of a rule, or why there is none.
type Judged = Result<Verdict, String>;

/// What the Lambda functions of both rules conclude.
async fn live(account: &Account, rules: &Rules) -> Vec<Judged> {
    let [keys, mfa] = both(rules);
    vec![
        live_of::<NoRootKeys>(account, keys).await,
        live_of::<HardwareRootMfa>(account, mfa).await,
    ]
}

async fn live_of<C: Control>(account: &Account, rule: &ConfiguredRule) -> Judged {
    assert_eq!(rule.name(), C::METADATA.name);
    let parameters: RuleParameters<C::Parameters> =
        parse_parameters(rule.parameters.clone()).unwrap();
    match C::observe(account, &parameters.control).await {
        Ok(facts) => Ok(C::evaluate(&facts, &parameters.control)),
        Err(error) => Err(error.to_string()),
    }
}

fn both(rules: &Rules) -> [&ConfiguredRule; 2] {
    let rules: Vec<_> = rules.enabled().collect();
    rules.try_into().unwrap()
}

fn judged(snapshot: &Snapshot, rules: &Rules) -> Vec<Judged> {
    let judged = |rule| snapshot.judge(rule).map_err(|error| error.to_string());
    both(rules).into_iter().map(judged).collect()
}

/// A file that is not there yet.
fn new_file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("snapshots");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    let _ = std::fs::remove_file(&file);
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_snapshot_gives_the_verdicts_that_the_account_gives(
        described in any_account(),
        then in any_rules(),
        now in any_rules(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (snapshot, live_then, live_now) = runtime.block_on(async {
            let sandbox = Sandbox::new(Organization::of([described])).unwrap();
            let caller = format!("arn:aws:iam::{ACCOUNT}:root");
            let identity = Identity::of_caller(&caller, REGION).unwrap();
            let asked = || Account::new(sandbox.sdk_config(ACCOUNT, REGION), identity.clone());
            let account = asked();
            let mut snapshot = Snapshot::of(&account);
            for rule in then.enabled() {
                snapshot.observe(&account, rule).await;
            }
            (snapshot, live(&asked(), &then).await, live(&asked(), &now).await)
        });
        let file = new_file("law.json");
        snapshot.write(&file).unwrap();
        let saved = Snapshot::read(&file).unwrap();
        prop_assert_eq!(&saved, &snapshot);
        prop_assert_eq!(judged(&saved, &then), live_then);
        // By other parameters too; only who used a key last may not have been asked.
        let told = |judged: Vec<Judged>| -> Vec<_> {
            let judged = judged.into_iter();
            judged.map(|judged| judged.map(|verdict| (verdict.compliance, verdict.reason))).collect()
        };
        prop_assert_eq!(told(judged(&saved, &now)), told(live_now));
    }

    /// Damaged snapshots are refused or judged, whatever they say.
    #[test]
    fn a_damaged_snapshot_never_panics(
        pointer in prop::sample::select(POINTERS.to_vec()),
        put in any_json(),
    ) {
        let mut document = document();
        *document.pointer_mut(pointer).unwrap() = put;
        let file = new_file("damaged.json");
        std::fs::write(&file, document.to_string()).unwrap();
        if let Ok(snapshot) = Snapshot::read(&file) {
            let _ = judged(&snapshot, &rules(true, "COMPLIANT"));
        }
    }
}

const POINTERS: &[&str] = &[
    "",
    "/formatVersion",
    "/account",
    "/observedAt",
    "/rules",
    "/rules/no-root-keys",
    "/rules/no-root-keys/facts",
    "/rules/no-root-keys/facts/summary",
    "/rules/no-root-keys/facts/summary/known",
    "/rules/no-root-keys/facts/summary/known/accessKeysPresent",
];

fn any_json() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("111122223333"),
        json!("\u{1b}[2J"),
        json!([]),
        json!({}),
        json!({"known": {}}),
        json!({"facts": {}}),
        json!({"failed": "no"}),
    ])
}

fn document() -> Value {
    json!({
        "formatVersion": 1,
        "account": ACCOUNT,
        "region": REGION,
        "partition": "aws",
        "observedAt": "2026-11-21T00:00:00Z",
        "rules": {
            "no-root-keys": {
                "facts": {
                    "observedAt": "2026-11-21T00:00:00Z",
                    "summary": {
                        "known": {"accessKeysPresent": 0, "signingCertificatesPresent": 0}
                    },
                    "report": null,
                },
            },
        },
    })
}

/// What was written by the first rootguard that wrote snapshots is read for ever.
#[test]
fn the_first_format_is_read() {
    let file = new_file("first.json");
    std::fs::write(&file, document().to_string()).unwrap();
    let snapshot = Snapshot::read(&file).unwrap();
    let [keys, mfa] = judged(&snapshot, &rules(true, "COMPLIANT"))
        .try_into()
        .unwrap();
    assert_eq!(keys.unwrap().compliance, Compliance::Compliant);
    assert!(mfa.unwrap_err().contains("switched off"));
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut document = document();
        change(&mut document);
        let file = new_file("refused.json");
        std::fs::write(&file, document.to_string()).unwrap();
        Snapshot::read(&file).unwrap_err().to_string()
    };
    for (change, told) in [
        (
            (&|document: &mut Value| document["formatVersion"] = json!(2)) as &dyn Fn(&mut Value),
            "was written by a newer rootguard (format version 2; this one reads 1)",
        ),
        (
            &|document| document["formatVersion"] = json!(null),
            "is not a snapshot of rootguard: it has no formatVersion",
        ),
        (
            &|document| document["account"] = json!("1"),
            "is not a snapshot of rootguard: its account is not twelve digits",
        ),
        (
            &|document| document["rules"] = json!([]),
            "is not a snapshot of rootguard: invalid type: sequence, expected a map",
        ),
    ] {
        let error = refused(change);
        assert!(
            error.contains("refused.json") && error.ends_with(told),
            "{error}"
        );
    }
}
