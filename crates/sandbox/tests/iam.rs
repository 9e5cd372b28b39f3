//! IAM as the administrator sees it, and as the root user does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

mod both;
mod refusal;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_iam::Client;
use aws_sdk_iam::types::{
    AssignmentStatusType, MfaDevice, ReportStateType, StatusType, SummaryKeyType,
};
use both::{Transport, both};
use refusal::{refusal, refused};

const ORGANIZATION: &str = r#"
    management_account = "111111111111"

    [[account]]
    id = "111111111111"
    name = "management"

    [[account]]
    id = "222222222222"
    name = "Größe & ✓"
    virtual_mfa_device = [
        { serial = "arn:aws:iam::222222222222:mfa/groot", user = "arn:aws:iam::222222222222:user/forest/groot" },
        { serial = "arn:aws:iam::222222222222:mfa/spare", assigned = false },
    ]

    [account.root]
    password_last_used = 2026-11-01T10:00:00Z
    access_keys = [
        { id = "AKIAROOT000000000001", created = 2019-04-02T09:12:44Z, last_used = { date = 2026-11-18T22:41:07Z, region = "eu-west-1", service = "s3" } },
        { id = "AKIAROOT000000000002", active = false },
    ]
    signing_certificates = [{ id = "CERTIFICATE0000000000001", uploaded = 2013-06-05T07:30:00Z }]
    mfa_devices = [{ kind = "virtual" }, { kind = "totp", serial = "GAHT12345678" }]

    [[account]]
    id = "333333333333"
    name = "overridden"
    summary = { AccountAccessKeysPresent = 7, Users = 12 }
    omitted_summary_keys = ["AccountPasswordPresent"]
"#;

const MEMBER: &str = "222222222222";

fn administrator(transport: &Transport, account: &str) -> Client {
    Client::new(&transport.config(account, "eu-west-1"))
}

/// A client with the root user's own access key.
fn root(transport: &Transport) -> Client {
    let credentials = Credentials::new("AKIAROOT000000000001", "secret", None, None, "test");
    Client::new(&transport.config_as(credentials, "eu-west-1"))
}

/// A client in a privileged root session.
async fn root_session(transport: &Transport, task: &str) -> Client {
    let sts = aws_sdk_sts::Client::new(&transport.config("111111111111", "eu-west-1"));
    let arn = format!("arn:aws:iam::aws:policy/root-task/{task}");
    let task = aws_sdk_sts::types::PolicyDescriptorType::builder()
        .arn(arn)
        .build();
    let session = sts
        .assume_root()
        .target_principal(MEMBER)
        .task_policy_arn(task)
        .send()
        .await
        .unwrap();
    let issued = session.credentials().unwrap();
    let credentials = Credentials::new(
        issued.access_key_id(),
        issued.secret_access_key(),
        Some(issued.session_token().to_owned()),
        None,
        "test",
    );
    Client::new(&transport.config_as(credentials, "eu-west-1"))
}

/// The status and code of a refusal.

#[tokio::test]
async fn the_summary_is_of_the_state_and_what_is_overridden() {
    for transport in both(ORGANIZATION).await {
        let summary = administrator(&transport, MEMBER)
            .get_account_summary()
            .send()
            .await
            .unwrap();
        let map = summary.summary_map().unwrap();
        assert_eq!(map.len(), 34);
        assert_eq!(map[&SummaryKeyType::AccountAccessKeysPresent], 2);
        assert_eq!(map[&SummaryKeyType::AccountPasswordPresent], 1);
        assert_eq!(map[&SummaryKeyType::AccountSigningCertificatesPresent], 1);
        assert_eq!(map[&SummaryKeyType::AccountMfaEnabled], 1);
        assert_eq!(map[&SummaryKeyType::MfaDevices], 3);
        assert_eq!(map[&SummaryKeyType::MfaDevicesInUse], 3);

        let other = administrator(&transport, "333333333333");
        let summary = other.get_account_summary().send().await.unwrap();
        let map = summary.summary_map().unwrap();
        assert_eq!(map[&SummaryKeyType::AccountAccessKeysPresent], 7);
        assert_eq!(map[&SummaryKeyType::Users], 12);
        assert!(!map.contains_key(&SummaryKeyType::from("AccountPasswordPresent")));
    }
}

