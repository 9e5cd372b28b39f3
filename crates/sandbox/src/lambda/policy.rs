//! Resource policies of functions, with those of their versions and aliases.

use hyper::StatusCode;
use iam_policy::{Applicable, Decision, Document, Principal};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::authorization::check_resource_policy;
use crate::operations::{Context, Needed};
use crate::organization::{AccountRegion, Kind, Resource, is_account_id};
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Member, Shape, Structure, consists_of_word_and, integer, member, required,
    text, text_of,
};
use crate::world::World;
use cloudformation_template::unique_uuid;

pub(super) const QUALIFIER: Member = member(
    "Qualifier",
    text_of(
        Allowed::Pattern(r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+", |text| {
            consists_of_word_and("-$", text) || text == "$LATEST.PUBLISHED"
        }),
        1,
        128,
    ),
);

pub(super) const FUNCTION_NAME: Member = required(
    "FunctionName",
    text_of(
        Allowed::Pattern(
            "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?\
             ([a-zA-Z0-9-_\\.]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
            |text| consists_of_word_and("-.:$", text),
        ),
        1,
        256,
    ),
);

const REVISION_ID: Member = member("RevisionId", text(0, usize::MAX));

const SID: Shape = text_of(
    Allowed::Pattern("([a-zA-Z0-9-_.]+)", |text| consists_of_word_and("-.", text)),
    1,
    100,
);

/// Functions, as an organization file has them: a row for the function, and one more for
/// each version or alias of it.
pub(crate) const FUNCTION: Kind = Kind {
    key: "function",
    shape: &Shape::Structure(&[
        FUNCTION_NAME,
        member("FunctionArn", text(0, usize::MAX)),
        QUALIFIER,
        member("Policy", text(0, 20_480)),
        member("CodeSha256", text(0, usize::MAX)),
        member("State", text(0, usize::MAX)),
        member("Role", text(0, usize::MAX)),
        member("ReservedConcurrentExecutions", integer(0, i64::MAX)),
        member("Timeout", integer(1, 900)),
        REVISION_ID,
    ]),
    of: |account| &mut account.functions,
    complete,
};

pub(crate) const GET_POLICY: Shape = Shape::Structure(&[FUNCTION_NAME, QUALIFIER]);

pub(crate) const REMOVE_PERMISSION: Shape = Shape::Structure(&[
    FUNCTION_NAME,
    required("StatementId", SID),
    QUALIFIER,
    REVISION_ID,
]);

pub(crate) const ADD_PERMISSION: Shape = Shape::Structure(&[
    FUNCTION_NAME,
    required("StatementId", SID),
    required(
        "Action",
        text_of(
            Allowed::Pattern("(lambda:[*]|lambda:[a-zA-Z]+|[*])", |text| {
                let name = text.strip_prefix("lambda:").unwrap_or(text);
                name == "*"
                    || name != text
                        && !name.is_empty()
                        && name.bytes().all(|byte| byte.is_ascii_alphabetic())
            }),
            0,
            usize::MAX,
        ),
    ),
    required(
        "Principal",
        text_of(
            Allowed::Pattern(r"[^\s]+", |text| !text.contains(char::is_whitespace)),
            1,
            usize::MAX,
        ),
    ),
    member(
        "SourceArn",
        text_of(
            Allowed::Pattern("arn:(aws[a-zA-Z0-9-]*):…", |text| {
                text.starts_with("arn:aws") && text.splitn(6, ':').count() == 6
            }),
            0,
            usize::MAX,
        ),
    ),
    member(
        "SourceAccount",
        text_of(Allowed::Pattern(r"\d{12}", is_account_id), 0, 12),
    ),
    member("EventSourceToken", text(0, 256)),
    QUALIFIER,
    REVISION_ID,
    member("PrincipalOrgID", text(12, 34)),
    member("FunctionUrlAuthType", text(0, usize::MAX)),
    member("InvokedViaFunctionUrl", Shape::Boolean),
]);

/// Adds its ARN and the id of its revision.
fn complete(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    let text = |member: &str| members.get(member).and_then(Value::as_str);
    let arn = arn(
        place,
        text("FunctionName").unwrap_or_default(),
        text("Qualifier"),
    );
    let revision = unique_uuid(&arn).to_string();
    members.insert("FunctionArn".to_owned(), arn.into());
    let revision_id = members.entry("RevisionId");
    revision_id.or_insert_with(|| revision.into());
}

fn arn(place: &AccountRegion<'_>, name: &str, qualifier: Option<&str>) -> String {
    let qualifier = qualifier.map(|qualifier| format!(":{qualifier}"));
    let qualifier = qualifier.unwrap_or_default();
    place.arn("lambda", &format!("function:{name}{qualifier}"))
}

