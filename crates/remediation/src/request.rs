//! What reaches the central function: records of its queue, each a request that a
//! member account put on the remediation bus.

use config_rule::Arn;
use serde_json::{Map, Value};

/// The `source` of requests. The bus takes it from nobody but the role for requests.
const SOURCE: &str = "rootguard.remediation";

/// A member account's request to look after its root user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The id that its runbook waits for.
    pub id: String,
    /// The account that asked: what AWS itself wrote on the envelope.
    pub account: String,
    /// The Region in which it asked and waits, from the envelope too.
    pub region: String,
}

/// A record that is no request. Never repeats the payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefusedError {
    /// It did not come from the function's own queue.
    #[error("the event is not from the queue {0}")]
    OtherWay(Arn),
    /// The record holds no event of the bus.
    #[error("a record of the queue holds no event of the remediation bus")]
    NoEnvelope,
    /// The event is of another source.
    #[error("the source of the event is not {SOURCE}")]
    OtherSource,
    /// The event says more than its request id, such as an account or a mode.
    #[error("the request says more than its requestId, or no requestId")]
    SaysMore,
}

/// Reads the records that Lambda took from `queue`. Of a request nothing is believed but
/// the account that AWS wrote on the envelope and the request's id; what may be done
/// stands in the function's own configuration.
///
/// # Errors
/// The event as a whole if any record came another way; then each record by itself.
pub fn requests(
    event: &Value,
    queue: &Arn,
) -> Result<Vec<Result<Request, RequestRefusedError>>, RequestRefusedError> {
    let other_way = || RequestRefusedError::OtherWay(queue.clone());
    let records = event.get("Records").and_then(Value::as_array);
    let records = records.filter(|records| !records.is_empty());
    let records = records.ok_or_else(other_way)?;
    let text = |record: &Value, key| record.get(key).and_then(Value::as_str).map(str::to_owned);
    let is_ours = |record: &Value| {
        text(record, "eventSource").as_deref() == Some("aws:sqs")
            && text(record, "eventSourceARN").as_deref() == Some(queue.as_str())
    };
    if !records.iter().all(is_ours) {
        return Err(other_way());
    }
    let bodies = records.iter().map(|record| text(record, "body"));
    Ok(bodies.map(|body| request(body.as_deref())).collect())
}

fn request(body: Option<&str>) -> Result<Request, RequestRefusedError> {
    let envelope = body.and_then(|body| serde_json::from_str::<Map<String, Value>>(body).ok());
    let envelope = envelope.ok_or(RequestRefusedError::NoEnvelope)?;
    let text = |key: &str| envelope.get(key).and_then(Value::as_str);
    if text("source") != Some(SOURCE) {
        return Err(RequestRefusedError::OtherSource);
    }
    let is_id = |id: &&str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    let account = text("account").filter(is_id);
    let account = account.ok_or(RequestRefusedError::NoEnvelope)?;
    let region = text("region").filter(|region| consists_of_word(region, 32));
    let region = region.ok_or(RequestRefusedError::NoEnvelope)?;
    let detail = envelope.get("detail").and_then(Value::as_object);
    let detail = detail.filter(|detail| detail.len() == 1);
    let id = detail.and_then(|detail| detail.get("requestId")?.as_str());
    let id = id.filter(|id| consists_of_word(id, 128));
    Ok(Request {
        id: id.ok_or(RequestRefusedError::SaysMore)?.to_owned(),
        account: account.to_owned(),
        region: region.to_owned(),
    })
}

/// Returns whether it is letters, digits and hyphens, as the ids of executions and Regions are: it
/// becomes part of a parameter's name and of an endpoint.
fn consists_of_word(text: &str, most: usize) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=most).contains(&text.len()) && text.bytes().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const QUEUE: &str = "arn:aws:sqs:eu-west-1:222222222222:root-remediation";

    fn queue() -> Arn {
        QUEUE.parse().unwrap()
    }

    fn envelope() -> Value {
        json!({
            "version": "0",
            "id": "8e1f",
            "detail-type": "Root remediation requested",
            "source": SOURCE,
            "account": "111122223333",
            "time": "2026-11-21T00:00:00Z",
            "region": "eu-west-1",
            "resources": [],
            "detail": {"requestId": "r-1"},
        })
    }

    fn event(envelope: &Value) -> Value {
        json!({"Records": [{
            "eventSource": "aws:sqs",
            "eventSourceARN": QUEUE,
            "body": envelope.to_string(),
        }]})
    }

    fn only(event: &Value) -> Result<Request, RequestRefusedError> {
        requests(event, &queue()).unwrap().remove(0)
    }

    #[test]
    fn the_account_is_the_one_on_the_envelope() {
        let request = only(&event(&envelope())).unwrap();
        assert_eq!(
            [&request.account, &request.region, &request.id],
            ["111122223333", "eu-west-1", "r-1"]
        );
    }

    #[test]
    fn whoever_says_more_than_a_request_id_is_refused() {
        for detail in [
            json!({"requestId": "r-1", "account": "444455556666"}),
            json!({"requestId": "r-1", "mode": "automatic"}),
            json!({"account": "444455556666"}),
            json!({"requestId": 1}),
            json!({"requestId": ""}),
            json!({"requestId": "../other"}),
            json!("r-1"),
        ] {
            let mut envelope = envelope();
            envelope["detail"] = detail;
            assert_eq!(only(&event(&envelope)), Err(RequestRefusedError::SaysMore));
        }
    }

    #[test]
    fn what_came_another_way_is_refused_as_a_whole() {
        let good = event(&envelope());
        for (pointer, value) in [
            (
                "/Records/0/eventSourceARN",
                json!("arn:aws:sqs:eu-west-1:111122223333:root-remediation"),
            ),
            ("/Records/0/eventSource", json!("aws:sns")),
            ("/Records", json!([])),
        ] {
            let mut event = good.clone();
            *event.pointer_mut(pointer).unwrap() = value;
            let refused = requests(&event, &queue());
            assert_eq!(
                refused,
                Err(RequestRefusedError::OtherWay(queue())),
                "{pointer}"
            );
        }
        // Invoked directly, with what an envelope holds.
        assert!(requests(&envelope(), &queue()).is_err());
        assert!(requests(&json!({"resourceId": "111122223333"}), &queue()).is_err());
        let mut mixed = good.clone();
        let mut stranger = good["Records"][0].clone();
        stranger["eventSourceARN"] = json!("arn:aws:sqs:eu-west-1:222222222222:other");
        mixed["Records"].as_array_mut().unwrap().push(stranger);
        assert!(requests(&mixed, &queue()).is_err());
    }

    #[test]
    fn other_sources_and_other_accounts_than_accounts_are_refused() {
        for (key, value, refused) in [
            (
                "source",
                json!("aws.config"),
                RequestRefusedError::OtherSource,
            ),
            ("source", json!(null), RequestRefusedError::OtherSource),
            ("account", json!("all"), RequestRefusedError::NoEnvelope),
            (
                "region",
                json!("evil.example/"),
                RequestRefusedError::NoEnvelope,
            ),
            (
                "account",
                json!(111_122_223_333_u64),
                RequestRefusedError::NoEnvelope,
            ),
        ] {
            let mut envelope = envelope();
            envelope[key] = value;
            assert_eq!(only(&event(&envelope)), Err(refused), "{key}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in "\\PC{0,200}") {
            let event = json!({"Records": [{
                "eventSource": "aws:sqs", "eventSourceARN": QUEUE, "body": body,
            }]});
            let _ = requests(&event, &queue());
        }
    }
}
