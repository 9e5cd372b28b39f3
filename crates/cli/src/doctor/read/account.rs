//! One account: its recorder, functions, rules, forwarders and trails.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Statistic};
use config_rule::{Account, Unread, deployed_name};

use super::{FactReader, fact, latest};
use crate::doctor::examine::overdue_after;
use crate::doctor::facts::{
    DesiredState, Forwarder, Function, OrganizationTrail, Recorder, Results, ScanResult, WantedRule,
};

const RECORDERS: &str = "config:DescribeConfigurationRecorders";
const RECORDER_STATUS: &str = "config:DescribeConfigurationRecorderStatus";
const COMPLIANCE_DETAILS: &str = "config:GetComplianceDetailsByConfigRule";
const FUNCTION: &str = "lambda:GetFunctionConfiguration";
const STATISTICS: &str = "cloudwatch:GetMetricStatistics";
const EVENT_RULES: &str = "events:ListRules";
const EVENT_TARGETS: &str = "events:ListTargetsByRule";
const TRAILS: &str = "cloudtrail:DescribeTrails";
const BUCKET: &str = "s3:ListBucket";

/// The actions that a session in an account may take at most.
pub(crate) const ACTIONS: [&str; 9] = [
    RECORDERS,
    RECORDER_STATUS,
    COMPLIANCE_DETAILS,
    FUNCTION,
    STATISTICS,
    EVENT_RULES,
    EVENT_TARGETS,
    TRAILS,
    BUCKET,
];

/// Within how much time errors of a function are told.
const LATELY: Duration = Duration::from_hours(24);

/// Reads what an account has. `rules` are those that shall be there; none where nothing is
/// to be deployed.
pub(crate) async fn account(
    asker: &FactReader,
    wanted: &DesiredState,
    rules: Option<&[WantedRule]>,
) -> ScanResult {
    let reader = Reader {
        home: asker.account.in_region(&wanted.home_region),
        asker,
        wanted,
    };
    let mut seen = ScanResult {
        recorders: fact(reader.recorders().await),
        functions: BTreeMap::new(),
        central: BTreeMap::new(),
        results: BTreeMap::new(),
        forwarders: BTreeMap::new(),
        organization_trails: fact(reader.organization_trails().await),
        buckets: BTreeMap::new(),
    };
    for rule in rules.unwrap_or_default() {
        let function = fact(
            reader
                .function(&reader.home, &deployed_name(rule.name))
                .await,
        );
        seen.functions.insert(rule.name, function);
        seen.results
            .insert(rule.name, fact(reader.results(rule).await));
    }
    if wanted.hub.is_some() && rules.is_some() {
        for region in &wanted.activity_regions {
            let forwarders = fact(reader.forwarders(region).await);
            seen.forwarders.insert(region.clone(), forwarders);
        }
    }
    let id = asker.account.identity().account();
    for central in wanted
        .central
        .iter()
        .filter(|central| central.account == id)
    {
        let there = asker.account.in_region(&central.region);
        let function = fact(
            reader
                .function(&there, &deployed_name(central.function.name()))
                .await,
        );
        let function = (central.region.clone(), function);
        seen.central.insert(central.function, function);
    }
    if wanted.artifact_account.as_deref() == Some(id) {
        for region in &wanted.artifact_regions {
            let bucket = fact(reader.has_bucket(id, region).await);
            seen.buckets.insert(region.clone(), bucket);
        }
    }
    seen
}

struct Reader<'a> {
    asker: &'a FactReader,
    /// The account in its home Region.
    home: Account,
    wanted: &'a DesiredState,
}