/// The account and the ARN of what a request names: a function, a version, an alias.
pub(super) fn named(request: &Request<'_>) -> Result<(String, String), Failure> {
    let written = request.text("FunctionName").unwrap_or_default();
    let parts: Vec<&str> = written.split(':').collect();
    let (place, name) = match parts.as_slice() {
        [
            "arn",
            partition,
            "lambda",
            region,
            account,
            "function",
            name @ ..,
        ] if *partition == request.partition().name() => (Some((*region, *account)), name),
        [account, "function", name @ ..] if is_account_id(account) => {
            (Some((request.region, *account)), name)
        }
        name => (None, name),
    };
    let (region, account) = place.unwrap_or((request.region, request.account()));
    let (name, qualifier) = match name {
        [name] => (*name, None),
        [name, qualifier] => (*name, Some(*qualifier)),
        _ => return Err(invalid(format!("Invalid function name {written}"))),
    };
    if region != request.region {
        return Err(not_found(format!(
            "Functions from '{region}' are not reachable in this region ('{}')",
            request.region
        )));
    }
    let asked = request.text("Qualifier");
    if qualifier.is_some() && asked.is_some() && qualifier != asked {
        return Err(invalid(
            "The derived qualifier from the function name does not match the specified qualifier.",
        ));
    }
    let place = AccountRegion {
        account,
        ..request.place()
    };
    Ok((account.to_owned(), arn(&place, name, qualifier.or(asked))))
}

pub(super) fn find(request: &Request<'_>, account: &str, arn: &str) -> Option<Resource> {
    let functions = request.world.account(account)?.functions;
    functions
        .into_iter()
        .find(|function| function.text("FunctionArn") == Some(arn))
}

/// Returns true if a function lets a service of AWS invoke it on behalf of an account. One that was
/// only registered, and is in no account, lets everybody in.
pub(crate) fn allows_invoke(
    world: &World,
    function: &str,
    service: &str,
    source_account: &str,
) -> bool {
    let owner = function.split(':').nth(4).unwrap_or_default();
    let known = world.account(owner).and_then(|account| {
        let mut functions = account.functions.into_iter();
        functions.find(|known| known.text("FunctionArn") == Some(function))
    });
    let Some(known) = known else { return true };
    let request = iam_policy::Request {
        principal: Principal::service(service),
        action: "lambda:InvokeFunction".to_owned(),
        resource: function.to_owned(),
        context: iam_policy::Context::usual([("aws:SourceAccount", source_account)]),
    };
    let document = known.text("Policy").map(Document::parse).transpose();
    let decision = document.map(|document| {
        let applicable = Applicable {
            resource: document.as_ref(),
            ..Applicable::default()
        };
        iam_policy::authorize(&request, &applicable)
    });
    matches!(decision, Ok(Decision::Allowed))
}

/// The function that an operation is about, under its policy.
pub(crate) fn on_function(request: &Request<'_>) -> Vec<Needed> {
    let Ok((account, arn)) = named(request) else {
        return vec![Needed::on(request, "*")];
    };
    let function = find(request, &account, &arn);
    let policy = function.as_ref().and_then(|known| known.text("Policy"));
    vec![Needed::on(request, arn.as_str()).under(policy)]
}

/// Returns the condition keys of a new permission that a policy may test.
pub(crate) fn add_permission_context(request: &Request<'_>) -> Context {
    let principal = request.text("Principal").unwrap_or_default().to_owned();
    vec![("lambda:Principal".to_owned(), vec![principal])]
}

pub(crate) fn get_policy(request: &Request<'_>) -> Result<Structure, Failure> {
    let (account, arn) = named(request)?;
    let function = find(request, &account, &arn).ok_or_else(|| no_function(&arn))?;
    let Some(policy) = function.text("Policy") else {
        return Err(not_found("The resource you requested does not exist."));
    };
    Ok(Structure::new()
        .with("Policy", policy)
        .with_some("RevisionId", function.text("RevisionId")))
}

pub(crate) fn add_permission(request: &Request<'_>) -> Result<Structure, Failure> {
    for member in [
        "EventSourceToken",
        "FunctionUrlAuthType",
        "InvokedViaFunctionUrl",
    ] {
        if request.input.get(member).is_some() {
            let what = format!("{member} of lambda:AddPermission");
            return Err(Failure::not_implemented(what));
        }
    }
    let (_, arn) = named(request)?;
    if arn.ends_with(":$LATEST") {
        return Err(invalid(
            "We currently do not support adding policies for $LATEST.",
        ));
    }
    let new = statement(request, &arn)?;
    let shown = new.to_string();
    change_statements(request, |statements| {
        let sid = new.get("Sid");
        if statements.iter().any(|known| known.get("Sid") == sid) {
            let sid = request.text("StatementId").unwrap_or_default();
            return Err(Failure::new(
                StatusCode::CONFLICT,
                "ResourceConflictException",
                format!(
                    "The statement id ({sid}) provided already exists. Please provide a new \
                     statement id, or remove the existing statement."
                ),
            ));
        }
        statements.push(new);
        Ok(())
    })?;
    Ok(Structure::new().with("Statement", shown))
}

