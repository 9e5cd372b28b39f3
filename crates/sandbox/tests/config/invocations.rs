//! Events and frequency of Config's invocations, and their visible outcome.

use super::*;

#[tokio::test]
async fn functions_get_the_events_that_aws_sends() {
    for transport in both(ORGANIZATION).await {
        let events = listener(&transport);
        put(&config(&transport), rule("r")).await.unwrap();
        transport.sandbox.settled().await;
        let item = ConfigurationItem {
            resource_type: "AWS::CloudTrail::Trail".to_owned(),
            resource_id: "Größe".to_owned(),
            arn: "arn:aws:cloudtrail:eu-west-1:111111111111:trail/a".to_owned(),
            captured: Timestamp::from_millis(1_700_000_000_000),
            status: "ResourceDeleted".to_owned(),
            left_scope: true,
            configuration: json!({ "name": "✓" }),
        };
        for notification in [
            Notification::ConfigurationItemChange(item.clone()),
            Notification::OversizedConfigurationItemChange(item),
            Notification::SnapshotDelivered,
        ] {
            let status = transport
                .sandbox
                .notify(ACCOUNT, REGION, "r", notification)
                .await;
            assert_eq!(status.unwrap().outcome, Some(Ok(json!("done"))));
        }
        let events: Vec<Value> = events
            .lock()
            .unwrap()
            .iter()
            .map(|(event, _)| event.clone())
            .collect();
        let invoking: Vec<Value> = events
            .iter()
            .map(|event| serde_json::from_str(event["invokingEvent"].as_str().unwrap()).unwrap())
            .collect();

        let scheduled = &events[0];
        assert_eq!(scheduled["version"], "1.0");
        assert_eq!(scheduled["accountId"], ACCOUNT);
        assert_eq!(scheduled["configRuleName"], "r");
        assert_eq!(scheduled["eventLeftScope"], false);
        assert!(scheduled.get("ruleParameters").is_none());
        assert_eq!(invoking[0]["messageType"], "ScheduledNotification");
        assert_eq!(invoking[0]["awsAccountId"], ACCOUNT);
        let created = invoking[0]["notificationCreationTime"].as_str().unwrap();
        assert_eq!(created.len(), "2016-07-13T21:50:00.373Z".len());

        assert_eq!(
            invoking[1]["messageType"],
            "ConfigurationItemChangeNotification"
        );
        let item = &invoking[1]["configurationItem"];
        assert_eq!(
            item["configurationItemCaptureTime"],
            "2023-11-14T22:13:20.000Z"
        );
        assert_eq!(item["configurationItemStatus"], "ResourceDeleted");
        assert_eq!(item["resourceId"], "Größe");
        assert_eq!(item["configuration"], json!({ "name": "✓" }));
        assert_eq!(events[1]["eventLeftScope"], true);

        assert_eq!(
            invoking[2]["messageType"],
            "OversizedConfigurationItemChangeNotification"
        );
        assert!(invoking[2].get("configurationItem").is_none());
        assert_eq!(
            invoking[2]["configurationItemSummary"]["changeType"],
            "UPDATE"
        );
        assert_eq!(
            invoking[3]["messageType"],
            "ConfigurationSnapshotDeliveryCompleted"
        );

        let mut tokens: Vec<_> = events.iter().map(|event| &event["resultToken"]).collect();
        tokens.dedup();
        assert_eq!(tokens.len(), 4);
        let unknown = transport
            .sandbox
            .notify(ACCOUNT, REGION, "x", Notification::Scheduled)
            .await;
        assert!(unknown.is_err());
    }
}

