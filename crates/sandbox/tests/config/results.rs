//! Reports of functions, and their visible outcome.

use super::*;

#[tokio::test]
async fn a_result_is_shown_as_it_was_reported() {
    for transport in both(ORGANIZATION).await {
        listener(&transport);
        let config = config(&transport);
        put(&config, rule("r")).await.unwrap();
        let token = token(&transport, "r");
        let annotation = format!("ROOT_ACCESS_KEY_PRESENT: Größe ✓ {}", "ü".repeat(223));
        assert_eq!(annotation.chars().count(), 256);
        let full = evaluation().annotation(&annotation).build().unwrap();
        let put = config
            .put_evaluations()
            .evaluations(full)
            .result_token(&token)
            .test_mode(false);
        assert!(put.send().await.unwrap().failed_evaluations().is_empty());

        let details = config
            .get_compliance_details_by_config_rule()
            .config_rule_name("r");
        let details = details
            .compliance_types(ComplianceType::NonCompliant)
            .limit(100);
        let by_rule = details.send().await.unwrap().evaluation_results()[0].clone();
        assert_eq!(by_rule.annotation(), Some(annotation.as_str()));
        assert_eq!(
            by_rule.compliance_type(),
            Some(&ComplianceType::NonCompliant)
        );
        let identifier = by_rule.evaluation_result_identifier().unwrap();
        let ordering = identifier.ordering_timestamp().unwrap().as_secs_f64();
        assert!((ordering - 1_700_000_000.123).abs() < 0.000_001);
        let qualifier = identifier.evaluation_result_qualifier().unwrap();
        assert_eq!(qualifier.resource_id(), Some(ACCOUNT));
        assert!(by_rule.result_recorded_time() >= by_rule.config_rule_invoked_time());

        let by_resource = config
            .get_compliance_details_by_resource()
            .resource_type("AWS::::Account")
            .resource_id(ACCOUNT)
            .compliance_types(ComplianceType::NonCompliant)
            .send()
            .await
            .unwrap();
        assert_eq!(by_resource.evaluation_results(), [by_rule]);
        let empty = config.get_compliance_details_by_resource().send().await;
        assert_eq!(code(empty), "InvalidParameterValueException");

        let by_rules = config
            .describe_compliance_by_config_rule()
            .config_rule_names("r")
            .compliance_types(ComplianceType::NonCompliant)
            .send()
            .await
            .unwrap();
        let compliance = by_rules.compliance_by_config_rules()[0]
            .compliance()
            .unwrap();
        assert_eq!(
            compliance
                .compliance_contributor_count()
                .unwrap()
                .capped_count(),
            1
        );
    }
}

#[tokio::test]
async fn put_evaluations_validates_as_aws_does() {
    for transport in both(ORGANIZATION).await {
        listener(&transport);
        let config = config(&transport);
        put(&config, rule("r")).await.unwrap();
        let token = token(&transport, "r");
        let refused = async |evaluation: EvaluationBuilder| {
            let put = config
                .put_evaluations()
                .evaluations(evaluation.build().unwrap());
            code(put.result_token(&token).send().await)
        };
        let misshapen = "ValidationException";
        assert_eq!(refused(evaluation().annotation("")).await, misshapen);
        assert_eq!(
            refused(evaluation().annotation("ü".repeat(257))).await,
            misshapen
        );
        assert_eq!(
            refused(evaluation().compliance_type("GREEN".into())).await,
            misshapen
        );
        assert_eq!(
            refused(evaluation().compliance_resource_id("")).await,
            misshapen
        );
        let invalid = "InvalidParameterValueException";
        let insufficient = evaluation().compliance_type(ComplianceType::InsufficientData);
        assert_eq!(refused(insufficient).await, invalid);
        assert_eq!(
            refused(evaluation().compliance_resource_type("Account")).await,
            invalid
        );

        let many = |count| Some(vec![evaluation().build().unwrap(); count]);
        let put = |count, token: &str| {
            config
                .put_evaluations()
                .set_evaluations(many(count))
                .result_token(token)
        };
        assert_eq!(code(put(101, &token).send().await), misshapen);
        put(100, &token).send().await.unwrap();
        put(0, &token).send().await.unwrap();
        config
            .put_evaluations()
            .result_token(&token)
            .send()
            .await
            .unwrap();
        let unknown = "InvalidResultTokenException";
        assert_eq!(code(put(1, "Größe").send().await), unknown);
        assert_eq!(code(put(1, "").send().await), unknown);
        let elsewhere = Client::new(&transport.config(ACCOUNT, "us-east-1"));
        let stray = elsewhere
            .put_evaluations()
            .set_evaluations(many(1))
            .result_token(&token);
        assert_eq!(code(stray.send().await), unknown);

        config
            .delete_config_rule()
            .config_rule_name("r")
            .send()
            .await
            .unwrap();
        assert_eq!(
            code(put(1, &token).send().await),
            "NoSuchConfigRuleException"
        );
    }
}

