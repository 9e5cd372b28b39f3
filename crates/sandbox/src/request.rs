//! A request from HTTP to its answer.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::Timestamp;
use crate::authorization::authorize;
use crate::calls::{Call, Permission};
use crate::faults::Effect;
use crate::identity::{self, Caller};
use crate::operations::{self, Needed, Operation};
use crate::organization::{Account, AccountRegion, Partition};
use crate::wire::{Failure, Protocol, Structure};
use crate::world::World;
use iam_policy::PrincipalKind;

/// A request whose caller, operation and input are known, as handlers see it.
pub(crate) struct Request<'a> {
    pub(crate) world: &'a Arc<World>,
    pub(crate) protocol: Protocol,
    pub(crate) operation: &'static Operation,
    pub(crate) caller: &'a Caller,
    pub(crate) region: &'a str,
    /// True if it came to an endpoint that serves the whole partition.
    pub(crate) global_endpoint: bool,
    /// The input, checked and normalised by the operation's shape.
    pub(crate) input: &'a Value,
    pub(crate) now: Timestamp,
    /// Set where the answer is to be the opposite of what is true here.
    pub(crate) contrary: bool,
}

impl Request<'_> {
    /// The account of the caller.
    pub(crate) fn account(&self) -> &str {
        &self.caller.principal.account
    }

    /// The Region that is asked, in the caller's account.
    pub(crate) fn place(&self) -> AccountRegion<'_> {
        AccountRegion {
            partition: self.partition(),
            account: self.account(),
            region: self.region,
        }
    }

    /// Changes an account, the caller's or another.
    pub(crate) fn change<T>(
        &self,
        account: &str,
        change: impl FnOnce(&mut Account) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.world
            .change_account(account, change)
            .unwrap_or_else(|| Err(self.access_denied("There is no such account.")))
    }

    /// The partition all of this happens in.
    pub(crate) fn partition(&self) -> Partition {
        self.world.partition()
    }

    /// The text of a member of the input.
    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.input.get(member).and_then(Value::as_str)
    }

    /// The number of a member of the input.
    pub(crate) fn integer(&self, member: &str) -> Option<i64> {
        self.input.get(member).and_then(Value::as_i64)
    }

    /// The size of a page that the input asks for.
    pub(crate) fn size(&self, member: &str) -> Option<usize> {
        self.integer(member)
            .and_then(|size| usize::try_from(size).ok())
    }

    /// A list of the input; empty when it is absent.
    pub(crate) fn list(&self, member: &str) -> &[Value] {
        self.input
            .get(member)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The texts of a list of the input.
    pub(crate) fn texts(&self, member: &str) -> Vec<&str> {
        self.list(member).iter().filter_map(Value::as_str).collect()
    }

    /// The structures of a list of the input as a type of the service.
    pub(crate) fn items<T: DeserializeOwned>(&self, member: &str) -> Result<Vec<T>, Failure> {
        self.typed(Value::Array(self.list(member).to_vec()))
    }

    /// Refuses an input with a member that is not modelled, unless it is empty: nobody may take
    /// it for done.
    pub(crate) fn refuse_unmodelled<'a>(
        &self,
        members: impl IntoIterator<Item = &'a &'a str>,
    ) -> Result<(), Failure> {
        let is_given = |value: &Value| match value {
            Value::Array(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
            Value::String(text) => !["", "false"].contains(&text.as_str()),
            _ => true,
        };
        let mut members = members.into_iter();
        match members.find(|member| self.input.get(**member).is_some_and(is_given)) {
            Some(member) => Err(Failure::not_implemented(format!(
                "{member} of {}:{}",
                self.operation.service, self.operation.name
            ))),
            None => Ok(()),
        }
    }

    /// The whole input as a type of the service.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        self.typed(self.input.clone())
    }

    fn typed<T: DeserializeOwned>(&self, value: Value) -> Result<T, Failure> {
        serde_json::from_value(value).map_err(|error| self.protocol.malformed(error.to_string()))
    }

    /// A refusal because the caller may not. SNS has a code of its own for it.
    pub(crate) fn access_denied(&self, message: impl Into<String>) -> Failure {
        let failure = self.protocol.access_denied(message);
        match self.operation.service {
            "sns" => Failure {
                code: "AuthorizationError".into(),
                ..failure
            },
            _ => failure,
        }
    }

    /// Returns true if the caller is the root user, in a session or with its own key.
    pub(crate) fn is_root(&self) -> bool {
        matches!(
            self.caller.principal.kind,
            PrincipalKind::Root | PrincipalKind::RootSession
        )
    }
}

