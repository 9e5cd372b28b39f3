//! Stacks and change sets.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{ChangeAction, ChangeSetStatus, ChangeSetType, Replacement};
use sandbox::{Account, Fault};

use crate::{
    MANAGEMENT, MEMBER, TEMPLATE, clear, client, deploy, described, prepare, sandbox, status,
};

const ORGANIZATION: &str = r#"
    [[account]]
    id = "111111111111"
    name = "management"
    [[account]]
    id = "222222222222"
    name = "member"
"#;

/// Returns the resources of the template that the account has: roles, queues with their time-outs,
/// log groups.
fn made(account: &Account) -> (Vec<String>, Vec<String>, usize) {
    let roles = account.roles.iter().map(|role| role.name.clone());
    let queues = account.queues.iter().map(|queue| {
        let timeout = &queue.members["Attributes"]["VisibilityTimeout"];
        format!(
            "{} {}",
            queue.text("QueueName").unwrap(),
            timeout.as_str().unwrap()
        )
    });
    (roles.collect(), queues.collect(), account.log_groups.len())
}

fn expected(role: &str, queue: &str, groups: usize) -> (Vec<String>, Vec<String>, usize) {
    (vec![role.to_owned()], vec![queue.to_owned()], groups)
}

/// Returns the events of a stack, oldest first: resource and status.
async fn events(client: &Client, stack: &str) -> Vec<(String, String, String)> {
    let events = client
        .describe_stack_events()
        .stack_name(stack)
        .send()
        .await;
    let mut events: Vec<_> = events
        .unwrap()
        .stack_events
        .unwrap()
        .into_iter()
        .map(|event| {
            let status = event.resource_status.unwrap().as_str().to_owned();
            let why = event.resource_status_reason.unwrap_or_default();
            (event.logical_resource_id.unwrap(), status, why)
        })
        .collect();
    events.reverse();
    events
}

#[tokio::test]
async fn a_stack_follows_its_template_and_parameters() {
    let sandbox = sandbox(ORGANIZATION);
    let client = client(&sandbox, MEMBER);
    let stack = deploy(&sandbox, &client, "s", TEMPLATE, &[]).await;
    assert_eq!(status(&stack), "CREATE_COMPLETE");
    assert_eq!(
        stack.outputs()[0].output_value(),
        Some("arn:aws:sqs:eu-west-1:222222222222:requests")
    );
    let now = || made(&sandbox.account(MEMBER).unwrap());
    assert_eq!(now(), expected("reader", "requests 30", 0));
    // A change, an addition and a replacement; then all of it back.
    let other = [
        ("Visible", "60"),
        ("GroupName", "group"),
        ("RoleName", "writer"),
    ];
    let stack = deploy(&sandbox, &client, "s", TEMPLATE, &other).await;
    assert_eq!(status(&stack), "UPDATE_COMPLETE");
    assert_eq!(now(), expected("writer", "requests 60", 1));
    deploy(&sandbox, &client, "s", TEMPLATE, &[]).await;
    assert_eq!(now(), expected("reader", "requests 30", 0));
    client.delete_stack().stack_name("s").send().await.unwrap();
    sandbox.settled().await;
    assert_eq!(now(), (vec![], vec![], 0));
    let gone = client
        .describe_stacks()
        .stack_name("s")
        .send()
        .await
        .unwrap_err();
    assert_eq!(gone.code(), Some("ValidationError"));
    let by_id = described(&client, stack.stack_id().unwrap()).await;
    assert_eq!(status(&by_id), "DELETE_COMPLETE");
}

#[tokio::test]
async fn a_change_set_says_what_would_change() {
    let sandbox = sandbox(ORGANIZATION);
    let client = client(&sandbox, MEMBER);
    deploy(&sandbox, &client, "s", TEMPLATE, &[("GroupName", "group")]).await;
    let before = made(&sandbox.account(MEMBER).unwrap());
    let update = ChangeSetType::Update;
    let parameters = [("Visible", "60"), ("RoleName", "writer")];
    prepare(&client, "s", update.clone(), TEMPLATE, &parameters)
        .await
        .unwrap();
    let set = client
        .describe_change_set()
        .stack_name("s")
        .change_set_name("next");
    let set = set.send().await.unwrap();
    let changes: Vec<_> = set
        .changes()
        .iter()
        .map(|change| {
            let change = change.resource_change().unwrap();
            (
                change.logical_resource_id().unwrap(),
                change.action().unwrap().clone(),
                change.replacement().cloned(),
            )
        })
        .collect();
    assert_eq!(
        changes,
        [
            ("Logs", ChangeAction::Remove, None),
            ("Queue", ChangeAction::Modify, Some(Replacement::False)),
            ("Role", ChangeAction::Modify, Some(Replacement::True)),
        ]
    );
    assert_eq!(made(&sandbox.account(MEMBER).unwrap()), before);
    clear(&client, "s").await;
    // Nothing to change is an error that tools read.
    prepare(&client, "s", update, TEMPLATE, &[("GroupName", "group")])
        .await
        .unwrap();
    let set = client
        .describe_change_set()
        .stack_name("s")
        .change_set_name("next");
    let set = set.send().await.unwrap();
    assert_eq!(set.status(), Some(&ChangeSetStatus::Failed));
    assert!(
        set.status_reason()
            .unwrap()
            .starts_with("The submitted information didn't contain changes.")
    );
    let execute = client
        .execute_change_set()
        .stack_name("s")
        .change_set_name("next");
    let refused = execute.send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidChangeSetStatus"));
}

