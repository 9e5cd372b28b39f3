//! Event patterns: whether an event fits one.

use serde_json::Value;

/// Whether an event fits a pattern. None, where the pattern asks in a way that is not
/// known here.
pub(super) fn fits(pattern: &Value, event: &Value) -> Option<bool> {
    let mut all = true;
    for (member, wanted) in pattern.as_object()? {
        let value = event.get(member);
        if let ("$or", Value::Array(ways)) = (member.as_str(), wanted) {
            let mut any = false;
            for way in ways {
                any |= fits(way, event)?;
            }
            all &= any;
            continue;
        }
        all &= match wanted {
            Value::Object(_) => fits(wanted, value.unwrap_or(&Value::Null))?,
            Value::Array(choices) => one_of(choices, value)?,
            _ => return None,
        };
    }
    Some(all)
}

/// Whether a value, or an item of it, is one of these.
fn one_of(choices: &[Value], value: Option<&Value>) -> Option<bool> {
    let items = match value {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    };
    let mut any = false;
    for choice in choices {
        any |= match choice {
            Value::Object(operators) => {
                let mut operators = operators.iter();
                let (operator, operand) = operators.next().filter(|_| operators.len() == 0)?;
                let operand = operand.as_str()?;
                let texts = items.iter().filter_map(|item| item.as_str());
                match operator.as_str() {
                    "prefix" => texts.clone().any(|text| text.starts_with(operand)),
                    "suffix" => texts.clone().any(|text| text.ends_with(operand)),
                    "wildcard" => texts.clone().any(|text| is_like(operand, text)),
                    _ => return None,
                }
            }
            literal => items.contains(&literal),
        };
    }
    Some(any)
}

/// Whether a text is like one in which `*` stands for any text.
fn is_like(wildcard: &str, text: &str) -> bool {
    match wildcard.split_once('*') {
        None => wildcard == text,
        Some((start, "")) => text.starts_with(start),
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|after| {
            let mut ends = after.char_indices().map(|(end, _)| end);
            ends.any(|end| after.get(end..).is_some_and(|tail| is_like(rest, tail)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_fit_by_literals_beginnings_and_ends_at_any_depth() {
        let event =
            json!({"source": "rootguard.drill", "detail": {"id": "1", "n": 2, "of": ["a", "b"]}});
        for (pattern, expected) in [
            (json!({}), Some(true)),
            (json!({"source": [{"prefix": ""}]}), Some(true)),
            (json!({"source": [{"prefix": "aws."}]}), Some(false)),
            (json!({"source": ["x", {"suffix": ".drill"}]}), Some(true)),
            (json!({"detail": {"id": ["1"], "n": [2]}}), Some(true)),
            (json!({"detail": {"of": ["b"]}}), Some(true)),
            (
                json!({"detail": {"id": ["2"]}, "source": ["rootguard.drill"]}),
                Some(false),
            ),
            (json!({"other": {"id": [{"prefix": ""}]}}), Some(false)),
            (json!({"source": [{"wildcard": "*guard.*"}]}), Some(true)),
            (json!({"source": [{"wildcard": "*guard"}]}), Some(false)),
            (json!({"source": [{"wildcard": "guard.*"}]}), Some(false)),
            (
                json!({"$or": [{"source": ["x"]}, {"detail": {"id": ["1"]}}]}),
                Some(true),
            ),
            (
                json!({"$or": [{"source": ["x"]}, {"source": ["y"]}], "detail": {"id": ["1"]}}),
                Some(false),
            ),
            (json!({"source": [{"exists": "1"}]}), None),
            (json!({"source": "rootguard.drill"}), None),
        ] {
            assert_eq!(fits(&pattern, &event), expected, "{pattern}");
        }
    }
}
