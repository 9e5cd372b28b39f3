//! The credential report: a CSV that IAM makes on request and keeps for four hours.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::StatusCode;

use super::account;
use crate::Timestamp;
use crate::identity::root_arn;
use crate::organization::{Account, CredentialReport, LONG_AGO, Organization};
use crate::request::Request;
use crate::wire::{Failure, Output, Structure};

/// Time for which a report is served and no newer one is generated.
const KEPT: Duration = Duration::from_hours(4);

/// The reports of all accounts.
#[derive(Debug, Default)]
pub(crate) struct CredentialReports(Mutex<BTreeMap<String, Report>>);

#[derive(Clone, Debug)]
enum Report {
    /// Being made. It is ready at the second look, so that a client that does not
    /// wait is found out and one that does loses no time.
    InProgress,
    Made {
        at: Timestamp,
        csv: String,
    },
}

impl CredentialReports {
    /// The reports that exist as the sandbox starts.
    pub(crate) fn at_start(organization: &Organization, now: Timestamp) -> Self {
        let made = organization.accounts.iter().filter_map(|account| {
            let at = match account.root.credential_report {
                CredentialReport::Absent => return None,
                CredentialReport::Fresh => now,
                CredentialReport::GeneratedAt(at) => at,
            };
            let csv = csv(account, &root_arn(organization.partition, &account.id));
            Some((account.id.clone(), Report::Made { at, csv }))
        });
        Self(Mutex::new(made.collect()))
    }
}

pub(crate) fn generate_credential_report(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = account(request)?;
    let mut reports = request
        .world
        .reports
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let (state, description) = match reports.get(&account.id) {
        Some(Report::Made { at, .. }) if request.now.since(*at) < KEPT => ("COMPLETE", None),
        Some(Report::InProgress) => {
            reports.insert(account.id.clone(), made(request, &account));
            ("COMPLETE", None)
        }
        _ => {
            reports.insert(account.id.clone(), Report::InProgress);
            (
                "STARTED",
                Some("No report exists. Starting a new report generation task"),
            )
        }
    };
    Ok(Structure::new()
        .with("State", state)
        .with_some("Description", description))
}

pub(crate) fn get_credential_report(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = account(request)?;
    let mut reports = request
        .world
        .reports
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    match reports.get(&account.id) {
        None => Err(Failure::new(
            StatusCode::GONE,
            "ReportNotPresent",
            "The credential report does not exist. Generate one with GenerateCredentialReport.",
        )),
        Some(Report::InProgress) => {
            reports.insert(account.id.clone(), made(request, &account));
            Err(Failure::new(
                StatusCode::NOT_FOUND,
                "ReportInProgress",
                "The credential report is still being generated.",
            ))
        }
        Some(Report::Made { at, .. }) if request.now.since(*at) >= KEPT => Err(Failure::new(
            StatusCode::GONE,
            "ReportExpired",
            "The most recent credential report has expired. Generate one with \
             GenerateCredentialReport.",
        )),
        Some(Report::Made { at, csv }) => Ok(Structure::new()
            .with("Content", Output::Bytes(csv.clone().into_bytes()))
            .with("ReportFormat", "text/csv")
            .with("GeneratedTime", *at)),
    }
}

fn made(request: &Request<'_>, account: &Account) -> Report {
    Report::Made {
        at: request.now,
        csv: csv(account, &root_arn(request.partition(), &account.id)),
    }
}

/// The report of an account. There are no users here, so its only row is the root
/// user's. Of keys and certificates it shows the first two.
fn csv(account: &Account, arn: &str) -> String {
    let root = &account.root;
    let mut row = vec![
        "<root_account>".to_owned(),
        arn.to_owned(),
        written(LONG_AGO),
        root.password.to_string(),
        root.password_last_used
            .map_or("no_information".to_owned(), written),
        "not_supported".to_owned(),
        "not_supported".to_owned(),
        (!root.mfa_devices.is_empty()).to_string(),
    ];
    for slot in 0..2 {
        let key = root.access_keys.get(slot);
        let last_used = key.and_then(|key| key.last_used.as_ref());
        row.extend([
            key.is_some_and(|key| key.active).to_string(),
            key.map_or_else(none, |key| written(key.created)),
            last_used.map_or_else(none, |used| written(used.date)),
            last_used.map_or_else(none, |used| used.region.clone()),
            last_used.map_or_else(none, |used| used.service.clone()),
        ]);
    }
    for slot in 0..2 {
        let certificate = root.signing_certificates.get(slot);
        row.extend([
            certificate
                .is_some_and(|certificate| certificate.active)
                .to_string(),
            certificate.map_or_else(none, |certificate| written(certificate.uploaded)),
        ]);
    }
    format!("{HEADER}\n{}", row.join(","))
}

const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,\
    password_last_changed,password_next_rotation,mfa_active,access_key_1_active,\
    access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,\
    access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
    access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,\
    cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

/// Times in the report are in whole seconds and end in `+00:00`.
fn written(time: Timestamp) -> String {
    let seconds = Timestamp::from_millis(time.millis().div_euclid(1000) * 1000).to_string();
    seconds.replace('Z', "+00:00")
}

fn none() -> String {
    "N/A".to_owned()
}