/// Whatever fails, nothing half made stays.
#[tokio::test]
async fn what_fails_is_rolled_back() {
    let sandbox = sandbox(ORGANIZATION);
    let client = client(&sandbox, MEMBER);
    let all = [("GroupName", "group")];
    for action in [
        "iam:CreateRole",
        "sqs:CreateQueue",
        "logs:CreateLogGroup",
        "logs:PutRetentionPolicy",
    ] {
        sandbox.inject(Fault::access_denied().account(MEMBER).action(action));
        let stack = deploy(
            &sandbox,
            &client,
            action.split(':').next().unwrap(),
            TEMPLATE,
            &all,
        )
        .await;
        assert_eq!(status(&stack), "ROLLBACK_COMPLETE", "{action}");
        let (roles, queues, groups) = made(&sandbox.account(MEMBER).unwrap());
        // A log group that was made and not finished is one that was not made.
        assert_eq!((roles, queues), (vec![], vec![]), "{action}");
        assert_eq!(groups, 0, "{action}");
        let failed = events(&client, stack.stack_name().unwrap()).await;
        let failed = failed
            .iter()
            .find(|(_, status, _)| status == "CREATE_FAILED")
            .unwrap();
        assert!(failed.2.contains("AccessDenied"), "{failed:?}");
        sandbox.clear_faults();
        let name = stack.stack_name().unwrap();
        let again = prepare(&client, name, ChangeSetType::Update, TEMPLATE, &[]).await;
        assert!(
            again
                .unwrap_err()
                .contains("ROLLBACK_COMPLETE state and can not be updated")
        );
        client.delete_stack().stack_name(name).send().await.unwrap();
        sandbox.settled().await;
    }
    deploy(&sandbox, &client, "s", TEMPLATE, &[]).await;
    let before = made(&sandbox.account(MEMBER).unwrap());
    sandbox.inject(
        Fault::access_denied()
            .account(MEMBER)
            .action("logs:CreateLogGroup"),
    );
    let parameters = [
        ("GroupName", "group"),
        ("Visible", "60"),
        ("RoleName", "writer"),
    ];
    let stack = deploy(&sandbox, &client, "s", TEMPLATE, &parameters).await;
    assert_eq!(status(&stack), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(made(&sandbox.account(MEMBER).unwrap()), before);
    assert_eq!(stack.parameters().len(), 0);
    sandbox.clear_faults();
    let stack = deploy(&sandbox, &client, "s", TEMPLATE, &parameters).await;
    assert_eq!(status(&stack), "UPDATE_COMPLETE");
}

#[tokio::test]
async fn impossible_stacks_are_refused_before_anything_is_made() {
    let sandbox = sandbox(ORGANIZATION);
    let client = client(&sandbox, MANAGEMENT);
    let create = || ChangeSetType::Create;
    let too_long = format!("{TEMPLATE}\n#{}", "x".repeat(51_200));
    for (kind, template, parameters, expected) in [
        (
            ChangeSetType::Update,
            TEMPLATE,
            &[][..],
            "Stack [s] does not exist",
        ),
        (create(), "a: [", &[], "Template format error"),
        (create(), &too_long, &[], "less than or equal to 51200"),
        (
            create(),
            TEMPLATE,
            &[("Other", "1")],
            "Parameters: [Other] do not exist",
        ),
        (create(), TEMPLATE, &[("Visible", "long")], "Visible"),
    ] {
        let refused = prepare(&client, "s", kind, template, parameters)
            .await
            .unwrap_err();
        assert!(
            refused.starts_with("ValidationError: ") && refused.contains(expected),
            "{refused}"
        );
    }
    let incapable = client
        .create_change_set()
        .stack_name("s")
        .change_set_name("next")
        .change_set_type(create())
        .template_body(TEMPLATE);
    let refused = incapable.send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InsufficientCapabilitiesException"));
    let stacks = client.list_stacks().send().await.unwrap();
    assert!(stacks.stack_summaries().is_empty());
}