/// A request that got no answer: the connection ended instead.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox dropped the connection, as a fault told it to")]
pub(crate) struct Dropped;

/// Answers a request.
pub(crate) async fn answer(
    world: &Arc<World>,
    parts: &Parts,
    body: &Bytes,
) -> Result<Response<Bytes>, Dropped> {
    let request_id = Uuid::new_v4().to_string();
    let spoken = Protocol::detect(parts);
    // Who speaks what is not spoken here is told so in JSON.
    let protocol = spoken.unwrap_or(Protocol::AwsJson("1.0"));
    let mut call = Call::at(world.clock.now());
    let scope = Scope::from_parts(parts);
    let namespace = scope
        .as_ref()
        .map_or("", |scope| operations::namespace(&scope.service));
    let answered = if spoken.is_some() {
        respond(world, protocol, scope, parts, body, &mut call).await
    } else {
        call.operation = parts.uri.path().to_owned();
        let what = format!("the protocol of {} {}", parts.method, parts.uri.path());
        Err(Failure::not_implemented(what).into())
    };
    let response = match answered {
        Ok(output) => Some(protocol.answer(&call.operation, namespace, &output, &request_id)),
        Err(Refusal::Failure(failure)) => {
            call.error = Some(failure.code.to_string());
            Some(protocol.refuse(namespace, &failure, &request_id))
        }
        Err(Refusal::Dropped) => None,
    };
    call.status = response.as_ref().map(|response| response.status().as_u16());
    world.calls.record(call);
    response.ok_or(Dropped)
}

/// Reasons for which a request has no output.
enum Refusal {
    Failure(Failure),
    Dropped,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// The output of a request. What becomes known on the way is noted in `call`.
async fn respond(
    world: &Arc<World>,
    protocol: Protocol,
    scope: Option<Scope>,
    parts: &Parts,
    body: &Bytes,
    call: &mut Call,
) -> Result<Structure, Refusal> {
    let asked = protocol.read(parts, body)?;
    call.operation.clone_from(&asked.operation);
    let scope = scope.ok_or_else(|| protocol.missing_credentials())?;
    call.service.clone_from(&scope.service);
    let endpoint = Endpoint::from_parts(parts, &scope);
    call.region.clone_from(&endpoint.region);
    let caller = identity::recognise(world, protocol, &scope.access_key_id, token(parts))?;
    call.account.clone_from(&caller.principal.account);
    call.principal.clone_from(&caller.principal.arn);
    if Partition::of_region(&endpoint.region) != world.organization.partition {
        return Err(protocol.unknown_credentials().into());
    }
    let operation = operations::find(&scope.service, &asked.operation).ok_or_else(|| {
        Failure::not_implemented(format!("{}:{}", scope.service, asked.operation))
    })?;
    let request = Request {
        world,
        protocol,
        operation,
        caller: &caller,
        region: &endpoint.region,
        global_endpoint: endpoint.global,
        input: &asked.input,
        now: call.time,
        contrary: false,
    };
    perform(&request, call).await
}

/// Performs an operation for an account's administrator, as AWS CloudFormation does for
/// whoever deploys a template. What AWS has as JSON in a text may be an object.
pub(crate) async fn perform_as_administrator(
    world: &Arc<World>,
    account: &str,
    region: &str,
    (service, name): (&str, &str),
    input: Value,
) -> Result<Structure, Failure> {
    let protocol = Protocol::AwsJson("1.1");
    let not_known = || Failure::not_implemented(format!("{service}:{name}"));
    let operation = operations::find(service, name).ok_or_else(not_known)?;
    let caller = identity::recognise(world, protocol, account, None)?;
    let input = operation.input.of_file(input);
    let request = Request {
        world,
        protocol,
        operation,
        caller: &caller,
        region,
        global_endpoint: false,
        input: &input.map_err(|problem| protocol.malformed(problem))?,
        now: world.clock.now(),
        contrary: false,
    };
    let mut call = Call::at(request.now);
    call.operation = name.to_owned();
    call.service = service.to_owned();
    call.region = region.to_owned();
    call.account = account.to_owned();
    call.principal.clone_from(&caller.principal.arn);
    let performed = perform(&request, &mut call).await;
    let performed = performed.map_err(|refusal| match refusal {
        Refusal::Failure(failure) => failure,
        Refusal::Dropped => protocol.malformed(Dropped.to_string()),
    });
    call.error = performed
        .as_ref()
        .err()
        .map(|failure| failure.code.to_string());
    call.status = Some(
        performed
            .as_ref()
            .err()
            .map_or(200, |failure| failure.status.as_u16()),
    );
    world.calls.record(call);
    performed
}

/// Performs a request as administrator without waiting. Takes no time, unless a fault delays it.
pub(crate) fn perform_as_administrator_now(
    world: &Arc<World>,
    account: &str,
    region: &str,
    operation: (&str, &str),
    input: Value,
) -> Result<Structure, Failure> {
    let performed = perform_as_administrator(world, account, region, operation, input);
    match pin!(performed).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(performed) => performed,
        Poll::Pending => Err(Failure::not_implemented("waiting for a slow service")),
    }
}