/// The statement that a permission becomes.
fn statement(request: &Request<'_>, arn: &str) -> Result<Value, Failure> {
    let principal = request.text("Principal").unwrap_or_default();
    let principal = match principal {
        "*" => json!("*"),
        account if is_account_id(account) => {
            json!({ "AWS": format!("arn:{}:iam::{account}:root", request.partition()) })
        }
        identity if identity.starts_with("arn:") => json!({ "AWS": identity }),
        service => json!({ "Service": service }),
    };
    let mut statement = json!({
        "Sid": request.text("StatementId"),
        "Effect": "Allow",
        "Principal": principal,
        "Action": request.text("Action"),
        "Resource": arn,
    });
    let mut equals = Map::new();
    for (key, member) in [
        ("AWS:SourceAccount", "SourceAccount"),
        ("aws:PrincipalOrgID", "PrincipalOrgID"),
    ] {
        if let Some(value) = request.text(member) {
            equals.insert(key.to_owned(), value.into());
        }
    }
    let mut conditions = Map::new();
    if !equals.is_empty() {
        conditions.insert("StringEquals".to_owned(), equals.into());
    }
    if let Some(source) = request.text("SourceArn") {
        let source = json!({ "AWS:SourceArn": source });
        conditions.insert("ArnLike".to_owned(), source);
    }
    if let (false, Value::Object(members)) = (conditions.is_empty(), &mut statement) {
        members.insert("Condition".to_owned(), conditions.into());
    }
    let alone = json!({ "Version": "2012-10-17", "Statement": [statement] });
    check_resource_policy(&alone.to_string(), |_| {
        invalid("The provided principal was invalid. Please check the principal and try again.")
    })?;
    Ok(statement)
}

pub(crate) fn remove_permission(request: &Request<'_>) -> Result<Structure, Failure> {
    let sid = request.text("StatementId").unwrap_or_default();
    change_statements(request, |statements| {
        let count = statements.len();
        statements.retain(|known| known.get("Sid").and_then(Value::as_str) != Some(sid));
        if statements.len() == count {
            let message = format!("Statement {sid} is not found in resource policy.");
            return Err(not_found(message));
        }
        Ok(())
    })?;
    Ok(Structure::new())
}

/// Changes the statements of a policy, of which there is none when there are none.
fn change_statements(
    request: &Request<'_>,
    change: impl FnOnce(&mut Vec<Value>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (account, arn) = named(request)?;
    find(request, &account, &arn).ok_or_else(|| no_function(&arn))?;
    request.change(&account, |account| {
        let mut functions = account.functions.iter_mut();
        let Some(function) = functions.find(|known| known.text("FunctionArn") == Some(&arn)) else {
            return Err(no_function(&arn));
        };
        if let Some(revision) = request.text("RevisionId")
            && function.text("RevisionId") != Some(revision)
        {
            return Err(Failure::new(
                StatusCode::PRECONDITION_FAILED,
                "PreconditionFailedException",
                "The Revision Id provided does not match the latest Revision Id. Call the \
                 GetPolicy API to retrieve the latest Revision Id",
            ));
        }
        let mut policy = function
            .text("Policy")
            .and_then(|policy| serde_json::from_str(policy).ok())
            .unwrap_or_else(|| json!({ "Version": "2012-10-17", "Id": "default" }));
        let mut statements = match policy.get("Statement").cloned() {
            Some(Value::Array(statements)) => statements,
            one => one.into_iter().collect(),
        };
        change(&mut statements)?;
        let members = &mut function.members;
        if statements.is_empty() {
            members.remove("Policy");
        } else if let Value::Object(document) = &mut policy {
            document.insert("Statement".to_owned(), statements.into());
            members.insert("Policy".to_owned(), policy.to_string().into());
        }
        let revision = Uuid::new_v4().to_string();
        members.insert("RevisionId".to_owned(), revision.into());
        Ok(())
    })
}

fn invalid(message: impl Into<String>) -> Failure {
    let code = "InvalidParameterValueException";
    Failure::new(StatusCode::BAD_REQUEST, code, message)
}

pub(super) fn no_function(arn: &str) -> Failure {
    not_found(format!("Function not found: {arn}"))
}

fn not_found(message: impl Into<String>) -> Failure {
    let code = "ResourceNotFoundException";
    Failure::new(StatusCode::NOT_FOUND, code, message)
}