impl Reader<'_> {
    async fn recorders(&self) -> Result<Vec<Recorder>, Unread> {
        let client = aws_sdk_config::Client::new(self.home.sdk());
        let request = client.describe_configuration_recorders();
        let answer = self.asker.ask_in(&self.home, RECORDERS, request.send());
        let recorders = answer
            .await?
            .and_then(|answer| answer.configuration_recorders)
            .unwrap_or_default();
        let recording = if recorders.is_empty() {
            Ok(BTreeMap::new())
        } else {
            self.recording(&client).await
        };
        let recorders = recorders.into_iter().map(|recorder| {
            let name = recorder.name.unwrap_or_default();
            let recording = recording.clone().and_then(|recording| {
                recording.get(&name).copied().ok_or(Unread::ValueMissing {
                    action: RECORDER_STATUS.to_owned(),
                    value: format!("status of {name}"),
                })
            });
            Recorder {
                service_linked: recorder.service_principal.is_some(),
                recording: fact(recording),
                name,
            }
        });
        Ok(recorders.collect())
    }

    /// Returns which recorders record, by name.
    async fn recording(
        &self,
        client: &aws_sdk_config::Client,
    ) -> Result<BTreeMap<String, bool>, Unread> {
        let request = client.describe_configuration_recorder_status();
        let answer = self
            .asker
            .ask_in(&self.home, RECORDER_STATUS, request.send())
            .await?;
        let statuses = answer
            .and_then(|answer| answer.configuration_recorders_status)
            .unwrap_or_default();
        let pairs = statuses.into_iter();
        Ok(pairs
            .filter_map(|status| Some((status.name?, status.recording)))
            .collect())
    }

    async fn function(&self, there: &Account, name: &str) -> Result<Option<Function>, Unread> {
        let client = aws_sdk_lambda::Client::new(there.sdk());
        let request = client.get_function_configuration().function_name(name);
        let answer = self.asker.ask_in(there, FUNCTION, request.send());
        let Some(answer) = answer.await? else {
            return Ok(None);
        };
        Ok(Some(Function {
            state: answer.state.map(|state| state.as_str().to_owned()),
            code: answer.code_sha256,
            errors: fact(self.count(there, "Errors", name, LATELY).await),
        }))
    }

    async fn results(&self, rule: &WantedRule) -> Result<Option<Results>, Unread> {
        let client = aws_sdk_config::Client::new(self.home.sdk());
        let request = client
            .get_compliance_details_by_config_rule()
            .config_rule_name(deployed_name(rule.name));
        let answer = self
            .asker
            .ask_in(&self.home, COMPLIANCE_DETAILS, request.send())
            .await?;
        let Some(answer) = answer else {
            return Ok(None);
        };
        let results = answer.evaluation_results();
        let times = results
            .iter()
            .flat_map(|result| [result.result_recorded_time, result.config_rule_invoked_time]);
        let latest = latest(times);
        let invocations = if latest.is_some() {
            Ok(0)
        } else {
            let within = overdue_after(rule);
            self.count(&self.home, "Invocations", &deployed_name(rule.name), within)
                .await
        };
        Ok(Some(Results {
            latest,
            invocations: fact(invocations),
        }))
    }

    /// The sum of a function's metric within `time` until now.
    async fn count(
        &self,
        there: &Account,
        metric: &str,
        function: &str,
        time: Duration,
    ) -> Result<u64, Unread> {
        let end = self.wanted.now.epoch_millis();
        let begin = end - i64::try_from(time.as_millis()).unwrap_or_default();
        let client = aws_sdk_cloudwatch::Client::new(there.sdk());
        let dimension = Dimension::builder().name("FunctionName").value(function);
        let request = client
            .get_metric_statistics()
            .namespace("AWS/Lambda")
            .metric_name(metric)
            .dimensions(dimension.build())
            .start_time(DateTime::from_millis(begin))
            .end_time(DateTime::from_millis(end))
            .period(3600)
            .statistics(Statistic::Sum);
        let answer = self.asker.ask_in(there, STATISTICS, request.send()).await?;
        let points = answer
            .and_then(|answer| answer.datapoints)
            .unwrap_or_default();
        let sum: f64 = points.iter().filter_map(|point| point.sum).sum();
        // Whole, and far from any limit.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number of invocations"
        )]
        Ok(sum.round() as u64)
    }

    async fn forwarders(&self, region: &str) -> Result<Vec<Forwarder>, Unread> {
        let there = self.asker.account.in_region(region);
        let client = aws_sdk_eventbridge::Client::new(there.sdk());
        let mut rules = Vec::new();
        let mut next = None;
        loop {
            let request = client.list_rules().name_prefix("rootguard-");
            let request = request.set_next_token(next);
            let answer = self.asker.ask_in(&there, EVENT_RULES, request.send());
            let Some(page) = answer.await? else { break };
            rules.extend(page.rules.unwrap_or_default());
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        let mut forwarders = Vec::new();
        for rule in rules {
            let name = rule.name.unwrap_or_default();
            // A rule has five targets at most, and a page a hundred.
            let request = client.list_targets_by_rule().rule(&name);
            let answer = self.asker.ask_in(&there, EVENT_TARGETS, request.send());
            let targets = answer.await.map(|answer| {
                let targets = answer.and_then(|answer| answer.targets);
                let targets = targets.unwrap_or_default().into_iter();
                targets.map(|target| target.arn).collect()
            });
            forwarders.push(Forwarder {
                name,
                state: rule
                    .state
                    .map(|state| state.as_str().to_owned())
                    .unwrap_or_default(),
                targets: fact(targets),
            });
        }
        Ok(forwarders)
    }

    async fn organization_trails(&self) -> Result<Vec<OrganizationTrail>, Unread> {
        let client = aws_sdk_cloudtrail::Client::new(self.home.sdk());
        let request = client.describe_trails().include_shadow_trails(true);
        let answer = self.asker.ask_in(&self.home, TRAILS, request.send());
        let trails = answer.await?.and_then(|answer| answer.trail_list);
        let trails = trails.unwrap_or_default().into_iter();
        let trails = trails.filter(|trail| trail.is_organization_trail == Some(true));
        let trails = trails.filter_map(|trail| trail.trail_arn);
        Ok(trails
            .map(|arn| OrganizationTrail {
                owner: arn.split(':').nth(4).unwrap_or_default().to_owned(),
                arn,
            })
            .collect())
    }

    /// Returns whether the artifact bucket of a Region is there (infra/artifacts.yaml).
    async fn has_bucket(&self, account: &str, region: &str) -> Result<bool, Unread> {
        let there = self.asker.account.in_region(region);
        let client = aws_sdk_s3::Client::new(there.sdk());
        let name = format!("rootguard-artifacts-{account}-{region}");
        let request = client.head_bucket().bucket(name);
        let answer = self.asker.ask_in(&there, BUCKET, request.send()).await;
        // What is asked with HEAD is refused without a word.
        let answer = answer.map_err(|unread| match unread {
            Unread::Unavailable { action, .. } => Unread::Denied {
                action,
                code: "403, or no answer".to_owned(),
            },
            unread => unread,
        });
        Ok(answer?.is_some())
    }
}
