//! `rootguard status`: what AWS Config shows.

use std::path::PathBuf;

use aws_sdk_config::Client;
use aws_sdk_config::primitives::DateTime;
use aws_sdk_config::types::{
    ComplianceType, ConfigRule, Evaluation, EventSource, MessageType,
    OrganizationAggregationSource, Owner, RemediationExceptionResourceKey, Source, SourceDetail,
};
use sandbox::{Context, Fault, Notification, Organization, Sandbox, Server};
use serde_json::{Value, json};

use crate::command::{Run, command, finished, folder};

const REGION: &str = "eu-west-1";
const MANAGEMENT: &str = "111111111111";
const KEY: &str = "222222222222";
const NEW: &str = "333333333333";
const RULES: [&str; 4] = [
    "no-root-keys",
    "hardware-root-mfa",
    "trail-logging",
    "root-usage-alarm",
];

struct Served {
    sandbox: Sandbox,
    server: Server,
}

/// The management account and one with a root key have every rule; a new one has none.
async fn served() -> Served {
    let organization = format!(
        "management_account = '{MANAGEMENT}'\nregions = ['us-east-1', '{REGION}']\n\
         [[account]]\nid = '{MANAGEMENT}'\nname = 'management'\n\
         [[account]]\nid = '{KEY}'\nname = '=legacy'\n\
         [[account]]\nid = '{NEW}'\nname = 'new'\n"
    );
    let sandbox = Sandbox::new(organization.parse::<Organization>().unwrap()).unwrap();
    for account in [MANAGEMENT, KEY] {
        for rule in RULES {
            let (compliance, annotation) = match (account, rule) {
                (KEY, "no-root-keys") => (
                    ComplianceType::NonCompliant,
                    "ROOT_ACCESS_KEY_PRESENT: the root user has an access key.",
                ),
                _ => (ComplianceType::Compliant, "FINE: nothing to object to."),
            };
            deploy(&sandbox, account, rule, compliance, annotation).await;
        }
    }
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    Served { sandbox, server }
}

/// A rule whose function has reported this.
async fn deploy(
    sandbox: &Sandbox,
    account: &str,
    rule: &str,
    compliance: ComplianceType,
    annotation: &str,
) {
    let name = config_rule::deployed_name(rule);
    let function = format!("arn:aws:lambda:{REGION}:{account}:function:{name}");
    sandbox.register_function(&function, |_: Value, _: Context| async { Ok(Value::Null) });
    let detail = SourceDetail::builder()
        .event_source(EventSource::AwsConfig)
        .message_type(MessageType::ScheduledNotification)
        .build();
    let source = Source::builder()
        .owner(Owner::CustomLambda)
        .source_identifier(&function)
        .source_details(detail)
        .build()
        .unwrap();
    let config = Client::new(&sandbox.sdk_config(account, REGION));
    let definition = ConfigRule::builder().config_rule_name(&name).source(source);
    let put = config.put_config_rule().config_rule(definition.build());
    put.send().await.unwrap();
    sandbox.settled().await;
    let event = sandbox.event(account, REGION, &name, &Notification::Scheduled);
    let evaluation = Evaluation::builder()
        .compliance_resource_type("AWS::::Account")
        .compliance_resource_id(account)
        .compliance_type(compliance)
        .annotation(annotation)
        .ordering_timestamp(DateTime::from_secs(1_700_000_000))
        .build()
        .unwrap();
    let report = config.put_evaluations().evaluations(evaluation);
    let token = event.unwrap()["resultToken"].as_str().unwrap().to_owned();
    report.result_token(token).send().await.unwrap();
}

impl Served {
    async fn status_with(&self, caller: &str, arguments: &[&str], rules: &str) -> Run {
        let folder = self.folder(caller, rules);
        let mut command = command(&["status", "--region", REGION]);
        command
            .args(["--endpoint-url", &self.server.endpoint_url()])
            .args(arguments)
            .current_dir(folder)
            .env("AWS_ACCESS_KEY_ID", caller)
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        let mut command = tokio::process::Command::from(command);
        finished(command.output().await.unwrap())
    }

