//! Rules: making, changing and refusing them.

use super::*;

const TOPIC: &str = "AWS::SNS::Topic";
const TRAIL: &str = "AWS::CloudTrail::Trail";

#[tokio::test]
async fn a_rule_keeps_every_member() {
    for transport in both(ORGANIZATION).await {
        let events = listener(&transport);
        let config = config(&transport);
        let frequent = SourceDetail::builder()
            .event_source(EventSource::AwsConfig)
            .message_type(MessageType::ScheduledNotification)
            .maximum_execution_frequency(MaximumExecutionFrequency::SixHours)
            .build();
        let details = vec![
            frequent,
            detail(MessageType::ConfigurationItemChangeNotification),
            detail(MessageType::OversizedConfigurationItemChangeNotification),
            detail(MessageType::ConfigurationSnapshotDeliveryCompleted),
        ];
        let mode = EvaluationModeConfiguration::builder()
            .mode(EvaluationMode::Detective)
            .build();
        let scope = Scope::builder()
            .compliance_resource_types("AWS::CloudTrail::Trail")
            .tag_key("Größe")
            .tag_value("✓")
            .compliance_resource_id("trail");
        let full = rule("no-root-keys-✓")
            .description("Der Root-Benutzer hat keine Schlüssel & Zertifikate <nie>")
            .scope(scope.build())
            .source(source(&format!("{FUNCTION}:live"), details))
            .input_parameters(r#"{"forbidSigningCertificates":true,"größe":"✓","hours":24}"#)
            .maximum_execution_frequency(MaximumExecutionFrequency::OneHour)
            .config_rule_state(ConfigRuleState::Active)
            .created_by("nobody")
            .evaluation_modes(mode);
        let tag = Tag::builder().key("team").value("Zoë").build();
        let given = full.build();
        config
            .put_config_rule()
            .config_rule(given.clone())
            .tags(tag)
            .send()
            .await
            .unwrap();
        transport.sandbox.settled().await;

        let shown = config
            .describe_config_rules()
            .config_rule_names("no-root-keys-✓")
            .send()
            .await;
        let shown = shown.unwrap().config_rules()[0].clone();
        let arn = shown.config_rule_arn().unwrap();
        assert!(arn.starts_with("arn:aws:config:eu-west-1:111111111111:config-rule/config-rule-"));
        assert_eq!(arn.rsplit('/').next(), shown.config_rule_id());
        assert_eq!(shown.description(), given.description());
        assert_eq!(shown.scope(), given.scope());
        assert_eq!(shown.source(), given.source());
        assert_eq!(shown.input_parameters(), given.input_parameters());
        assert_eq!(
            shown.maximum_execution_frequency(),
            given.maximum_execution_frequency()
        );
        assert_eq!(shown.evaluation_modes(), given.evaluation_modes());
        assert_eq!(shown.config_rule_state(), Some(&ConfigRuleState::Active));

        // A new rule is evaluated, with parameters that are strings in a string.
        let events = events.lock().unwrap();
        let parameters = events[0].0["ruleParameters"].as_str().unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(parameters).unwrap(),
            json!({ "forbidSigningCertificates": "true", "größe": "✓", "hours": "24" })
        );
        assert_eq!(events[0].1.invoked_function_arn, format!("{FUNCTION}:live"));
    }
}

