//! Policies: `access-analyzer:ValidatePolicy` on all that are deployed.

use aws_sdk_accessanalyzer::Client;
use aws_sdk_accessanalyzer::types::{PolicyType, ValidatePolicyFindingType};
use config_rule::Account;

use crate::answer::{Answer, Tally, asked};
use crate::deployed::{Deployed, PolicyKind};

pub(crate) async fn are_valid(account: &Account) -> Tally {
    let deployed = Deployed::by(account);
    let mut tally = Tally::default();
    for (at, kind, document) in &deployed.policies {
        let kind = match kind {
            PolicyKind::Identity => PolicyType::IdentityPolicy,
            PolicyKind::Resource => PolicyType::ResourcePolicy,
            PolicyKind::ServiceControl => PolicyType::ServiceControlPolicy,
        };
        let client = Client::new(account.sdk());
        let request = client.validate_policy().policy_type(kind);
        let request = request.policy_document(document.to_string());
        match asked(account, "access-analyzer:ValidatePolicy", request.send()).await {
            Answer::Given(answer) => {
                let mut problems = answer.findings().iter().filter(|finding| {
                    let kind = finding.finding_type();
                    [
                        ValidatePolicyFindingType::Error,
                        ValidatePolicyFindingType::SecurityWarning,
                    ]
                    .contains(kind)
                });
                let problem = problems.next();
                tally.expect(problem.is_none(), || {
                    let problem = problem.map(|one| (one.issue_code(), one.finding_details()));
                    let (code, details) = problem.unwrap_or_default();
                    format!("{at}: {code}: {details}")
                });
            }
            Answer::Refused(error) => tally.expect(false, || format!("{at}: {error}")),
            Answer::Unanswered(reason) => tally.unanswered(reason),
        }
    }
    tally
}
