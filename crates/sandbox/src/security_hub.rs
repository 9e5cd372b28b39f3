//! Security Hub: findings that an account makes itself, by account and Region, and what is
//! shown of them and of AWS's own.

mod reading;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hyper::StatusCode;
use serde_json::{Map, Value};

use crate::Timestamp;
use crate::faults::Effect;
use crate::operations::{Needed, resource_named};
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Shape, Structure, integer, list, member, one_of, required, text_of,
};

pub(crate) use reading::{ENABLED_STANDARDS, GET_FINDINGS, get_enabled_standards, get_findings};

/// Findings in Security Hub.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// By the place and product of a finding and its id.
    imported: Mutex<BTreeMap<[String; 2], Value>>,
    /// Those of its own controls, by the account and Region that are shown them.
    own: Mutex<BTreeMap<[String; 2], Vec<Value>>>,
}

const fn words(max: usize) -> Shape {
    text_of(
        Allowed::Pattern(r".*\S.*", |text| !text.trim().is_empty()),
        0,
        max,
    )
}

const WORDS: Shape = words(usize::MAX);

/// A time. That it is one is looked at in each finding.
const TIME: Shape = WORDS;

const LABEL: Shape = one_of(&["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]);

const FIELDS: Shape = Shape::Map(&WORDS);

const RELATED_FINDINGS: Shape = list(
    &Shape::Structure(&[
        required("ProductArn", words(2048)),
        required("Id", words(512)),
    ]),
    0,
    10,
);

/// Members that the sandbox does not store, and refuses instead of dropping them.
const UNKEPT: &[&str] = &[
    "Action",
    "Detection",
    "GeneratorDetails",
    "Malware",
    "Network",
    "NetworkPath",
    "PatchSummary",
    "Process",
    "ThreatIntelIndicators",
    "Threats",
    "Vulnerabilities",
];

const FINDING: Shape = Shape::Structure(&[
    required("SchemaVersion", words(64)),
    required("Id", words(512)),
    required("ProductArn", words(2048)),
    member("ProductName", words(128)),
    member("CompanyName", words(128)),
    member("Region", words(16)),
    required("GeneratorId", words(512)),
    required("AwsAccountId", words(12)),
    member("AwsAccountName", words(50)),
    member("Types", list(&WORDS, 0, 50)),
    member("FirstObservedAt", TIME),
    member("LastObservedAt", TIME),
    required("CreatedAt", TIME),
    required("UpdatedAt", TIME),
    member("ProcessedAt", TIME),
    member(
        "Severity",
        Shape::Structure(&[
            member("Product", Shape::Float),
            member("Label", LABEL),
            member("Normalized", integer(0, 100)),
            member("Original", words(64)),
        ]),
    ),
    member("Confidence", integer(0, 100)),
    member("Criticality", integer(0, 100)),
    required("Title", words(256)),
    required("Description", words(1024)),
    member(
        "Remediation",
        Shape::Structure(&[member(
            "Recommendation",
            Shape::Structure(&[member("Text", words(512)), member("Url", words(2048))]),
        )]),
    ),
    member("SourceUrl", words(2048)),
    member("ProductFields", FIELDS),
    member("UserDefinedFields", FIELDS),
    required(
        "Resources",
        list(
            &Shape::Structure(&[
                required("Type", words(256)),
                required("Id", words(512)),
                member("Partition", one_of(&["aws", "aws-cn", "aws-us-gov"])),
                member("Region", words(16)),
                member("ResourceRole", WORDS),
                member("Tags", FIELDS),
                member("DataClassification", Shape::Any),
                member("Details", Shape::Any),
                member("ApplicationName", WORDS),
                member("ApplicationArn", WORDS),
            ]),
            1,
            32,
        ),
    ),
    member(
        "Compliance",
        Shape::Structure(&[
            member(
                "Status",
                one_of(&["PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"]),
            ),
            member("RelatedRequirements", list(&WORDS, 0, 32)),
            member(
                "StatusReasons",
                list(
                    &Shape::Structure(&[
                        required("ReasonCode", WORDS),
                        member("Description", words(1024)),
                    ]),
                    0,
                    usize::MAX,
                ),
            ),
            member("SecurityControlId", WORDS),
            member(
                "AssociatedStandards",
                list(
                    &Shape::Structure(&[member("StandardsId", WORDS)]),
                    0,
                    usize::MAX,
                ),
            ),
            member(
                "SecurityControlParameters",
                list(
                    &Shape::Structure(&[
                        member("Name", WORDS),
                        member("Value", list(&WORDS, 0, usize::MAX)),
                    ]),
                    0,
                    usize::MAX,
                ),
            ),
        ]),
    ),
    member(
        "VerificationState",
        one_of(&[
            "UNKNOWN",
            "TRUE_POSITIVE",
            "FALSE_POSITIVE",
            "BENIGN_POSITIVE",
        ]),
    ),
    member(
        "WorkflowState",
        one_of(&["NEW", "ASSIGNED", "IN_PROGRESS", "DEFERRED", "RESOLVED"]),
    ),
    member(
        "Workflow",
        Shape::Structure(&[member(
            "Status",
            one_of(&["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"]),
        )]),
    ),
    member("RecordState", one_of(&["ACTIVE", "ARCHIVED"])),
    member("RelatedFindings", RELATED_FINDINGS),
    member(
        "Note",
        Shape::Structure(&[
            required("Text", words(512)),
            required("UpdatedBy", words(512)),
            required("UpdatedAt", TIME),
        ]),
    ),
    member(
        "FindingProviderFields",
        Shape::Structure(&[
            member("Confidence", integer(0, 100)),
            member("Criticality", integer(0, 100)),
            member("RelatedFindings", RELATED_FINDINGS),
            member(
                "Severity",
                Shape::Structure(&[member("Label", LABEL), member("Original", words(64))]),
            ),
            member("Types", list(&WORDS, 0, 50)),
        ]),
    ),
    member("Sample", Shape::Boolean),
    member("Action", Shape::Any),
    member("Detection", Shape::Any),
    member("GeneratorDetails", Shape::Any),
    member("Malware", Shape::Any),
    member("Network", Shape::Any),
    member("NetworkPath", Shape::Any),
    member("PatchSummary", Shape::Any),
    member("Process", Shape::Any),
    member("ThreatIntelIndicators", Shape::Any),
    member("Threats", Shape::Any),
    member("Vulnerabilities", Shape::Any),
]);

pub(crate) const IMPORT: Shape = Shape::Structure(&[required("Findings", list(&FINDING, 1, 100))]);

/// The products whose findings they are.
pub(crate) fn products(request: &Request<'_>) -> Vec<Needed> {
    let products = request.list("Findings").iter();
    let mut products: Vec<_> = products
        .map(|finding| word(finding, "ProductArn"))
        .collect();
    products.sort_unstable();
    products.dedup();
    let needed = products.into_iter();
    needed
        .map(|product| Needed::on(request, resource_named(product)))
        .collect()
}

pub(crate) fn batch_import_findings(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = request.world.account(request.account());
    if !account.is_some_and(|account| account.security_hub) {
        return Err(not_enabled(request));
    }
    let findings = request.list("Findings");
    if let Some(unkept) = findings.iter().find_map(unkept) {
        return Err(Failure::not_implemented(format!("{unkept} of findings")));
    }
    let is_failing = |effect: &Effect| matches!(effect, Effect::FailedEvaluations);
    let faults = &request.world.faults;
    let failing = faults
        .take(request.account(), request.operation.action, is_failing)
        .is_some();
    let mut failed = Vec::new();
    for finding in findings {
        let refused = if failing {
            Err((
                "InternalFailure",
                "The finding could not be imported.".to_owned(),
            ))
        } else {
            check(request, finding).map_err(|problem| ("InvalidInput", problem))
        };
        match refused {
            Ok(()) => request.world.findings.import(request, finding),
            Err((code, message)) => failed.push(
                Structure::new()
                    .with("Id", word(finding, "Id"))
                    .with("ErrorCode", code)
                    .with("ErrorMessage", message),
            ),
        }
    }
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(Structure::new()
        .with("FailedCount", count(failed.len()))
        .with("SuccessCount", count(findings.len() - failed.len()))
        .with("FailedFindings", failed))
}

fn not_enabled(request: &Request<'_>) -> Failure {
    Failure::new(
        StatusCode::UNAUTHORIZED,
        "InvalidAccessException",
        format!(
            "Account {} is not subscribed to AWS Security Hub",
            request.account()
        ),
    )
}

fn invalid(message: &str) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "InvalidInputException", message)
}