#[tokio::test]
async fn rules_are_changed_in_place_and_deleted_with_their_results() {
    for transport in both(ORGANIZATION).await {
        listener(&transport);
        let config = config(&transport);
        put(&config, rule("a")).await.unwrap();
        put(&config, rule("b")).await.unwrap();
        let described = async || config.describe_config_rules().send().await.unwrap();
        let before = described().await.config_rules()[0].clone();
        put(&config, rule("a").description("changed"))
            .await
            .unwrap();
        let by_arn = ConfigRule::builder()
            .config_rule_arn(before.config_rule_arn().unwrap())
            .description("changed again")
            .source(source(
                FUNCTION,
                vec![detail(MessageType::ScheduledNotification)],
            ));
        put(&config, by_arn).await.unwrap();
        let after = described().await.config_rules()[0].clone();
        assert_eq!(after.config_rule_id(), before.config_rule_id());
        assert_eq!(after.description(), Some("changed again"));

        config
            .delete_config_rule()
            .config_rule_name("a")
            .send()
            .await
            .unwrap();
        assert_eq!(described().await.config_rules().len(), 1);
        let gone = config
            .delete_config_rule()
            .config_rule_name("a")
            .send()
            .await;
        assert_eq!(code(gone), "NoSuchConfigRuleException");
        let gone = config
            .describe_config_rules()
            .config_rule_names("a")
            .send()
            .await;
        assert_eq!(code(gone), "NoSuchConfigRuleException");
        // Rules are of one Region.
        let elsewhere = Client::new(&transport.config(ACCOUNT, "us-east-1"));
        let elsewhere = elsewhere.describe_config_rules().send().await.unwrap();
        assert!(elsewhere.config_rules().is_empty());
    }
}

#[tokio::test]
async fn a_rule_that_cannot_work_is_refused() {
    for transport in both(ORGANIZATION).await {
        let config = config(&transport);
        let invalid = Err("InvalidParameterValueException".to_owned());
        let insufficient = Err("InsufficientPermissionsException".to_owned());
        assert_eq!(put(&config, rule("a")).await, insufficient);
        listener(&transport);
        let denied = Fault::access_denied()
            .action("lambda:InvokeFunction")
            .times(1);
        transport.sandbox.inject(denied);
        assert_eq!(put(&config, rule("a")).await, insufficient);

        let with = |function: &str, details| rule("a").source(source(function, details));
        let scheduled = || vec![detail(MessageType::ScheduledNotification)];
        let changed = detail(MessageType::ConfigurationItemChangeNotification);
        let hourly = changed.clone();
        let mut too_often = scheduled();
        too_often[0].maximum_execution_frequency = Some(MaximumExecutionFrequency::OneHour);
        too_often[0].message_type = hourly.message_type;
        let without_message = SourceDetail::builder().build();
        for rule in [
            with(&format!("{FUNCTION}:$LATEST"), scheduled()),
            with("no-root-keys", scheduled()),
            with(FUNCTION, vec![]),
            with(FUNCTION, vec![without_message]),
            with(FUNCTION, vec![changed]),
            with(FUNCTION, too_often),
            rule("a").input_parameters("[1]"),
            rule("a").input_parameters("{"),
            rule("a").maximum_execution_frequency(MaximumExecutionFrequency::OneHour),
            rule("a").config_rule_id("config-rule-abcdef"),
            rule("a").set_config_rule_name(None),
        ] {
            assert_eq!(put(&config, rule).await, invalid);
        }
        let misshapen = Err("ValidationException".to_owned());
        for rule in [
            rule(""),
            rule(" "),
            rule(&"ü".repeat(129)),
            rule("a").input_parameters("ü".repeat(1025)),
            rule("a").description("ü".repeat(257)),
        ] {
            assert_eq!(put(&config, rule).await, misshapen);
        }
        put(&config, rule(&"ü".repeat(128))).await.unwrap();
        let managed = Source::builder()
            .owner(Owner::Aws)
            .source_identifier("IAM_ROOT");
        let managed = rule("a").source(managed.build().unwrap());
        assert_eq!(
            put(&config, managed).await,
            Err("NotImplemented".to_owned())
        );

        let without_recorder = Client::new(&transport.config("222222222222", REGION));
        let error = put(&without_recorder, rule("a")).await;
        assert_eq!(
            error,
            Err("NoAvailableConfigurationRecorderException".to_owned())
        );
    }
}

