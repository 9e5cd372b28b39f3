//! The resource policies of Lambda functions, as the SDK sees them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

mod both;
mod refusal;

use aws_sdk_lambda::Client;
use both::{Transport, both};
use refusal::{refusal, refused};
use serde_json::{Value, json};

const REGION: &str = "eu-west-1";
const OWNER: &str = "111111111111";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111111111111:function:page";

const ORGANIZATION: &str = r#"
    [[account]]
    id = "111111111111"
    name = "owner"

    [[account.function]]
    region = "eu-west-1"
    FunctionName = "page"

    [[account.function]]
    region = "eu-west-1"
    FunctionName = "page"
    Qualifier = "live"
    Policy = '{"Version":"2012-10-17","Id":"größe","Statement":{"Sid":"open","Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"lambda:GetPolicy","Resource":"*"}}'

    [[account]]
    id = "222222222222"
    name = "other"
"#;

fn client(transport: &Transport, account: &str) -> Client {
    Client::new(&transport.config(account, REGION))
}

/// The statements of a policy and its revision.
async fn statements(lambda: &Client, function: &str) -> (Vec<Value>, String) {
    let answer = lambda.get_policy().function_name(function).send().await;
    let answer = answer.unwrap();
    let policy: Value = serde_json::from_str(answer.policy().unwrap()).unwrap();
    let revision = answer.revision_id.unwrap();
    (policy["Statement"].as_array().unwrap().clone(), revision)
}

#[tokio::test]
async fn a_permission_becomes_a_statement_and_goes_again() {
    for transport in both(ORGANIZATION).await {
        let lambda = client(&transport, OWNER);
        let none = refused(404, "ResourceNotFoundException");
        let get = |function: &str| lambda.get_policy().function_name(function).send();
        assert_eq!(refusal(get("page").await), none);
        assert_eq!(refusal(get("missing").await), none);

        let alarm = "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:Größe ✓";
        let add = lambda.add_permission().action("lambda:InvokeFunction");
        let alarms = add
            .clone()
            .function_name(FUNCTION)
            .statement_id("alarms")
            .principal("lambda.alarms.cloudwatch.amazonaws.com")
            .source_arn(alarm)
            .source_account(OWNER);
        let statement = alarms.clone().send().await.unwrap().statement.unwrap();
        let statement: Value = serde_json::from_str(&statement).unwrap();
        let expected = json!({
            "Sid": "alarms", "Effect": "Allow", "Action": "lambda:InvokeFunction",
            "Principal": { "Service": "lambda.alarms.cloudwatch.amazonaws.com" },
            "Resource": FUNCTION,
            "Condition": {
                "ArnLike": { "AWS:SourceArn": alarm },
                "StringEquals": { "AWS:SourceAccount": OWNER },
            },
        });
        assert_eq!(statement, expected);
        let conflict = refused(409, "ResourceConflictException");
        assert_eq!(refusal(alarms.send().await), conflict);
        let add = add.function_name("page");
        let account = add
            .clone()
            .statement_id("account")
            .principal("222222222222");
        account.send().await.unwrap();
        let organization = add.clone().statement_id("org").principal("*");
        let organization = organization.principal_org_id("o-sandbox0001");
        organization.send().await.unwrap();

        let (found, revision) = statements(&lambda, "111111111111:function:page").await;
        assert_eq!(found[0], expected);
        let principal = &found[1]["Principal"];
        assert_eq!(principal["AWS"], "arn:aws:iam::222222222222:root");
        assert_eq!(found[2]["Principal"], "*");
        let equals = &found[2]["Condition"]["StringEquals"];
        assert_eq!(equals["aws:PrincipalOrgID"], "o-sandbox0001");

        let remove = |sid: &str, revision: Option<&str>| {
            let request = lambda.remove_permission().function_name("page");
            let request = request.statement_id(sid);
            request.set_revision_id(revision.map(str::to_owned)).send()
        };
        remove("alarms", Some(&revision)).await.unwrap();
        let stale = refused(412, "PreconditionFailedException");
        assert_eq!(refusal(remove("org", Some(&revision)).await), stale);
        assert_eq!(refusal(remove("alarms", None).await), none);
        remove("org", None).await.unwrap();
        remove("account", None).await.unwrap();
        assert_eq!(refusal(get("page").await), none);

        let invalid = refused(400, "InvalidParameterValueException");
        let nobody = add.clone().statement_id("nobody").principal("nobody");
        assert_eq!(refusal(nobody.send().await), invalid);
        let latest = add.clone().statement_id("latest").principal("222222222222");
        assert_eq!(refusal(latest.qualifier("$LATEST").send().await), invalid);
        let token = add.statement_id("token").principal("alexa.amazon.com");
        let token = token.event_source_token("token").send().await;
        assert_eq!(refusal(token), refused(501, "NotImplemented"));
    }
}

#[tokio::test]
async fn a_version_or_alias_has_a_policy_of_its_own() {
    for transport in both(ORGANIZATION).await {
        let lambda = client(&transport, OWNER);
        let get = |function: &str, qualifier: Option<&str>| {
            let request = lambda.get_policy().function_name(function);
            request.set_qualifier(qualifier.map(str::to_owned)).send()
        };
        let arn = format!("{FUNCTION}:live");
        for (function, qualifier) in [("page", Some("live")), ("page:live", None), (&*arn, None)] {
            let answer = get(function, qualifier).await.unwrap();
            assert!(answer.policy().unwrap().contains("größe"));
        }
        let none = refused(404, "ResourceNotFoundException");
        assert_eq!(refusal(get("page", Some("dead")).await), none);
        let elsewhere = FUNCTION.replace("eu-west-1", "us-east-1");
        assert_eq!(refusal(get(&elsewhere, None).await), none);
        let both = get("page:live", Some("dead")).await;
        assert_eq!(
            refusal(both),
            refused(400, "InvalidParameterValueException")
        );

        // What a statement alone said stays when a second one joins it.
        let add = lambda
            .add_permission()
            .function_name("page")
            .qualifier("live");
        let add = add.statement_id("more").action("lambda:InvokeFunction");
        add.principal("cloudwatch.amazonaws.com")
            .send()
            .await
            .unwrap();
        let (found, _) = statements(&lambda, "page:live").await;
        let sids: Vec<_> = found.iter().map(|one| one["Sid"].clone()).collect();
        assert_eq!(sids, ["open", "more"]);
    }
}

#[tokio::test]
async fn another_account_may_what_the_policy_says() {
    for transport in both(ORGANIZATION).await {
        let other = client(&transport, "222222222222");
        let live = format!("{FUNCTION}:live");
        other.get_policy().function_name(live).send().await.unwrap();
        let denied = other.get_policy().function_name(FUNCTION).send().await;
        assert_eq!(refusal(denied), refused(403, "AccessDeniedException"));
    }
}