/// A member of a finding that the sandbox would have to leave out.
fn unkept(finding: &Value) -> Option<&'static str> {
    let has = |value: &Value, name: &str| value.get(name).is_some();
    let resources = finding.get("Resources").and_then(Value::as_array);
    let of_resource = ["DataClassification", "Details"].into_iter();
    let mut of_resource = of_resource.filter(|name| {
        let mut resources = resources.into_iter().flatten();
        resources.any(|resource| has(resource, name))
    });
    let mut unkept = UNKEPT.iter().copied();
    of_resource
        .next()
        .or_else(|| unkept.find(|name| has(finding, name)))
}

/// The most bytes of a finding.
const MAX_BYTES: usize = 240 * 1024;

/// Validates one finding, apart from the request.
fn check(request: &Request<'_>, finding: &Value) -> Result<(), String> {
    let account = request.account();
    let place = request.place();
    let product = place.arn("securityhub", &format!("product/{account}/default"));
    if word(finding, "SchemaVersion") != "2018-10-08" {
        return Err("SchemaVersion must be 2018-10-08".to_owned());
    }
    if word(finding, "ProductArn") != product || word(finding, "AwsAccountId") != account {
        return Err(format!(
            "the ProductArn of findings about {account} in {} is {product}",
            request.region
        ));
    }
    for name in [
        "CreatedAt",
        "UpdatedAt",
        "FirstObservedAt",
        "LastObservedAt",
    ] {
        if finding.get(name).is_some() && time(finding, name).is_none() {
            return Err(format!("{name} is no ISO 8601 time"));
        }
    }
    let has_severity = [
        "/FindingProviderFields/Severity/Label",
        "/Severity/Label",
        "/Severity/Normalized",
    ]
    .iter()
    .any(|path| finding.pointer(path).is_some());
    if !has_severity {
        return Err("Severity must have Label or Normalized".to_owned());
    }
    if finding.to_string().len() > MAX_BYTES {
        return Err("the finding has more than 240 KB".to_owned());
    }
    Ok(())
}