/// Operations whose handlers turn their own answers round where a fault says so.
const CONTRARY_THEMSELVES: [&str; 5] = [
    "GetAccountSummary",
    "SimulateCustomPolicy",
    "TestEventPattern",
    "TestMetricFilter",
    "ValidatePolicy",
];

/// Performs a request whose input is as it was written; the other way round, where a fault
/// says so.
async fn perform(written: &Request<'_>, call: &mut Call) -> Result<Structure, Refusal> {
    let (faults, action) = (&written.world.faults, written.operation.action);
    let contrary = faults.take(written.account(), action, |one| *one == Effect::Contrary);
    if contrary.is_none() {
        return perform_as_it_is(written, call).await;
    }
    let request = Request {
        contrary: true,
        ..*written
    };
    match perform_as_it_is(&request, call).await {
        Ok(output) if CONTRARY_THEMSELVES.contains(&written.operation.name) => Ok(output),
        Ok(_) => Err(written.protocol.invalid("the contrary".to_owned()).into()),
        Err(Refusal::Failure(_)) => Ok(Structure::new()),
        Err(Refusal::Dropped) => Err(Refusal::Dropped),
    }
}

/// Performs a request whose input is as it was written.
async fn perform_as_it_is(written: &Request<'_>, call: &mut Call) -> Result<Structure, Refusal> {
    let Request {
        world,
        operation,
        protocol,
        ..
    } = *written;
    let input = operation.input.check(protocol, written.input);
    let input = input.map_err(|failure| operation.service_error(failure))?;
    let request = Request {
        input: &input,
        ..*written
    };
    let regional = !operation.is_global() && !request.global_endpoint;
    let account = world.account(request.account());
    let switched_off = |region: &str| {
        let disabled = account.iter().flat_map(|account| &account.disabled_regions);
        !world.organization.has_region(region) || disabled.into_iter().any(|off| off == region)
    };
    if regional && switched_off(request.region) {
        return Err(operation.region_disabled(&request).into());
    }
    let needs = (operation.needs)(&request);
    call.context = (request.operation.context)(&request);
    call.permissions = needs
        .iter()
        .map(|needed| Permission {
            action: needed.action.to_owned(),
            resource: needed.resource.clone(),
        })
        .collect();
    let answer_is_lost = apply_faults(&request, &needs).await?;
    for needed in &needs {
        authorize(&request, needed)?;
    }
    let output = (operation.handler)(&request)?;
    if answer_is_lost {
        return Err(Refusal::Dropped);
    }
    Ok(output)
}