    /// A folder with these rules.
    fn folder(&self, caller: &str, rules: &str) -> PathBuf {
        let port = self
            .server
            .endpoint_url()
            .replace(|char: char| !char.is_ascii_digit(), "");
        let folder = folder(&format!("status-{port}-{caller}"));
        std::fs::write(folder.join("rules.toml"), rules).unwrap();
        folder
    }

    async fn status(&self, caller: &str, arguments: &[&str]) -> Run {
        self.status_with(caller, arguments, "").await
    }

    async fn aggregator(&self, name: &str) {
        let source = OrganizationAggregationSource::builder()
            .role_arn("arn:aws:iam::111111111111:role/config-aggregator")
            .all_aws_regions(true)
            .build()
            .unwrap();
        let config = Client::new(&self.sandbox.sdk_config(MANAGEMENT, REGION));
        let put = config.put_configuration_aggregator();
        let put = put.configuration_aggregator_name(name);
        put.organization_aggregation_source(source)
            .send()
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_account_is_shown_as_its_functions_reported_it() {
    let served = served().await;
    let run = served.status(KEY, &["--format", "json"]).await;
    assert_eq!(run.code, 1, "{}", run.err);
    let row = run.row(KEY, "no-root-keys");
    assert_eq!(row["compliance"], "NON_COMPLIANT");
    assert_eq!(row["region"], REGION);
    assert_eq!(
        (&row["ageHours"], &row["stale"]),
        (&json!(0), &json!(false))
    );
    assert!(row["recordedAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(run.json()["counts"]["compliant"], 3);
    let fine = served.status(MANAGEMENT, &[]).await;
    assert_eq!(fine.code, 0, "{}{}", fine.out, fine.err);
    assert!(
        fine.out.contains("less than an hour ago: FINE: nothing"),
        "{}",
        fine.out
    );
    assert!(fine.out.contains("\n4 compliant\n"), "{}", fine.out);
    // Nothing is judged, and nothing is changed.
    let calls = served.sandbox.take_calls();
    let asked = calls
        .iter()
        .filter(|call| call.account == MANAGEMENT && call.service == "config");
    for call in asked.map(|call| call.operation.as_str()) {
        let reads = call.starts_with("Get") || call.starts_with("Describe");
        assert!(reads || call.starts_with("Put"), "{call}");
    }
    let none = served.status(NEW, &[]).await;
    assert_eq!(none.code, 2, "{}", none.err);
    let told = "there is no rule rootguard-no-root-keys in eu-west-1";
    assert!(
        none.out.contains(told) && none.out.contains("no result"),
        "{}",
        none.out
    );
}

#[tokio::test]
async fn what_config_does_not_remediate_is_said_and_what_rules_toml_accepts() {
    let served = served().await;
    let config = Client::new(&served.sandbox.sdk_config(KEY, REGION));
    let key = RemediationExceptionResourceKey::builder()
        .resource_type("AWS::::Account")
        .resource_id(KEY)
        .build();
    let put = config
        .put_remediation_exceptions()
        .config_rule_name("rootguard-no-root-keys");
    put.resource_keys(key)
        .message("failed 5 times")
        .send()
        .await
        .unwrap();
    let accepted = format!(
        "[[exception]]\naccount = '{KEY}'\ncontrol = 'no-root-keys'\n\
         reasonCode = 'ROOT_ACCESS_KEY_PRESENT'\nreason = 'ticket'\nowner = 'SOC'\n\
         expires = {}\n",
        config_rule::Day::after(std::time::SystemTime::now().into(), 3)
    );
    let table = served.status_with(KEY, &[], &accepted).await;
    for told in [
        "AWS Config does not remediate it: failed 5 times",
        "rules.toml accepts what no-root-keys has in 222222222222",
        "1 exception holds.",
    ] {
        assert!(table.out.contains(told), "{told}: {}", table.out);
    }
    let csv = served.status(KEY, &["--format", "csv"]).await;
    let lines: Vec<_> = csv.out.lines().collect();
    assert_eq!(lines.len(), 5, "{}", csv.out);
    assert!(lines[0].starts_with("account,account_name,region,control,"));
    assert!(
        lines[1].contains(",CRITICAL,NON_COMPLIANT,"),
        "{}",
        lines[1]
    );
    assert!(lines[1].ends_with(",0,false,AWS Config does not remediate it: failed 5 times"));
}

/// Whoever may not ask is told so, once, and sees the rest.
#[tokio::test]
async fn remediation_exceptions_that_may_not_be_read_are_no_silence() {
    let served = served().await;
    let denied = Fault::access_denied().action("config:DescribeRemediationExceptions");
    served.sandbox.inject(denied);
    let run = served.status(KEY, &[]).await;
    let told = "Remediation exceptions of AWS Config cannot be told: \
                config:DescribeRemediationExceptions";
    assert_eq!(run.out.matches(told).count(), 1, "{}", run.out);
    assert!(run.out.contains("no-root-keys"), "{}", run.out);
}

#[tokio::test]
async fn an_aggregator_shows_every_account_and_what_it_does_not_see_is_said() {
    let served = served().await;
    let none = served.status(MANAGEMENT, &["--organization"]).await;
    assert_eq!(none.code, 2);
    assert!(none.err.contains("there is no aggregator"), "{}", none.err);
    served.aggregator("all").await;
    // Every page is read.
    for action in [
        "config:DescribeAggregateComplianceByConfigRules",
        "config:DescribeConfigurationAggregators",
    ] {
        served.sandbox.inject(Fault::pages_of(1).action(action));
    }
    let run = served
        .status(MANAGEMENT, &["--organization", "--format", "json"])
        .await;
    assert_eq!(run.code, 1, "{}", run.err);
    let document = run.json();
    assert_eq!(document["results"].as_array().unwrap().len(), 3 * 4);
    let counts = &document["counts"];
    assert_eq!(
        (&counts["compliant"], &counts["failed"]),
        (&json!(7), &json!(4))
    );
    let row = run.row(KEY, "no-root-keys");
    assert_eq!(row["accountName"], "=legacy");
    assert_eq!(row["compliance"], "NON_COMPLIANT");
    let missing = run.row(NEW, "trail-logging");
    let why = missing["error"].as_str().unwrap();
    assert_eq!(
        why,
        "the aggregator sees no rule rootguard-trail-logging there"
    );

    let table = served.status(MANAGEMENT, &["--organization"]).await;
    assert!(!table.out.contains("FINE"), "{}", table.out);
    assert!(
        table
            .out
            .contains("7 compliant, 1 not compliant, 4 without a result"),
        "{}",
        table.out
    );
    let csv = served
        .status(MANAGEMENT, &["--organization", "--format", "csv"])
        .await;
    assert!(csv.out.contains("\n222222222222,'=legacy,"), "{}", csv.out);

    served.aggregator("other").await;
    let several = served.status(MANAGEMENT, &["--organization"]).await;
    assert_eq!(several.code, 2);
    let told = "name one with --aggregator: all, other";
    assert!(several.err.contains(told), "{}", several.err);
    let named = ["--organization", "--aggregator", "other"];
    assert_eq!(served.status(MANAGEMENT, &named).await.code, 1);
    let unknown = ["--organization", "--aggregator", "nobody"];
    let unknown = served.status(MANAGEMENT, &unknown).await;
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.err.contains("NoSuchConfigurationAggregator"),
        "{}",
        unknown.err
    );
}

#[tokio::test]
async fn one_denied_answer_hides_no_other() {
    let served = served().await;
    served.sandbox.inject(
        Fault::access_denied()
            .action("config:GetComplianceDetailsByConfigRule")
            .times(1),
    );
    let run = served.status(MANAGEMENT, &["--format", "json"]).await;
    assert_eq!(run.code, 2, "{}", run.out);
    let denied = run.row(MANAGEMENT, "no-root-keys");
    let why = denied["error"].as_str().unwrap();
    assert!(
        why.starts_with("config:GetComplianceDetailsByConfigRule: AccessDenied"),
        "{why}"
    );
    assert_eq!(run.json()["counts"]["compliant"], 3);
}
