//! Templates: `cloudformation:ValidateTemplate` on all that are deployed.

use aws_sdk_cloudformation::Client;
use config_rule::Account;
use deployment::Template;

use crate::answer::{Answer, Tally, asked};

/// The most bytes of a template in a request; longer ones are deployed from S3.
const MOST_BYTES: usize = 51_200;

pub(crate) async fn are_valid(account: &Account) -> Tally {
    let mut tally = Tally::default();
    for template in Template::all() {
        let (name, text) = (template.name(), template.text());
        if text.len() > MOST_BYTES {
            tally.unanswered(format!(
                "{name} is too large to send; it would have to be in S3"
            ));
            continue;
        }
        let client = Client::new(account.sdk());
        let request = client.validate_template().template_body(text);
        match asked(account, "cloudformation:ValidateTemplate", request.send()).await {
            Answer::Given(_) => tally.expect(true, String::new),
            Answer::Refused(error) => tally.expect(false, || format!("{name}: {error}")),
            Answer::Unanswered(reason) => tally.unanswered(reason),
        }
    }
    tally
}