/// Members that belong to the people who work on findings: an import does not change them.
const OF_PEOPLE: &[&str] = &["Note", "UserDefinedFields", "VerificationState", "Workflow"];

impl Findings {
    /// Keeps a finding, unless there is one with its id that is as late.
    fn import(&self, request: &Request<'_>, finding: &Value) {
        let mut findings = self.imported.lock().unwrap_or_else(PoisonError::into_inner);
        let key = ["ProductArn", "Id"].map(|name| word(finding, name).to_owned());
        let mut finding = finding.clone();
        if let Some(known) = findings.get(&key) {
            if time(&finding, "UpdatedAt") <= time(known, "UpdatedAt") {
                return;
            }
            let members = finding.as_object_mut();
            if let Some((members, known)) = members.zip(known.as_object()) {
                keep_what_is_of_people(members, known);
            }
        }
        if let Some(members) = finding.as_object_mut() {
            members.insert("Region".to_owned(), request.region.into());
        }
        findings.insert(key, finding);
    }

    /// The findings about an account in a Region, by id.
    pub(crate) fn all_in(&self, account: &str, region: &str) -> Vec<Value> {
        let findings = self.imported.lock().unwrap_or_else(PoisonError::into_inner);
        let of_place = |finding: &&Value| {
            word(finding, "AwsAccountId") == account && word(finding, "Region") == region
        };
        findings.values().filter(of_place).cloned().collect()
    }

    /// A finding of Security Hub's own controls, which this account is shown.
    pub(crate) fn add(&self, account: &str, region: &str, finding: Value) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let place = [account, region].map(str::to_owned);
        own.entry(place).or_default().push(finding);
    }

    /// Returns the findings that an account can see in a Region.
    fn visible_in(&self, account: &str, region: &str) -> Vec<Value> {
        let mut all = self.all_in(account, region);
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let place = [account, region].map(str::to_owned);
        all.extend(own.get(&place).into_iter().flatten().cloned());
        all
    }
}

fn keep_what_is_of_people(members: &mut Map<String, Value>, known: &Map<String, Value>) {
    for name in OF_PEOPLE {
        members.remove(*name);
        if let Some(value) = known.get(*name) {
            members.insert((*name).to_owned(), value.clone());
        }
    }
}

fn word<'a>(finding: &'a Value, name: &str) -> &'a str {
    finding
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn time(finding: &Value, name: &str) -> Option<Timestamp> {
    Timestamp::parse(word(finding, name))
}
