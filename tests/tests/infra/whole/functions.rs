//! The code of the functions, each with the role that its template gives it, once that is
//! there.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bundle::{RULES, Rule};
use config_rule::{Exceptions, Function};
use root_activity::Settings;
use sandbox::cloudformation::{StackPlace, Template};
use sandbox::{Context, FunctionError, Sandbox};
use security_hub::Severities;
use serde_json::{Value, json};

use super::{ELSEWHERE, HOME, HUB, MANAGEMENT, MEMBERS, WANTED, Whole, wanted};

/// Who is going to have functions: those that join later too.
const ACCOUNTS: [&str; 5] = [
    MANAGEMENT,
    MEMBERS[0],
    MEMBERS[1],
    MEMBERS[2],
    super::trouble::JOINS,
];

pub(super) fn register_functions(whole: &Whole) {
    let sandbox = &whole.sandbox;
    for account in ACCOUNTS {
        for &rule in RULES {
            register_rule(sandbox, account, rule);
        }
        register_security_hub(sandbox, account);
    }
    register_root_activity(whole);
    // What it does is tested where it is; here it is enough that it is asked.
    let arn = format!("arn:aws:lambda:{HOME}:{HUB}:function:rootguard-no-root-keys-remediate");
    sandbox.register_function(arn, |_: Value, _: Context| async { Ok(json!({})) });
}

/// Returns what a function reaches AWS with: its role, under its own name.
fn role(sandbox: &Sandbox, account: &str, name: &str, region: &str) -> aws_types::SdkConfig {
    let credentials = sandbox.role_credentials(account, name).unwrap();
    sandbox.sdk_config_as(credentials, region)
}

fn register_rule(sandbox: &Sandbox, account: &'static str, rule: &'static dyn Rule) {
    let name = rule.metadata().deployed_name();
    let arn = format!("arn:aws:lambda:{HOME}:{account}:function:{name}");
    let all = sandbox.clone();
    sandbox.register_function(arn, move |event: Value, context: Context| {
        let sdk = role(&all, account, &name, HOME);
        async move {
            let left = context.deadline.duration_since(SystemTime::now());
            let function = Function {
                arn: context.invoked_function_arn,
                deadline: tokio::time::Instant::now() + left.unwrap_or_default(),
                exceptions: Exceptions::default(),
            };
            match rule.evaluate(&event, &function, sdk).await {
                Ok(evaluation) => Ok(serde_json::to_value(evaluation).unwrap()),
                Err(error) => Err(FunctionError::new(error.error_type(), error.to_string())),
            }
        }
    });
}

fn register_security_hub(sandbox: &Sandbox, account: &'static str) {
    let arn = format!("arn:aws:lambda:{HOME}:{account}:function:rootguard-security-hub");
    let all = sandbox.clone();
    sandbox.register_function(arn, move |event: Value, context: Context| {
        let sdk = role(&all, account, "rootguard-security-hub", HOME);
        async move {
            let arn = context.invoked_function_arn;
            let severities = Severities::parse("").unwrap();
            match security_hub::handle(&event, &arn, &severities, &sdk).await {
                Ok(reported) => Ok(json!(reported.finding_id)),
                Err(error) => Err(FunctionError::new(error.error_type(), error.to_string())),
            }
        }
    });
}

fn register_root_activity(whole: &Whole) {
    let all = wanted(WANTED);
    let hub = all
        .iter()
        .find(|stack| stack.name == "rootguard-activity-hub")
        .unwrap();
    let values = hub.parameters.iter().map(|(name, value)| match value {
        deployment::Value::Text(text) => (name.clone(), text.clone()),
        // Of the package, which has no variables.
        _ => (name.clone(), "version".to_owned()),
    });
    let template = Template::parse(hub.template.text()).unwrap();
    let place = StackPlace::new(HUB, ELSEWHERE);
    let stack = template.instantiate(&place, &values.collect()).unwrap();
    let function = stack.resource("RootActivity").unwrap();
    let variables = function.properties["Environment"]["Variables"].clone();
    let arn = function.attribute("Arn").unwrap().to_owned();
    let sandbox = whole.sandbox.clone();
    whole
        .sandbox
        .register_function(arn, move |event: Value, context: Context| {
            let variable = |name: &str| variables[name].as_str().map(str::to_owned);
            let settings = Settings::from_variables(variable).unwrap();
            let sdk = role(&sandbox, HUB, "rootguard-root-activity", ELSEWHERE);
            let function = Arc::new(root_activity::Function::new(sdk, settings));
            // Its future may not move between threads, so it has one of its own.
            let runtime = tokio::runtime::Handle::current();
            let handled = tokio::task::spawn_blocking(move || {
                let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
                runtime.block_on(function.handle(&event, &context.invoked_function_arn, deadline))
            });
            async move { Ok(serde_json::to_value(handled.await.unwrap().unwrap()).unwrap()) }
        });
}