#[tokio::test]
async fn a_test_needs_no_token_and_leaves_no_trace() {
    for transport in both(ORGANIZATION).await {
        listener(&transport);
        let config = config(&transport);
        put(&config, rule("r")).await.unwrap();
        let test = |evaluation: EvaluationBuilder| {
            let put = config
                .put_evaluations()
                .evaluations(evaluation.build().unwrap());
            put.result_token("TESTMODE").test_mode(true)
        };
        test(evaluation()).send().await.unwrap();
        assert_eq!(
            code(test(evaluation().annotation("")).send().await),
            "ValidationException"
        );
        let details = config
            .get_compliance_details_by_config_rule()
            .config_rule_name("r");
        assert!(
            details
                .send()
                .await
                .unwrap()
                .evaluation_results()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn the_newest_state_wins_whatever_order_results_come_in() {
    for transport in both(ORGANIZATION).await {
        listener(&transport);
        let config = config(&transport);
        put(&config, rule("r")).await.unwrap();
        let report = async |compliance: ComplianceType, seconds: i64| {
            let evaluation = evaluation()
                .compliance_type(compliance)
                .ordering_timestamp(DateTime::from_secs(seconds));
            let put = config
                .put_evaluations()
                .evaluations(evaluation.build().unwrap());
            put.result_token(token(&transport, "r"))
                .send()
                .await
                .unwrap();
            let shown = config
                .describe_compliance_by_config_rule()
                .send()
                .await
                .unwrap();
            let shown = shown.compliance_by_config_rules()[0]
                .compliance()
                .unwrap()
                .clone();
            shown.compliance_type().unwrap().clone()
        };
        assert_eq!(
            report(ComplianceType::Compliant, 2000).await,
            ComplianceType::Compliant
        );
        assert_eq!(
            report(ComplianceType::NonCompliant, 1000).await,
            ComplianceType::Compliant
        );
        assert_eq!(
            report(ComplianceType::NonCompliant, 3000).await,
            ComplianceType::NonCompliant
        );
        // What does not apply contributes nothing.
        let shown = report(ComplianceType::NotApplicable, 4000).await;
        assert_eq!(shown, ComplianceType::InsufficientData);
        // It vanishes, and no older result comes back for it.
        let shown = report(ComplianceType::Compliant, 3500).await;
        assert_eq!(shown, ComplianceType::InsufficientData);
        let details = config
            .get_compliance_details_by_config_rule()
            .config_rule_name("r");
        let details = details.send().await.unwrap();
        assert!(details.evaluation_results().is_empty());
        let details = config
            .get_compliance_details_by_resource()
            .resource_type("AWS::::Account")
            .resource_id(ACCOUNT);
        assert!(
            details
                .send()
                .await
                .unwrap()
                .evaluation_results()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn failed_evaluations_are_not_recorded() {
    for transport in both(ORGANIZATION).await {
        listener(&transport);
        let config = config(&transport);
        put(&config, rule("r")).await.unwrap();
        transport
            .sandbox
            .inject(Fault::failed_evaluations().account(ACCOUNT).times(1));
        let token = token(&transport, "r");
        let put = || {
            let put = config
                .put_evaluations()
                .evaluations(evaluation().build().unwrap());
            put.result_token(&token)
        };
        let failed = put().send().await.unwrap();
        assert_eq!(
            failed.failed_evaluations()[0].compliance_resource_id(),
            ACCOUNT
        );
        let details = || {
            config
                .get_compliance_details_by_config_rule()
                .config_rule_name("r")
        };
        assert!(
            details()
                .send()
                .await
                .unwrap()
                .evaluation_results()
                .is_empty()
        );
        assert!(put().send().await.unwrap().failed_evaluations().is_empty());
        assert_eq!(
            details().send().await.unwrap().evaluation_results().len(),
            1
        );
    }
}

#[tokio::test]
async fn results_come_in_pages_and_by_type() {
    for transport in both(ORGANIZATION).await {
        listener(&transport);
        let config = config(&transport);
        put(&config, rule("r")).await.unwrap();
        let evaluations = (0..25).map(|number| {
            let compliance = if number < 12 {
                ComplianceType::Compliant
            } else {
                ComplianceType::NonCompliant
            };
            let evaluation = evaluation().compliance_type(compliance);
            evaluation
                .compliance_resource_id(format!("{number:012}"))
                .build()
                .unwrap()
        });
        let put = config
            .put_evaluations()
            .set_evaluations(Some(evaluations.collect()));
        put.result_token(token(&transport, "r"))
            .send()
            .await
            .unwrap();

        let details = || {
            config
                .get_compliance_details_by_config_rule()
                .config_rule_name("r")
        };
        let first = details().send().await.unwrap();
        assert_eq!(first.evaluation_results().len(), 10);
        let rest = details()
            .limit(100)
            .set_next_token(first.next_token().map(str::to_owned));
        let rest = rest.send().await.unwrap();
        assert_eq!(rest.evaluation_results().len(), 15);
        assert_eq!(rest.next_token(), None);
        assert_eq!(
            details()
                .limit(0)
                .send()
                .await
                .unwrap()
                .evaluation_results()
                .len(),
            10
        );
        let compliant = details()
            .limit(100)
            .compliance_types(ComplianceType::Compliant);
        assert_eq!(
            compliant.send().await.unwrap().evaluation_results().len(),
            12
        );

        let stray = details().next_token("Größe").send().await;
        assert_eq!(code(stray), "InvalidNextTokenException");
        let filter = details()
            .compliance_types(ComplianceType::InsufficientData)
            .send()
            .await;
        assert_eq!(code(filter), "InvalidParameterValueException");
        assert_eq!(
            code(details().limit(101).send().await),
            "ValidationException"
        );
        let long = config.get_compliance_details_by_config_rule();
        let long = long.config_rule_name("r".repeat(65)).send().await;
        assert_eq!(code(long), "ValidationException");
        let unknown = config
            .get_compliance_details_by_config_rule()
            .config_rule_name("x");
        assert_eq!(code(unknown.send().await), "NoSuchConfigRuleException");

        transport
            .sandbox
            .inject(Fault::pages_of(1).action("config:*"));
        let truncated = details().limit(100).send().await.unwrap();
        assert_eq!(truncated.evaluation_results().len(), 1);
        assert!(truncated.next_token().is_some());
    }
}
