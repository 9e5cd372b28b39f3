//! AWS Config invokes a rule's function, and remembers what came of it.

use std::future::Future;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::notification::Notification;
use super::{RuleKey, Token};
use crate::Timestamp;
use crate::faults::Effect;
use crate::lambda::{FunctionError, Registered, allows_invoke, destinations};
use crate::world::World;

/// Outcome of the last invocation of a rule's function.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleStatus {
    /// Time at which AWS Config invoked the function.
    pub invoked: Timestamp,
    /// Return value of the function, or the error of its last attempt. `None` while it runs.
    pub outcome: Option<Result<Value, FunctionError>>,
}

/// The event with which AWS Config would invoke a rule's function now, with a token of
/// its own. None, when there is no such rule.
pub(crate) fn event(world: &World, key: &RuleKey, notification: &Notification) -> Option<Value> {
    let now = world.clock.now();
    let mut state = world.config.state();
    let rule = state.rules.get(key)?;
    let token = Uuid::new_v4().to_string();
    let invoking_event = notification.invoking_event(&key.account, &key.region, now);
    let mut event = json!({
        "version": "1.0",
        "invokingEvent": invoking_event.to_string(),
        "resultToken": token,
        "eventLeftScope": notification.left_scope(),
        "executionRoleArn": format!(
            "arn:{}:iam::{}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
            world.partition(),
            key.account,
        ),
        "configRuleArn": rule.arn,
        "configRuleName": key.name,
        "configRuleId": rule.id,
        "accountId": key.account,
    });
    if let (Some(parameters), Some(event)) = (rule.rule_parameters(), event.as_object_mut()) {
        event.insert("ruleParameters".to_owned(), parameters.into());
    }
    state.tokens.insert(
        token,
        Token {
            rule: key.clone(),
            invoked: now,
        },
    );
    Some(event)
}

/// A function that AWS Config may invoke for a rule of an account, by its resource policy.
/// A denial of `lambda:InvokeFunction` in the account that owns it stands for one that
/// does not let AWS Config in.
pub(super) fn invocable(world: &World, account: &str, function: &str) -> Option<Registered> {
    if !allows_invoke(world, function, "config.amazonaws.com", account) {
        return None;
    }
    let owner = function.split(':').nth(4).unwrap_or_default();
    let denied = |effect: &Effect| *effect == Effect::AccessDenied;
    match world.faults.take(owner, "lambda:InvokeFunction", denied) {
        Some(_) => None,
        None => world.functions.get(function),
    }
}

/// Invokes a rule's function and does not wait for it, as AWS Config does.
pub(super) fn notify_later(world: &Arc<World>, key: &RuleKey, notification: &Notification) {
    if let Some(invocation) = begin(world, key, notification) {
        tokio::spawn(invocation);
    }
}

/// Invokes a rule's function and waits until its last attempt is over. None, when
/// there is no such rule.
pub(crate) async fn notify(
    world: &Arc<World>,
    key: &RuleKey,
    notification: &Notification,
) -> Option<RuleStatus> {
    begin(world, key, notification)?.await
}

/// Begins an invocation: from now on the rule is evaluating, until the future is done
/// or dropped.
fn begin(
    world: &Arc<World>,
    key: &RuleKey,
    notification: &Notification,
) -> Option<impl Future<Output = Option<RuleStatus>> + Send + use<>> {
    let event = event(world, key, notification)?;
    let function = world.config.state().rules.get(key)?.function().to_owned();
    let under_way = UnderWay::new(world, key);
    Some(async move {
        let world = &under_way.world;
        let outcome = match invocable(world, &under_way.key.account, &function) {
            Some(registered) => {
                let invoked = world
                    .functions
                    .invoke_asynchronously(world, &registered, &function, &event)
                    .await;
                destinations::settle(world, &function, &event, &invoked).await;
                invoked
            }
            None => Err(FunctionError::new(
                "AccessDeniedException",
                format!("AWS Config may not invoke {function}"),
            )),
        };
        under_way.done(outcome)
    })
}

/// An invocation that is under way, and counted as such.
struct UnderWay {
    world: Arc<World>,
    key: RuleKey,
}

impl UnderWay {
    fn new(world: &Arc<World>, key: &RuleKey) -> Self {
        world.config.in_flight.send_modify(|running| *running += 1);
        let status = RuleStatus {
            invoked: world.clock.now(),
            outcome: None,
        };
        if let Some(rule) = world.config.state().rules.get_mut(key) {
            rule.running += 1;
            rule.status = Some(status);
        }
        Self {
            world: Arc::clone(world),
            key: key.clone(),
        }
    }

    /// Notes the outcome. None, when the rule was deleted meanwhile.
    fn done(&self, outcome: Result<Value, FunctionError>) -> Option<RuleStatus> {
        let mut state = self.world.config.state();
        let status = state.rules.get_mut(&self.key)?.status.as_mut()?;
        status.outcome = Some(outcome);
        Some(status.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(rule) = self.world.config.state().rules.get_mut(&self.key) {
            rule.running = rule.running.saturating_sub(1);
        }
        self.world
            .config
            .in_flight
            .send_modify(|running| *running = running.saturating_sub(1));
    }
}
