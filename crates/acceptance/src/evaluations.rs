//! `config:PutEvaluations` in test mode, and with a token that AWS Config never gave.

use aws_sdk_config::Client;
use aws_sdk_config::primitives::DateTime;
use aws_sdk_config::types::{ComplianceType, Evaluation};
use config_rule::Account;

use crate::answer::{Answer, Tally, asked};

/// A call and what is believed of it.
struct Case {
    evaluations: usize,
    annotation: Option<usize>,
    compliance: ComplianceType,
    test_mode: bool,
    /// The start of the refusal; none, where it is taken.
    refused: Option<&'static str>,
}

const TAKEN: Case = Case {
    evaluations: 1,
    annotation: None,
    compliance: ComplianceType::Compliant,
    test_mode: true,
    refused: None,
};

fn cases(id: &str) -> Vec<Case> {
    let annotated = |length, refused| Case {
        annotation: Some(length),
        refused,
        ..TAKEN
    };
    match id {
        "config-test-mode" => vec![TAKEN],
        "config-token" => vec![Case {
            test_mode: false,
            refused: Some("InvalidResultTokenException"),
            ..TAKEN
        }],
        "config-annotation-length" => vec![
            annotated(256, None),
            annotated(257, Some("")),
            annotated(0, Some("")),
        ],
        "config-batch-size" => [(100, None), (101, Some(""))]
            .map(|(evaluations, refused)| Case {
                evaluations,
                refused,
                ..TAKEN
            })
            .into(),
        "config-insufficient-data" => vec![Case {
            compliance: ComplianceType::InsufficientData,
            refused: Some("InvalidParameterValueException"),
            ..TAKEN
        }],
        _ => Vec::new(),
    }
}

pub(crate) async fn are_taken_as_believed(account: &Account, id: &str) -> Tally {
    let mut tally = Tally::default();
    for case in cases(id) {
        let time = DateTime::from_millis(account.observed_at().epoch_millis());
        let evaluation = Evaluation::builder()
            .compliance_resource_type("AWS::::Account")
            .compliance_resource_id(account.identity().account())
            .compliance_type(case.compliance)
            .set_annotation(case.annotation.map(|length| "x".repeat(length)))
            .ordering_timestamp(time)
            .build();
        let evaluations: Vec<_> = evaluation
            .into_iter()
            .cycle()
            .take(case.evaluations)
            .collect();
        let request = Client::new(account.sdk())
            .put_evaluations()
            .set_evaluations(Some(evaluations))
            .result_token("rootguard-acceptance")
            .test_mode(case.test_mode);
        let found = match asked(account, "config:PutEvaluations", request.send()).await {
            Answer::Given(answer) if answer.failed_evaluations().is_empty() => None,
            Answer::Given(_) => Some("FailedEvaluations".to_owned()),
            Answer::Refused(error) => Some(error),
            Answer::Unanswered(reason) => {
                tally.unanswered(reason);
                continue;
            }
        };
        let as_believed = match (&found, case.refused) {
            (None, None) => true,
            (Some(error), Some(start)) => error.starts_with(start),
            _ => false,
        };
        tally.expect(as_believed, || {
            let found = found.unwrap_or_else(|| "it was taken".to_owned());
            let believed = case.refused.map_or("it is taken", |_| "it is refused");
            format!(
                "{} evaluations: {found}; believed: {believed}",
                case.evaluations
            )
        });
    }
    tally
}