#[tokio::test]
async fn a_credential_report_is_made_on_request_and_kept_four_hours() {
    for transport in both(ORGANIZATION).await {
        let iam = administrator(&transport, MEMBER);
        let get = async || refusal(iam.get_credential_report().send().await);
        assert_eq!(get().await, refused(410, "ReportNotPresent"));

        let state = async || {
            iam.generate_credential_report()
                .send()
                .await
                .unwrap()
                .state()
                .unwrap()
                .clone()
        };
        assert_eq!(state().await, ReportStateType::Started);
        assert_eq!(get().await, refused(404, "ReportInProgress"));
        assert_eq!(state().await, ReportStateType::Complete);

        let report = iam.get_credential_report().send().await.unwrap();
        let csv = String::from_utf8(report.content().unwrap().clone().into_inner()).unwrap();
        let rows: Vec<&str> = csv.split('\n').collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(
            rows[0],
            "user,arn,user_creation_time,password_enabled,password_last_used,\
             password_last_changed,password_next_rotation,mfa_active,access_key_1_active,\
             access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,\
             access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
             access_key_2_last_used_date,access_key_2_last_used_region,\
             access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,\
             cert_2_last_rotated"
        );
        assert_eq!(
            rows[1],
            "<root_account>,arn:aws:iam::222222222222:root,2020-01-01T00:00:00+00:00,true,\
             2026-11-01T10:00:00+00:00,not_supported,not_supported,true,\
             true,2019-04-02T09:12:44+00:00,2026-11-18T22:41:07+00:00,eu-west-1,s3,\
             false,2020-01-01T00:00:00+00:00,N/A,N/A,N/A,\
             true,2013-06-05T07:30:00+00:00,false,N/A"
        );

        // The report is a photograph: what changes later is not in it.
        transport
            .sandbox
            .change_account(MEMBER, |account| account.root.access_keys.clear())
            .unwrap();
        let again = iam.get_credential_report().send().await.unwrap();
        assert_eq!(again.content(), report.content());
        assert_eq!(again.generated_time(), report.generated_time());

        transport.sandbox.advance_clock(Duration::from_hours(4));
        assert_eq!(get().await, refused(410, "ReportExpired"));
        assert_eq!(state().await, ReportStateType::Started);
    }
}

#[tokio::test]
async fn nobody_but_the_root_user_sees_its_credentials() {
    for transport in both(ORGANIZATION).await {
        let iam = administrator(&transport, MEMBER);
        let invalid = refused(400, "ValidationError");
        assert_eq!(refusal(iam.list_access_keys().send().await), invalid);
        assert_eq!(
            refusal(iam.list_signing_certificates().send().await),
            invalid
        );
        assert_eq!(refusal(iam.list_mfa_devices().send().await), invalid);
        assert_eq!(refusal(iam.get_login_profile().send().await), invalid);
        assert_eq!(refusal(iam.get_user().send().await), invalid);
        let last_used = iam
            .get_access_key_last_used()
            .access_key_id("AKIAROOT000000000001");
        assert_eq!(
            refusal(last_used.send().await),
            refused(403, "AccessDenied")
        );
        let of_user = iam
            .list_access_keys()
            .user_name("nobody")
            .marker("1")
            .max_items(5);
        assert_eq!(refusal(of_user.send().await), refused(404, "NoSuchEntity"));
    }
}

#[tokio::test]
async fn the_root_user_sees_its_credentials_by_key_and_in_an_audit_session() {
    for transport in both(ORGANIZATION).await {
        let audit = root_session(&transport, "IAMAuditRootUserCredentials").await;
        for iam in [root(&transport), audit.clone()] {
            let keys = iam.list_access_keys().send().await.unwrap();
            let seen: Vec<_> = keys
                .access_key_metadata()
                .iter()
                .map(|key| (key.access_key_id().unwrap(), key.status().unwrap().clone()))
                .collect();
            assert_eq!(
                seen,
                [
                    ("AKIAROOT000000000001", StatusType::Active),
                    ("AKIAROOT000000000002", StatusType::Inactive),
                ]
            );
            assert_eq!(
                keys.access_key_metadata()[0].create_date().unwrap().secs(),
                1_554_196_364
            );

            let last_used = iam
                .get_access_key_last_used()
                .access_key_id("AKIAROOT000000000001");
            let last_used = last_used.send().await.unwrap();
            let used = last_used.access_key_last_used().unwrap();
            assert_eq!((used.region(), used.service_name()), ("eu-west-1", "s3"));
            assert!(used.last_used_date().is_some());
            let never = iam
                .get_access_key_last_used()
                .access_key_id("AKIAROOT000000000002");
            let never = never.send().await.unwrap();
            let never = never.access_key_last_used().unwrap();
            assert_eq!((never.region(), never.last_used_date()), ("N/A", None));

            let certificates = iam.list_signing_certificates().send().await.unwrap();
            let certificate = &certificates.certificates()[0];
            assert_eq!(certificate.certificate_id(), "CERTIFICATE0000000000001");
            assert_eq!(*certificate.status(), StatusType::Active);

            let devices = iam.list_mfa_devices().send().await.unwrap();
            let serials: Vec<_> = devices
                .mfa_devices()
                .iter()
                .map(MfaDevice::serial_number)
                .collect();
            assert_eq!(
                serials,
                [
                    "arn:aws:iam::222222222222:mfa/root-account-mfa-device",
                    "GAHT12345678"
                ]
            );

            let myself = iam.get_user().send().await.unwrap();
            assert_eq!(
                myself.user().unwrap().arn(),
                "arn:aws:iam::222222222222:root"
            );
        }
        assert!(audit.get_login_profile().send().await.is_ok());
        // The model: root user credentials may leave out the name in a session only.
        let own_key = root(&transport).get_login_profile().send().await;
        assert_eq!(refusal(own_key), refused(400, "ValidationError"));
    }
}

