//! `rootguard check`: the verdicts on one account, reported to nobody.

use anyhow::Context;
use aws_config::{BehaviorVersion, Region};
use clap::Args;
use config_rule::{Account, EvaluationError, Identity, Verdict, sdk};

use crate::exit::Outcome;
use crate::progress;
use crate::rows::{self, Counts, Format, Row, RowResult};
use crate::rules::RulesFile;

/// Judge the account of the current credentials; writes nothing anywhere
///
/// Credentials and Region come from where the AWS CLI takes them: environment,
/// profiles, SSO, instance and container roles.
///
/// Exit code: 0 compliant, 1 not compliant, 2 could not judge.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    rules: RulesFile,
    /// How results are printed
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Where to find the account.
#[derive(Debug, Args)]
struct Place {
    /// Profile of the AWS configuration to use
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Region to ask, such as us-east-1
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Endpoint to send every request to instead of AWS, such as a sandbox
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

impl Check {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let format = self.format;
        let rules = self.rules.read()?;
        let account = self.place.account().await?;
        let bar = progress::bar(rules.enabled().count());
        let mut rows = Vec::new();
        for rule in rules.enabled() {
            let control = rule.name();
            bar.set_message(control);
            let result = rule.rule.judge(&account, rule.parameters.clone()).await;
            rows.push(Row {
                account: account.identity().account().to_owned(),
                account_name: None,
                control,
                severity: rule.severity,
                result: row_result(result),
            });
            bar.inc(1);
        }
        bar.finish_and_clear();
        rows::print(&rows, &rules, &[], format)?;
        Ok(outcome(Counts::of(&rows)))
    }
}

impl Place {
    /// The account of the current credentials.
    async fn account(self) -> anyhow::Result<Account> {
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = self.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(url) = self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let config = sdk::load(loader).await;
        let region = config
            .region()
            .map(ToString::to_string)
            .context("no Region: pass --region, or set AWS_REGION or a Region in the profile")?;
        let caller = aws_sdk_sts::Client::new(&config)
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| anyhow::Error::msg(config_rule::explain(&error)))
            .with_context(|| no_identity(self.profile.as_deref()))?;
        let arn = caller.arn().context("sts:GetCallerIdentity gave no ARN")?;
        Ok(Account::new(config, Identity::of_caller(arn, &region)?))
    }
}

fn no_identity(profile: Option<&str>) -> String {
    let place = profile.map_or_else(String::new, |name| format!(" in the profile {name}"));
    format!(
        "cannot tell which account this is (sts:GetCallerIdentity); are there valid \
         credentials{place}? Try `aws sso login`, --profile, or AWS_PROFILE"
    )
}

fn row_result(result: Result<Verdict, EvaluationError>) -> RowResult {
    match result {
        Ok(verdict) => RowResult::Judged {
            compliance: verdict.compliance,
            annotation: verdict.annotation().to_string(),
        },
        Err(error) => RowResult::Failed {
            error: error.to_string(),
        },
    }
}

/// A proven violation outweighs what could not be judged.
fn outcome(counts: Counts) -> Outcome {
    if counts.not_compliant > 0 {
        Outcome::NotCompliant
    } else if counts.unverifiable > 0 || counts.failed > 0 {
        Outcome::Unjudged
    } else {
        Outcome::Done
    }
}