/// Invocations of the function of a rule with changes in its scope, by type of message.
async fn invocations(transport: &Transport, events: &Events) -> Vec<String> {
    transport.sandbox.settled().await;
    let events = std::mem::take(&mut *events.lock().unwrap());
    let kinds = events.into_iter().map(|(event, _)| {
        let invoking: Value =
            serde_json::from_str(event["invokingEvent"].as_str().unwrap()).unwrap();
        let item = &invoking["configurationItem"];
        let kind = item["resourceType"]
            .as_str()
            .or(invoking["messageType"].as_str());
        kind.unwrap().to_owned()
    });
    let mut kinds: Vec<_> = kinds.collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn a_rule_with_changes_is_evaluated_for_every_recorded_resource() {
    let organization = r#"
        [[account]]
        id = "111111111111"
        name = "owner"
        [[account.topic]]
        region = "eu-west-1"
        Name = "one"
        [[account.topic]]
        region = "eu-west-1"
        Name = "two"
        [[account.topic]]
        region = "us-east-1"
        Name = "elsewhere"
        [[account.trail]]
        region = "eu-west-1"
        Name = "main"
    "#;
    let only = |types: &str| {
        format!(
            "config_recording_group = {{ allSupported = false, resourceTypes = [{types}], \
             recordingStrategy = {{ useOnly = \"INCLUSION_BY_RESOURCE_TYPES\" }} }}"
        )
    };
    for (group, expected) in [
        (
            String::new(),
            vec![TRAIL, TOPIC, TOPIC, "ScheduledNotification"],
        ),
        (
            only("\"AWS::CloudTrail::Trail\""),
            vec![TRAIL, "ScheduledNotification"],
        ),
        (
            only("\"AWS::EC2::Instance\""),
            vec!["ScheduledNotification"],
        ),
        (
            "config_recording = false".to_owned(),
            vec!["ScheduledNotification"],
        ),
    ] {
        let file = organization.replace("name = \"owner\"", &format!("name = \"owner\"\n{group}"));
        for transport in both(&file).await {
            let events = listener(&transport);
            let config = config(&transport);
            let details = [
                MessageType::ScheduledNotification,
                MessageType::ConfigurationItemChangeNotification,
                MessageType::OversizedConfigurationItemChangeNotification,
            ];
            let scope = Scope::builder().compliance_resource_types(TOPIC);
            let scope = scope.compliance_resource_types(TRAIL).build();
            let changes = rule("r").source(source(FUNCTION, details.map(detail).to_vec()));
            put(&config, changes.scope(scope)).await.unwrap();
            assert_eq!(invocations(&transport, &events).await, expected, "{group}");
            transport.sandbox.advance_clock(Duration::from_mins(2));
            let start = config
                .start_config_rules_evaluation()
                .config_rule_names("r");
            start.send().await.unwrap();
            assert_eq!(invocations(&transport, &events).await, expected, "{group}");
            let shown = config
                .describe_configuration_recorders()
                .send()
                .await
                .unwrap();
            let shown = shown.configuration_recorders()[0]
                .recording_group()
                .unwrap();
            assert_eq!(shown.all_supported(), !group.contains("allSupported"));
        }
    }
}

#[tokio::test]
async fn a_rule_with_a_remediation_is_not_deleted() {
    use aws_sdk_config::types::{RemediationConfiguration, RemediationTargetType};
    for transport in both(ORGANIZATION).await {
        listener(&transport);
        let config = config(&transport);
        put(&config, rule("r")).await.unwrap();
        let configuration = RemediationConfiguration::builder()
            .config_rule_name("r")
            .target_type(RemediationTargetType::SsmDocument)
            .target_id("rootguard-r");
        let remediate = config.put_remediation_configurations();
        let remediate = remediate.remediation_configurations(configuration.build().unwrap());
        assert!(remediate.send().await.unwrap().failed_batches().is_empty());
        let delete = || config.delete_config_rule().config_rule_name("r").send();
        assert_eq!(code(delete().await), "ResourceInUseException");
        let shown = config
            .describe_remediation_configurations()
            .config_rule_names("r");
        let shown = shown.send().await.unwrap();
        assert_eq!(
            shown.remediation_configurations()[0].target_id(),
            "rootguard-r"
        );
        let remove = || {
            let remove = config
                .delete_remediation_configuration()
                .config_rule_name("r");
            remove.send()
        };
        remove().await.unwrap();
        assert_eq!(
            code(remove().await),
            "NoSuchRemediationConfigurationException"
        );
        delete().await.unwrap();
    }
}