#[tokio::test]
async fn a_failing_function_is_tried_three_times_and_its_failure_shows() {
    for transport in both(ORGANIZATION).await {
        let attempts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&attempts);
        transport
            .sandbox
            .register_function(FUNCTION, move |_: Value, _: Context| {
                counted.fetch_add(1, Ordering::Relaxed);
                async { Err(FunctionError::new("Throttled", "no answer in time")) }
            });
        let config = config(&transport);
        put(&config, rule("r")).await.unwrap();
        transport.sandbox.settled().await;
        assert_eq!(attempts.load(Ordering::Relaxed), 3);
        let delay = Duration::from_millis(30);
        transport.sandbox.set_lambda_retry_delay(delay);
        let started = Instant::now();
        let again = transport
            .sandbox
            .notify(ACCOUNT, REGION, "r", Notification::Scheduled);
        again.await.unwrap();
        assert!(started.elapsed() >= 2 * delay);
        assert_eq!(attempts.load(Ordering::Relaxed), 6);
        let status = transport
            .sandbox
            .rule_status(ACCOUNT, REGION, "r")
            .unwrap()
            .unwrap();
        let failure = status.outcome.unwrap().unwrap_err();
        assert_eq!(failure.to_string(), "Throttled: no answer in time");
        let compliance = config
            .describe_compliance_by_config_rule()
            .send()
            .await
            .unwrap();
        let compliance = compliance.compliance_by_config_rules()[0]
            .compliance()
            .unwrap()
            .clone();
        assert_eq!(
            compliance.compliance_type(),
            Some(&ComplianceType::InsufficientData)
        );

        // A function that is gone is a failed invocation, not silence.
        transport.sandbox.remove_function(FUNCTION);
        let status = transport
            .sandbox
            .notify(ACCOUNT, REGION, "r", Notification::Scheduled)
            .await;
        let failure = status.unwrap().outcome.unwrap().unwrap_err();
        assert_eq!(failure.error_type, "AccessDeniedException");
    }
}

#[tokio::test]
async fn an_evaluation_is_started_at_most_once_a_minute() {
    for transport in both(ORGANIZATION).await {
        let events = listener(&transport);
        let config = config(&transport);
        put(&config, rule("r")).await.unwrap();
        transport.sandbox.settled().await;
        let start = async |name: &str| {
            let start = config
                .start_config_rules_evaluation()
                .config_rule_names(name);
            start
                .send()
                .await
                .map(drop)
                .map_err(|error| error.code().unwrap().to_owned())
        };
        start("r").await.unwrap();
        transport.sandbox.settled().await;
        assert_eq!(events.lock().unwrap().len(), 2);
        assert_eq!(start("r").await, Err("LimitExceededException".to_owned()));
        transport.sandbox.advance_clock(Duration::from_mins(1));
        start("r").await.unwrap();
        assert_eq!(
            start("x").await,
            Err("NoSuchConfigRuleException".to_owned())
        );
        let empty = config.start_config_rules_evaluation().send().await;
        assert_eq!(code(empty), "InvalidParameterValueException");
        let none = config
            .start_config_rules_evaluation()
            .set_config_rule_names(Some(vec![]));
        assert_eq!(code(none.send().await), "ValidationException");
    }
}

#[tokio::test]
async fn a_rule_is_evaluating_while_its_function_runs() {
    for transport in both(ORGANIZATION).await {
        let release = Arc::new(tokio::sync::Notify::new());
        let waiting = Arc::clone(&release);
        transport
            .sandbox
            .register_function(FUNCTION, move |_: Value, _: Context| {
                let waiting = Arc::clone(&waiting);
                async move {
                    waiting.notified().await;
                    Ok(Value::Null)
                }
            });
        let config = config(&transport);
        put(&config, rule("r")).await.unwrap();
        let state = async || {
            let rules = config.describe_config_rules().send().await.unwrap();
            rules.config_rules()[0].config_rule_state().unwrap().clone()
        };
        assert_eq!(state().await, ConfigRuleState::Evaluating);
        let status = transport
            .sandbox
            .rule_status(ACCOUNT, REGION, "r")
            .unwrap()
            .unwrap();
        assert_eq!(status.outcome, None);
        let start = config
            .start_config_rules_evaluation()
            .config_rule_names("r")
            .send()
            .await;
        assert_eq!(code(start), "LimitExceededException");
        release.notify_one();
        transport.sandbox.settled().await;
        assert_eq!(state().await, ConfigRuleState::Active);
    }
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_stopped() {
    for transport in both(ORGANIZATION).await {
        let never = |_: Value, _: Context| std::future::pending();
        let timeout = Duration::from_millis(20);
        transport
            .sandbox
            .register_function_with_timeout(FUNCTION, never, timeout);
        put(&config(&transport), rule("r")).await.unwrap();
        transport.sandbox.settled().await;
        let status = transport
            .sandbox
            .rule_status(ACCOUNT, REGION, "r")
            .unwrap()
            .unwrap();
        let failure = status.outcome.unwrap().unwrap_err();
        assert_eq!(failure.error_type, "Sandbox.Timedout");
    }
}