#[tokio::test]
async fn an_inactive_root_key_signs_nothing() {
    for transport in both(ORGANIZATION).await {
        let credentials = Credentials::new("AKIAROOT000000000002", "secret", None, None, "test");
        let iam = Client::new(&transport.config_as(credentials, "eu-west-1"));
        let refusal = refusal(iam.list_access_keys().send().await);
        assert_eq!(refusal, refused(403, "InvalidClientTokenId"));
    }
}

#[tokio::test]
async fn a_delete_session_removes_everything_step_by_step() {
    for transport in both(ORGANIZATION).await {
        let iam = root_session(&transport, "IAMDeleteRootUserCredentials").await;
        let missing = refused(404, "NoSuchEntity");

        let delete_key = || {
            iam.delete_access_key()
                .access_key_id("AKIAROOT000000000002")
        };
        delete_key().send().await.unwrap();
        assert_eq!(refusal(delete_key().send().await), missing);

        let certificate = "CERTIFICATE0000000000001";
        let delete = || iam.delete_signing_certificate().certificate_id(certificate);
        delete().send().await.unwrap();
        assert_eq!(refusal(delete().send().await), missing);

        iam.delete_login_profile().send().await.unwrap();
        assert_eq!(refusal(iam.delete_login_profile().send().await), missing);
        assert_eq!(refusal(iam.get_login_profile().send().await), missing);

        let serial = "arn:aws:iam::222222222222:mfa/root-account-mfa-device";
        let delete = || iam.delete_virtual_mfa_device().serial_number(serial);
        assert_eq!(
            refusal(delete().send().await),
            refused(409, "DeleteConflict")
        );
        let deactivate = || iam.deactivate_mfa_device().serial_number(serial);
        deactivate().send().await.unwrap();
        assert_eq!(refusal(deactivate().send().await), missing);
        delete().send().await.unwrap();
        assert_eq!(refusal(delete().send().await), missing);

        // Another user's device is not the root user's to delete.
        let of_user = iam
            .delete_virtual_mfa_device()
            .serial_number("arn:aws:iam::222222222222:mfa/groot");
        assert_eq!(refusal(of_user.send().await), refused(403, "AccessDenied"));

        let root = transport.sandbox.account(MEMBER).unwrap().root;
        assert!(!root.password);
        assert_eq!(root.access_keys.len(), 1);
        assert_eq!(root.mfa_devices.len(), 1);
        assert!(root.signing_certificates.is_empty());
    }
}

#[tokio::test]
async fn virtual_devices_are_listed_by_assignment_and_page_by_page() {
    for transport in both(ORGANIZATION).await {
        let iam = administrator(&transport, MEMBER);
        let first = iam
            .list_virtual_mfa_devices()
            .max_items(2)
            .send()
            .await
            .unwrap();
        assert!(first.is_truncated());
        let devices = first.virtual_mfa_devices();
        let owners: Vec<_> = devices
            .iter()
            .map(|device| device.user().unwrap().arn().to_owned())
            .collect();
        assert_eq!(
            owners,
            [
                "arn:aws:iam::222222222222:root",
                "arn:aws:iam::222222222222:user/forest/groot"
            ]
        );
        assert_eq!(devices[1].user().unwrap().path(), "/forest/");
        assert_eq!(devices[1].user().unwrap().user_name(), "groot");

        let second = iam
            .list_virtual_mfa_devices()
            .set_marker(first.marker().map(str::to_owned));
        let second = second.send().await.unwrap();
        assert!(!second.is_truncated());
        assert_eq!(second.virtual_mfa_devices().len(), 1);
        assert!(second.virtual_mfa_devices()[0].enable_date().is_none());

        let count = async |status| {
            let page = iam
                .list_virtual_mfa_devices()
                .assignment_status(status)
                .send()
                .await;
            page.unwrap().virtual_mfa_devices().len()
        };
        assert_eq!(count(AssignmentStatusType::Assigned).await, 2);
        assert_eq!(count(AssignmentStatusType::Unassigned).await, 1);
        assert_eq!(count(AssignmentStatusType::Any).await, 3);
        let odd = iam
            .list_virtual_mfa_devices()
            .assignment_status("Größe".into())
            .send()
            .await;
        assert_eq!(refusal(odd), refused(400, "ValidationError"));
        let marker = iam.list_virtual_mfa_devices().marker("✓").send().await;
        assert_eq!(refusal(marker), refused(400, "ValidationError"));
    }
}