/// Lets happen what a fault wants to happen before the request is looked at. Whether
/// the answer to it is to be lost.
async fn apply_faults(request: &Request<'_>, needs: &[Needed]) -> Result<bool, Refusal> {
    let resources: Vec<_> = needs
        .iter()
        .map(|needed| needed.resource.as_str())
        .collect();
    let take = |wanted: fn(&Effect) -> bool| {
        let action = request.operation.action;
        let faults = &request.world.faults;
        faults.take_about(request.account(), action, &resources, wanted)
    };
    if let Some(Effect::Latency(ms)) = take(|effect| matches!(effect, Effect::Latency(_))) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let ending = take(|effect| {
        !matches!(
            effect,
            Effect::Latency(_) | Effect::PagesOf(_) | Effect::FailedEvaluations | Effect::Contrary
        )
    });
    let protocol = request.protocol;
    match ending {
        Some(Effect::Throttling(retry_after_ms)) => Err(Failure {
            retry_after: Some(Duration::from_millis(retry_after_ms)),
            ..protocol.throttled()
        }
        .into()),
        Some(Effect::AccessDenied) => Err(request
            .access_denied(format!(
                "User: {} is not authorized to perform: {} on resource: {} \
                 with an explicit deny in a service control policy",
                request.caller.principal.arn,
                request.operation.action,
                needs.first().map_or("*", |needed| &needed.resource),
            ))
            .into()),
        Some(Effect::Error(status, code)) => Err(Failure::new(
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            "The request processing has failed because of an unknown error, exception or failure.",
        )
        .into()),
        Some(Effect::DroppedConnection) => Err(Refusal::Dropped),
        Some(Effect::LostAnswer) => Ok(true),
        _ => Ok(false),
    }
}

/// Scope of a request's signature: access key, Region and service.
struct Scope {
    access_key_id: String,
    region: String,
    service: String,
}

impl Scope {
    fn from_parts(parts: &Parts) -> Option<Self> {
        let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let credential = header.split("Credential=").nth(1)?.split(',').next()?;
        let mut parts = credential.trim().split('/');
        let access_key_id = parts.next()?.to_owned();
        let _date = parts.next()?;
        Some(Self {
            access_key_id,
            region: parts.next()?.to_owned(),
            service: parts.next()?.to_owned(),
        })
    }
}

fn token(parts: &Parts) -> Option<&str> {
    parts
        .headers
        .get("x-amz-security-token")
        .and_then(|token| token.to_str().ok())
}

/// Endpoint of a request: the Region of an AWS host. Any other host is the sandbox's own address,
/// and stands for the endpoint of the signing Region.
struct Endpoint {
    region: String,
    global: bool,
}

impl Endpoint {
    fn from_parts(parts: &Parts, scope: &Scope) -> Self {
        let host = parts.uri.host().unwrap_or_default();
        let is_aws = [
            ".amazonaws.com",
            ".amazonaws.com.cn",
            ".amazonaws.eu",
            ".api.aws",
        ]
        .iter()
        .any(|suffix| host.ends_with(suffix));
        // A bucket may stand before it, and be called anything.
        let region = host.rsplit('.').find(|label| is_aws && is_region(label));
        Self {
            region: region.unwrap_or(&scope.region).to_owned(),
            global: is_aws && region.is_none(),
        }
    }
}

/// Returns true if a part of a host name is a Region: `eu-west-1`, `us-gov-east-1`.
fn is_region(label: &str) -> bool {
    let mut parts = label.rsplit('-');
    let number = parts.next().unwrap_or_default();
    let is_word = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase());
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && parts.clone().count() >= 2
        && parts.all(is_word)
}
